"""What holds for the readers of requests whatever arrives: a value, or an HTTPError, and nothing left behind."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.exceptions import HTTPError
from scaffold.http import Request
from scaffold.http.form_data import read_form_data
from scaffold.http.form_limits import FormLimits
from scaffold.http.forms import FormData, parse_form
from scaffold.http.json_body import parse_json
from scaffold.http.uploads import safe_filename

QUICK = settings(max_examples=200, deadline=None, database=None)
LIMITS = st.sampled_from(
    [
        FormLimits(),
        FormLimits(fields=2, field_bytes=9, files=1, file_bytes=9, text_bytes=120, memory_bytes=3, headers=2),
    ]
)
CUTS = st.lists(st.integers(0, 1000), max_size=6)
STATUSES = {400, 413, 415}

PIECES = st.sampled_from(
    [
        *[b"--B\r\n", b"--B--\r\n", b"\r\n--B", b"--B", b"\r\n", b"\r", b"\n", b"--", b" ", b"\t", b";", b'"', b"\\"],
        *[b"Content-Disposition: form-data; ", b'name="a"', b'; filename="x"', b"; filename=", b"name=a"],
        *[b"; filename*=UTF-8''%c3%a9", b"Content-Disposition: attachment\r\n", b"Content-Length: 3\r\n"],
        *[b"Content-Type: text/plain; charset=latin-1\r\n", b"Content-Type: multipart/mixed\r\n", b"\xff", b"\xc3\xa9"],
        *[b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n', b"\0", b"x" * 20, b"Content-Transfer-Encoding: "],
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n',
    ]
)
MADE_OF_PIECES = st.lists(PIECES | st.binary(max_size=3), max_size=16).map(b"".join)
NAMES = st.text(st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters='"\\%'), min_size=1, max_size=9)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [piece for a, b in zip([0, *places], [*places, len(data)], strict=True) if (piece := data[a:b])]


def contents(pieces: list[bytes], limits: FormLimits) -> Any:
    """What a form holds, or the status that it is refused with."""
    try:
        form = read_form_data("multipart/form-data; boundary=B", pieces, limits)
    except HTTPError as error:
        return error.status
    try:
        files = [(name, file.filename, file.read()) for name, file in form.files.multi_items()]
        return form.fields.multi_items(), files
    finally:
        close(form)


def status_of(read: Callable[[], object]) -> int | None:
    """The status that something is refused with, None where it is not."""
    try:
        read()
    except HTTPError as error:
        return error.status
    return None


def close(form: FormData) -> None:
    if form.store is not None:
        form.store.close()


@QUICK
@given(st.binary(max_size=150) | MADE_OF_PIECES, LIMITS)
def test_any_bytes_are_a_form_or_are_refused(data: bytes, limits: FormLimits) -> None:
    found = contents([data], limits)
    assert found in STATUSES if isinstance(found, int) else len(found) == 2


@QUICK
@given(MADE_OF_PIECES.map(lambda data: b"--B\r\n" + data), CUTS)
def test_a_form_is_the_same_in_however_many_pieces_it_comes(data: bytes, cuts: list[int]) -> None:
    whole = contents([data], FormLimits())
    assert contents(split(data, cuts), FormLimits()) == whole


@QUICK
@given(st.lists(st.tuples(NAMES, st.none() | NAMES, st.binary(max_size=40)), max_size=6), CUTS)
def test_a_form_by_the_grammar_is_read_as_what_it_says(
    parts: list[tuple[str, str | None, bytes]], cuts: list[int]
) -> None:
    # The boundary does not occur in 40 bytes at random.
    boundary = b"boundary-that-is-nowhere-else-in-these-forms"
    data, texts, files = b"", [], []
    for name, filename, content in parts:
        names = f'name="{name}"' if filename is None else f'name="{name}"; filename="{filename}"'
        head = f"Content-Disposition: form-data; {names}".encode()
        if filename is None:
            content = content.hex().encode()
            texts.append((name, content.decode()))
        else:
            files.append((name, content))
        data += b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, head, content)
    data += b"--%s--\r\n" % boundary
    form = read_form_data(f"multipart/form-data; boundary={boundary.decode()}", split(data, cuts), FormLimits())
    assert sorted(form.fields.multi_items()) == sorted(texts)
    assert sorted((name, file.read()) for name, file in form.files.multi_items()) == sorted(files)
    close(form)


@QUICK
@given(
    st.text(st.characters(max_codepoint=255), max_size=60) | st.text("boundary=\"=;*/\\ B\t'", max_size=40), st.binary()
)
def test_any_content_type_is_a_form_or_is_refused(parameters: str, data: bytes) -> None:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": f"multipart/form-data;{parameters}",
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.input": io.BytesIO(data),
    }
    request = Request(environ)
    with contextlib.suppress(HTTPError):
        assert request.form is not None
    with contextlib.suppress(HTTPError):
        assert request.files is not None
    request.close()


@QUICK
@given(st.binary(max_size=60) | st.text("a=&%;+0fF\x00é", max_size=60).map(str.encode), LIMITS)
def test_any_bytes_are_an_urlencoded_form_or_are_refused(data: bytes, limits: FormLimits) -> None:
    assert status_of(lambda: parse_form(data, limits)) in {None, *STATUSES}


JSON_PIECES = st.sampled_from(
    [*(bytes([char]) for char in b'[]{}",:\\0123456789eE-+.'), b"true", b"NaN", b"\\u", b"\n"]
)


@QUICK
@given(
    st.binary(max_size=60)
    | st.lists(JSON_PIECES, max_size=60).map(b"".join)
    | st.tuples(st.sampled_from([b"[", b'{"a":', b'["', b"9", b'"\\"']), st.integers(90, 5000)).map(
        lambda drawn: drawn[0] * drawn[1]
    )
)
def test_any_bytes_are_json_or_are_refused(data: bytes) -> None:
    assert status_of(lambda: parse_json(data)) in {None, 400}


@QUICK
@given(st.text(max_size=300) | st.text("./\\ conCON1²aux\0-_é", max_size=30))
def test_any_name_becomes_the_name_of_a_file(name: str) -> None:
    safe = safe_filename(name)
    assert 0 < len(safe.encode()) <= 200
    assert not set(safe) & set('/\\\0:*?"<>|\r\n ')
    assert safe[0] not in ".-_"
    assert safe[-1] not in ".-_"
    assert safe_filename(safe) in {safe, f"file-{safe}"}


@pytest.mark.parametrize("data", [b'"' + b'\\"' * 2_000_000, b"[[[]]]," * 1_000_000, b'"[",' * 1_000_000 + b"]" * 999])
def test_json_that_is_made_to_be_slow_is_not(data: bytes) -> None:
    """Each takes well under two seconds; a quadratic reader would take hours."""
    with pytest.raises(HTTPError):
        parse_json(data)


@pytest.mark.parametrize("filler", [b'; a="', b"; name*=", b";" + b" " * 50, b'; a="\\"', b"; aaaaaaaa", b'="'])
def test_part_headers_that_are_made_to_be_slow_are_not(filler: bytes) -> None:
    head = b"Content-Disposition: form-data; name=a" + filler * (8000 // len(filler))
    data = (b"--B\r\n" + head + b"\r\n\r\n1\r\n") * 300
    found = contents([data], FormLimits(text_bytes=10**9))
    assert isinstance(found, int) or found
