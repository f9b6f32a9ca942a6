"""What a plan holds, and what it refuses."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from scaffold.exceptions import GenerationError, InvalidNameError, TargetExistsError
from scaffold.generation import Plan, plan_app, plan_project, rendering, template_folder

PROJECT_FILES = [
    ".dockerignore",
    ".env",
    ".env.example",
    ".github/workflows/ci.yml",
    ".gitignore",
    "Dockerfile",
    "README.md",
    "apps/__init__.py",
    "apps/home/__init__.py",
    "apps/home/static/home/home.css",
    "apps/home/templates/home/index.html",
    "apps/home/tests/__init__.py",
    "apps/home/tests/test_home.py",
    "apps/home/urls.py",
    "apps/home/views.py",
    "config/__init__.py",
    "config/settings.py",
    "config/wsgi.py",
    "manage.py",
    "pyproject.toml",
    "static/favicon.svg",
    "static/site.css",
    "templates/404.html",
    "templates/500.html",
    "templates/base.html",
    "tests/__init__.py",
    "tests/test_project.py",
]

APP_FILES = [
    "__init__.py",
    "static/blog/blog.css",
    "templates/blog/index.html",
    "tests/__init__.py",
    "tests/test_blog.py",
    "urls.py",
    "views.py",
]


def text_of(plan: Plan, path: str) -> str:
    return {file.path: file.content for file in plan.files}[path].decode()


def test_a_project_is_the_documented_tree(tmp_path: Path) -> None:
    plan = plan_project("my-site", parent=tmp_path)

    assert plan.target == tmp_path / "my-site"
    assert [file.path for file in plan.files] == PROJECT_FILES
    assert list(tmp_path.iterdir()) == []


def test_an_app_is_the_documented_tree(tmp_path: Path) -> None:
    plan = plan_app(tmp_path, "blog")

    assert plan.target == tmp_path / "apps" / "blog"
    assert [file.path for file in plan.files] == APP_FILES
    assert list(tmp_path.iterdir()) == []


def test_modes_protect_the_secrets_and_let_the_command_line_run(tmp_path: Path) -> None:
    modes = {file.path: file.mode for file in plan_project("mysite", parent=tmp_path).files}

    assert modes.pop(".env") == 0o600
    assert modes.pop("manage.py") == 0o755
    assert set(modes.values()) == {0o644}


def test_each_project_has_a_key_of_its_own_which_only_env_holds(tmp_path: Path) -> None:
    keys = set()
    for _ in range(3):
        plan = plan_project("mysite", parent=tmp_path)
        values = dict(line.split("=", 1) for line in text_of(plan, ".env").splitlines() if not line.startswith("#"))
        key = values["SECRET_KEY"]
        keys.add(key)
        assert values["DEBUG"] == "true"
        assert len(key) >= 50
        assert [file.path for file in plan.files if key.encode() in file.content] == [".env"]
        assert key not in repr(plan)

    assert len(keys) == 3
    assert ".env" in text_of(plan, ".gitignore").splitlines()
    assert ".env" in text_of(plan, ".dockerignore").splitlines()


@pytest.mark.parametrize("name", ["a", "my-site", "example.com", "a" * 60])
def test_every_file_of_a_project_is_rendered_whole(name: str, tmp_path: Path) -> None:
    for file in plan_project(name, parent=tmp_path).files:
        text = file.content.decode()
        assert "<%" not in text
        assert "%>" not in text
        assert "\r" not in text
        assert not text or (text.endswith("\n") and not text.endswith("\n\n"))
        assert [line for line in text.splitlines() if line != line.rstrip()] == []
        if file.path.endswith(".py"):
            assert max(map(len, text.splitlines()), default=0) <= 120
            ast.parse(text)
        if file.path.endswith(".toml"):
            tomllib.loads(text)


def test_the_titles_and_the_distribution_follow_from_the_name(tmp_path: Path) -> None:
    plan = plan_project("my-site", parent=tmp_path)

    assert '{"title": "My Site"}' in text_of(plan, "apps/home/views.py")
    assert text_of(plan, "README.md").startswith("# My Site\n")
    assert tomllib.loads(text_of(plan, "pyproject.toml"))["project"]["name"] == "my-site"


def test_generated_jinja_keeps_its_own_delimiters(tmp_path: Path) -> None:
    plan = plan_project("mysite", parent=tmp_path)

    assert "{% block title %}Mysite{% endblock %}" in text_of(plan, "templates/base.html")
    assert "${{ github.sha }}" in text_of(plan, ".github/workflows/ci.yml")


def test_the_pages_need_no_inline_styles_or_scripts_and_no_other_host(tmp_path: Path) -> None:
    plans = plan_project("mysite", parent=tmp_path), plan_app(tmp_path, "blog")
    for file in (file for plan in plans for file in plan.files if file.path.endswith((".html", ".css"))):
        text = file.content.decode()
        assert "style=" not in text
        assert "<style" not in text
        assert "<script" not in text
        assert "//" not in text


def test_the_error_page_of_last_resort_calls_nothing(tmp_path: Path) -> None:
    text = text_of(plan_project("mysite", parent=tmp_path), "templates/500.html")

    assert "{%" not in text
    assert "(" not in text.partition("#}")[2]


def test_the_home_page_names_its_files_and_the_next_commands(tmp_path: Path) -> None:
    plan = plan_project("mysite", parent=tmp_path)
    page = text_of(plan, "apps/home/templates/home/index.html")

    for path in (file.path for file in plan.files if file.path.startswith("apps/home/")):
        assert path.endswith("__init__.py") or "/tests/" in path or f"file('{path}')" in page
    for command in ("startapp blog", "routes", "check", "test"):
        assert f"<code>scaffold {command}</code>" in page


def test_the_lower_bound_of_the_dependency_admits_this_version(tmp_path: Path) -> None:
    checkout = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    project = tomllib.loads(text_of(plan_project("mysite", parent=tmp_path), "pyproject.toml"))
    distribution, _, bound = project["project"]["dependencies"][0].partition(">=")

    assert distribution == checkout["project"]["name"]
    assert [int(part) for part in bound.split(".")] <= [int(p) for p in checkout["project"]["version"].split(".")[:2]]


@pytest.mark.parametrize(
    ("prefix", "line"), [(None, None), ("", 'prefix = ""'), ("/x", 'prefix = "x/"'), ("blog/", 'prefix = "blog/"')]
)
def test_an_app_writes_its_prefix_only_when_one_was_given(tmp_path: Path, prefix: str | None, line: str | None) -> None:
    lines = text_of(plan_app(tmp_path, "blog", prefix=prefix), "urls.py").splitlines()

    assert [found for found in lines if "prefix" in found] == ([] if line is None else [line])


def test_a_directory_is_relative_to_the_parent(tmp_path: Path) -> None:
    assert plan_project("mysite", Path("other"), parent=tmp_path).target == tmp_path / "other"
    assert plan_project("mysite", Path(), parent=tmp_path).target == tmp_path
    assert plan_project("mysite", tmp_path / "far" / "off", parent=Path("/")).target == tmp_path / "far" / "off"


def test_wrong_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidNameError):
        plan_project("1", parent=tmp_path)
    with pytest.raises(InvalidNameError):
        plan_app(tmp_path, "my-app")
    with pytest.raises(InvalidNameError):
        plan_app(tmp_path, "blog", prefix="a b")


def test_all_files_that_would_be_overwritten_are_listed(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.py").write_text("mine")
    (tmp_path / "README.md").symlink_to("nowhere")
    (tmp_path / "manage.py").mkdir()
    (tmp_path / "static").write_text("a file where a folder is needed")
    (tmp_path / "notes.txt").write_text("in nobody's way")

    with pytest.raises(TargetExistsError, match="4 files are in the way") as caught:
        plan_project("mysite", Path(), parent=tmp_path)

    names = [path.relative_to(tmp_path).as_posix() for path in caught.value.paths]
    assert names == ["README.md", "config/settings.py", "manage.py", "static"]


def test_a_file_in_place_of_the_target_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "mysite").write_text("mine")

    with pytest.raises(TargetExistsError, match=r"^a file is in the way") as caught:
        plan_project("mysite", parent=tmp_path)
    assert caught.value.paths == (tmp_path / "mysite",)


def test_an_app_that_exists_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "apps" / "blog"
    folder.mkdir(parents=True)
    (folder / "models.py").write_text("mine")

    with pytest.raises(TargetExistsError, match="the app 'blog' exists") as caught:
        plan_app(tmp_path, "blog")
    assert caught.value.paths == (folder / "models.py",)


def test_the_byte_code_of_a_removed_app_is_no_app(tmp_path: Path) -> None:
    cache = tmp_path / "apps" / "blog" / "__pycache__"
    cache.mkdir(parents=True)
    (cache / "views.cpython-311.pyc").write_bytes(b"")

    assert len(plan_app(tmp_path, "blog").files) == len(APP_FILES)


def test_the_template_is_found_beside_the_package_and_inside_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (template_folder() / "project" / "manage.py").is_file()
    package = tmp_path / "scaffold"
    monkeypatch.setattr(rendering, "_PACKAGE", package)

    with pytest.raises(GenerationError, match="missing") as caught:
        template_folder()
    assert "Install" in caught.value.hint

    (tmp_path / "project_template").mkdir()
    assert template_folder() == tmp_path / "project_template"
    (package / "_project_template").mkdir(parents=True)
    assert template_folder() == package / "_project_template"


def test_byte_code_in_the_template_folder_is_left_out_and_a_wrong_template_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "template_folder", lambda: tmp_path)
    (tmp_path / "project" / "__pycache__").mkdir(parents=True)
    (tmp_path / "project" / "__pycache__" / "manage.cpython-311.pyc").write_bytes(b"")
    (tmp_path / "project" / "raw.bin").write_bytes(b"\xff<%= nothing %>\r\n")
    assert [file.path for file in plan_project("mysite", parent=tmp_path).files] == ["raw.bin"]

    (tmp_path / "project" / "dot-x").mkdir()
    (tmp_path / "project" / "dot-x" / "wrong.tmpl").write_text("<%= nothing %>")
    with pytest.raises(GenerationError, match="'nothing' is undefined") as caught:
        plan_project("mysite", parent=tmp_path)
    assert caught.value.source == "dot-x/wrong.tmpl"
