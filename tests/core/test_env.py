"""The environment and ``.env``: how values are written, found and converted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaffold.conf import MISSING, Env, debug_variable, env_file_for, find_project, read_env_file
from scaffold.exceptions import SettingsError

LINES = [
    ("A=1", "1"),
    ("A = 1 ", "1"),
    ("  A=1", "1"),
    ("export A=1", "1"),
    ("export   A=1", "1"),
    ("A=", ""),
    ("A=a b c", "a b c"),
    ("A=a=b", "a=b"),
    ("A=1 # a comment", "1"),
    ("A=1#2", "1#2"),
    ("A=# a comment", ""),
    ("A='a # b'", "a # b"),
    ('A="a # b"', "a # b"),
    ("A='a' # b", "a"),
    ('A="a"#b', "a"),
    ("A=''", ""),
    ('A=""', ""),
    (r"A='a\nb'", r"a\nb"),
    (r'A="a\nb\tc\r"', "a\nb\tc\r"),
    (r'A="\"\\\$"', '"\\$'),
    (r'A="C:\Users"', r"C:\Users"),
    (r"A='C:\'", "C:\\"),
    ("A='it is \"it\"'", 'it is "it"'),
    ("A=é", "é"),
    ("A=it's", "it's"),
]

MALFORMED = ["A", "A B=1", "1A=1", "=1", "A-B=1", "A='1", 'A="1', 'A="1"2', "A='it's", 'A="C:\\"', "Ä=1"]


def write(folder: Path, text: str) -> Path:
    file = folder / ".env"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(("line", "value"), LINES)
def test_a_line_is_a_name_and_a_value(tmp_path: Path, line: str, value: str) -> None:
    assert read_env_file(write(tmp_path, f"# first\n\n{line}\n")) == {"A": (value, 3)}


@pytest.mark.parametrize("line", MALFORMED)
def test_a_malformed_line_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    file = write(tmp_path, f"OK=1\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        read_env_file(file)
    assert caught.value.source == f"{file}:2"
    assert caught.value.hint


def test_a_line_of_many_backslashes_without_an_end_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not end"):
        read_env_file(write(tmp_path, 'A="' + "\\" * 9999))


def test_the_last_of_two_lines_for_one_name_counts(tmp_path: Path) -> None:
    assert read_env_file(write(tmp_path, "A=1\nA=2\n")) == {"A": ("2", 2)}


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert read_env_file(write(tmp_path, "\ufeffA=1")) == {"A": ("1", 1)}


def test_no_file_is_no_values(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"A=\xff")
    with pytest.raises(SettingsError, match=r"\.env can't be read"):
        read_env_file(file)


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env can't be read"):
        read_env_file(tmp_path / ".env")


# --- env ------------------------------------------------------------------------------------------------------------

env = Env()

CONVERSIONS: list[tuple[Callable[..., Any], str, Any]] = [
    (env, "text", "text"),
    (env, "", ""),
    (env.bool, "1", True),
    (env.bool, " TRUE ", True),
    (env.bool, "yes", True),
    (env.bool, "on", True),
    (env.bool, "0", False),
    (env.bool, "False", False),
    (env.bool, "no", False),
    (env.bool, "off", False),
    (env.bool, "", False),
    (env.int, "42", 42),
    (env.int, "-1", -1),
    (env.float, "1.5", 1.5),
    (env.list, "a, b,,c ", ["a", "b", "c"]),
    (env.list, "", []),
    (env.path, "/a/b", Path("/a/b")),
    (env.path, "~/x", Path.home() / "x"),
]


@pytest.mark.parametrize(("read", "text", "value"), CONVERSIONS)
def test_a_value_is_converted(
    monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any], text: str, value: object
) -> None:
    monkeypatch.setenv("SCAFFOLD_TEST_VALUE", text)
    assert read("SCAFFOLD_TEST_VALUE") == value


@pytest.mark.parametrize(
    ("read", "text", "wanted"),
    [
        (env.bool, "maybe", "true or false"),
        (env.int, "many", "a whole number"),
        (env.int, "9" * 5000, "a whole number"),
        (env.float, "much", "a number"),
    ],
)
def test_a_value_that_cannot_be_converted_is_refused_with_its_place(
    monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any], text: str, wanted: str
) -> None:
    monkeypatch.setenv("SCAFFOLD_TEST_VALUE", text)
    with pytest.raises(SettingsError, match=f"which is not {wanted}") as caught:
        read("SCAFFOLD_TEST_VALUE")
    assert caught.value.source == "environment"
    assert f"{__file__}:" in caught.value.hint


@pytest.mark.parametrize("default", [None, "", 0, False, [], "text"])
def test_a_missing_value_is_its_default_as_it_is(monkeypatch: pytest.MonkeyPatch, default: object) -> None:
    monkeypatch.delenv("SCAFFOLD_TEST_VALUE", raising=False)
    for read in (env, env.bool, env.int, env.float, env.list, env.path):
        assert read("SCAFFOLD_TEST_VALUE", default=default) is default


def test_a_missing_value_without_a_default_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCAFFOLD_TEST_VALUE", raising=False)
    with pytest.raises(SettingsError, match="is set neither in the environment nor in") as caught:
        env("SCAFFOLD_TEST_VALUE")
    assert caught.value.source.startswith(f"{__file__}:")
    assert "Add SCAFFOLD_TEST_VALUE=..." in caught.value.hint


def test_the_missing_default_names_itself() -> None:
    assert repr(MISSING) == "MISSING"


def test_the_real_environment_goes_before_the_file(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project({".env": "A_VALUE=file\nB_VALUE=file\n", "asks.py": "A = env('A_VALUE')\nB = env('B_VALUE')\n"})
    monkeypatch.setenv("A_VALUE", "real")
    monkeypatch.delenv("B_VALUE", raising=False)
    names: dict[str, Any] = {"env": env}
    file = folder / "asks.py"
    exec(compile(file.read_bytes(), str(file), "exec"), names)
    assert (names["A"], names["B"]) == ("real", "file")


def test_a_wrong_value_in_the_file_is_refused_with_its_line(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project({".env": "\nSCAFFOLD_TEST_VALUE=many\n", "config/asks.py": "env.int('SCAFFOLD_TEST_VALUE')\n"})
    monkeypatch.delenv("SCAFFOLD_TEST_VALUE", raising=False)
    file = folder / "config/asks.py"
    with pytest.raises(SettingsError) as caught:
        exec(compile(file.read_bytes(), str(file), "exec"), {"env": env})
    assert caught.value.source == f"{folder / '.env'}:2"
    assert f"{file}:1" in caught.value.hint


def test_the_file_beside_manage_py_counts_else_the_one_beside_the_code(project: Any, tmp_path: Path) -> None:
    folder = project()
    assert env_file_for(folder / "apps" / "blog" / "views.py") == folder / ".env"
    assert env_file_for(tmp_path / "alone" / "site.py") == tmp_path / "alone" / ".env"


# --- DEBUG before the settings, and the project's folder ------------------------------------------------------------


@pytest.mark.parametrize(("text", "value"), [("DEBUG=1", True), ("DEBUG=off", False), ("", False), ("DEBUG=", False)])
def test_debug_is_read_without_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, value: bool
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    write(tmp_path, text)
    assert debug_variable(tmp_path) is value


def test_a_debug_that_is_neither_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    file = write(tmp_path, "DEBUG=maybe")
    with pytest.raises(SettingsError, match="DEBUG is 'maybe'") as caught:
        debug_variable(tmp_path)
    assert caught.value.source == f"{file}:1"


def test_the_project_is_found_from_any_folder_below_it(project: Any, tmp_path: Path) -> None:
    folder = project({"apps/blog/urls.py": ""})
    assert find_project(folder) == folder
    assert find_project(folder / "apps" / "blog") == folder
    assert find_project(tmp_path) is None
    (folder / "manage.py").unlink()
    assert find_project(folder) is None
