"""What projects, apps and URL prefixes may be called, and the names that follow from theirs.

Each function returns the name made ready for use or raises `InvalidNameError` with the cause and a name that would do.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

from scaffold.exceptions import InvalidNameError

__all__ = ["AppName", "ProjectName", "app_name", "project_name", "url_prefix"]

LONGEST_NAME = 60
"""Characters in a name; keeps every generated line within the line length of a generated project."""

LONGEST_PREFIX = 100
"""Characters in a URL prefix; for the same reason."""

# Names that Windows keeps for devices, whatever their case and their extension.
DEVICES = frozenset(
    {"aux", "con", "conin$", "conout$", "nul", "prn"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
)

# What an app can't be called although Python could import it: the name, why, and a name that would do.
TAKEN_APP_NAMES = {
    "apps": ("'apps' is the folder that holds all apps", "catalog"),
    "conftest": ("pytest keeps the name 'conftest' for itself", "fixtures"),
    "static": ("the URLs under /static/ belong to the static files", "assets"),
}

# Distributions that a project needs, or its tools do: an installer would take the project itself for one of them.
TAKEN_DISTRIBUTIONS = frozenset(
    {
        "gunicorn",
        "jinja2",
        "mypy",
        "pathspec",
        "pytest",
        "ruff",
        "scaffold",
        "scaffold-web",
        "typer",
        "watchdog",
    }
)

# First segments of URLs that the framework answers itself.
TAKEN_SEGMENTS = frozenset({"static", "_scaffold"})

_PROJECT = re.compile(r"[A-Za-z](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PACKAGE = re.compile(r"[a-z][a-z0-9_]*")  # PEP 8: packages are lower case, which no file system confuses
_TESTS = re.compile(r"test(s|ing)?|test_.*")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")  # the unreserved characters of RFC 3986 section 2.3


@dataclass(frozen=True, slots=True)
class ProjectName:
    """A project's name in its forms: ``my-site`` is the folder and the distribution, ``My Site`` the title."""

    name: str
    title: str
    distribution: str


@dataclass(frozen=True, slots=True)
class AppName:
    """An app's name in its forms: ``photo_album`` is the folder, package and namespace, ``Photo Album`` the title."""

    name: str
    title: str


def project_name(name: str) -> ProjectName:
    """Return the forms of a project's ``name``, or raise `InvalidNameError`.

    The name is a folder's and a distribution's: ASCII letters, digits, ``-``, ``_`` and single ``.``, a letter first,
    a letter or digit last. It is no name of what the project depends on.
    """
    _refuse_unusable(name, "project", example=_slug(name, "-") or "mysite")
    if not _PROJECT.fullmatch(name):
        raise InvalidNameError(
            f"a project can't be called {name!r}: a name starts with a letter, ends with a letter or digit, "
            "and holds only letters, digits, '-', '_' and '.'",
            hint=_instead(_slug(name, "-") or "mysite"),
        )
    distribution = re.sub(r"[-_.]+", "-", name).lower()  # PEP 503's normal form
    if distribution in TAKEN_DISTRIBUTIONS:
        raise InvalidNameError(
            f"a project can't be called {name!r}: it depends on the package {distribution!r}, "
            "for which it would be taken once installed",
            hint=_instead(f"my-{distribution}"),
        )
    return ProjectName(name=name, title=_title(name), distribution=distribution)


def app_name(name: str) -> AppName:
    """Return the forms of an app's ``name``, or raise `InvalidNameError`.

    The name is a package's in ``apps/``: a lower-case ASCII identifier that is no keyword, starts with a letter, and is
    none that discovery or pytest would take for tests. Names of standard modules are fine, since nothing in ``apps/``
    hides them.
    """
    suggestion = _slug(name, "_").lower() or "blog"
    _refuse_unusable(name, "app", example=suggestion)
    if not _PACKAGE.fullmatch(name):
        raise InvalidNameError(
            f"an app can't be called {name!r}: its name is imported, so it starts with a letter and holds only "
            "lower-case letters, digits and '_'",
            hint=_instead(suggestion),
        )
    if name in TAKEN_APP_NAMES:
        reason, other = TAKEN_APP_NAMES[name]
        raise InvalidNameError(f"an app can't be called {name!r}: {reason}", hint=_instead(other))
    if _TESTS.fullmatch(name):
        raise InvalidNameError(
            f"an app can't be called {name!r}: folders with such names hold tests and are not searched for apps",
            hint=_instead("exams"),
        )
    return AppName(name=name, title=_title(name))


def url_prefix(prefix: str) -> str:
    """Return ``prefix`` as ``urls.py`` has it (``"/x"`` becomes ``"x/"``, ``"/"`` becomes ``""``), or raise.

    A prefix is made of literal segments. Parameters such as ``<int:year>`` are refused with `InvalidNameError`: they
    would have to be arguments of each view of the app, and stand in its patterns, where the views can be seen.
    """
    segments = prefix.strip("/").split("/")
    if segments == [""] and "//" not in prefix:
        return ""
    if "<" in prefix or ">" in prefix:
        raise InvalidNameError(
            f"the prefix {prefix!r} holds a parameter",
            hint="Write parameters in the patterns of the app's urls.py, such as path('<int:year>/', views.index).",
        )
    if prefix.startswith("//") or prefix.endswith("//") or not all(map(_is_literal, segments)):
        raise InvalidNameError(
            f"the prefix {prefix!r} is not a path of letters, digits, '-', '.', '_' and '~' between single slashes",
            hint="Write it like --prefix shop/items/, or --prefix / for the root of the site.",
        )
    if segments[0] in TAKEN_SEGMENTS:
        raise InvalidNameError(
            f"the prefix {prefix!r} can't be used: Scaffold itself answers the URLs under /{segments[0]}/",
            hint="Choose another first segment.",
        )
    if len(prefix) > LONGEST_PREFIX:
        raise InvalidNameError(
            f"the prefix has {len(prefix)} characters; {LONGEST_PREFIX} is the most", hint="Choose a shorter one."
        )
    return "/".join(segments) + "/"


def _refuse_unusable(name: str, kind: str, *, example: str) -> None:
    """Raise for what can name neither a folder nor a package; ``example`` is a name that would do."""
    article = "an" if kind == "app" else "a"
    reasons = {
        "a name must not be empty": not name,
        "a name is made of ASCII characters": not name.isascii(),
        "it is a name, not a path": "/" in name or "\\" in name or ".." in name,
        "a name must not start with a digit": name[:1].isdigit(),
        "it is a keyword of Python": keyword.iskeyword(name),
        "Windows keeps that name for a device": name.split(".")[0].lower() in DEVICES,
        f"a name has at most {LONGEST_NAME} characters": len(name) > LONGEST_NAME,
    }
    for reason, applies in reasons.items():
        if applies:
            raise InvalidNameError(f"{article} {kind} can't be called {name!r}: {reason}", hint=_instead(example))


def _slug(name: str, separator: str) -> str:
    """The usable name nearest to ``name``, or ``""`` when nothing is left of it."""
    words = re.findall(r"[A-Za-z0-9]+", name if name.isascii() else "")
    slug = separator.join(words).lstrip("0123456789" + separator)[:LONGEST_NAME].rstrip(separator)
    lower = slug.lower()
    if (
        keyword.iskeyword(slug)
        or keyword.iskeyword(lower)
        or lower in DEVICES | TAKEN_DISTRIBUTIONS | TAKEN_APP_NAMES.keys()
        or _TESTS.fullmatch(lower)
    ):
        return f"my{separator}{slug}"
    return slug


def _instead(name: str) -> str:
    return f"Try {name!r} instead."


def _title(name: str) -> str:
    return " ".join(word[0].upper() + word[1:] for word in re.split(r"[-_]+", name) if word)


def _is_literal(segment: str) -> bool:
    return bool(_SEGMENT.fullmatch(segment)) and set(segment) != {"."}
