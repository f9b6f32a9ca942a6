"""An application for the tests of the commands that look at routes, and a way to run one on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from scaffold import Application, Request, View
from scaffold.decorators import cache_control, no_store, require_methods


class Outcome:
    """What a command printed, and its exit status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Invoke = Callable[..., Outcome]


def view(request: Request, **params: Any) -> str:
    return f"{request.path} {params}"


class Note(View):
    """A view with two methods."""

    @cache_control(max_age=60)
    def get(self, request: Request, slug: str) -> str:
        return f"{request.path} {slug}"

    def post(self, request: Request, slug: str) -> str:
        return f"{request.path} {slug}"


@no_store
@require_methods("GET", "PUT")
def guarded(request: Request) -> str:
    return request.path


def make_site() -> Application:
    middleware = ["scaffold.middleware.security.security_headers", "scaffold.middleware.cors.cors"]
    app = Application(
        {"DEBUG": True, "MIDDLEWARE": middleware}, templates={"page.html": "{{ url_for('archive', year=1) }}"}
    )
    app.route("/", name="home")(view)
    app.route("/blog/", name="blog:index")(view)
    app.route("/blog/<int:id>/", name="blog:detail", methods=["GET", "POST"])(view)
    app.route("/blog/<slug:tag>/", name="blog:tag")(view)
    app.route("/blog/new/", methods=["PUT"])(guarded)
    app.route("/notes/<slug:slug>/", name="note")(Note)
    app.route("/archive/<int:year>/<float:part>", name="archive")(view)
    return app
