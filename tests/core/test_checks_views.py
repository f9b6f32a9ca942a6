"""Checks of views: what they take, what they return, and what they wait for."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold import View
from scaffold.checks.views import check_views

from .check_helpers import app_with, check, found
from .helpers import make_app

VIEWS = "apps/blog/views.py"


class Page(View):
    def get(self, request: object, id: int) -> str:  # noqa: A002
        return ""

    def post(self, request: object) -> str:
        return ""


class Caller:
    def __call__(self, request: object) -> str:
        return ""


@pytest.mark.parametrize(
    ("rule", "view", "names"),
    [
        ("/", lambda request: "", []),
        ("/<id>", lambda request, id: "", []),  # noqa: A006
        ("/<id>", lambda request, **params: "", []),
        ("/<id>", lambda *args, **params: "", []),
        ("/<id>", lambda request, id, page=1: "", []),  # noqa: A006
        ("/", lambda: "", ["<lambda>"]),
        ("/<id>", lambda request: "", ["<lambda>"]),
        ("/<id>", lambda request, pk: "", ["<lambda>"]),
        ("/", lambda request, id: "", ["<lambda>"]),  # noqa: A006
        ("/<int:id>", Page, ["Page.post"]),
        ("/", Caller(), []),
        ("/<id>", Caller(), ["Caller"]),
        ("/", dict, []),
    ],
)
def test_a_view_that_does_not_take_its_parameters_is_a_finding(rule: str, view: Any, names: list[str]) -> None:
    app = make_app()
    app.route(rule)(view)
    findings = list(check_views(app))
    for finding, name in zip(findings, names, strict=True):
        assert f"{name} of {app.routes[-1].path} can't be called" in finding.message
    for finding in findings:
        assert finding.source == app.routes[-1].source
        assert finding.hint.startswith("Make it take (request")


# --- decorators ------------------------------------------------------------------------------------------------------

DECORATORS = '''\
import functools

from scaffold import Response, cache_control


def passing(view):
    @functools.wraps(view)
    def wrapper(*args, **kwargs):
        return view(*args, **kwargs)

    return wrapper


def named(view):
    @functools.wraps(view)
    def wrapper(request, *args, **kwargs):
        if request.method == "TRACE":
            return Response(status=405)
        return view(request, *args, **kwargs)

    return wrapper


def giving(view):
    """Give the view a user that the route knows nothing of."""

    @functools.wraps(view)
    def wrapper(request, **kwargs):
        return view(request, user="ada", **kwargs)

    return wrapper


def loading(view):
    """Give the view a thing for its id."""

    @functools.wraps(view)
    def wrapper(request, **kwargs):
        kwargs["thing"] = str(kwargs.pop("id"))
        return view(request, **kwargs)

    return wrapper


def answering(view):
    """Make an answer of whatever the view returns."""

    @functools.wraps(view)
    def wrapper(*args, **kwargs):
        result = view(*args, **kwargs)
        return Response(str(result), 200)

    return wrapper


'''


@pytest.mark.parametrize("decorator", ["passing", "named", "cache_control(max_age=1)"])
def test_what_a_decorator_hands_on_is_held_against_the_route(project: Any, decorator: str) -> None:
    views = f"{DECORATORS}@{decorator}\ndef page(request, pk):\n    return ''\n"
    assert found(project, app_with(views, '"<int:id>/", views.page')) == [
        ("error", "views.parameters", "apps/blog/urls.py:6")
    ]


@pytest.mark.parametrize("decorator", ["giving", "loading"])
def test_a_decorator_may_give_its_view_what_the_route_does_not_have(project: Any, decorator: str) -> None:
    views = f"{DECORATORS}@{decorator}\ndef page(request, user='', thing=''):\n    return ''\n"
    rule = '"<int:id>/", views.page' if decorator == "loading" else '"", views.page'
    assert (
        found(project, app_with(views.replace("user='', thing=''", "user" if decorator == "giving" else "thing"), rule))
        == []
    )


def test_a_decorator_that_does_not_take_the_parameters_is_a_finding_itself(project: Any) -> None:
    views = (
        "import functools\n\n\ndef deco(view):\n    @functools.wraps(view)\n    def wrapper(request):\n"
        "        return view(request)\n\n    return wrapper\n\n\n@deco\ndef page(request, id):\n    return ''\n"
    )
    assert found(project, app_with(views, '"<int:id>/", views.page')) == [
        ("error", "views.parameters", "apps/blog/urls.py:6")
    ]


def test_what_a_decorator_makes_an_answer_of_may_be_anything(project: Any) -> None:
    views = (
        f"{DECORATORS}@answering\ndef page(request):\n    return 1, 2\n\n\n@answering\ndef none(request):\n    pass\n"
    )
    assert found(project, app_with(views, '"", views.page', '"none/", views.none')) == []


# --- annotations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "annotation"),
    [
        ("int", "str"),
        ("int", "'str'"),
        ("int", "bool"),
        ("int", "uuid.UUID | None"),
        ("int", "typing.Optional[str]"),
        ("int", "typing.Literal['a', 'b']"),
        ("int", "typing.Annotated[str, 'the id']"),
        ("int", "list[int]"),
        ("int", "Slug"),
        ("str", "int"),
        ("path", "pathlib.Path"),
        ("uuid", "str"),
        ("float", "int"),
        ("date", "str"),
        ("date", "datetime.datetime"),
        ("year", "str"),
    ],
)
def test_an_annotation_that_contradicts_the_converter_is_a_warning(project: Any, kind: str, annotation: str) -> None:
    assert annotated(project, kind, annotation) == [("warning", "views.annotation", f"{VIEWS}:13")]


@pytest.mark.parametrize(
    ("kind", "annotation"),
    [
        ("int", "int"),
        ("int", "'int'"),
        ("int", "int | None"),
        ("int", "'int | str'"),
        ("int", "typing.Union[str, int]"),
        ("int", "float"),
        ("int", "complex"),
        ("int", "typing.Literal[1, 2]"),
        ("int", "typing.Annotated[int, 'the id']"),
        ("int", "typing.Any"),
        ("int", "object"),
        ("int", "Id"),
        ("int", "typing.SupportsInt"),
        ("int", "numbers.Integral"),
        ("int", "'Nothing'"),
        ("int", "'Only'"),
        ("int", "T"),
        ("str", "str"),
        ("str", "collections.abc.Sequence[str]"),
        ("path", "str"),
        ("slug", "str"),
        ("uuid", "uuid.UUID"),
        ("float", "float"),
        ("date", "datetime.date"),
        ("year", "int"),
        ("odd", "str"),
    ],
)
def test_an_annotation_that_may_be_right_is_no_finding(project: Any, kind: str, annotation: str) -> None:
    assert annotated(project, kind, annotation) == []


def annotated(project: Any, kind: str, annotation: str) -> Any:
    views = (
        "import collections.abc\nimport datetime\nimport numbers\nimport pathlib\nimport typing\nimport uuid\n"
        "if typing.TYPE_CHECKING:\n    from nowhere import Only\nId = typing.NewType('Id', int)\n"
        "T = typing.TypeVar('T')\nSlug = typing.NewType('Slug', str)\n\n"
        f"def page(request, id: {annotation}):\n    return ''\n"
    )
    converters = (
        "from scaffold.routing import Converter\n\n\nclass Year(Converter[int]):\n    regex = '[0-9]{4}'\n"
        "    example = '2024'\n\n    def to_python(self, text: str) -> int:\n        return int(text)\n\n\n"
        "class Odd(Converter):\n    regex = 'odd'\n    example = 'odd'\n\n"
        "    def to_python(self, text):\n        return text\n"
    )
    settings = (
        "DEBUG = True\nSECRET_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789'\n"
        "CONVERTERS = {'year': 'apps.blog.kinds.Year', 'odd': 'apps.blog.kinds.Odd'}\n"
    )
    files = app_with(views, f'"<{kind}:id>/", views.page')
    return found(project, {**files, "apps/blog/kinds.py": converters, "config/settings.py": settings})


def test_an_annotation_that_is_wrong_is_told_with_the_right_one(project: Any) -> None:
    _, (finding,) = check(project, app_with("def page(request, id: str):\n    return ''\n", '"<int:id>/", views.page'))
    assert finding.message == "the view apps.blog.views.page takes id as str, but <int:id> of /blog/<int:id>/ gives int"
    assert finding.hint.startswith("Write id: int, or change the converter at ")


def test_a_decorator_may_make_something_else_of_a_parameter(project: Any) -> None:
    views = (
        "import functools\n\n\ndef loading(view):\n    @functools.wraps(view)\n    def wrapper(request, thing):\n"
        "        return view(request, thing=str(thing))\n\n    return wrapper\n\n\n"
        "@loading\ndef page(request, thing: str):\n    return thing\n"
    )
    assert found(project, app_with(views, '"<int:thing>/", views.page')) == []


@pytest.mark.parametrize("decorator", ["passing", "named", "cache_control(max_age=1)"])
def test_the_annotations_behind_a_decorator_are_looked_at(project: Any, decorator: str) -> None:
    views = f"{DECORATORS}@{decorator}\ndef page(request, id: str):\n    return ''\n"
    assert [name for _, name, _ in found(project, app_with(views, '"<int:id>/", views.page'))] == ["views.annotation"]


def test_annotations_of_methods_are_looked_at(project: Any) -> None:
    views = (
        "from scaffold import View\n\n\nclass Page(View):\n    def get(self, request, id: 'str'):\n        return ''\n"
    )
    assert found(project, app_with(views, '"<int:id>/", views.Page')) == [("warning", "views.annotation", f"{VIEWS}:5")]


# --- what waits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "call"),
    [
        ("import time", "time.sleep(1)"),
        ("from time import sleep", "sleep(1)"),
        ("from time import sleep as rest", "rest(1)"),
        ("import urllib.request", "urllib.request.urlopen('http://a.example')"),
        ("from urllib.request import urlopen", "urlopen('http://a.example')"),
        ("from urllib import request as web", "web.urlopen('http://a.example')"),
        ("import subprocess", "subprocess.run(['true'])"),
        ("import os", "os.system('true')"),
        ("import socket", "socket.create_connection(('a.example', 80))"),
        ("", "input()"),
    ],
)
def test_what_blocks_an_event_loop_is_a_warning(project: Any, head: str, call: str) -> None:
    views = f"{head}\n\n\nasync def page(request):\n    if request.method == 'PUT':\n        {call}\n    return ''\n"
    assert found(project, app_with(views)) == [("warning", "views.blocking", f"{VIEWS}:6")]


def test_an_import_inside_of_the_view_is_seen_and_methods_are_looked_at(project: Any) -> None:
    views = (
        "from scaffold import View\n\n\nclass Page(View):\n    async def get(self, request):\n"
        "        import time\n\n        time.sleep(1)\n        return ''\n"
    )
    _, (finding,) = check(project, app_with(views, '"", views.Page'))
    assert finding.message.startswith("time.sleep() in the async view apps.blog.views.Page.get blocks its event loop")
    assert finding.hint == "Use await asyncio.sleep(...)."


@pytest.mark.parametrize(
    "views",
    [
        "import time\n\n\ndef page(request):\n    time.sleep(0)\n    return ''\n",
        "import asyncio, time\n\n\nasync def page(request):\n    await asyncio.to_thread(time.sleep, 1)\n    return ''",
        "import asyncio, time\nasync def page(_):\n    await asyncio.to_thread(lambda: time.sleep(0))\n    return ''",
        "import time\n\n\nasync def page(request):\n    def work():\n        time.sleep(1)\n    return ''\n",
        "from asyncio import sleep\n\n\nasync def page(request):\n    await sleep(1)\n    return ''\n",
        "class time:\n    sleep = print\n\n\nasync def page(request):\n    time.sleep(1)\n    return ''\n",
        "import time\n\n\nasync def page(request):\n    return ''\n\n\nasync def other():\n    time.sleep(1)\n",
        "async def page(request):\n    return open('x').read()\n",
    ],
)
def test_what_blocks_nothing_is_no_finding(project: Any, views: str) -> None:
    assert found(project, app_with(views)) == []
