from __future__ import annotations

import pytest
from protocol_helpers import FOLLOWER, decoded, get, in_bytes, outcome

from scaffold.server.limits import Limits
from scaffold.server.protocol import RequestHead, RequestParser

REFUSED = {
    "bare LF after the request line": (400, b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    "bare LF after a field": (400, b"GET / HTTP/1.1\r\nHost: a\n\r\n"),
    "bare LF before the request": (400, b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "bare CR in a field": (400, get("A: b\rc")),
    "bare CR in the target": (400, get(line="GET /\rx HTTP/1.1")),
    "NUL in a field": (400, get("A: b\0c")),
    "control byte in a field": (400, get("A: b\x1bc")),
    "DEL in a field": (400, get("A: \x7f")),
    "control byte in the target": (400, get(line="GET /\x01 HTTP/1.1")),
    "folded field": (400, get("A: b", " c")),
    "first field folded": (400, get(" A: b", host="")),
    "space before the colon": (400, get("A : b")),
    "tab before the colon": (400, get("A\t: b")),
    "no colon": (400, get("nothing")),
    "empty field name": (400, get(": b")),
    "field name that is no token": (400, get("A(b: c")),
    "field name outside ASCII": (400, get("\xe9: c")),
    "no Host": (400, get(host="")),
    "two Hosts": (400, get("Host: a")),
    "empty Host": (400, get(host="Host:")),
    "malformed Host": (400, get(host="Host: a/b")),
    "Host with a word for a port": (400, get(host="Host: a:b")),
    "two Hosts in 1.0": (400, get("Host: b", line="GET / HTTP/1.0")),
    "length that is no number": (400, get("Content-Length: x")),
    "signed length": (400, get("Content-Length: +5")),
    "empty length": (400, get("Content-Length: ")),
    "length in a list": (400, get("Content-Length: 5, 5")),
    "two lengths": (400, get("Content-Length: 5", "Content-Length: 6")),
    "length in other digits": (400, get("Content-Length: \xb2")),
    "length and chunks": (400, get("Content-Length: 5", "Transfer-Encoding: chunked")),
    "chunks in 1.0": (400, get("Transfer-Encoding: chunked", line="GET / HTTP/1.0")),
    "chunked twice": (400, get("Transfer-Encoding: chunked, chunked")),
    "empty transfer coding": (400, get("Transfer-Encoding:")),
    "quoted transfer coding": (400, get('Transfer-Encoding: "chunked"')),
    "two spaces in the request line": (400, get(line="GET  / HTTP/1.1")),
    "tab in the request line": (400, get(line="GET\t/ HTTP/1.1")),
    "space after the version": (400, get(line="GET / HTTP/1.1 ")),
    "space before the method": (400, get(line=" GET / HTTP/1.1")),
    "method that is no token": (400, get(line="G(T / HTTP/1.1")),
    "no version": (400, get(line="GET /")),
    "version in lower case": (400, get(line="GET / http/1.1")),
    "other protocol": (400, get(line="GET / ICE/1.0")),
    "relative target": (400, get(line="GET index HTTP/1.1")),
    "asterisk for GET": (400, get(line="GET * HTTP/1.1")),
    "absolute target without a host": (400, get(line="GET http:///x HTTP/1.1")),
    "CONNECT to a path": (400, get(line="CONNECT / HTTP/1.1")),
    "CONNECT without a port": (400, get(line="CONNECT a HTTP/1.1")),
    "many empty lines": (400, b"\r\n" * 9 + get()),
    "unknown transfer coding": (501, get("Transfer-Encoding: gzip, chunked")),
    "transfer coding with a parameter": (501, get("Transfer-Encoding: chunked;a=b")),
    "identity beside a length": (501, get("Transfer-Encoding: identity", "Content-Length: 5")),
    "HTTP/2.0": (505, get(line="GET / HTTP/2.0")),
    "HTTP/1.2": (505, get(line="GET / HTTP/1.2")),
    "long request line": (414, get(line=f"GET /{'x' * 8190} HTTP/1.1")),
    "long request line with bad bytes": (414, get(line="GET /" + "\x01" * 8190 + " HTTP/1.1")),
    "long field": (431, get(f"A: {'x' * 8190}")),
    "many fields": (431, get(*["A: b"] * 100)),
    "long head": (431, get(*[f"A: {'x' * 8000}"] * 9)),
    "large body": (413, get(f"Content-Length: {10 * 1024 * 1024 + 1}")),
    "length of thousands of digits": (413, get(f"Content-Length: {'9' * 5000}")),
    "other expectation": (417, get("Expect: a-miracle")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_head_gets_its_status_however_it_arrives(name: str) -> None:
    status, data = REFUSED[name]
    assert outcome([data], Limits()) == status
    assert outcome(in_bytes(data), Limits()) == status
    assert outcome([data + FOLLOWER], Limits()) == status


ACCEPTED: dict[str, tuple[bytes, dict[str, object]]] = {
    "plain": (get(), {"method": "GET", "target": "/", "version": "HTTP/1.1", "host": "a", "keep_alive": True}),
    "fields keep their order and lose their margins": (
        get("B:  1 2\t ", "a:", "B: 3"),
        {"fields": [("Host", "a"), ("B", "1 2"), ("a", ""), ("B", "3")]},
    ),
    "text outside ASCII": (get("A: \xe9"), {"fields": [("Host", "a"), ("A", "\xe9")]}),
    "empty line before": (b"\r\n\r\n" + get(), {"method": "GET"}),
    "any method": (get(line="get-it! / HTTP/1.1"), {"method": "get-it!"}),
    "length": (get("Content-Length: 5"), {"content_length": 5, "has_body": True}),
    "length with zeros": (get("Content-Length: 0005"), {"content_length": 5}),
    "length zero": (get("Content-Length: 0"), {"content_length": 0, "has_body": False}),
    "length twice the same": (get("Content-Length: 5", "Content-Length: 5"), {"content_length": 5}),
    "chunked": (get("Transfer-Encoding: Chunked"), {"chunked": True, "has_body": True}),
    "closing": (get("Connection: x, Close"), {"keep_alive": False}),
    "1.0": (get(line="GET / HTTP/1.0", host=""), {"keep_alive": False, "host": ""}),
    "1.0 kept alive": (get("Connection: Keep-Alive", line="GET / HTTP/1.0"), {"keep_alive": True}),
    "expecting": (get("Expect: 100-Continue", "Content-Length: 1"), {"expects_continue": True}),
    "1.0 expects nothing": (get("Expect: x", line="GET / HTTP/1.0"), {"expects_continue": False}),
    "IPv6 host": (get(host="Host: [::1]:80"), {"host": "[::1]:80"}),
    "absolute form": (get(line="GET http://u:p@b:1/x?y HTTP/1.1"), {"host": "b:1", "target": "http://u:p@b:1/x?y"}),
    "asterisk form": (get(line="OPTIONS * HTTP/1.1"), {"target": "*"}),
    "authority form": (get(line="CONNECT b:1 HTTP/1.1"), {"target": "b:1", "host": "b:1"}),
    "target outside ASCII": (get(line="GET /\xc3\xa9 HTTP/1.1"), {"target": "/\xc3\xa9"}),
    "longest request line": (get(line=f"GET /{'x' * 8176} HTTP/1.1"), {"target": "/" + "x" * 8176}),
    "longest field": (get(f"A: {'x' * 8187}"), {"method": "GET"}),
    "most fields": (get(*["A: b"] * 99), {"method": "GET"}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_good_head_is_read_however_it_arrives(name: str) -> None:
    data, expected = ACCEPTED[name]
    whole = outcome([data], Limits())
    assert isinstance(whole, RequestHead)
    assert {key: getattr(whole, key) for key in expected} == expected
    assert outcome(in_bytes(data), Limits()) == whole
    parser = RequestParser(Limits())
    parser.feed(data + FOLLOWER)
    assert parser.next_head() == whole
    follower = parser.next_head()
    assert follower is not None
    assert follower.target == "/next"
    assert not parser.started


def test_a_parser_knows_whether_a_request_has_begun() -> None:
    parser = RequestParser(Limits())
    assert not parser.started
    parser.feed(b"\r\n")
    assert parser.next_head() is None
    assert parser.started


CHUNKS: dict[str, tuple[bytes, bytes, bytes | int | None]] = {
    "empty": (b"0\r\n\r\n", b"", b""),
    "two chunks": (b"5\r\nhello\r\nA\r\n world and\r\n0\r\n\r\n", b"hello world and", b""),
    "zeros": (b"0005\r\nhello\r\n000\r\n\r\n", b"hello", b""),
    "extensions": (b'1;a;b=c ; d = "e\\"f;"\r\nx\r\n0;z\r\n\r\n', b"x", b""),
    "trailer": (b"1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", b"x", b""),
    "unfinished": (b"5\r\nhel", b"hel", None),
    "unfinished end": (b"1\r\nx\r", b"x", None),
    "unfinished trailer": (b"0\r\nA: b\r\n", b"", None),
    "no size": (b"\r\n", b"", 400),
    "word for a size": (b"x\r\n", b"", 400),
    "signed size": (b"+5\r\nhello", b"", 400),
    "hexadecimal prefix": (b"0x5\r\nhello", b"", 400),
    "space after the size": (b"5 \r\nhello", b"", 400),
    "size ends with LF": (b"5\nhello", b"", 400),
    "CR inside the size": (b"5\r\r\nhello", b"", 400),
    "bad extension": (b"5;a b\r\nhello", b"", 400),
    "control byte in an extension": (b"5;a=\x01\r\nhello", b"", 400),
    "long extension": (b"5;" + b"a" * 2000, b"", 400),
    "chunk too long": (b"5\r\nhello!\r\n", b"hello", 400),
    "chunk ends with LF": (b"5\r\nhello\n", b"hello", 400),
    "CR alone behind a chunk": (b"5\r\nhello\rx", b"hello", 400),
    "length in a trailer": (b"0\r\nContent-Length: 5\r\n\r\n", b"", 400),
    "host in a trailer": (b"0\r\nHost: a\r\n\r\n", b"", 400),
    "malformed trailer": (b"0\r\nA b\r\n\r\n", b"", 400),
    "long trailer field": (b"0\r\nA: " + b"x" * 9000, b"", 431),
    "many trailer fields": (b"0\r\n" + b"A: b\r\n" * 101, b"", 431),
    "endless extensions": (b"1;" + b"a" * 1000 + b"\r\nx\r\n", b"", 400),
    "large chunk": (b"A00001\r\n", b"", 413),
    "huge chunk": (b"f" * 500 + b"\r\n", b"", 413),
    "large body": (b"5\r\nhello\r\n9FFFFC\r\n", b"hello", 413),
}
CHUNKS["endless extensions"] = (CHUNKS["endless extensions"][0] * 70, b"x" * 65, 400)


@pytest.mark.parametrize("name", CHUNKS)
def test_chunks_are_decoded_however_they_arrive(name: str) -> None:
    coded, data, end = CHUNKS[name]
    assert decoded([coded]) == (data, end)
    assert decoded(in_bytes(coded)) == (data, end)
    if end == b"":
        assert decoded([coded + FOLLOWER]) == (data, FOLLOWER)
