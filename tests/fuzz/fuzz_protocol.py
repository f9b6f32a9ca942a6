"""A mutational fuzz run over the parsers of the server.

    python tests/fuzz/fuzz_protocol.py --inputs 1000000 --seed 1

Each input is a connection's bytes: a valid one of `SEEDS`, mutated a few times. Two things must hold for it. What
comes out is requests, an error's status or the wish for more, and never another exception; and it is the same when
the bytes arrive in pieces. The run is the same for the same seed. It ends with status 1 at the first input that breaks
a rule, and with that input on the screen.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, TextIO

from scaffold.server.limits import Limits
from scaffold.server.protocol import ChunkedDecoder, ProtocolError, RequestHead, RequestParser

USUAL = Limits()
# So small that mutated inputs of a few hundred bytes come to both sides of each limit.
SMALL = Limits(request_line_bytes=60, field_bytes=50, fields=5, head_bytes=160, body_bytes=30)

HOST = b"Host: a.example\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SEEDS = [
    b"GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /a%20b/\xc3\xa9?q=1&r=%41 HTTP/1.1\r\n" + HOST + b"Accept: */*;q=0.8, text/html\r\nCookie: a=b; c=d\r\n\r\n",
    b"\r\nHEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"Connection: x, close\r\n\r\n",
    b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n",
    b"GET http://user:word@b.example:80/x?y HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"PUT / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 0012\r\n\r\nhello\r\nworld",
    b"POST / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST / HTTP/1.1\r\n"
    + HOST
    + CHUNKED
    + b'\r\n5;a=b;c="d\\"e"\r\nhello\r\n0a ; f\r\n0123456789\r\n0\r\nA: b\r\n\r\n',
    b"POST / HTTP/1.1\r\n" + HOST + CHUNKED + b"Trailer: A, B\r\n\r\n1\r\nx\r\n1\r\ny\r\n000\r\nA: b\r\nB:\r\n\r\n",
    b"".join(b"GET /%d HTTP/1.1\r\n%b\r\n" % (number, HOST) for number in range(4)),
]
WORDS = [
    *[
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b":",
        b",",
        b";",
        b"\0",
        b"\x0b",
        b"\x7f",
        b"\x80",
        b"\xff",
        b'"',
    ],
    *[b"GET", b"POST", b"/", b"*", b"http://", b"@", b"[", b"]", b"%", b"#", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0"],
    *[b"0", b"1", b"5", b"a", b"-1", b"+5", b"0x5", b"5_0", b"9" * 20, b"f" * 16, b"0" * 40, b"x" * 60, b"0\r\n\r\n"],
    *[HOST, CHUNKED, b"Content-Length: 5\r\n", b"Content-Length: 6\r\n", b"Transfer-Encoding: gzip\r\n", b"A: b\r\n"],
    *[b"Expect: 100-continue\r\n", b"Connection: close\r\n", b" A: b\r\n", b"A_b: c\r\n", b"chunked", b"identity"],
]

Mutation = Callable[[random.Random, bytes, int, int], bytes]


def flip_bit(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Change a bit of the byte at ``start``."""
    return data[:start] + bytes([data[start] ^ 1 << rng.randrange(8)]) + data[start + 1 :] if data else b""


def put_byte(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Put a random byte in the place of the one at ``start``."""
    return data[:start] + bytes([rng.randrange(256)]) + data[start + 1 :]


def insert_word(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Insert one of `WORDS` at ``start``."""
    return data[:start] + rng.choice(WORDS) + data[start:]


def put_word(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Put one of `WORDS` in the place of what is between ``start`` and ``end``."""
    return data[:start] + rng.choice(WORDS) + data[end:]


def delete(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Leave out what is between ``start`` and ``end``."""
    return data[:start] + data[end:]


def repeat(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Repeat what is between ``start`` and ``end``, now and then many times."""
    return data[:end] + data[start:end] * rng.choice([1, 1, 1, 2, 12]) + data[end:]


def move(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Move what is between ``start`` and ``end`` to another place."""
    rest = data[:start] + data[end:]
    place = rng.randrange(len(rest) + 1)
    return rest[:place] + data[start:end] + rest[place:]


def splice(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Go on behind ``start`` with the end of another seed."""
    other = rng.choice(SEEDS)
    return data[:start] + other[rng.randrange(len(other)) :]


def swap_case(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Swap the case of what is between ``start`` and ``end``."""
    return data[:start] + data[start:end].swapcase() + data[end:]


def cut(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Leave out what is behind ``end``."""
    return data[:end]


MUTATIONS: Sequence[Mutation] = [
    flip_bit,
    put_byte,
    insert_word,
    insert_word,
    put_word,
    delete,
    repeat,
    move,
    splice,
    swap_case,
    cut,
]


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Return ``data`` after one to three mutations, most of them at a few bytes."""
    for _ in range(rng.choice([1, 1, 1, 1, 2, 3])):
        start = rng.randrange(len(data)) if data else 0
        end = min(len(data), start + rng.choice([1, 1, 2, 4, 8, 32, 200]))
        data = rng.choice(MUTATIONS)(rng, data, start, end)
    return data


def pieces_of(rng: random.Random, data: bytes) -> list[bytes]:
    """Return ``data`` cut at one to six places."""
    places = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randint(1, 6)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


class Conversation(NamedTuple):
    """The requests of a connection, each with what arrived of its body, and how it ends.

    ``end`` is the status of an error, None when more bytes are needed, or 0 when nothing is left over.
    """

    requests: list[tuple[RequestHead, bytes]]
    end: int | None

    @property
    def kind(self) -> str:
        """What the end is, in words."""
        return "need more" if self.end is None else f"error {self.end}" if self.end else "requests"


class Connection:
    """Reads requests and their bodies from bytes, as the server does."""

    def __init__(self, limits: Limits) -> None:
        self.parser = RequestParser(limits)
        self.requests: list[tuple[RequestHead, bytes]] = []
        self._limits = limits
        self._decoder: ChunkedDecoder | None = None
        self._left = 0

    @property
    def is_between_requests(self) -> bool:
        """Whether nothing of another request has been read."""
        return not self._in_body and not self.parser.started

    @property
    def _in_body(self) -> bool:
        return self._left > 0 or (self._decoder is not None and not self._decoder.complete)

    def feed(self, data: bytes) -> None:
        """Read on with ``data``, as far as it goes."""
        self.parser.feed(data)
        while self._read_body() and (head := self.parser.next_head()) is not None:
            self.requests.append((head, b""))
            self._decoder = ChunkedDecoder(self._limits) if head.chunked else None
            self._left = head.content_length

    def _read_body(self) -> bool:
        """Read what is there of the body, and return whether it is complete."""
        buffer = self.parser.buffer
        if self._decoder is not None:
            while data := self._decoder.decode(buffer):
                self._add(data)
        elif self._left:
            data = bytes(buffer[: self._left])
            del buffer[: len(data)]
            self._left -= len(data)
            self._add(data)
        return not self._in_body

    def _add(self, data: bytes) -> None:
        head, body = self.requests[-1]
        self.requests[-1] = head, body + data


def conversation(pieces: Sequence[bytes], limits: Limits = USUAL) -> Conversation:
    """Return what the parsers make of a connection on which ``pieces`` arrive, one after the other."""
    connection = Connection(limits)
    try:
        for piece in pieces:
            connection.feed(piece)
    except ProtocolError as error:
        return Conversation(connection.requests, error.status)
    return Conversation(connection.requests, 0 if connection.is_between_requests else None)


def run(inputs: int, seed: int, stream: TextIO) -> int:
    """Try ``inputs`` inputs, report on ``stream`` and return the exit status."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    for number in range(1, inputs + 1):
        data = mutated(rng, rng.choice(SEEDS))
        pieces = pieces_of(rng, data)
        limits = rng.choice([USUAL, USUAL, SMALL])
        try:
            whole = conversation([data], limits)
            same = conversation(pieces, limits) == whole
        except Exception as error:
            stream.write(f"input {number} of seed {seed} raises {error!r}:\n{data!r}\n")
            return 1
        if not same:
            stream.write(f"input {number} of seed {seed} depends on its pieces:\n{data!r}\n{pieces!r}\n")
            return 1
        counts[whole.kind] += 1
    for kind, count in sorted(counts.items()):
        stream.write(f"{count:10,}  {kind}\n")
    stream.write(f"{inputs:10,}  inputs of seed {seed}, none of which broke a rule\n")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the arguments of the command line."""
    parser = argparse.ArgumentParser(description="Fuzz the parsers of the server with mutated requests.")
    parser.add_argument("--inputs", type=int, default=100_000, help="how many inputs to try")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the random numbers")
    chosen = parser.parse_args(arguments)
    return run(chosen.inputs, chosen.seed, sys.stdout)


if __name__ == "__main__":
    raise SystemExit(main())
