"""Trying a URL: where it would lead and why, without anything being called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from scaffold.application import Application
from scaffold.developer.places import Places
from scaffold.developer.sections import methods_of, route_row
from scaffold.exceptions import HTTPError
from scaffold.routing import Match, MethodMismatch, Route, SlashRedirect
from scaffold.routing.explain import Step
from scaffold.routing.verdict import judge

__all__ = ["METHODS", "Question", "question_of", "verdict_of"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Question:
    """What is tried: a percent-decoded ``path``, a method, and the host, which may be empty."""

    path: str
    method: str = "GET"
    host: str = ""


def question_of(address: str, method: str, host: str) -> Question:
    """Return what a developer typed: a path or a whole URL, whose host counts where none is given beside it.

    Raises `HTTPError` 400 for what is no address.
    """
    try:
        parts = urlsplit(address.strip()[:MOST_CHARACTERS])
        path = unquote(parts.path, errors="strict") or "/"
    except ValueError:  # UnicodeDecodeError is one too
        raise HTTPError(400, "This is no address: its host can't be read, or its path is not UTF-8.") from None
    path = path if path.startswith("/") else f"/{path}"
    method = method.strip().upper()[:MOST_CHARACTERS] or "GET"
    return Question(path, method, host.strip() or parts.hostname or "")


def verdict_of(app: Application, question: Question, places: Places) -> dict[str, Any]:
    """Return which route wins, with its parameters and the reasons, or why the nearest ones do not."""
    found = app.resolve(question.path, question.method, question.host)
    verdict = judge(app.routes, question.path, question.method, found, question.host)
    row = {"path": question.path, "method": question.method, "host": question.host, **_outcome(found)}
    row |= {"route": None, "parameters": [], "steps": []}
    if isinstance(found, Match):
        row["route"] = route_row(found.route, places)
        row["parameters"] = [
            {"name": name, "value": repr(value), "type": type(value).__name__} for name, value in found.params.items()
        ]
        row["steps"] = _steps(verdict.steps)
    others: list[tuple[Route, str, Iterable[Step]]] = [(item.route, item.reason, ()) for item in verdict.rivals]
    others += [(item.route, item.reason, item.steps) for item in verdict.attempts]
    row["others"] = [
        {**route_row(route, places), "reason": reason, "steps": _steps(steps)} for route, reason, steps in others
    ]
    return row


def _outcome(found: object) -> dict[str, Any]:
    if isinstance(found, Match):
        methods = ", ".join(methods_of(found.route))
        return {"outcome": "match", "sentence": f"{found.route.url} answers, which takes {methods}."}
    if isinstance(found, MethodMismatch):
        allowed = ", ".join(sorted(found.allowed))
        return {"outcome": "method", "sentence": f"405: the address is known, but only for {allowed}."}
    if isinstance(found, SlashRedirect):
        return {
            "outcome": "redirect",
            "sentence": f"308: redirected to {found.path}, which differs in the final slash.",
        }
    return {"outcome": "miss", "sentence": "404: no route has this address."}


def _steps(steps: Iterable[Step]) -> list[dict[str, Any]]:
    return [{"rule": step.rule, "text": step.text, "reason": step.reason} for step in steps]
