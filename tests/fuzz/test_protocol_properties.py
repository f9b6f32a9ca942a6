"""What holds for the parsers whatever arrives: bytes at random, and requests made by the grammar and then damaged."""

from __future__ import annotations

import string

from fuzz_protocol import SMALL, USUAL, Connection, conversation
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.server.limits import Limits
from scaffold.server.protocol import ChunkedDecoder, ProtocolError, RequestHead

STATUSES = {400, 413, 414, 417, 431, 501, 505}
QUICK = settings(max_examples=250, deadline=None, database=None)
LIMITS = st.sampled_from([USUAL, SMALL])
CUTS = st.lists(st.integers(0, 2000), max_size=6)

TOKENS = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=12)
VALUES = st.text([chr(c) for c in range(0x21, 0x100) if c != 0x7F], max_size=12)
PATHS = st.text([chr(c) for c in range(0x21, 0x100) if c != 0x7F], max_size=20).map("/".__add__)
HOSTS = st.sampled_from(["a", "a.example:80", "127.0.0.1", "[::1]:8000", "a_b~%41:"])
DECIDING = {"host", "content-length", "transfer-encoding", "connection", "expect"}
FIELDS = st.lists(st.tuples(TOKENS.filter(lambda name: name.lower() not in DECIDING), VALUES), max_size=5)
MARGINS = st.sampled_from(["", " ", "\t", " \t "])

SIZES = st.sampled_from([b"%x", b"%X", b"0%x", b"0000000%X"])
EXTENSIONS = st.sampled_from([b"", b";a", b" ; a=b", b';a="b;\\"c"', b";a;b=\tc"])
TRAILERS = st.sampled_from([b"", b"A: b\r\n", b"A:\r\nB: c \r\n"])

PIECES = st.sampled_from(
    [
        *[b"GET ", b"POST ", b"/", b"* ", b"http://a", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n", b"\r", b"\n", b" "],
        *[b"Host: a\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n"],
        *[
            b"Connection: close\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n",
            b"\r\n\r\n",
            b"0\r\n\r\n",
            b"1\r\nx\r\n",
            b";a=b",
        ],
        *[b":", b"\t", b"\0", b"\x80", b"x" * 40],
    ]
)
MADE_OF_PIECES = st.lists(PIECES | st.binary(max_size=4), max_size=14).map(b"".join)


@st.composite
def chunked_bodies(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A body in the chunked coding, and its data."""
    blocks = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=4))
    coded = [(draw(SIZES) % len(block)) + draw(EXTENSIONS) + b"\r\n" + block + b"\r\n" for block in blocks]
    return b"".join([*coded, b"0", draw(EXTENSIONS), b"\r\n", draw(TRAILERS), b"\r\n"]), b"".join(blocks)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, RequestHead, bytes]:
    """A request with its body, and what it should be read as."""
    method, target, host = draw(TOKENS.filter(lambda name: name != "CONNECT")), draw(PATHS), draw(HOSTS)
    fields = [("Host", host), *draw(FIELDS)]
    kind = draw(st.sampled_from(["none", "length", "chunked"]))
    coded, data = draw(chunked_bodies()) if kind == "chunked" else (b"", b"")
    if kind == "chunked":
        fields.append(("Transfer-Encoding", draw(st.sampled_from(["chunked", "Chunked"]))))
    elif kind == "length":
        coded = data = draw(st.binary(max_size=20))
        fields.append(("Content-Length", f"{'0' * draw(st.integers(0, 3))}{len(data)}"))
    lines = [f"{name}:{draw(MARGINS)}{value}{draw(MARGINS)}" for name, value in fields]
    text = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
    length = len(data) if kind == "length" else 0
    head = RequestHead(method, target, "HTTP/1.1", fields, host, length, kind == "chunked")
    return text.encode("latin-1") + coded, head, data


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Two requests in which a few places were changed."""
    data = draw(requests())[0] + draw(requests())[0]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 10])))
        data = data[:start] + draw(PIECES | st.binary(max_size=3)) + data[end:]
    return data


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def check(data: bytes, cuts: list[int], limits: Limits) -> None:
    """Check both promises: one of three ends, and the same one for all the ways to arrive."""
    whole = conversation([data], limits)
    assert whole.end in {None, 0, *STATUSES}
    assert conversation(split(data, cuts), limits) == whole
    assert conversation(split(data, list(range(len(data)))), limits) == whole


@QUICK
@given(st.binary(max_size=200), CUTS, LIMITS)
def test_any_bytes_are_requests_an_error_or_too_few(data: bytes, cuts: list[int], limits: Limits) -> None:
    check(data, cuts, limits)


@QUICK
@given(MADE_OF_PIECES, CUTS, LIMITS)
def test_any_mixture_of_pieces_of_requests_is_too(data: bytes, cuts: list[int], limits: Limits) -> None:
    check(data, cuts, limits)


@QUICK
@given(damaged(), CUTS, LIMITS)
def test_any_damaged_request_is_too(data: bytes, cuts: list[int], limits: Limits) -> None:
    check(data, cuts, limits)


def decoded(pieces: list[bytes], limits: Limits, most_bytes: int) -> tuple[bytes, bytes | int | None]:
    """Return the data of a chunked body, and what is left behind it, the status of an error, or None."""
    decoder, buffer, data = ChunkedDecoder(limits), bytearray(), b""
    try:
        for piece in pieces:
            buffer += piece
            while part := decoder.decode(buffer, most_bytes):
                assert len(part) <= most_bytes
                data += part
    except ProtocolError as error:
        return data, error.status
    return data, bytes(buffer) if decoder.complete else None


CODED = (
    st.binary(max_size=80)
    | MADE_OF_PIECES
    | st.tuples(chunked_bodies(), st.binary(max_size=9)).map(lambda drawn: drawn[0][0] + drawn[1])
)


@QUICK
@given(CODED, CUTS, LIMITS, st.integers(1, 50))
def test_any_bytes_are_a_chunked_body_an_error_or_too_few(
    data: bytes, cuts: list[int], limits: Limits, most_bytes: int
) -> None:
    body, end = whole = decoded([data], limits, 65536)
    assert end is None or isinstance(end, bytes) or end in STATUSES
    assert len(body) <= limits.body_bytes
    assert decoded(split(data, cuts), limits, most_bytes) == whole
    assert decoded(split(data, list(range(len(data)))), limits, 65536) == whole


@QUICK
@given(requests(), st.binary(max_size=9))
def test_a_request_by_the_grammar_is_read_as_what_it_says(made: tuple[bytes, RequestHead, bytes], rest: bytes) -> None:
    coded, head, body = made
    connection = Connection(USUAL)
    try:
        connection.feed(coded + rest)
    except ProtocolError:
        assert rest
    assert connection.requests[0] == (head, body)


@QUICK
@given(st.lists(requests(), min_size=1, max_size=4), CUTS)
def test_requests_behind_one_another_are_told_apart(
    made: list[tuple[bytes, RequestHead, bytes]], cuts: list[int]
) -> None:
    found = conversation(split(b"".join(coded for coded, _, _ in made), cuts))
    assert found.requests == [(head, body) for _, head, body in made]
    assert found.kind == "requests"
