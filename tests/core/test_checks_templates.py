"""Checks of templates: what they name, and whether they get what they read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scaffold.checks import Finding, Fix, check_project
from scaffold.checks.fixes import plan_edits, write_edit

GOOD = f"DEBUG = True\nSECRET_KEY = {'abcdefghijklmnopqrstuvwxyz0123456789'!r}\n"
URLS = (
    "from scaffold import path\n\nfrom . import views\n\n"
    "urlpatterns = [path('', views.index, name='index'), path('<int:id>/', views.page, name='page')]\n"
)
VIEWS = (
    "from scaffold import render\n\n\n"
    "def index(request):\n    return render(request, 'blog/index.html', {'title': 'Blog', 'posts': []})\n\n\n"
    "def page(request, id):\n    return render(request, 'blog/page.html', {'title': 'Page', 'post': id})\n"
)
BASE = "<title>{% block title %}Blog{% endblock %}</title>{% block content %}{% endblock %}"


def blog(project: Any, files: dict[str, str], **changes: str) -> tuple[Path, list[Finding]]:
    """Make a project with an app ``blog`` and these templates, and check its templates."""
    named = {
        "config/settings.py": GOOD,
        "apps/blog/urls.py": URLS,
        "apps/blog/views.py": changes.get("views", VIEWS),
        "apps/blog/templates/blog/index.html": "",
        "apps/blog/templates/blog/page.html": "",
        **{f"apps/blog/templates/blog/{name}" if "/" not in name else name: text for name, text in files.items()},
    }
    folder = project(named)
    return folder, [item for item in check_project(folder) if item.id.startswith(("templates.", "static.", "urls."))]


RIGHT = {
    "a name of the context": "{{ title }}",
    "a loop": "{% for post in posts %}{{ loop.index }} {{ post.title }}{% else %}{{ title }}{% endfor %}",
    "a loop over pairs": "{% for key, value in posts|dictsort %}{{ key }}{{ value }}{% endfor %}",
    "a name that is asked for": "{% if user is defined %}{{ user.name }}{% endif %}",
    "a name that is asked for the other way round": "{% if user is undefined %}{% else %}{{ user }}{% endif %}",
    "a default": "{{ subtitle|default('') }}{{ other|d('x') }}",
    "set": "{% set x = title %}{{ x }}",
    "set of a block": "{% set x %}{{ title }}{% endset %}{{ x }}",
    "set in a branch": "{% if title %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}",
    "a namespace": "{% set ns = namespace(n=0) %}{% for p in posts %}{% set ns.n = 1 %}{% endfor %}{{ ns.n }}",
    "with": "{% with a = title, b = 2 %}{{ a }}{{ b }}{% endwith %}",
    "a macro": "{% macro f(a, b=1) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{{ caller() }}{% endmacro %}{{ f(1) }}",
    "a call block": "{% macro f() %}{{ caller('x') }}{% endmacro %}{% call(x) f() %}{{ x }}{{ title }}{% endcall %}",
    "a recursive loop": "{% for p in posts recursive %}{{ loop(p.children) }}{% endfor %}",
    "what every template has": "{{ request.path }}{{ csrf_field() }}{{ messages() }}{{ range(3) }}{{ dict(a=1) }}",
    "a block of the base": "{% extends 'base.html' %}{% block title %}{{ title }} {{ super() }}{% endblock %}",
    "set beside blocks": "{% extends 'base.html' %}{% set x = 1 %}{% block title %}{{ x }}{% endblock %}",
    "text beside blocks is not shown": "{% extends 'base.html' %}{{ nothing }}{% block title %}{% endblock %}",
    "a block that the base does not have": "{% extends 'base.html' %}{% block other %}{{ nothing }}{% endblock %}",
    "a block in a block": "{% extends 'base.html' %}{% block content %}{% block a %}{% endblock %}{% endblock %}",
    "a block that is replaced": "{% extends 'old.html' %}{% block content %}{% endblock %}",
    "an include": "{% for post in posts %}{% include 'blog/_post.html' %}{% endfor %}",
    "an include that may be missing": "{% include 'nothing.html' ignore missing %}",
    "an include of one of two": "{% include ['nothing.html', 'blog/_post.html'] ignore missing %}",
    "a computed include": "{% include 'blog/' ~ title ~ '.html' %}{% if 0 %}{{ unknown }}{% endif %}",
    "an import": "{% import 'blog/_macros.html' as m %}{{ m.f(1) }}",
    "names by import": "{% from 'blog/_macros.html' import f, g as h %}{{ f(1) }}{{ h() }}",
    "an undefined name that is handed on": "{% macro f(a) %}{{ a is defined }}{% endmacro %}{{ f(user) }}",
    "an inline condition": "{{ title if title else '' }}{{ user if user is defined }}",
    "a filter block": "{% filter upper %}{{ title }}{% endfilter %}",
    "a route": "{{ url_for('blog:index') }}{{ request.url_for('blog:page', id=3) }}",
    "a route with a computed value": "{% for p in posts %}{{ url_for('blog:page', id=p.id) }}{% endfor %}",
    "a route with computed parameters": "{% set p = {'id': 1} %}{{ url_for('blog:page', **p) }}",
    "a route by a computed name": "{{ url_for('blog:' ~ title) }}",
    "a macro of the name url_for": "{% macro url_for(x) %}{{ x }}{% endmacro %}{{ url_for('nothing') }}",
    "a static file": "{{ static('blog/a.css') }}{{ url_for('static', path='blog/a.css') }}",
    "a static file by a computed name": "{{ static('blog/' ~ title) }}",
    "raw text": "{% raw %}{{ nothing }}{{ url_for('nothing') }}{% endraw %}{# {{ nothing }} #}",
    "autoescape": "{% autoescape false %}{{ title }}{% endautoescape %}",
    "a comparison": "{% if title == 'x' and posts %}{% elif title in posts %}{% endif %}",
    "a base in another spelling": "{% extends './base.html' %}",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_a_right_template_has_no_findings(project: Any, text: str) -> None:
    files = {
        "index.html": text,
        "_post.html": "{{ post.title }}{{ loop.index }}",
        "_macros.html": "{% macro f(a) %}{{ a }}{% endmacro %}{% macro g() %}{% endmacro %}",
        "templates/base.html": BASE,
        "templates/old.html": "{% block content %}{{ old }}{% endblock %}",
        "apps/blog/static/blog/a.css": "",
    }
    assert blog(project, files)[1] == []


WRONG = {
    "a route": ("\n{{ url_for('blog:indx') }}", "urls.unknown", "no route is named 'blog:indx'"),
    "a route of the request": (
        "\n{{ request.url_for('nothing') }}",
        "urls.unknown",
        "no route is named 'nothing'",
    ),
    "a missing parameter": (
        "\n{{ url_for('blog:page') }}",
        "urls.parameters",
        "the URL of 'blog:page' lacks 'id'",
    ),
    "a surplus parameter": (
        "\n{{ url_for('blog:index', id=title) }}",
        "urls.parameters",
        "the URL of 'blog:index' has no 'id'",
    ),
    "a value": (
        "\n{{ url_for('blog:page', id='x') }}",
        "urls.parameters",
        "'x' can't be 'id' in the URL of 'blog:page'",
    ),
    "a static file": ("\n{{ static('blog/b.css') }}", "static.missing", "there is no static file 'blog/b.css'"),
    "a base": ("\n{% extends 'bse.html' %}", "templates.missing", "there is no template 'bse.html'"),
    "an import": ("\n{% import 'm.html' as m %}", "templates.missing", "there is no template 'm.html'"),
    "a name": (
        "\n{{ titel }}",
        "templates.undefined",
        "blog/index.html reads 'titel', which apps/blog/views.py:5 does not give it",
    ),
    "a name in a loop": (
        "{% for p in posts %}\n{{ titel }}{% endfor %}",
        "templates.undefined",
        "blog/index.html reads 'titel', which nothing gives it",
    ),
    "an attribute of a name": (
        "\n{{ user.name|upper }}",
        "templates.undefined",
        "blog/index.html reads 'user', which apps/blog/views.py:5 does not give it",
    ),
    "a function": (
        "\n{{ gettext('x') }}",
        "templates.undefined",
        "blog/index.html reads 'gettext', which apps/blog/views.py:5 does not give it",
    ),
    "a name in a block": (
        "{% extends 'base.html' %}{% block content %}\n{{ titel }}{% endblock %}",
        "templates.undefined",
        "blog/index.html reads 'titel', which apps/blog/views.py:5 does not give it",
    ),
    "syntax": ("\n{% if %}", "templates.syntax", "Expected an expression, got 'end of statement block'"),
    "a filter": ("\n{{ title|uper }}", "templates.syntax", "No filter named 'uper'."),
}


@pytest.mark.parametrize(("text", "kind", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_template_has_one_finding_at_its_line(project: Any, text: str, kind: str, message: str) -> None:
    folder, findings = blog(project, {"index.html": text, "templates/base.html": BASE})
    (finding,) = findings
    assert (finding.id, finding.message) == (kind, message)
    assert finding.source == f"{folder}/apps/blog/templates/blog/index.html:2"
    assert finding.hint


# --- names that nobody gives ----------------------------------------------------------------------------------------


def undefined(project: Any, files: dict[str, str], **changes: str) -> list[str]:
    return [item.message for item in blog(project, files, **changes)[1] if item.id == "templates.undefined"]


def test_what_a_base_reads_each_time_must_be_given_by_every_view(project: Any) -> None:
    files = {
        "index.html": "{% extends 'base.html' %}",
        "page.html": "{% extends 'base.html' %}",
        "templates/base.html": "{{ title }}{{ post }}",
    }
    assert undefined(project, files) == ["base.html reads 'post', which apps/blog/views.py:5 does not give it"]


def test_a_branch_may_be_for_another_view(project: Any) -> None:
    files = {
        "index.html": "{% extends 'base.html' %}",
        "page.html": "{% extends 'base.html' %}",
        "templates/base.html": "{% if title == 'Page' %}{{ post }}{% endif %}",
    }
    assert undefined(project, files) == []


def test_the_page_for_an_error_gets_three_names(project: Any) -> None:
    files = {"templates/404.html": "{{ status }}{{ reason }}{{ detail }}{{ titel }}"}
    assert undefined(project, files) == ["404.html reads 'titel', which the page for an error does not give it"]


UNKNOWN = {
    "a context that is computed": "from scaffold import render\n\n\ndef index(request):\n"
    "    context = {}\n    return render(request, 'blog/index.html', context)\n",
    "a context with others in it": "from scaffold import render\n\n\ndef index(request, **more):\n"
    "    return render(request, 'blog/index.html', {'a': 1, **more})\n",
    "a template that is computed": "from scaffold import render\n\n\ndef index(request, name='x'):\n"
    "    return render(request, name, {'x': 1})\n",
    "a helper": "from scaffold import render\n\n\ndef show(name, x): ...\n\n\ndef index(request):\n"
    "    return show('blog/index.html', 1) or render(request, 'blog/index.html')\n",
    "one block alone": "from scaffold import render\n\n\ndef index(request):\n"
    "    return render(request, 'blog/index.html', {}, block='content')\n",
}


@pytest.mark.parametrize("views", UNKNOWN.values(), ids=UNKNOWN)
def test_nothing_is_said_where_the_context_is_not_known(project: Any, views: str) -> None:
    text = "{% if request.args %}{{ x }}{% endif %}"
    assert undefined(project, {"index.html": text}, views=views + "\n\ndef page(request, id): ...\n") == []


def test_names_of_context_processors_are_known_or_nothing_is_said(project: Any) -> None:
    settings = GOOD + "CONTEXT_PROCESSORS = ['config.context.names']\n"
    literal = "def names(request):\n    return {'user': 1}\n"
    files = {"index.html": "{{ user }}{{ titel }}", "config/settings.py": settings, "config/context.py": literal}
    assert undefined(project, files) == [
        "blog/index.html reads 'titel', which apps/blog/views.py:5 does not give it",
    ]


def test_context_processors_that_compute_their_names_may_give_any(project: Any) -> None:
    settings = GOOD + "CONTEXT_PROCESSORS = ['config.context.names']\n"
    computed = "def names(request):\n    return dict.fromkeys(['titel'], 1)\n"
    files = {"index.html": "{{ titel }}", "config/settings.py": settings, "config/context.py": computed}
    assert undefined(project, files) == []


# --- two templates of one name --------------------------------------------------------------------------------------


def shadowed(project: Any, files: dict[str, str]) -> list[tuple[str, str]]:
    shop = {"apps/shop/urls.py": "urlpatterns = []\n", "apps/shop/templates/page.html": "b"}
    folder, findings = blog(project, {**shop, "apps/blog/templates/page.html": "a", **files})
    return [(item.level, item.source.removeprefix(f"{folder}/")) for item in findings]


def test_a_template_that_another_app_hides_is_a_warning(project: Any) -> None:
    assert shadowed(project, {}) == [("warning", "apps/shop/templates/page.html")]


def test_a_template_of_the_project_replaces_those_of_apps(project: Any) -> None:
    assert shadowed(project, {"templates/page.html": "c"}) == []


# --- mends ----------------------------------------------------------------------------------------------------------


def fix_of(project: Any, text: str) -> Fix | None:
    _, (finding,) = blog(project, {"index.html": text, "templates/base.html": BASE})
    return finding.fix


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("{{ url_for('blog:indx') }}", "'blog:indx'", "'blog:index'"),
        ('{{ url_for("index") }}', '"index"', '"blog:index"'),
        ("{{ url_for('blog:pge', id=1) }}", "'blog:pge'", "'blog:page'"),
        ("{% extends 'bas.html' %}", "'bas.html'", "'base.html'"),
    ],
)
def test_a_slip_with_one_near_name_has_a_mend(project: Any, text: str, old: str, new: str) -> None:
    fix = fix_of(project, text)
    assert fix is not None
    assert (fix.line, fix.old, fix.new) == (1, old, new)


@pytest.mark.parametrize(
    "text",
    [
        "{{ url_for('blog:pge') }}",  # the near one takes a parameter
        "{{ url_for('nothing') }}",
        "{{ url_for('blog:indx', **{}) }}",
        "{% extends 'x.html' %}",
        "{{ url_for('blog:indx') }} 'blog:indx'",  # which of the two?
    ],
)
def test_what_is_not_certain_has_no_mend(project: Any, text: str) -> None:
    assert fix_of(project, text) is None


def test_mends_are_shown_as_a_diff_and_written_whole(project: Any) -> None:
    text = "a\r\n{{ url_for('blog:indx') }} {{ url_for('blog:pge', id=1) }}\r\nb"
    folder, findings = blog(project, {"index.html": text})
    (edit,) = plan_edits(findings, folder)
    assert edit.diff(folder).splitlines() == [
        "--- a/apps/blog/templates/blog/index.html",
        "+++ b/apps/blog/templates/blog/index.html",
        "@@ -1,3 +1,3 @@",
        " a",
        "-{{ url_for('blog:indx') }} {{ url_for('blog:pge', id=1) }}",
        "+{{ url_for('blog:index') }} {{ url_for('blog:page', id=1) }}",
        " b",
    ]
    edit.path.chmod(0o640)
    assert write_edit(edit)
    assert edit.path.read_bytes().decode() == text.replace("indx", "index").replace("pge", "page")
    assert edit.path.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in edit.path.parent.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_has_changed_meanwhile_is_left_alone(project: Any) -> None:
    folder, findings = blog(project, {"index.html": "{{ url_for('blog:indx') }}"})
    (edit,) = plan_edits(findings, folder)
    edit.path.write_text("something else")
    assert not write_edit(edit)
    assert edit.path.read_text() == "something else"


def test_what_can_not_be_written_is_an_error_and_nothing_is_left_behind(project: Any) -> None:
    folder, findings = blog(project, {"index.html": "{{ url_for('blog:indx') }}"})
    (edit,) = plan_edits(findings, folder)
    edit.path.unlink()
    before = sorted(edit.path.parent.iterdir())
    with pytest.raises(OSError, match="No such file"):
        write_edit(edit)
    assert sorted(edit.path.parent.iterdir()) == before


def test_files_outside_of_the_project_are_never_mended(tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.html"
    outside.write_text("'a'")
    finding = Finding("error", "x.y", f"{outside}:1", "", "", Fix(str(outside), 1, "'a'", "'b'"))
    (tmp_path / "inside").mkdir()
    assert plan_edits([finding], tmp_path / "inside") == []
