"""Checks of what views return."""

from __future__ import annotations

from typing import Any

import pytest

from .check_helpers import app_with, check, found

VIEWS = "apps/blog/views.py"
HEAD = """\
import contextlib
import enum
import sys
import typing
from typing import NoReturn

from scaffold import HTTPError, Response, View, abort, render


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def refuse(reason: str) -> NoReturn:
    raise HTTPError(403, reason)


def fail():
    raise HTTPError(400)


def fail_further():
    fail()


async def refuse_later() -> "typing.NoReturn":
    raise HTTPError(403)


"""
LINE = HEAD.count("\n")

RIGHT = {
    "returns": "return ''",
    "raises": "raise HTTPError(404)",
    "aborts": "abort(404)",
    "exits": "sys.exit()",
    "quits": "quit()",
    "both sides": "if request.method == 'GET':\n    return 'a'\nelse:\n    return 'b'",
    "three sides": "if x():\n    return 'a'\nelif y():\n    abort(404)\nelse:\n    raise KeyError",
    "behind an if": "if x():\n    return 'a'\nreturn {}",
    "a function that never returns": "if x():\n    return 'a'\nrefuse('no')",
    "a function that always raises": "if x():\n    return 'a'\nfail()",
    "one that calls such a one": "if x():\n    return 'a'\nfail_further()",
    "an awaited one": "if x():\n    return 'a'\nawait refuse_later()",
    "assert_never": "if x():\n    return 'a'\ntyping.assert_never(request)",
    "assert False": "if x():\n    return 'a'\nassert False",
    "for ever": "while True:\n    if x():\n        return 'a'",
    "for ever with 1": "while 1:\n    x()",
    "a break of an inner loop": "while True:\n    for item in x():\n        break\n    if x():\n        return 'a'",
    "a loop with else": "for item in x():\n    if item:\n        return 'a'\nelse:\n    return 'b'",
    "try and except": "try:\n    return x()\nexcept KeyError:\n    return 'b'",
    "try that raises": "try:\n    value = x()\nexcept KeyError:\n    abort(404)\nelse:\n    return value",
    "finally": "try:\n    return x()\nfinally:\n    y()",
    "return in finally": "try:\n    x()\nfinally:\n    return 'a'",
    "with": "with open('x') as file:\n    return file.read()",
    "suppress and return": "with contextlib.suppress(KeyError):\n    return x()\nreturn 'b'",
    "match with a rest": "match x():\n    case 1:\n        return 'a'\n    case _:\n        return 'b'",
    "match that is complete": (
        "match x():\n    case Colour.RED:\n        return 'a'\n    case Colour.BLUE:\n        return 'b'"
    ),
    "a function inside": "def inner():\n    return\nreturn 'a'",
    "a lambda inside": "inner = lambda: None\nreturn inner() or 'a'",
    "a local function that may raise": "def stop():\n    raise HTTPError(400)\nif x():\n    return 'a'\nstop()",
    "a generator inside": "def rows():\n    yield 1\nreturn Response(''.join(map(str, rows())))",
    "something unknown": "return x()",
    "a conditional": "return 'a' if x() else {}",
    "or": "return None or 'a'",
    "a comparison": "return x() == y()",
    "a list": "return [1, 2]",
    "a comprehension": "return {key: 1 for key in 'ab'}",
    "an f-string": "return f'{request}'",
    "if True": "if True:\n    return 'a'",
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT.keys())
def test_a_view_that_always_answers_is_no_finding(project: Any, body: str) -> None:
    assert returned(project, body) == []


WRONG = {
    "nothing at all": ("pass", "error", "views.none", 1),
    "only a call": ("x()", "error", "views.none", 1),
    "only a call of a method": ("request.session.flush()", "error", "views.none", 1),
    "a docstring": ('"""Show the page."""', "error", "views.none", 1),
    "a bare return": ("if x():\n    return\nreturn 'a'", "error", "views.none", 3),
    "return None": ("return None", "error", "views.none", 2),
    "None on one side": ("return 'a' if x() else None", "error", "views.none", 2),
    "no else": ("if x():\n    return 'a'", "warning", "views.none", 1),
    "a call behind": ("if x():\n    return 'a'\ny()", "warning", "views.none", 1),
    "a loop that may not run": ("for item in x():\n    return 'a'", "warning", "views.none", 1),
    "a loop that ends": ("while x():\n    return 'a'", "warning", "views.none", 1),
    "for ever with a break": ("while True:\n    if x():\n        break\n    return 'a'", "warning", "views.none", 1),
    "except that goes on": ("try:\n    return x()\nexcept KeyError:\n    y()", "warning", "views.none", 1),
    "suppress": ("with contextlib.suppress(KeyError):\n    return x()", "warning", "views.none", 1),
    "a case that goes on": (
        "match x():\n    case 1:\n        return 'a'\n    case _:\n        y()",
        "warning",
        "views.none",
        1,
    ),
    "a tuple": ("return 'gone', 404", "error", "views.return", 2),
    "a number": ("return 404", "error", "views.return", 2),
    "a truth": ("return True", "error", "views.return", 2),
    "a negation": ("return not x()", "error", "views.return", 2),
    "a membership": ("return 1 in x()", "error", "views.return", 2),
    "bytes": ("return b'a'", "error", "views.return", 2),
    "a set": ("return {1, 2}", "error", "views.return", 2),
    "a generator expression": ("return (row for row in x())", "error", "views.return", 2),
    "a function": ("return lambda: ''", "error", "views.return", 2),
    "a generator": ("yield 'a'", "error", "views.return", 1),
}


@pytest.mark.parametrize(("body", "level", "name", "line"), WRONG.values(), ids=WRONG.keys())
def test_a_view_that_may_not_answer_is_a_finding(project: Any, body: str, level: str, name: str, line: int) -> None:
    assert returned(project, body) == [(level, name, f"{VIEWS}:{LINE + line}")]


def returned(project: Any, body: str) -> Any:
    indented = body.replace("\n", "\n    ")
    asynchronous = "async " if "await" in body else ""
    rest = "def x():\n    return 1\n\n\ndef y():\n    return 2\n"
    views = f"{HEAD}{asynchronous}def page(request):\n    {indented}\n\n\n{rest}"
    return found(project, app_with(views))


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("'gone', 404", "Return Response('gone', 404)."),
        ("{'error': 1}, 404", "Return JSONResponse({'error': 1}, 404)."),
        ("render(request, 'a.html'), 404", "Give the status to that call: render(..., status=404)."),
        ("'gone', 404, {'X-A': 'b'}", "Return Response('gone', 404)."),
        ("1, {}", "Return a Response, a str (HTML), or a dict or list (JSON)."),
    ],
)
def test_what_others_write_is_told_how_it_is_written_here(project: Any, value: str, hint: str) -> None:
    files = app_with(f"from scaffold import render\n\n\ndef page(request):\n    return {value}\n")
    _, (finding,) = check(project, {**files, "templates/a.html": ""})
    assert (finding.id, finding.hint) == ("views.return", hint)


@pytest.mark.parametrize(
    ("methods", "is_complete"),
    [("['POST', 'PUT']", True), ("['POST', 'PUT', 'DELETE']", False), ("['GET', 'POST', 'PUT']", False)],
)
@pytest.mark.parametrize("second", ["elif", "if"])
def test_an_if_for_each_method_of_the_route_leaves_none_over(
    project: Any, methods: str, is_complete: bool, second: str
) -> None:
    views = (
        "def page(request):\n    if request.method == 'POST':\n        return 'a'\n"
        f"    {second} request.method in ('PUT', 'PATCH'):\n        return 'b'\n"
    )
    findings = found(project, app_with(views, f'"", views.page, methods={methods}'))
    assert findings == ([] if is_complete else [("warning", "views.none", f"{VIEWS}:1")])


def test_methods_of_a_view_class_are_looked_at_and_what_they_call_of_themselves(project: Any) -> None:
    views = (
        "from scaffold import HTTPError, View\n\n\nclass Page(View):\n"
        "    def get(self, request):\n        self.refuse()\n\n"
        "    def post(self, request):\n        self.work()\n\n    def refuse(self):\n        raise HTTPError(403)\n\n"
        "    def work(self):\n        pass\n"
    )
    assert found(project, app_with(views, '"", views.Page')) == [("error", "views.none", f"{VIEWS}:8")]


def test_a_view_class_that_calls_its_methods_in_its_own_way_is_its_own_business(project: Any) -> None:
    views = (
        "from scaffold import View\n\n\nclass Page(View):\n    def __call__(self, request, **params):\n"
        "        self.get(request, 'more')\n        return ''\n\n    def get(self, request, more):\n        pass\n"
    )
    assert found(project, app_with(views, '"", views.Page')) == []


def test_a_function_that_no_route_leads_to_may_return_what_it_likes(project: Any) -> None:
    assert (
        found(project, app_with("def page(request):\n    return ''\n\n\ndef other(request):\n    return 1, 2\n")) == []
    )


def test_a_view_of_two_routes_is_one_finding(project: Any) -> None:
    files = app_with("def page(request):\n    pass\n", '"", views.page', '"again/", views.page')
    assert found(project, files) == [("error", "views.none", f"{VIEWS}:1")]


def test_a_method_of_an_object_may_be_a_view_and_call_what_always_raises(project: Any) -> None:
    views = (
        "from scaffold import HTTPError\n\n\nclass Pages:\n    def page(self, request):\n        if request.query:\n"
        "            return 'a'\n        self.refuse()\n\n    def refuse(self):\n        raise HTTPError(403)\n\n\n"
        "pages = Pages()\n"
    )
    assert found(project, app_with(views, '"", views.pages.page')) == []


def test_what_is_no_function_of_the_project_is_left_alone(project: Any) -> None:
    views = (
        "import functools\n\n\ndef page(request, text):\n    return text\n\n\nclass Caller:\n"
        "    def __call__(self, request):\n        pass\n\n\ncaller = Caller()\n"
        "filled = functools.partial(page, text='a')\n\n\ndef site(environ, start_response):\n"
        "    start_response('200 OK', [])\n    return []\n"
    )
    files = app_with(
        views, '"", views.caller', '"a/", views.filled', '"b/", redirect_to("/")', '"c/<path:rest>", views.site'
    )
    urls = str(files["apps/blog/urls.py"])
    urls = urls.replace("import path", "import mount, path, redirect_to").replace(
        'path("c/<path:rest>", views.site)', 'mount("c/", views.site)'
    )
    assert {name for _, name, _ in found(project, {**files, "apps/blog/urls.py": urls})} <= {"views.csrf-exempt"}
