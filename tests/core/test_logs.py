"""What is logged, in which form, and with which request's id."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold import Application, Settings
from scaffold.exceptions import SettingsError
from scaffold.logs import JSONFormatter, RequestIdFilter, TextFormatter, configure_logging
from scaffold.server import AccessRecord, console_log
from scaffold.testing import Client

from .helpers import ask

IDS = "scaffold.middleware.request_ids.request_ids"
ACCESS = "scaffold.middleware.access_log.access_log"


def record(message: Any, *args: Any, **values: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "shop", "levelname": "INFO", "msg": message, "args": args, **values})
    made.created = 86_400.1234
    return made


class Odd:
    def __repr__(self) -> str:
        raise ValueError("never")


def failed() -> Any:
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        return sys.exc_info()


# --- for people ------------------------------------------------------------------------------------------------------


def test_a_line_has_time_level_logger_message_and_id() -> None:
    text = TextFormatter().format(record("%d orders", 3, request_id="abc"))
    assert text == "1970-01-02T00:00:00.123Z  INFO    shop: 3 orders  [abc]"


def test_a_clock_leaves_out_the_date() -> None:
    text = TextFormatter(clock=True).format(record("x"))
    assert re.fullmatch(r"\d\d:\d\d:\d\d  INFO    shop: x", text)


def test_no_message_can_forge_a_line() -> None:
    text = TextFormatter().format(record("%s", "a\n2026  INFO shop: forged\r\x1b[31m\u2028\x85\ud800é", request_id="i"))
    first, *rest = text.splitlines()
    assert first.endswith("shop: a  [i]")
    assert rest == ["  2026  INFO shop: forged\\r\\x1b[31m\\u2028\\x85\\ud800é"]


def test_a_traceback_stands_below_its_line() -> None:
    lines = TextFormatter().format(record("no", exc_info=failed())).splitlines()
    assert lines[0].endswith("shop: no")
    assert lines[1] == "  Traceback (most recent call last):"
    assert lines[-2:] == ["  ValueError: one", "  two"]


def test_a_traceback_that_was_made_before_and_a_stack_are_shown_too() -> None:
    made = record("x", exc_text="made before", stack_info="the stack")
    assert TextFormatter().format(made).splitlines()[1:] == ["  made before", "  the stack"]
    read = json.loads(JSONFormatter().format(made))
    assert (read["exception"], read["stack"]) == ("made before", "the stack")


# --- for machines ----------------------------------------------------------------------------------------------------


def test_a_record_is_one_json_object() -> None:
    values = {"request_id": "abc", "exc_info": failed(), "order": 7, "price": 1.5, "tags": {"a": [1, None, True]}}
    line = JSONFormatter().format(record("%s\n", "é", **values))
    assert "\n" not in line
    read = json.loads(line)
    assert read.pop("exception").endswith("ValueError: one\ntwo")
    assert read == {
        "time": "1970-01-02T00:00:00.123Z", "level": "INFO", "logger": "shop", "message": "é\n", "request_id": "abc",
        "order": 7, "price": 1.5, "tags": {"a": [1, None, True]},
    }  # fmt: skip


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**5000, "<int>"),
        (b"\xff", "b'\\xff'"),
        ({1: {2}}, {"1": [2]}),
        (Odd(), "<Odd>"),
        ({Odd(): 1}, {"<Odd>": 1}),
        (Path("a"), "a"),
        ("\ud800", "\ud800"),
    ],
    ids=range(9),
)
def test_what_json_has_no_form_for_becomes_a_text(value: Any, shown: Any) -> None:
    assert json.loads(JSONFormatter().format(record("x", odd=value)))["odd"] == shown


@pytest.mark.parametrize("value", [LOOP, {"a": LOOP}])
def test_what_holds_itself_has_an_end(value: Any) -> None:
    assert "odd" in json.loads(JSONFormatter().format(record("x", odd=value)))


@pytest.mark.parametrize("formatter", [TextFormatter(), JSONFormatter()], ids=["text", "json"])
@pytest.mark.parametrize("made", [record("%d", "x"), record("%s", Odd()), record(Odd()), record("%s %s", 1)])
def test_a_message_that_does_not_fit_its_arguments_is_still_logged(
    formatter: logging.Formatter, made: logging.LogRecord
) -> None:
    assert formatter.format(made)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(message=st.text(), value=VALUES)
@settings(max_examples=200, deadline=None)
def test_any_record_is_one_object_and_one_entry(message: str, value: Any) -> None:
    made = record("%s", message, odd=value)
    assert json.loads(JSONFormatter().format(made))["message"] == message
    _, *rest = TextFormatter().format(made).splitlines()
    assert all(line.startswith("  ") or not line for line in rest)


def test_the_access_log_has_a_form_for_machines_too() -> None:
    stream = io.StringIO()
    write = console_log(stream, as_json=True)
    write(AccessRecord(86_400.1234, "::1", "GET", '/a"\x1b', 200, 5, 0.01234, "home:index", "abc"))
    write(AccessRecord(0.0, "::1", "-", "-", 400, 5, 0.0, ""))
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "time": "1970-01-02T00:00:00.123Z", "level": "INFO", "logger": "scaffold.access",
        "message": 'GET /a"\\x1b 200', "request_id": "abc", "remote_addr": "::1", "method": "GET", "path": '/a"\\x1b',
        "status": 200, "size": 5, "duration_ms": 12.3, "route": "home:index",
    }  # fmt: skip
    assert "route" not in second


# --- configuration ---------------------------------------------------------------------------------------------------


@pytest.fixture
def bare_root() -> Iterator[Callable[[], list[logging.Handler]]]:
    """Return what takes the handlers off the root logger, in the test itself: pytest puts its own there."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def bare() -> list[logging.Handler]:
        root.handlers[:] = []
        return root.handlers

    yield bare
    root.handlers[:] = handlers
    root.setLevel(level)


def test_records_go_to_standard_error_once(bare_root: Any, capsys: pytest.CaptureFixture[str]) -> None:
    bare_root()
    for form in ("json", "text"):  # the last one counts
        configure_logging(Settings.from_values({"LOG_FORMAT": form, "LOG_LEVEL": "WARNING"}))
    logging.getLogger("shop").info("unseen")
    logging.getLogger("shop").warning("seen")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.endswith("Z  WARNING shop: seen\n")


def test_somebody_elses_handler_stays_the_only_one(bare_root: Any) -> None:
    theirs = logging.NullHandler()
    root = bare_root()
    root.append(theirs)
    level = logging.getLogger().level
    configure_logging(Settings.from_values({"LOG_LEVEL": "CRITICAL"}))
    assert root == [theirs]
    assert logging.getLogger().level == level


def test_a_configuration_of_the_projects_own_takes_its_place(
    bare_root: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_root()
    logger = logging.getLogger("scaffold.request")
    configure_logging(
        Settings.from_values(
            {
                "LOGGING": {
                    "filters": {"id": {"()": "scaffold.logs.RequestIdFilter"}},
                    "formatters": {"own": {"format": "own %(message)s %(request_id)s."}},
                    "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "own", "filters": ["id"]}},
                    "root": {"level": "INFO", "handlers": ["err"]},
                }
            }
        )
    )
    logger.warning("words")
    assert capsys.readouterr().err == "own words .\n"


@pytest.mark.parametrize(
    ("logging_setting", "cause"),
    [
        ({"version": 7}, "version"),
        ({"handlers": {"a": {"class": "nothing.of.this.Name"}}}, "'a'"),
        ({"root": {"handlers": ["missing"]}}, "missing"),
        ({"handlers": 7}, ""),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_with_its_line(
    project: Any, logging_setting: Any, cause: str, bare_root: Any
) -> None:
    folder = project({"config/settings.py": f"DEBUG = True\nLOGGING = {logging_setting!r}\n"})
    with pytest.raises(SettingsError, match="LOGGING can't be used") as caught:
        Application.from_project(folder)
    assert caught.value.source == f"{folder}/config/settings.py:2"
    assert cause in caught.value.cause


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the loggers of a test write, each with the id of its request."""
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(JSONFormatter().format(record))

    handler = Handler()
    handler.addFilter(RequestIdFilter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_every_line_of_a_request_bears_its_id(lines: list[str]) -> None:
    app = Application({"DEBUG": False, "MIDDLEWARE": [IDS]})

    @app.route("/")
    def broken(request: Any) -> str:
        logging.getLogger("shop").info("before")
        raise ValueError("no")

    answer = ask(app, HTTP_X_REQUEST_ID="mine")
    logging.getLogger("shop").info("after")
    assert answer.headers["X-Request-ID"] == "mine"
    read = [json.loads(line) for line in lines]
    assert [(line["logger"], line.get("request_id")) for line in read] == [
        ("shop", "mine"), ("scaffold.request", "mine"), ("shop", None),
    ]  # fmt: skip


def test_the_access_log_tells_of_each_request_that_is_not_quiet(lines: list[str]) -> None:
    health = "scaffold.middleware.health.health"
    app = Application({"DEBUG": False, "MIDDLEWARE": [IDS, ACCESS, health], "HEALTH_PATH": "/up/"})
    app.route("/<int:number>", name="shop")(lambda request, number: "")
    for path in ("/7?secret=1", "/x", "/up/"):
        ask(app, path)
    read = [json.loads(line) for line in lines]
    assert [(line["path"], line["status"], line["route"]) for line in read] == [("/7", 200, "shop"), ("/x", 404, "")]
    assert read[0]["message"].startswith("GET /7 200 ")
    assert {"request_id", "duration_ms", "remote_addr"} <= set(read[0])


def test_with_debug_on_there_is_no_second_access_log(lines: list[str]) -> None:
    app = Application({"DEBUG": True, "MIDDLEWARE": [ACCESS]})
    app.route("/")(lambda request: "")
    ask(app)
    assert lines == []


def test_a_process_that_makes_an_application_of_a_project_logs_in_the_form_of_its_settings(project: Any) -> None:
    folder = project({"config/settings.py": "DEBUG = False\nSECRET_KEY = 'x' * 50\nLOG_FORMAT = 'json'\n"})
    code = (
        "import logging, sys\n"
        "from scaffold import Application\n"
        "Application.from_project(sys.argv[1])\n"
        "logging.getLogger('shop').info('hello')\n"
        "logging.getLogger('shop').debug('unseen')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=60, check=True
    )
    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == ["hello"]


def test_a_path_forges_no_line_and_no_field_of_the_access_log(caplog: pytest.LogCaptureFixture) -> None:
    app = Application({"MIDDLEWARE": ["scaffold.middleware.access_log.access_log"]})
    caplog.set_level("INFO", "scaffold.access")
    Client(app).get("/x%0A2026 GET /admin 200 \x1b%5B")
    assert [record.getMessage().rpartition(" 404 ")[0] for record in caplog.records] == [
        "GET /x%0A2026%20GET%20/admin%20200%20%1B%5B"
    ]
