"""Settings: what a project may say, where each value came from, and slips that are noticed."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from scaffold import Application, Settings
from scaffold.apps import put_on_path
from scaffold.conf import Origin, find_project, known_settings, load_settings
from scaffold.conf.rules import RULES
from scaffold.exceptions import SettingsError
from scaffold.routing import Converter


def load(folder: Any) -> Settings:
    put_on_path(folder)
    return load_settings(folder)


def test_every_setting_has_a_default() -> None:
    settings = Settings()
    assert settings.DEBUG is False
    assert settings.STATIC_URL == "/static/"
    assert settings.origin("DEBUG") == Origin("default")
    assert set(known_settings()) >= {"DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "MIDDLEWARE", "MAX_BODY_BYTES"}


def test_settings_are_frozen_and_so_are_their_lists_and_dicts() -> None:
    settings = Settings.from_values({"ALLOWED_HOSTS": ["a"], "CONVERTERS": {"x": "y"}})
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.DEBUG = True  # type: ignore[misc]
    assert settings.ALLOWED_HOSTS == ("a",)
    assert isinstance(settings.CONVERTERS, MappingProxyType)


def test_a_projects_own_settings_are_attributes_too() -> None:
    settings = Settings.from_values({"PAGE_SIZE": 20})
    assert settings.PAGE_SIZE == 20
    assert settings.extra == {"PAGE_SIZE": 20}
    assert settings.origin("PAGE_SIZE").kind == "code"
    assert list(settings.names())[-1] == "PAGE_SIZE"


def test_an_unknown_setting_is_refused_with_the_nearest_name() -> None:
    settings = Settings.from_values({"PAGE_SIZE": 20})
    with pytest.raises(AttributeError, match=r"there is no setting PAGE_SISE\. Did you mean 'PAGE_SIZE'"):
        _ = settings.PAGE_SISE
    assert not hasattr(settings, "_private")


def test_settings_can_be_copied() -> None:
    assert copy.copy(Settings.from_values({"PAGE_SIZE": 20})).PAGE_SIZE == 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "yes"),
        ("DEBUG", 1),
        ("SECRET_KEY", None),
        ("ALLOWED_HOSTS", "example.com"),
        ("ALLOWED_HOSTS", [1]),
        ("INSTALLED_APPS", [None]),
        ("INSTALLED_APPS", "blog"),
        ("MIDDLEWARE", "x"),
        ("CONVERTERS", ["x"]),
        ("STATIC_URL", "static/"),
        ("STATIC_URL", "/static"),
        ("STATIC_URL", "//cdn.example/"),
        ("STATIC_URL", 1),
        ("MAX_BODY_BYTES", "1"),
        ("MAX_BODY_BYTES", True),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"{name} is ") as caught:
        Settings.from_values({name: value})
    assert caught.value.hint.startswith("It must be ")


@pytest.mark.parametrize(
    ("name", "known"),
    [("ALLOWED_HOST", "ALLOWED_HOSTS"), ("MIDLEWARE", "MIDDLEWARE"), ("SECRETKEY", "SECRET_KEY"), ("DEBUGG", "DEBUG")],
)
def test_a_name_that_looks_like_a_slip_is_a_suspect(name: str, known: str) -> None:
    assert Settings.from_values({name: ""}).suspects() == {name: known}


@pytest.mark.parametrize("name", ["PAGE_SIZE", "MAIL_HOST", "DATABASE_URL"])
def test_a_projects_own_name_is_no_suspect(name: str) -> None:
    assert Settings.from_values({name: ""}).suspects() == {}


def test_a_suspect_is_logged_when_the_project_is_loaded(project: Any, caplog: pytest.LogCaptureFixture) -> None:
    folder = project({"config/settings.py": "DEBUG = True\nALLOWED_HOST = []\n"})
    Application.from_project(folder)
    (record,) = caplog.records
    assert f"{folder}/config/settings.py:2: the setting ALLOWED_HOST is unknown" in record.getMessage()
    assert "'ALLOWED_HOSTS'" in record.getMessage()


# --- config/settings.py ----------------------------------------------------------------------------------------------


def test_each_value_knows_where_it_came_from(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_ENVIRONMENT", "1")
    monkeypatch.delenv("FROM_FILE", raising=False)
    monkeypatch.delenv("FROM_NOWHERE", raising=False)
    text = """from scaffold import env
DEBUG = env.bool("FROM_ENVIRONMENT")
SECRET_KEY: str = env("FROM_FILE")
STATIC_URL = "/s/"
ALLOWED_HOSTS = env.list("FROM_NOWHERE", default=[])
A, B = 1, 2
_PRIVATE = 1
lower = 1
NAME = str(print)
"""
    folder = project({".env": "\nFROM_FILE=x\n", "config/settings.py": text})
    settings = load(folder)
    file = folder / "config/settings.py"
    assert settings.origin("DEBUG") == Origin("environment")
    assert settings.origin("SECRET_KEY") == Origin(".env", f"{folder / '.env'}:2")
    assert settings.origin("STATIC_URL") == Origin("settings", f"{file}:4")
    assert settings.origin("ALLOWED_HOSTS") == Origin("settings", f"{file}:5")
    assert settings.origin("A") == Origin("settings", str(file))
    assert settings.origin("NAME") == Origin("settings", f"{file}:9")
    assert settings.origin("MIDDLEWARE") == Origin("default")
    assert set(settings.extra) == {"A", "B", "NAME"}


def test_a_wrong_value_in_the_file_is_refused_with_its_line(project: Any) -> None:
    folder = project({"config/settings.py": "\nDEBUG = 'yes'\n"})
    with pytest.raises(SettingsError, match="DEBUG is 'yes'") as caught:
        load(folder)
    assert caught.value.source == f"{folder}/config/settings.py:2"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\nDEBUG = Ture\n", 2, "NameError: name 'Ture' is not defined"),
        ("\n\nDEBUG = \n", 3, "SyntaxError"),
        ("import nothing_of_this_name\n", 1, "ModuleNotFoundError"),
        ("def f():\n    raise ValueError('x')\nf()\n", 2, "ValueError: x"),
    ],
)
def test_settings_that_cannot_be_imported_are_refused_with_the_line(
    project: Any, text: str, line: int, message: str
) -> None:
    folder = project({"config/settings.py": text})
    with pytest.raises(SettingsError, match=message) as caught:
        load(folder)
    assert caught.value.source == f"{folder}/config/settings.py:{line}"
    assert caught.value.__cause__ is not None


def test_settings_that_are_not_there_are_refused_with_the_file(project: Any) -> None:
    folder = project()
    (folder / "config/settings.py").unlink()
    with pytest.raises(SettingsError, match="ModuleNotFoundError") as caught:
        load(folder)
    assert caught.value.source == f"{folder}/config/settings.py"


def test_a_missing_variable_keeps_its_own_message(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCAFFOLD_TEST_VALUE", raising=False)
    folder = project({"config/settings.py": "from scaffold import env\nKEY = env('SCAFFOLD_TEST_VALUE')\n"})
    with pytest.raises(SettingsError, match="SCAFFOLD_TEST_VALUE is set neither") as caught:
        load(folder)
    assert caught.value.source == f"{folder}/config/settings.py:2"


def test_a_malformed_env_file_is_refused_before_the_settings(project: Any) -> None:
    folder = project({".env": "nonsense\n"})
    with pytest.raises(SettingsError, match="no NAME=value"):
        load(folder)


def test_the_settings_of_another_project_in_the_process_are_refused(project: Any) -> None:
    load(project(name="one"))
    with pytest.raises(SettingsError, match="belongs to another project"):
        load(project(name="two"))


# --- dotted names ----------------------------------------------------------------------------------------------------


class Twice(Converter[int]):
    regex = "[0-9]+"
    example = "2"

    def to_python(self, text: str) -> int:
        return int(text) * 2

    def to_url(self, value: int) -> str:
        return str(value // 2)


class Grouped(Twice):
    regex = "([0-9])+"


class Broken(Twice):
    regex = "["


class Unfinished(Converter[int]):
    regex = "[0-9]+"


def test_a_converter_may_be_a_class_or_its_dotted_name() -> None:
    app = Application({"DEBUG": False, "CONVERTERS": {"a": Twice, "b": f"{__name__}.Twice"}})
    assert app.converters["a"] is app.converters["b"] is Twice


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "the converter 'x' is 7"),
        (str, "the converter 'x' is <class 'str'>"),
        ("pathlib.Path", "the converter 'x' is <class"),
        ("nothing_of_this_name.X", "can't be imported: ModuleNotFoundError"),
        ("pathlib.Nothing", "can't be imported: AttributeError"),
        ("Path", "can't be imported: ValueError"),
        (Grouped, "has groups in its regex"),
        (Broken, "has the wrong regex"),
        (Unfinished, "lacks to_python"),
    ],
)
def test_a_wrong_converter_is_refused(value: object, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Application({"DEBUG": False, "CONVERTERS": {"x": value}})
    assert message in caught.value.cause
    assert caught.value.hint


def test_a_project_of_another_framework_is_none(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/settings.py").write_text("DEBUG = True\n")
    assert find_project(tmp_path) is None
    (tmp_path / "manage.py").write_text("from django.core.management import execute_from_command_line\n")
    assert find_project(tmp_path) is None
    (tmp_path / "manage.py").write_text("from scaffold.cli import manage\n")
    assert find_project(tmp_path / "config") == tmp_path


def test_settings_that_exit_are_an_error(project: Any) -> None:
    folder = project({"config/settings.py": "raise SystemExit(0)\n"})
    with pytest.raises(SettingsError, match="SystemExit"):
        Application.from_project(folder)


def test_every_setting_has_a_rule_that_its_default_satisfies() -> None:
    assert set(RULES) == set(known_settings())
    settings = Settings()
    assert [name for name, rule in RULES.items() if not rule.accepts(getattr(settings, name))] == []
