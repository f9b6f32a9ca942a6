"""Which files matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from reload_helpers import write_tree

from scaffold.reload.filters import FileKind, Filter, python_files
from scaffold.reload.gitignore import index_lock


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("apps/blog/views.py", FileKind.SOURCE),
        ("config/settings.py", FileKind.SOURCE),
        ("manage.py", FileKind.SOURCE),
        ("apps/blog/sedan.py", FileKind.SOURCE),
        (".env", FileKind.ENVIRONMENT),
        ("apps/blog/.env", FileKind.OTHER),
        ("templates/base.html", FileKind.TEMPLATE),
        ("apps/blog/templates/blog/mail.txt", FileKind.TEMPLATE),
        ("static/site.css", FileKind.STYLE),
        ("static/sedimentary-rock.css", FileKind.STYLE),
        ("apps/blog/static/blog/logo.svg", FileKind.STATIC),
        ("apps/.scaffold-0123456789abcdef/views.py", FileKind.IGNORED),
        ("README.md", FileKind.OTHER),
        ("data/cities.json", FileKind.OTHER),
        ("apps/blog/__pycache__/views.cpython-311.pyc", FileKind.IGNORED),
        ("apps/blog/views.pyc", FileKind.IGNORED),
        (".git/HEAD", FileKind.IGNORED),
        (".git/hooks/check.py", FileKind.IGNORED),
        ("node_modules/tool/setup.py", FileKind.IGNORED),
        (".mypy_cache/x.py", FileKind.IGNORED),
        ("site.egg-info/x.py", FileKind.IGNORED),
        ("myenv/lib/module.py", FileKind.IGNORED),
        ("db.sqlite3", FileKind.IGNORED),
        ("db.sqlite3-journal", FileKind.IGNORED),
        ("site.log", FileKind.IGNORED),
        ("apps/blog/.views.py.swp", FileKind.IGNORED),
        ("apps/blog/views.py~", FileKind.IGNORED),
        ("apps/blog/4913", FileKind.IGNORED),
        ("apps/blog/sedAbC123", FileKind.IGNORED),
        ("apps/blog/views.py___jb_tmp___", FileKind.IGNORED),
        ("apps/blog/.#views.py", FileKind.IGNORED),
        ("apps/blog/#views.py#", FileKind.IGNORED),
        ("../elsewhere.py", FileKind.IGNORED),
    ],
)
def test_each_file_has_its_kind(tmp_path: Path, name: str, kind: FileKind) -> None:
    write_tree(tmp_path, {"myenv/pyvenv.cfg": ""})
    path = tmp_path.parent / "elsewhere.py" if name.startswith("..") else tmp_path / name
    assert Filter(tmp_path).classify(str(path)) is kind


def test_only_sources_and_the_environment_replace_the_worker() -> None:
    assert {kind for kind in FileKind if kind.replaces_worker} == {FileKind.SOURCE, FileKind.ENVIRONMENT}


@pytest.mark.parametrize(
    ("name", "is_ignored"),
    [
        ("generated/code.py", True),
        ("generated/deep/code.py", True),
        ("apps/blog/secret.py", True),
        ("apps/news/secret.py", False),
        ("anything_local.py", True),
        ("apps/blog/keep_local.py", False),
        ("apps/generated_code.py", False),
        (".env", False),
        ("build", False),
        ("build/x.py", True),
    ],
)
def test_gitignore_files_count_with_their_folders_and_exceptions(tmp_path: Path, name: str, is_ignored: bool) -> None:
    write_tree(
        tmp_path,
        {
            ".gitignore": "/generated/\n*_local.py\n.env\nbuild/\n",
            "apps/blog/.gitignore": "secret.py\n!keep_local.py\n",
        },
    )
    kind = Filter(tmp_path).classify(str(tmp_path / name))
    assert (kind is FileKind.IGNORED) is is_ignored


def test_a_changed_gitignore_counts_after_it_was_forgotten(tmp_path: Path) -> None:
    rules, path = Filter(tmp_path), str(tmp_path / "generated/code.py")
    assert rules.classify(path) is FileKind.SOURCE
    (tmp_path / ".gitignore").write_text("generated/\n")
    rules.forget()
    assert rules.classify(path) is FileKind.IGNORED


def test_heavy_folders_are_those_that_are_ignored_but_for_byte_code(tmp_path: Path) -> None:
    rules = Filter(tmp_path)
    assert rules.is_heavy(str(tmp_path / "node_modules"))
    assert not rules.is_heavy(str(tmp_path / "apps/__pycache__"))
    assert not rules.is_heavy(str(tmp_path / "apps"))


def test_the_python_files_of_a_project_leave_out_what_is_ignored(tmp_path: Path) -> None:
    write_tree(tmp_path, {"apps/a.py": "", "node_modules/b.py": "", "x.txt": "", ".git/c.py": "", "d.py": ""})
    assert sorted(python_files(tmp_path)) == [tmp_path / "apps/a.py", tmp_path / "d.py"]
    assert list(Filter(tmp_path).sources_in(str(tmp_path / "node_modules"))) == []


def test_the_repositorys_own_list_and_the_files_above_the_project_count(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            ".git/info/exclude": "private.py\nkept.py\n",
            ".gitignore": "/site/made.py\n!kept.py\n",
            "site/.gitignore": "own.py\n",
        },
    )
    rules = Filter(tmp_path / "site")
    kinds = {name: rules.classify(str(tmp_path / "site" / name)) for name in ("private.py", "made.py", "own.py")}
    assert set(kinds.values()) == {FileKind.IGNORED}
    for name in ("kept.py", "apps/made.py"):
        assert rules.classify(str(tmp_path / "site" / name)) is FileKind.SOURCE


def test_a_work_tree_takes_the_list_of_its_repository(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "main/.git/info/exclude": "private.py\n",
            "main/.git/worktrees/tree/commondir": "../..\n",
            "tree/.git": f"gitdir: {tmp_path}/main/.git/worktrees/tree\n",
        },
    )
    assert Filter(tmp_path / "tree").classify(str(tmp_path / "tree/private.py")) is FileKind.IGNORED
    assert index_lock(str(tmp_path / "tree/apps")) == f"{tmp_path}/main/.git/worktrees/tree/index.lock"
    assert index_lock(str(tmp_path)) is None


def test_a_project_that_is_ignored_as_a_whole_has_but_its_own_rules(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {".git/info/exclude": "*.py\n", ".gitignore": "/sites/\n", "sites/one/.gitignore": "made.py\n"},
    )
    rules = Filter(tmp_path / "sites/one")
    assert rules.classify(str(tmp_path / "sites/one/views.py")) is FileKind.SOURCE
    assert rules.classify(str(tmp_path / "sites/one/made.py")) is FileKind.IGNORED


def test_what_is_added_matters_as_a_tree_or_alone(tmp_path: Path) -> None:
    rules = Filter(tmp_path / "site")
    rules.add(str(tmp_path / "package"), is_tree=True)
    rules.add(str(tmp_path / "tools"), is_tree=False)
    kinds = {
        name: rules.classify(str(tmp_path / name))
        for name in (
            "package/deep/a.py",
            "package/static/a.css",
            "package/__pycache__/a.pyc",
            "tools/a.py",
            "tools/b/a.py",
        )
    }
    assert list(kinds.values()) == [
        FileKind.SOURCE,
        FileKind.STYLE,
        FileKind.IGNORED,
        FileKind.SOURCE,
        FileKind.IGNORED,
    ]
