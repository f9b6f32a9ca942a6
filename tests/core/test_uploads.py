"""Uploaded files: forms in multipart/form-data, their limits, where files lie, and how they are kept."""

from __future__ import annotations

import csv
import errno
import gc
import io
import os
import socket
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from scaffold import Application, HTTPError, Request, Response
from scaffold.exceptions import SettingsError
from scaffold.http.form_limits import FormLimits
from scaffold.http.uploads import UploadedFile, UploadStore, safe_filename
from scaffold.testing import Client, LiveServer

from .helpers import make_app, make_environ, make_request

WAIT_SECONDS = 20
TYPE = "multipart/form-data; boundary=B"


def part(disposition: str, content: bytes | str = b"", *headers: str) -> bytes:
    """A part of a form whose Content-Disposition is ``form-data`` and what is given."""
    content = content.encode() if isinstance(content, str) else content
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return b"--B\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--B--\r\n"


def form_request(content: bytes, content_type: str = TYPE, app: Application | None = None, **values: Any) -> Request:
    return Request(make_environ("/", "POST", content, CONTENT_TYPE=content_type, **values), app)


def limited(**limits: int) -> Application:
    return make_app(FORM_LIMITS=limits)


def refused(request: Request) -> HTTPError:
    """What reading the form raises, each time that it is read."""
    with pytest.raises(HTTPError) as first:
        _ = request.form
    with pytest.raises(HTTPError) as second:
        _ = request.files
    assert second.value is first.value
    return first.value


def uploaded(content: bytes = b"content", filename: str = "a.txt", memory_bytes: int = 1000) -> UploadedFile:
    store = UploadStore(memory_bytes)
    store.append(content)
    return UploadedFile(store, 0, filename=filename)


@pytest.fixture
def no_descriptor_left() -> Iterator[None]:
    """The test opens nothing that it does not close."""
    before = descriptors()
    yield
    assert descriptors() - before == set()


def descriptors() -> set[tuple[str, str]]:
    """The open temporary files of this process."""
    gc.collect()
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith(("/tmp", "/var/tmp")) and "deleted" in target:
            found.add((link.name, target))
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")


# --- what is read ----------------------------------------------------------------------------------------------------


def test_texts_and_files_are_read_by_name() -> None:
    request = form_request(
        body(
            part('name="title"', "Löwe"),
            part('name="tag"', "a"),
            part('name="tag"', "b"),
            part('name="photo"; filename="löwe.png"', b"\x89PNG\r\n", "Content-Type: image/png", "X-Own: 1"),
            part('name="more"; filename="1.txt"', "one"),
            part('name="more"; filename="2.txt"', "two"),
        )
    )
    assert request.form["title"] == "Löwe"
    assert request.form.getlist("tag") == ["a", "b"]
    photo = request.files["photo"]
    assert (photo.name, photo.filename, photo.content_type, photo.size) == ("photo", "löwe.png", "image/png", 6)
    assert photo.headers["x-own"] == "1"
    assert photo.read() == b"\x89PNG\r\n"
    assert [file.read() for file in request.files.getlist("more")] == [b"one", b"two"]
    assert repr(photo) == "<UploadedFile 'löwe.png' image/png 6 bytes>"


def test_a_file_that_is_missing_is_a_400_and_a_key_error() -> None:
    request = form_request(body(part('name="a"', "1")))
    with pytest.raises(HTTPError, match="400 photo is missing"):
        _ = request.files["photo"]
    with pytest.raises(KeyError):
        _ = request.files["photo"]
    assert request.files.get("photo") is None
    assert request.files.getlist("photo") == []
    assert "photo" not in request.files


@pytest.mark.parametrize(("content", "kind"), [(b"", ""), (b"a=1", "application/x-www-form-urlencoded")])
def test_a_form_that_can_hold_no_files_has_none(content: bytes, kind: str) -> None:
    request = form_request(content, kind)
    assert len(request.files) == 0
    assert not request.holds_files


def test_an_empty_form_is_a_form() -> None:
    assert len(form_request(b"--B--\r\n").form) == 0
    assert len(form_request(b"--B--").form) == 0


def test_an_input_without_a_chosen_file_is_left_out() -> None:
    request = form_request(body(part('name="photo"; filename=""', b"", "Content-Type: application/octet-stream")))
    assert "photo" not in request.files
    named = form_request(body(part('name="photo"; filename="empty"', b"")))
    assert named.files["photo"].size == 0
    unnamed = form_request(body(part('name="photo"; filename=""', b"x")))
    assert (unnamed.files["photo"].filename, unnamed.files["photo"].safe_filename) == ("", "file")


def test_the_body_may_be_read_before_the_form_and_not_behind_it() -> None:
    request = form_request(content := body(part('name="a"', "1")))
    assert request.body == content
    assert request.form["a"] == "1"
    request = form_request(content)
    assert request.form["a"] == "1"
    with pytest.raises(RuntimeError, match=r"read request\.body before request\.form"):
        _ = request.body


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_form_is_the_same_in_however_many_pieces_it_comes(size: int) -> None:
    class Slow(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            return super().read(min(size, -1 if count is None else count) if count != 0 else 0)

    content = body(part('name="a"', "1\r\n--A\r"), part('name="f"; filename="x"', b"\r\n--" * 50))
    values: dict[str, Any] = {"wsgi.input": Slow(content)}
    request = form_request(content, **values)
    assert request.form["a"] == "1\r\n--A\r"
    assert request.files["f"].read() == b"\r\n--" * 50


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('name="f"; filename="a%22b.txt"', 'a"b.txt'),
        ('name="f"; filename="C:\\\\dir\\\\a.txt"', "a.txt"),
        ('name="f"; filename="../../etc/passwd"', "passwd"),
        ('name="f"; filename="a;b=c.txt"', "a;b=c.txt"),
        ('name="f"; filename=".."', ""),
        ('name="f"; filename="a\x01b"', None),
        ('name="f"; filename="a%0D%0Ab"', "ab"),
        ("name=f; filename=a.txt", "a.txt"),
        ("name=\"f\"; filename*=UTF-8''l%C3%B6we.txt", "löwe.txt"),
        ('name="f"; filename="plain"; filename*=UTF-8\'\'other', "plain"),
    ],
)
def test_a_file_has_the_name_that_the_client_says_without_a_path(disposition: str, filename: str | None) -> None:
    request = form_request(body(part(disposition, b"x")))
    if filename is None:  # a control character in a header
        assert refused(request).status == 400
    else:
        assert request.files["f"].filename == filename


def test_a_preamble_and_an_epilogue_are_passed_over() -> None:
    content = b"Not for you.\r\n" + body(part('name="a"', "1")) + b"Nor this."
    assert form_request(content).form.multi_items() == [("a", "1")]


def test_the_field_charset_is_a_field_like_others() -> None:
    request = form_request(body(part('name="_charset_"', "iso-8859-1"), part('name="a"', "é")))
    assert request.form.multi_items() == [("_charset_", "iso-8859-1"), ("a", "é")]


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "malformed at part 1"),
        (b"nothing of the kind", "malformed at part 1"),
        (b"--B\r\n", "malformed at part 1"),
        (part('name="a"', "1"), "malformed at part 1"),
        (part('name="a"', "1")[:-4], "malformed at part 1"),
        (body(part('name="a"', "1")).replace(b"\r\n", b"\n"), "malformed at part 1"),
        (body(b"--B\r\n\r\n1\r\n"), "malformed at part 1"),
        (body(b"--B\r\nContent-Type: text/plain\r\n\r\n1\r\n"), "malformed at part 1"),
        (body(b"--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n"), "malformed at part 1"),
        (body(part("filename=a", "1")), "Part 1 of the form has no name."),
        (body(part('name=""', "1")), "Part 1 of the form has no name."),
        (body(part('name="a"; name="b"', "1")), "Part 1 of the form has more than one name."),
        (body(part('name="a"; filename="x"; filename="y"', "1")), "Part 1 of the form has more than one filename."),
        (
            body(part('name="a"', "1", 'Content-Disposition: form-data; name="b"')),
            "Part 1 of the form has more than one Content-Disposition.",
        ),
        (body(part('name="a"', b"\xff")), "a is not UTF-8 at byte 0."),
        (body(part('name="a"', "1").replace(b'"a"', b'"\xff"')), "The name of part 1 is not UTF-8."),
        (
            body(part('name="a"; filename="x"').replace(b'"x"', b'"\xff"')),
            "The file name of a is not UTF-8.",
        ),
        (body(part("name=\"a\"; filename*=UTF-8''%ff")), "The file name of a is malformed."),
        (body(part("name=\"a\"; filename*=latin-1''x")), "The file name of a is malformed."),
        (body(part('name="a"', "1", "Content-Type: text/plain; charset=utf-16")), "a is in utf-16, not UTF-8."),
        (
            body(part('name="a"', "1", "Content-Type: multipart/mixed; boundary=C")),
            "a is a multipart body of its own; send each file as a part.",
        ),
        (
            body(part('name="a"', "MQ==", "Content-Transfer-Encoding: base64")),
            "a has the transfer encoding 'base64'; send it as it is.",
        ),
        (body(part('name="a"; filename="x"', "1", "X: \x01")), "A header of a holds a control character."),
    ],
)
def test_a_malformed_form_is_a_400_that_says_where(content: bytes, message: str) -> None:
    error = refused(form_request(content))
    assert error.status == 400
    assert message in error.detail


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="a\tb"',
        "multipart/form-data; boundary=\xe9",
        "multipart/form-data; boundary=A; boundary=B",
    ],
)
def test_a_form_without_a_boundary_that_can_be_is_a_400(kind: str) -> None:
    assert refused(form_request(body(part('name="a"', "1")), kind)).detail == (
        "The form has no boundary, or none that can be used."
    )


def test_another_boundary_than_that_of_the_body_is_a_400() -> None:
    assert refused(form_request(body(part('name="a"', "1")), "multipart/form-data; boundary=C")).status == 400


@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=B", "application/json", "text/plain"])
def test_a_body_that_is_no_form_is_a_415(kind: str) -> None:
    assert refused(form_request(body(part('name="a"', "1")), kind)).status == 415


def test_a_body_that_is_shorter_than_it_says_is_a_400() -> None:
    content = body(part('name="f"; filename="x"', b"x" * 1000))
    error = refused(form_request(content[:500], CONTENT_LENGTH=str(len(content))))
    assert (error.status, error.detail) == (400, "The body ended early.")


def test_a_client_that_leaves_while_its_body_is_read_is_a_400() -> None:
    class Broken(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            raise ConnectionResetError("gone")

    values: dict[str, Any] = {"wsgi.input": Broken(), "CONTENT_LENGTH": "1000"}
    error = refused(form_request(b"", **values))
    assert (error.status, error.detail) == (400, "The body could not be read to its end.")


# --- limits ----------------------------------------------------------------------------------------------------------

FIELD, FILE = part('name="a"', "12345"), part('name="f"; filename="x"', "12345")


@pytest.mark.parametrize(
    ("limits", "content", "message"),
    [
        ({"fields": 2}, body(FIELD, FIELD, FIELD), "The form has more than 2 fields; a is one more."),
        ({"files": 1}, body(FILE, FIELD, FILE), "The form has more than 1 files; f is one more."),
        ({"files": 0}, body(FILE), "The form has more than 0 files; f is one more."),
        ({"field_bytes": 4}, body(FIELD), "a is larger than 4 bytes."),
        ({"file_bytes": 4}, body(FILE), "The file f is larger than 4 bytes."),
        ({"text_bytes": 85}, body(FIELD, FIELD), "The texts of the form are larger than 85 bytes, with a."),
        ({"text_bytes": 99}, body(FILE, FILE), "The texts of the form are larger than 99 bytes, with f."),
        ({"headers": 1}, body(part('name="a"', "1", "X: y")), "Part 1 has more than 1 headers"),
        ({"header_bytes": 50}, body(part('name="a"', "1", "X: " + "y" * 50)), "one of more than 50 bytes"),
        ({"header_bytes": 50}, b"--B\r\n" + b"x" * 5000, "one of more than 50 bytes"),
    ],
)
def test_each_limit_is_a_413_that_names_the_field(limits: dict[str, int], content: bytes, message: str) -> None:
    error = refused(form_request(content, app=limited(**limits)))
    assert error.status == 413
    assert message in error.detail


@pytest.mark.parametrize(
    "limits", [{"fields": 1}, {"files": 1}, {"field_bytes": 5}, {"file_bytes": 5}, {"headers": 1}, {"file_bytes": 0}]
)
def test_what_just_fits_is_taken(limits: dict[str, int]) -> None:
    request = form_request(body(FIELD, FILE), app=limited(**limits))
    assert request.form["a"] == "12345"
    assert request.files["f"].read() == b"12345"


def test_an_urlencoded_form_has_the_same_limits() -> None:
    kind = "application/x-www-form-urlencoded"
    assert refused(form_request(b"a=1&b=2&c=3", kind, limited(fields=2))).detail == "The form has more than 2 fields."
    assert refused(form_request(b"a=1234567890", kind, limited(text_bytes=9))).status == 413
    assert refused(form_request(b"a=1&b=%ff", kind)).detail == "b is not UTF-8."
    assert refused(form_request(b"%ff=1", kind)).detail == "A name in the form is not UTF-8."
    error = refused(form_request(b"a=12345", kind, limited(field_bytes=4)))
    assert (error.status, error.detail) == (413, "a is larger than 4 bytes.")


def test_the_whole_body_is_bounded_before_it_is_read() -> None:
    app = make_app(MAX_BODY_BYTES=100)
    request = form_request(body(part('name="f"; filename="x"', b"x" * 200)), app=app)
    assert refused(request).status == 413
    assert request.stream.tell() == 0


def test_a_body_of_unstated_length_is_bounded_too() -> None:
    content = body(part('name="f"; filename="x"', b"x" * 200))
    values: dict[str, Any] = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    assert form_request(content, **values).files["f"].size == 200
    assert refused(form_request(content, app=make_app(MAX_BODY_BYTES=100), **values)).status == 413


def test_a_long_name_is_not_repeated_whole() -> None:
    error = refused(form_request(body(part(f'name="{"n" * 5000}"', b"\xff"))))
    assert error.detail == f"{'n' * 100}... is not UTF-8 at byte 0."


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"filez": 1}, "FORM_LIMITS has no limit 'filez'\n  Did you mean 'files'?"),
        ({"zzz": 1}, "Those that may be set are fields, field_bytes, files,"),
        ({1: 1}, "FORM_LIMITS has no limit 1"),
        ({"files": -1}, "FORM_LIMITS has files = -1\n  It must be a whole number, 0 or more."),
        ({"files": 1.5}, "FORM_LIMITS has files = 1.5"),
        ({"files": True}, "FORM_LIMITS has files = True"),
        ({"files": "3"}, "FORM_LIMITS has files = '3'"),
    ],
)
def test_a_wrong_limit_is_refused_when_the_application_is_made(limits: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make_app(FORM_LIMITS=limits)
    assert message in str(caught.value)


def test_limits_are_those_that_are_set_and_the_defaults() -> None:
    app = limited(files=3)
    assert app.form_limits == FormLimits(files=3)


# --- where files lie -------------------------------------------------------------------------------------------------


@needs_proc
@pytest.mark.usefixtures("no_descriptor_left")
def test_small_files_stay_in_memory_and_larger_ones_take_one_descriptor_together() -> None:
    files = [part(f'name="f{n}"; filename="x"', bytes([n]) * 1000) for n in range(20)]
    small = form_request(body(*files), app=limited(memory_bytes=100_000))
    before = descriptors()
    assert len(small.files) == 20
    assert descriptors() == before
    large = form_request(body(*files), app=limited(memory_bytes=1000))
    assert [file.read() for file in large.files.values()] == [bytes([n]) * 1000 for n in range(20)]
    assert len(descriptors() - before) == 1
    large.close()
    small.close()


@needs_proc
def test_no_file_is_kept_in_memory_when_none_may() -> None:
    before = descriptors()
    request = form_request(body(FILE), app=limited(memory_bytes=0))
    assert request.files["f"].read() == b"12345"
    assert len(descriptors() - before) == 1
    request.close()
    assert descriptors() == before


@needs_proc
@pytest.mark.usefixtures("no_descriptor_left")
def test_a_form_that_is_refused_leaves_nothing() -> None:
    app = limited(memory_bytes=1, fields=0)
    request = form_request(body(FILE, FIELD), app=app)
    assert refused(request).status == 413


@needs_proc
@pytest.mark.usefixtures("no_descriptor_left")
def test_a_form_that_nobody_closes_is_closed_with_its_last_reference() -> None:
    assert form_request(body(FILE), app=limited(memory_bytes=1)).files["f"].size == 5


def test_a_file_is_read_as_files_are() -> None:
    file = uploaded(b"one\ntwo\nthree")
    assert file.read(3) == b"one"
    assert file.stream.readline() == b"\n"
    assert list(file.open()) == [b"one\n", b"two\n", b"three"]
    assert file.read() == b"two\nthree"
    assert file.stream.seek(-5, os.SEEK_END) == 8
    assert file.read() == b"three"
    assert file.stream.tell() == 13
    assert list(file.chunks(5)) == [b"one\nt", b"wo\nth", b"ree"]
    assert file.stream.seekable()
    with pytest.raises(ValueError, match="negative"):
        file.stream.seek(-1)


def test_a_file_can_be_given_to_what_reads_files() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "hello")
    with zipfile.ZipFile(uploaded(packed.getvalue()).stream) as archive:
        assert archive.read("a.txt") == b"hello"
    table = io.TextIOWrapper(uploaded("a,b\r\n1,ü\r\n".encode()).open(), "utf-8", newline="")
    assert list(csv.reader(table)) == [["a", "b"], ["1", "ü"]]


def test_threads_read_files_of_one_form_at_the_same_time() -> None:
    contents = [bytes([n]) * 300_000 for n in range(4)]
    request = form_request(
        body(*(part(f'name="f{n}"; filename="x"', content) for n, content in enumerate(contents))),
        app=limited(memory_bytes=1000),
    )
    files, results = list(request.files.values()), [b""] * 4

    def read(number: int) -> None:
        results[number] = b"".join(files[number].chunks(1000))

    threads = [threading.Thread(target=read, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert results == contents
    request.close()


# --- after the request -----------------------------------------------------------------------------------------------


@pytest.fixture
def kept() -> list[UploadedFile]:
    """The files that views were given."""
    return []


@pytest.fixture
def app(kept: list[UploadedFile]) -> Application:
    app = make_app(FORM_LIMITS={"memory_bytes": 1}, MAX_BODY_BYTES=200 * 1024 * 1024)

    @app.route("/upload/", methods=["POST"])
    def upload(request: Request) -> Any:
        kept.extend(request.files.values())
        if "fail" in request.query:
            raise ZeroDivisionError
        if "stream" in request.query:
            return Response(kept[0].read())
        return {"size": sum(file.size for file in kept)}

    return app


def is_gone(file: UploadedFile) -> bool:
    try:
        b"".join(file.chunks())
    except ValueError as error:
        return "gone with its request" in str(error)
    return False


@needs_proc
@pytest.mark.usefixtures("no_descriptor_left")
@pytest.mark.parametrize("query", ["", "?stream", "?fail"])
def test_files_are_gone_when_the_request_is_answered(app: Application, kept: list[UploadedFile], query: str) -> None:
    client = Client(app, raise_errors=False)
    answer = client.post(f"/upload/{query}", files={"f": b"x" * 1000})
    assert answer.status == (500 if query == "?fail" else 200)
    assert kept[0].size == 1000
    assert is_gone(kept[0])


@needs_proc
@pytest.mark.usefixtures("no_descriptor_left")
def test_files_are_gone_when_the_error_goes_through_to_a_test(app: Application, kept: list[UploadedFile]) -> None:
    with pytest.raises(ZeroDivisionError):
        Client(app).post("/upload/?fail", files={"f": b"x" * 1000})
    assert is_gone(kept[0])


def test_a_request_without_a_form_holds_nothing(app: Application) -> None:
    response = Client(app).post("/upload/", form={"a": "1"})
    assert response.json() == {"size": 0}


def test_an_upload_over_a_socket_is_whole(app: Application) -> None:
    content = os.urandom(3_000_000)
    with LiveServer(app) as server:
        answer = requests.post(f"{server.url}upload/?stream", files={"f": ("x.bin", content)}, timeout=WAIT_SECONDS)
    assert answer.content == content


@needs_proc
@pytest.mark.parametrize("expects", [False, True])
def test_a_client_that_breaks_off_its_upload_leaves_nothing(
    app: Application, kept: list[UploadedFile], expects: bool
) -> None:
    with LiveServer(app) as server:
        before = descriptors()
        address = urlsplit(server.url)
        head = f"POST /upload/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TYPE}\r\nContent-Length: 9000000\r\n"
        with socket.create_connection((address.hostname, address.port), WAIT_SECONDS) as client:
            client.sendall(f"{head}{'Expect: 100-continue' if expects else 'X: y'}\r\n\r\n".encode())
            if expects:
                assert b"100 Continue" in client.recv(100)
            client.sendall(part('name="f"; filename="x"', b"x" * 2_000_000))
            wait_for(lambda: len(descriptors() - before) > 0)
        wait_for(lambda: descriptors() == before)
    assert kept == []


def wait_for(condition: Any) -> None:
    """Wait until the server's threads have come so far; nothing tells of that from the outside."""
    pause = threading.Event()
    for _ in range(WAIT_SECONDS * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come so far")


# --- keeping a file --------------------------------------------------------------------------------------------------


def test_a_saved_file_is_there_whole_under_its_safe_name(tmp_path: Path) -> None:
    path = uploaded(b"x" * 600_000, "../Löwe im Zoo.PNG").save(tmp_path)
    assert path == tmp_path / "Löwe_im_Zoo.PNG"
    assert path.read_bytes() == b"x" * 600_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_saved_file_is_whole_also_when_it_was_read_before(tmp_path: Path) -> None:
    file = uploaded(b"content")
    assert file.read() == b"content"
    assert file.save(tmp_path).read_bytes() == b"content"


@pytest.mark.skipif(os.name != "posix", reason="modes")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0, 0o644)])
def test_a_saved_file_can_be_read_as_far_as_the_umask_lets(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        path = uploaded().save(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_name_that_is_taken_gets_something_added(tmp_path: Path) -> None:
    first, second = (uploaded(content, "a.tar.gz").save(tmp_path) for content in (b"1", b"2"))
    assert (first.name, first.read_bytes(), second.read_bytes()) == ("a.tar.gz", b"1", b"2")
    assert second.name.startswith("a-")
    assert second.name.endswith(".tar.gz")


def test_a_name_that_was_asked_for_is_kept_or_refused(tmp_path: Path) -> None:
    uploaded(b"1").save(tmp_path, "own")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        uploaded(b"2").save(tmp_path, "own")
    assert (tmp_path / "own").read_bytes() == b"1"
    assert uploaded(b"3").save(tmp_path, "own", overwrite=True).read_bytes() == b"3"
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


@pytest.mark.parametrize("name", ["../a", "a/b", "/etc/a", "..", ".", "a\\b", "a\0b"])
def test_a_file_can_not_leave_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(ValueError, match="is no name of a file in a folder"):
        uploaded().save(folder, name)
    assert list(tmp_path.rglob("*")) == [folder]


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_of_that_name_is_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.write_text("safe")
    folder.mkdir()
    for name, target in (("a.txt", outside), ("b.txt", tmp_path / "dangling")):
        (folder / name).symlink_to(target)
        assert uploaded(filename=name).save(folder) != folder / name
        with pytest.raises(FileExistsError):
            uploaded().save(folder, name)
        uploaded().save(folder, name, overwrite=True)
        assert not (folder / name).is_symlink()
    assert outside.read_text() == "safe"
    assert not (tmp_path / "dangling").exists()


def test_a_folder_that_is_missing_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        uploaded().save(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


def test_without_links_a_file_still_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    first, second = uploaded(b"1").save(tmp_path), uploaded(b"2").save(tmp_path)
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    with pytest.raises(FileExistsError):
        uploaded(b"3").save(tmp_path, first.name)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.jpg", "photo.jpg"),
        ("My photo (1).jpg", "My_photo_1.jpg"),
        ("Übung №1.pdf", "Übung_No1.pdf"),
        ("写真.jpg", "写真.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("a\uff0fb.txt", "b.txt"),
        (".htaccess", "htaccess"),
        ("-rf", "rf"),
        ("a.txt.", "a.txt"),
        ("", "file"),
        ("...", "file"),
        ("☃", "file"),
        ("a\0b\r\n.txt", "ab.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("con", "file-con"),
        ("NUL.txt", "file-NUL.txt"),
        ("com¹.txt", "file-com1.txt"),
        ("console.txt", "console.txt"),
        ("x" * 500 + ".jpeg", "x" * 145 + ".jpeg"),
        ("é" * 500, "é" * 75),
        ("a." + "x" * 500, "a." + "x" * 148),
    ],
)
def test_a_safe_name_is_near_to_the_clients(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


# --- the client of tests ---------------------------------------------------------------------------------------------


def test_the_client_of_tests_sends_files_in_each_form(tmp_path: Path) -> None:
    app = make_app()

    @app.route("/", methods=["POST"])
    def index(request: Request) -> Any:
        files = [(name, file.filename, file.content_type, file.read().decode()) for name, file in items(request)]
        return {"form": request.form.multi_items(), "files": files}

    def items(request: Request) -> list[tuple[str, UploadedFile]]:
        return request.files.multi_items()

    file = tmp_path / "page.html"
    file.write_text("<p>")
    with file.open("rb") as opened:
        answer = Client(app).post(
            "/",
            form={"title": 'é "', "tag": ["a", "b"]},
            files={
                "bytes": b"1",
                "path": file,
                "open": opened,
                "named": ('q"uote.png', b"2"),
                "typed": ("x", "3", "text/csv"),
                "many": [("1.txt", b"4"), ("2.txt", b"5")],
            },
        )
    assert answer.json() == {
        "form": [["title", 'é "'], ["tag", "a"], ["tag", "b"]],
        "files": [
            ["bytes", "file", "application/octet-stream", "1"],
            ["path", "page.html", "text/html", "<p>"],
            ["open", "page.html", "text/html", "<p>"],
            ["named", 'q"uote.png', "image/png", "2"],
            ["typed", "x", "text/csv", "3"],
            ["many", "1.txt", "text/plain", "4"],
            ["many", "2.txt", "text/plain", "5"],
        ],
    }


def test_a_request_that_no_application_handles_has_the_usual_limits() -> None:
    assert make_request(body=b"a=1", CONTENT_TYPE="application/x-www-form-urlencoded").form["a"] == "1"


def test_what_reads_uploads_is_loaded_with_the_first_one() -> None:
    code = (
        "import sys; from scaffold import Application; from scaffold.testing import Client\n"
        "app = Application({'DEBUG': False}); app.route('/', methods=['POST'])(lambda request: request.form['a'])\n"
        "client = Client(app); client.post('/', form={'a': '1'}); print('multipart' in sys.modules)\n"
        "client.post('/', form={'a': '1'}, files={'f': b''}); print('multipart' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(
    "headers",
    [
        'Content-Disposition: form-data; \tx="; name="role"; name="admin"',
        'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain\r\nContent-Type: text/html',
        'Content-Disposition: form-data; name="a"' + 2 * "\r\nContent-Transfer-Encoding: 8bit",
    ],
)
def test_a_part_that_parsers_may_read_in_two_ways_is_refused(headers: str) -> None:
    content = f"--B\r\n{headers}\r\n\r\nx\r\n--B--\r\n".encode()
    assert refused(form_request(content)).status == 400
