from __future__ import annotations

import io

import pytest

from scaffold.server import AccessRecord, console_log


class Stream(io.StringIO):
    """A stream that says it is a terminal and counts its writes."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal
        self.writes = 0

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def record(path: str = "/", *, status: int = 200, size: int = 13, route: str = "") -> AccessRecord:
    return AccessRecord(0.0, "127.0.0.1", "GET", path, status, size, 0.0123, route)


def line(entry: AccessRecord, *, terminal: bool = False) -> str:
    stream = Stream(terminal=terminal)
    console_log(stream)(entry)
    assert stream.writes == 1
    return stream.getvalue()


def test_a_line_has_all_of_a_record() -> None:
    time, rest = line(record("/x?y", route="blog:index")).split("  ", 1)
    assert len(time.split(":")) == 3
    assert rest == "GET     /x?y  200  13 B  12.3 ms  blog:index\n"


@pytest.mark.parametrize(("size", "shown"), [(999, "999 B"), (1500, "1.5 kB"), (2_500_000, "2.5 MB")])
def test_sizes_are_readable(size: int, shown: str) -> None:
    assert f"  {shown}  " in line(record(size=size))


def test_nothing_from_the_network_arrives_unescaped() -> None:
    text = line(record("/\x1b[2J\r\n\x9b\xe9\x7f", route="a\x1bb"), terminal=False)
    assert "/\\x1b[2J\\r\\n\\x9b\\xe9\\x7f" in text
    assert "a\\x1bb" in text
    assert text[:-1].isprintable()


def test_long_paths_are_shortened() -> None:
    text = line(record("/" + "x" * 5000))
    assert len(text) < 250
    assert "xxx...  200" in text


@pytest.mark.parametrize(("status", "colour"), [(200, "32"), (302, "36"), (404, "33"), (500, "31")])
def test_a_terminal_gets_colours(status: int, colour: str) -> None:
    text = line(record(status=status), terminal=True)
    assert text.startswith(f"\x1b[{colour}m")
    assert text.endswith("\x1b[0m\n")


def test_a_status_out_of_class_has_no_colour() -> None:
    assert "\x1b" not in line(record(status=999), terminal=True)


@pytest.mark.parametrize(
    ("name", "value", "terminal", "coloured"),
    [
        ("NO_COLOR", "1", True, False),
        ("NO_COLOR", "", True, True),
        ("FORCE_COLOR", "1", False, True),
        ("TERM", "dumb", True, False),
        ("TERM", "xterm", False, False),
    ],
)
def test_the_environment_decides_on_colours(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, terminal: bool, coloured: bool
) -> None:
    monkeypatch.setenv(name, value)
    assert ("\x1b" in line(record(), terminal=terminal)) is coloured
