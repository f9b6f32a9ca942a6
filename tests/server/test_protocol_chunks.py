"""Every rule on a chunked body with the bodies that break it, beside the shorter table of test_protocol.py."""

from __future__ import annotations

import pytest
from protocol_helpers import FOLLOWER, USUAL, decoded, in_bytes

from scaffold.server.protocol import ChunkedDecoder, ProtocolError

MIB = 1024 * 1024
REST = b"\r\nhello\r\n0\r\n\r\n"

# fmt: off
REFUSED: dict[str, list[bytes]] = {
    "a malformed size": [size + REST for size in (
        b"", b" ", b" 5", b"\t5", b"5 ", b"5\t", b"-5", b"-0", b"+0", b"0x", b"0X5", b"x5", b"5_0", b"5.0", b"5,5",
        b"5 5", b"5h", b"g", b'"5"', b"%35", b"\x005", b"5\x00", b"5\x0b", b"\x0c5", b"\xb2", b"5\xa0",
        b"\xef\xbc\x95",
    )],
    "a malformed extension": [b"5" + extension + REST for extension in (
        b";", b" ;", b"; ", b";;a", b";a;", b";=", b";=b", b";a=", b";a= ", b";a b", b";a=b c", b" a", b",a", b":a",
        b";a=(b)", b';a="b', b';a="b"c', b';a=b"c"', b';a="b\x00"', b';a="\\', b';a="\\\x01"', b";a=\x01", b";a\x00",
        b";\x7f", b";a\xe9", b";a\r", b";a=b\rc", b"\r;a", b";" + b"a" * 1023,
    )],
    "a size line that ends with a bare LF": [b"5\nhello\r\n0\r\n\r\n", b"5;a\nhello\r\n0\r\n\r\n", b"0\n\r\n", b"\n"],
    "a size line with another CR": [b"5\rhello\r\n", b"5\r\r\nhello", b"0\r0\r\n"],
    "a last chunk with something in it": [b"0" + REST, b"0\r\n5" + REST, b"0\r\n\n", b"0\r\n\r\r\n"],
    "a malformed trailer": [b"0\r\n" + trailer + b"\r\n\r\n" for trailer in (
        b"A", b"A : b", b" A: b", b": b", b"A(: b", b"\xe9: b", b"A: b\x00", b"A: b\x7f", b"A: b\rC: d", b"A: b\nC: d",
        b"A: b\r\n c",
    )],
    "a framing field in a trailer": [b"0\r\nA: b\r\n" + trailer + b"\r\n\r\n" for trailer in (
        b"Content-Length: 0", b"content-LENGTH:", b"Transfer-Encoding: chunked", b"transfer-encoding: x", b"HOST: a",
        b"Trailer: A",
    )],
}
# fmt: on
ONE_BY_ONE = [
    pytest.param(data, id=f"{rule} {n}") for rule, table in REFUSED.items() for n, data in enumerate(table, 1)
]


@pytest.mark.parametrize("coded", ONE_BY_ONE)
def test_a_body_that_breaks_a_rule_is_a_400_however_it_arrives(coded: bytes) -> None:
    assert decoded([coded]) == (b"", 400)
    assert decoded(in_bytes(coded)) == (b"", 400)
    assert decoded([coded + FOLLOWER]) == (b"", 400)


ENDS = [
    b"\n",
    b"\r\r",
    b"\rx",
    b"x\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b" \r\n",
    b"\r \n",
    b"\x00",
    b"\n\r\n",
    b"\r\n\r\n",
]


@pytest.mark.parametrize("end", ENDS)
def test_a_chunk_that_does_not_end_where_its_size_says_is_a_400(end: bytes) -> None:
    coded = b"5\r\nhello" + end
    for pieces in ([coded], in_bytes(coded), [coded + FOLLOWER]):
        assert decoded(pieces) == (b"hello", 400)


LARGE = [b"A00001", b"a00001;b", b"7fffffff", b"ffffffff", b"fffffffffffffffb", b"10000000000000005", b"f" * 1000]


@pytest.mark.parametrize("line", [*LARGE, b"0" * 500 + b"A00001"])
def test_a_chunk_over_the_limit_is_a_413_before_any_of_it_is_read(line: bytes) -> None:
    coded = line + b"\r\n"
    for pieces in ([coded], in_bytes(coded), [coded + b"hello" + FOLLOWER]):
        assert decoded(pieces) == (b"", 413)


def test_a_body_is_counted_over_all_of_its_chunks() -> None:
    decoder, buffer = ChunkedDecoder(USUAL), bytearray()
    for _ in range(10):
        buffer += b"100000\r\n" + bytes(MIB) + b"\r\n"
        while decoder.decode(buffer):
            pass
    buffer += b"1\r\nx"
    with pytest.raises(ProtocolError) as caught:
        decoder.decode(buffer)
    assert caught.value.status == 413


READ = {
    "sizes in any case and with zeros": (
        b"0a\r\n0123456789\r\n000A\r\n9876543210\r\n00\r\n\r\n",
        b"01234567899876543210",
    ),
    "many zeros": (b"0" * 1000 + b"5\r\nhello\r\n" + b"0" * 1000 + b"\r\n\r\n", b"hello"),
    "white space around extensions": (b"5 \t;\ta \t= b\t; c\r\nhello\r\n0 ; d\r\n\r\n", b"hello"),
    "quoted extensions": (b'5;a="";b=" \t;=\\"\\\\\xff"\r\nhello\r\n0\r\n\r\n', b"hello"),
    "an extension of the longest kind": (b"5;" + b"a" * 1022 + REST, b"hello"),
    "data that looks like framing": (b"9\r\n0\r\n\r\nGET \r\n0\r\n\r\n", b"0\r\n\r\nGET "),
    "a trailer of the usual kind": (b"0\r\nA:b\r\nC: \xe9\t\r\nD:\r\n\r\n", b""),
    "as many trailer fields as may be": (b"0\r\n" + b"A: b\r\n" * 100 + b"\r\n", b""),
}


@pytest.mark.parametrize("name", READ)
def test_a_body_within_the_rules_is_decoded_however_it_arrives(name: str) -> None:
    coded, data = READ[name]
    assert decoded([coded]) == decoded(in_bytes(coded)) == (data, b"")
    assert decoded([coded + FOLLOWER]) == (data, FOLLOWER)


@pytest.mark.parametrize("name", READ)
def test_every_beginning_of_a_body_needs_more(name: str) -> None:
    coded, data = READ[name]
    for length in range(len(coded)):
        found, end = decoded([coded[:length]])
        assert data.startswith(found)
        assert end is None
