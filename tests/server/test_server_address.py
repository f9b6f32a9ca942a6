from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from scaffold.exceptions import AddressInUseError, ServerError, UsageError
from scaffold.server import Address, base_url, bind, default_address, parse_address
from scaffold.server import address as module

DEFAULT = Address("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("9000", "127.0.0.1", 9000),
        (" :9000 ", "127.0.0.1", 9000),
        (":0", "127.0.0.1", 0),
        ("0.0.0.0", "0.0.0.0", 8000),
        ("10.0.0.1:80", "10.0.0.1", 80),
        ("localhost:9000", "localhost", 9000),
        ("my-host.example", "my-host.example", 8000),
        ("[::1]:9000", "::1", 9000),
        ("[::1]", "::1", 8000),
        ("::1", "::1", 8000),
        ("00080", "127.0.0.1", 80),
    ],
)
def test_addresses_are_read(text: str, host: str, port: int) -> None:
    assert parse_address(text, default=DEFAULT) == Address(host, port)


@pytest.mark.parametrize(
    "text", ["", ":", "host:", "host:web", "a b", "http://a", "[::1", "[a]:1", "1:2:3", ":65536", "9" * 5000, ":\xb2"]
)
def test_what_is_no_address_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(text, default=DEFAULT)
    assert caught.value.hint
    assert "\n" not in caught.value.cause
    assert len(caught.value.cause) < 6000


def test_a_socket_is_bound_to_a_free_port() -> None:
    with bind(Address("localhost", 0)) as listener:
        assert listener.family == socket.AF_INET
        assert base_url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert not listener.get_inheritable()


def test_ipv6_is_bound_and_written_with_brackets() -> None:
    with bind(Address("::1", 0)) as listener:
        assert base_url(listener) == f"http://[::1]:{listener.getsockname()[1]}/"


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_the_url_of_a_wildcard_is_one_that_can_be_opened(host: str, shown: str) -> None:
    with bind(Address(host, 0)) as listener:
        assert base_url(listener).startswith(f"http://{shown}:")


def test_a_taken_port_names_its_holder_and_the_way_out() -> None:
    with bind(Address("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AddressInUseError) as caught:
            bind(Address("127.0.0.1", port))
    assert caught.value.cause.startswith(f"port {port} on 127.0.0.1 is taken by process {os.getpid()} (")
    assert caught.value.hint == "Stop it, or use another port; port 0 picks a free one."


def process_files(root: Path, *, port: int, inode: str = "77") -> None:
    (root / "net").mkdir()
    row = f"0: 0100007F:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 {inode} 1"
    (root / "net" / "tcp").write_text(f"head\n{row}\n")
    (root / "12" / "fd").mkdir(parents=True)
    (root / "12" / "fd" / "3").symlink_to("pipe:[5]")
    (root / "5").mkdir()
    (root / "34" / "fd").mkdir(parents=True)
    (root / "34" / "fd" / "3").symlink_to("socket:[77]")
    (root / "34" / "comm").write_text("evil\x1b\n")


def test_the_holder_is_read_from_the_system_as_far_as_it_tells(tmp_path: Path) -> None:
    assert module._find_holder(8000, tmp_path) == ""
    process_files(tmp_path, port=8000)
    assert module._find_holder(8000, tmp_path) == "process 34 (evil\\x1b)"
    assert module._find_holder(8001, tmp_path) == ""


def test_a_holder_that_hides_is_not_named(tmp_path: Path) -> None:
    process_files(tmp_path, port=8000, inode="78")
    assert module._find_holder(8000, tmp_path) == ""


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, ServerError, "may not listen on port 80"),
        (errno.EADDRNOTAVAIL, ServerError, "192.0.2.1 is no address of this machine"),
        (errno.EADDRINUSE, AddressInUseError, "port 80 on 192.0.2.1 is taken"),
        (errno.EIO, ServerError, "listening on 192.0.2.1:80 fails"),
    ],
)
def test_each_failure_has_its_own_words(number: int, kind: type[ServerError], words: str) -> None:
    error: Any = module._explain(OSError(number, os.strerror(number)), Address("192.0.2.1", 80))
    assert type(error) is kind
    assert words in error.cause
    assert error.hint


def test_hosts_that_are_not_here_are_explained() -> None:
    with pytest.raises(ServerError, match="no address of this machine"):
        bind(Address("192.0.2.1", 0))
    with pytest.raises(ServerError, match="is unknown"):
        bind(Address("no-such-host.invalid", 0))
    with pytest.raises(UsageError, match="does not exist"):
        bind(Address("127.0.0.1", 70000))


def test_the_variable_port_names_the_port() -> None:
    assert default_address({}) == default_address({"PORT": ""}) == Address("127.0.0.1", 8000)
    assert default_address({"PORT": " 80 "}) == Address("127.0.0.1", 80)


@pytest.mark.parametrize("text", ["abc", "-1", "65536", "80:80", "²"])
def test_a_variable_port_that_is_none_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"PORT is|port 65536"):
        default_address({"PORT": text})
