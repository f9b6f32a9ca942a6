"""The fuzz run in small, and that it finds what it looks for."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import fuzz_protocol
import pytest

from scaffold.server.protocol import RequestHead, RequestParser

INPUTS = 2000


def test_no_mutated_request_surprises_the_parsers() -> None:
    stream = io.StringIO()
    assert fuzz_protocol.run(INPUTS, 2, stream) == 0, stream.getvalue()
    kinds = {line.split(maxsplit=1)[1] for line in stream.getvalue().splitlines()}
    statuses = {400, 413, 414, 417, 431, 501, 505}
    assert {"requests", "need more", *(f"error {status}" for status in statuses)} <= kinds
    assert "2,000  inputs of seed 2, none of which broke a rule" in stream.getvalue()


def test_every_seed_is_good_as_it_is() -> None:
    for seed in fuzz_protocol.SEEDS:
        found = fuzz_protocol.conversation([seed])
        assert found.kind == "requests"
        assert len(found.requests) >= 1


def test_a_run_is_repeatable() -> None:
    streams = io.StringIO(), io.StringIO()
    for stream in streams:
        fuzz_protocol.run(200, 3, stream)
    assert streams[0].getvalue() == streams[1].getvalue()


def test_an_exception_ends_the_run_with_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: RequestParser) -> RequestHead | None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(RequestParser, "next_head", fail)
    stream = io.StringIO()
    assert fuzz_protocol.run(INPUTS, 1, stream) == 1
    assert stream.getvalue().startswith("input 1 of seed 1 raises ZeroDivisionError('a fault'):\nb'")


def test_a_difference_by_pieces_ends_the_run_with_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    original = RequestParser.feed

    def forget(self: RequestParser, data: bytes) -> None:
        original(self, data[:20])

    monkeypatch.setattr(RequestParser, "feed", forget)
    stream = io.StringIO()
    assert fuzz_protocol.run(INPUTS, 1, stream) == 1
    assert "depends on its pieces:\nb'" in stream.getvalue()


def test_the_run_is_a_program() -> None:
    command = [sys.executable, str(Path(fuzz_protocol.__file__)), "--inputs", "10", "--seed", "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "10  inputs of seed 5" in done.stdout
