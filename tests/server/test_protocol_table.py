"""Every rule on a head with the requests that break it, beside the shorter tables of test_protocol.py."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from protocol_helpers import FOLLOWER, USUAL, get, in_bytes, outcome

from scaffold.server.protocol import ProtocolError, RequestHead, RequestParser

CONTROLS = [chr(byte) for byte in [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]]
CHUNKED = "Transfer-Encoding: chunked"
MOST_BODY_BYTES = 10 * 1024 * 1024


def head_of(size: int) -> bytes:
    """A head of ``size`` bytes whose fields are all within their own limit."""
    fields = ["A: " + "x" * 8000] * 8
    return get(*fields, "B: " + "x" * (size - len(get(*fields, "B: "))))


# fmt: off
REFUSED: dict[int, Mapping[str, list[bytes]]] = {
    400: {
        "a bare CR": [
            *(get(line=line) for line in ("G\rET / HTTP/1.1", "GET\r / HTTP/1.1", "GET / HTTP/1.1\r")),
            *(get(line=line) for line in ("\rGET / HTTP/1.1", "GET / HTTP/1.1\rA: b")),
            *(get(field) for field in ("A\r: b", "A: \rb", "A: b\r", "A: b\rB: c")),
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n",
        ],
        "a bare LF": [
            get(line="GET /\nHTTP/1.1"),
            *(get(field) for field in ("A: b\n", "A: b\n c", "A: b\nContent-Length: 5")),
            b"GET / HTTP/1.1\r\nHost: a\r\n\n", b"GET / HTTP/1.1\r\nHost: a\n\n",
            b"\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ],
        "a control byte in a method": [get(line=f"G{byte}T / HTTP/1.1") for byte in CONTROLS],
        "a control byte in a target": [get(line=f"GET /{byte} HTTP/1.1") for byte in CONTROLS],
        "a control byte in a field name": [get(f"A{byte}: b") for byte in CONTROLS],
        "a control byte in a field value": [get(f"A: b{byte}c") for byte in CONTROLS],
        "a control byte before a coding": [get(f"Transfer-Encoding:{byte}chunked") for byte in CONTROLS],
        "a control byte behind a coding": [get(f"Transfer-Encoding: chunked{byte}") for byte in CONTROLS],
        "a folded field": [
            *(get("A: b", line) for line in ("\tc", " ", " B: c", "\tContent-Length: 5")),
            get("A:", " b"), get("Transfer-Encoding:", " chunked"), get("Content-Length: 1", " 0"),
            b"GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n",
        ],
        "white space before a colon": [
            get(host="Host : a"),
            *(get(field) for field in ("Content-Length : 5", "Transfer-Encoding\t: chunked", "A \t : b")),
        ],
        "a field line without a colon": [get(field) for field in ("Content-Length 5", "chunked", "GET /b HTTP/1.1")],
        "an empty field name": [get(field) for field in (":", ": Content-Length: 5", ":authority: a")],
        "a field name that is no token": [get(f"A{char}b: c") for char in ' "(),/;<=>?@[\\]{}\x80\xa0\xe9\xff'],
        "a missing Host": [
            *(get(field, host="") for field in ("A: b", "Hosts: a", "X-Host: a")),
            *(get(host="", line=f"{line} HTTP/1.1") for line in ("GET http://a/", "OPTIONS *", "POST /")),
            get(host="", line="CONNECT a:1 HTTP/1.1"),
        ],
        "a repeated Host": [
            get("Host: b"), get("HOST: a"), get("A: b", "host: "), get("Host: a", line="GET / HTTP/1.0"),
        ],
        "an empty Host": [get(host="Host:"), get(host="Host: \t "), get(host="Host:", line="GET http://a/ HTTP/1.1")],
        "a malformed Host": [get(host=f"Host: {host}") for host in (
            "a b", "a\tb", "a, b", "u@a", "u:p@a", "a/", "a/b", "a?b", "a#b", "http://a", "a:80:80", "a:-1", "a: 80",
            ":80", "[", "[]", "[::1", "::1", "[::1]]", "[zz]", "[g::1]", "[::g]", "[1]", "[v.a]", "[::1]a", "[::1]:x",
            "a%", "a%2", "a%zz", "\xe9", "a<b", 'a"b', "a\\b", "a^b", "a{b", "a|b", "a`b", "a:8\xb2",
        )],
        "a length that is not digits": [get(f"Content-Length: {length}") for length in (
            "-5", "-0", "+0", "0x5", "5_0", "5 0", "5;", "5.0", "1e1", '"5"', "5,", ",5", "5,5", "5, 6", "0 x", "five",
            "%35", "\xbd", "\xa05", "5\xa0",
        )],
        "a length repeated with another value": [
            *(get("Content-Length: 5", f"Content-Length: {other}") for other in ("05", "+5", "5, 5", "5 5", "x", "")),
            get("Content-Length: 0", "content-length: 5"),
            get("Content-Length: 5", "A: b", "CONTENT-LENGTH: 5", "Content-Length: 6"),
        ],
        "a length beside a transfer coding": [
            get(CHUNKED, "Content-Length: 5"), get("Content-Length: 0", CHUNKED), get("Content-Length: x", CHUNKED),
            get("content-length: 5", "A: b", "TRANSFER-ENCODING: CHUNKED"), get(CHUNKED, CHUNKED, "Content-Length: 5"),
        ],
        "a transfer coding on 1.0": [get(*fields, line="POST / HTTP/1.0") for fields in (
            [CHUNKED, "Content-Length: 5"], [CHUNKED, "Connection: keep-alive"], ["Transfer-Encoding: gzip"],
            ["Transfer-Encoding:"],
        )],
        "a malformed transfer coding": [get(CHUNKED, CHUNKED), *(get(f"Transfer-Encoding: {coding}") for coding in (
            ",", "chunked,", ", chunked", "chunked, , chunked", "chunked,chunked", "chunked chunked", "chun ked",
            "'chunked' x", "(chunked)", "=chunked", "[chunked]", "\xa0chunked", "chunked\x85",
        ))],
        "chunked before another coding": [
            get(CHUNKED, "Transfer-Encoding: identity"), *(get(f"Transfer-Encoding: {coding}") for coding in (
                "chunked, gzip", "chunked, identity", "gzip, chunked, deflate", "x, chunked, chunked",
            )),
        ],
        "other white space in a request line": [get(line=line) for line in (
            "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET /\tHTTP/1.1", "\tGET / HTTP/1.1", "GET / HTTP/1.1\t",
            "GET /a b HTTP/1.1", "GET\x0b/ HTTP/1.1", "GET /\x0cHTTP/1.1", "GET\xa0/ HTTP/1.1", "GET /\xa0HTTP/1.1",
            "GET / HTTP/1.1\xa0", "GET / HTTP/1.1 x", "GET / HTTP /1.1", "GET  HTTP/1.1", "GET ", "GET", " ",
        )],
        "a malformed version": [get(line=f"GET / {version}") for version in (
            "HTTP/1", "HTTP/11", "HTTP/1.", "HTTP/.1", "HTTP/01.1", "HTTP/1.01", "HTTP/1.10", "HTTP/1.1.1",
            "HTTP/+1.1", "HTTP/1,1", "HTTP/1.x", "HTTP1.1", "HTTP//1.1", "Http/1.1", "hTTP/1.1", "XHTTP/1.1",
            "HTTPS/1.1", "HTTP/\xb9.1", "RTSP/1.0", "1.1",
        )],
        "a target that is none of the four forms": [
            *(get(line=f"GET {target} HTTP/1.1") for target in (
                "?a", "#a", ".", "a/b", "a:80", "*/", "**", "%2F", "http", "http:", "http:a", "http:/a", "http://",
                "http:///", "http://?", "http://u@", "http://u@/", "://a", "1x://a", "ht_tp://a/", "http://[::1/",
                "http://[zz]/", "http://a:b/", "http://a@b@c/", "http://\xe9/", "http://a\\b/",
            )),
            *(get(line=f"{method} * HTTP/1.1") for method in ("HEAD", "POST", "DELETE", "TRACE", "options")),
            *(get(line=f"OPTIONS {target} HTTP/1.1") for target in ("**", "*a", "a", "a:1")),
            *(get(line=f"CONNECT {target} HTTP/1.1") for target in ("*", "http://a:1/", "u@a:1", "a:1/")),
            *(get(line=f"CONNECT {target} HTTP/1.1") for target in ("a:", ":1", "a:b", "[::1]", "[::1:1")),
        ],
    },
    501: {
        "a transfer coding other than chunked": [
            *(get(f"Transfer-Encoding: {coding}") for coding in (
                "gzip", "deflate", "identity", "x", "chunke", "xchunked", "chunkedx", "chunked;q=1", "gzip;a=b",
                "gzip, chunked", "identity, chunked", "gzip, deflate",
            )),
            get("Transfer-Encoding: gzip", CHUNKED), get("Transfer-Encoding: gzip", "Transfer-Encoding: deflate"),
            *(get(f"Transfer-Encoding: {coding}", "Content-Length: 5") for coding in ("xchunked", "gzip, chunked")),
        ],
    },
    505: {
        "a version other than 1.0 or 1.1": [
            *(get(line=f"GET / HTTP/{version}") for version in ("0.0", "0.9", "1.9", "2.1", "3.0", "9.9")),
            get(line="GET / HTTP/2.0", host=""), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ],
    },
    414: {
        "a long request line": [
            get(line=f"GET /{'x' * 8177} HTTP/1.1"), get(line=f"{'G' * 8191} / HTTP/1.1"),
            get(line="GET / HTTP/1.1" + " " * 8177), b"x" * 8191, b"\r\n" + b"x" * 8191,
        ],
    },
    431: {
        "more than a hundred fields": [get(*["A: b"] * 100), get(*["A:"] * 101, host="", line="GET / HTTP/1.0")],
        "a long field": [
            get(f"A: {'x' * 8188}"), get(f"{'A' * 8190}:"), get("A:" + " " * 8189), get("A: " + "\0" * 8188),
            get()[:-2] + b"x" * 8191,
        ],
        "a long head": [head_of(64 * 1024 + 1), head_of(64 * 1024 + 2)],
    },
    413: {
        "a length over the limit": [
            get(f"Content-Length: {MOST_BODY_BYTES + 1}", line="POST / HTTP/1.0"),
            get(f"Content-Length: {MOST_BODY_BYTES + 1}", "Expect: 100-continue"),
            *(get(f"Content-Length: {length}") for length in (2**31, 2**32 + 5, 2**63, 2**64, "9" * 4000)),
            get("Content-Length: " + "0" * 4000 + "9" * 4000),
        ],
    },
    417: {
        "another expectation": [
            *(get(f"Expect: {text}") for text in ("x", "100", "100-continuex", "100-continue, x", "100-continue;a=b")),
            get("Expect: 100-continue", "Expect: x"),
        ],
    },
}
# fmt: on


ONE_BY_ONE = [
    pytest.param(status, data, id=f"{rule} {number}")
    for status, rules in REFUSED.items()
    for rule, requests in rules.items()
    for number, data in enumerate(requests, 1)
]


@pytest.mark.parametrize(("status", "data"), ONE_BY_ONE)
def test_a_head_that_breaks_a_rule_gets_its_status_however_it_arrives(status: int, data: bytes) -> None:
    assert outcome([data]) == status
    assert outcome(in_bytes(data)) == status
    assert outcome([data + FOLLOWER]) == status


@pytest.mark.parametrize("status", REFUSED)
def test_a_refusal_comes_with_a_sentence_for_the_client(status: int) -> None:
    for requests in REFUSED[status].values():
        parser = RequestParser(USUAL)
        parser.feed(requests[0])
        with pytest.raises(ProtocolError) as caught:
            parser.next_head()
        assert caught.value.detail[0].isupper()
        assert caught.value.detail.endswith(".")


READ: dict[str, tuple[bytes, dict[str, object]]] = {
    "a head of 64 KiB": (head_of(64 * 1024), {"host": "a"}),
    "a hundred fields": (get(*["A: b"] * 100, host="", line="GET / HTTP/1.0"), {"version": "HTTP/1.0"}),
    "a body of just the limit": (get(f"Content-Length: {MOST_BODY_BYTES}"), {"content_length": MOST_BODY_BYTES}),
    "a length with many zeros": (get("Content-Length: " + "0" * 5000 + "7"), {"content_length": 7}),
    "a length with margins": (get("Content-Length:\t 7 \t"), {"content_length": 7}),
    "fields without margins": (get("A:b", host="Host:a"), {"fields": [("Host", "a"), ("A", "b")]}),
    "chunked with margins": (get("Transfer-Encoding:\t chunked \t"), {"chunked": True, "content_length": 0}),
    "chunked in any case": (get("tRANSFER-eNCODING: cHUNKED"), {"chunked": True}),
    "a coding inside of a value": (get("A: b Transfer-Encoding: chunked", "Content-Length: 1"), {"chunked": False}),
    "framing names with an underscore": (get("Transfer_Encoding: chunked", "Content_Length: x"), {"has_body": False}),
    "every sign of a token": (
        get("!#$%&'*+-.^_`|~09azAZ: b", line="!#$%&'*+-.^_`|~09azAZ / HTTP/1.1"),
        {"method": "!#$%&'*+-.^_`|~09azAZ", "fields": [("Host", "a"), ("!#$%&'*+-.^_`|~09azAZ", "b")]},
    ),
    "a method in lower case": (get(line="get / HTTP/1.1"), {"method": "get"}),
    "colons and quotes in a value": (get('A: :"b:c'), {"fields": [("Host", "a"), ("A", ':"b:c')]}),
    "a tab in a value": (get("A: b\tc"), {"fields": [("Host", "a"), ("A", "b\tc")]}),
    "bytes outside ASCII in a value": (get("A: \x80\xa0\xff"), {"fields": [("Host", "a"), ("A", "\x80\xa0\xff")]}),
    "as many empty lines as may be": (b"\r\n" * 8 + get(), {"method": "GET"}),
    "a Host in brackets": (get(host="Host: [FE80::1.2.3.4]"), {"host": "[FE80::1.2.3.4]"}),
    "a Host of a later IP": (get(host="Host: [v1.a:b]:1"), {"host": "[v1.a:b]:1"}),
    "a Host with an empty port": (get(host="Host: a:"), {"host": "a:"}),
    "a Host with signs and percent": (get(host="Host: %61_b~,c"), {"host": "%61_b~,c"}),
    "the target's authority before Host": (get(line="GET HTTP://b HTTP/1.1"), {"host": "b", "target": "HTTP://b"}),
    "no user in the authority": (get(line="GET x+y://u:p%40@[::1]:1?q HTTP/1.1"), {"host": "[::1]:1"}),
    "an absolute target alone on 1.0": (get(line="GET http://b/ HTTP/1.0", host=""), {"host": "b"}),
    "signs in a target": (
        get(line="GET /\"<>\\^`{|}[]@!$&'()*+,;=% HTTP/1.1"),
        {"target": "/\"<>\\^`{|}[]@!$&'()*+,;=%"},
    ),
    "a target of two slashes": (get(line="GET //b/c HTTP/1.1"), {"target": "//b/c", "host": "a"}),
    "a target with a fragment": (get(line="GET /b#c HTTP/1.1"), {"target": "/b#c"}),
    "a target outside ASCII": (get(line="GET /\x80\xff HTTP/1.1"), {"target": "/\x80\xff"}),
    "OPTIONS of a path": (get(line="OPTIONS /b HTTP/1.1"), {"target": "/b"}),
    "CONNECT to an address": (get(line="CONNECT [::1]:443 HTTP/1.1"), {"host": "[::1]:443"}),
    "closing among others": (get("Connection: keep-alive, close"), {"keep_alive": False}),
    "closing in a second field": (get("Connection: x", "connection: CLOSE"), {"keep_alive": False}),
    "words that only hold close": (get("Connection: closed, not-close"), {"keep_alive": True}),
    "1.0 kept alive among others": (get("Connection: x,keep-alive", line="GET / HTTP/1.0"), {"keep_alive": True}),
    "1.0 kept alive and closing": (get("Connection: keep-alive, close", line="GET / HTTP/1.0"), {"keep_alive": False}),
    "expecting in any case": (get("Expect: 100-CONTINUE"), {"expects_continue": True, "has_body": False}),
}


@pytest.mark.parametrize("name", READ)
def test_a_head_within_the_rules_is_read_however_it_arrives(name: str) -> None:
    data, expected = READ[name]
    whole = outcome([data])
    assert isinstance(whole, RequestHead)
    assert {key: getattr(whole, key) for key in expected} == expected
    assert outcome(in_bytes(data)) == whole
    parser = RequestParser(USUAL)
    parser.feed(data + FOLLOWER)
    assert parser.next_head() == whole
    assert parser.buffer == FOLLOWER


def test_every_beginning_of_a_head_needs_more() -> None:
    data = b"\r\n" + get("A: b", CHUNKED)
    for length in range(len(data)):
        assert outcome([data[:length]]) is None
        assert outcome(in_bytes(data[:length])) is None


def test_empty_lines_are_counted_for_each_request() -> None:
    parser = RequestParser(USUAL)
    for _ in range(20):
        parser.feed(b"\r\n")
        assert parser.next_head() is None
        assert parser.started
        parser.feed(FOLLOWER)
        assert parser.next_head() is not None
        assert not parser.started
