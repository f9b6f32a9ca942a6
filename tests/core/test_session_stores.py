"""Where sessions are kept: signed cookies, files and Redis, and what each makes of what is not its own."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import pickle
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scaffold import Request, ScaffoldError
from scaffold.exceptions import SettingsError
from scaffold.http.session import SessionRecord
from scaffold.middleware.sessions import backends, stores
from scaffold.middleware.sessions.server import ServerStore
from scaffold.middleware.sessions.stores import MAX_CONTENT_BYTES, CookieStore
from scaffold.testing import Client

from .helpers import ask
from .test_sessions import KEY, cookie_of, make_app, sent

OTHER = "another secret key that is long enough as well"
RECORD = SessionRecord(b'{"a":1}', 1_700_000_000, 0)
ROOM = 4000
START_SECONDS = 10


class Running:
    """A Redis of its own on a socket in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "r.sock"
        self.url = f"unix://{self.path}?db=0"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        arguments = ["--port", "0", "--unixsocket", str(self.path), "--save", "", "--dir", str(self.path.parent)]
        process = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.PIPE, text=True)
        self._process = process
        assert process.stdout is not None
        impatience = threading.Timer(START_SECONDS, process.kill)
        impatience.start()
        try:
            assert any("ready to accept connections" in line for line in process.stdout)
        finally:
            impatience.cancel()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=START_SECONDS)
            self._process = None

    def command(self, *words: str | bytes) -> Any:
        redis = pytest.importorskip("redis")
        with redis.Redis(unix_socket_path=str(self.path)) as client:
            return client.execute_command(*words)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = Running(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["file", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store on the server."""
    if request.param == "file":
        return f"file://{tmp_path}/a%20b/sessions"
    server: Running = request.getfixturevalue("redis_server")
    server.command("FLUSHALL")
    return server.url


# --- cookies ---------------------------------------------------------------------------------------------------------


def saved(keys: list[str], content: bytes = RECORD.content) -> str:
    return CookieStore(keys).save(SessionRecord(content, RECORD.begun, 0), 60, ROOM)


def test_a_cookie_comes_back_with_its_times() -> None:
    record = CookieStore([KEY]).load(saved([KEY]))
    assert record is not None
    assert (record.content, record.begun, record.id) == (RECORD.content, RECORD.begun, "")
    assert abs(record.written - time.time()) < 60


def test_a_former_key_is_believed_and_signs_nothing_new() -> None:
    assert CookieStore([OTHER, KEY]).load(saved([OTHER])) is not None
    assert CookieStore([OTHER]).load(saved([OTHER, KEY])) is None


def test_keys_are_changed_without_anybody_losing_a_session() -> None:
    cookie = sent(ask(make_app(), "/count"))
    rotated = make_app(SECRET_KEY=OTHER, SECRET_KEY_FALLBACKS=[KEY])
    answer = ask(rotated, "/count", HTTP_COOKIE=cookie)
    assert answer.text == "2"
    assert ask(make_app(SECRET_KEY=OTHER), "/count", HTTP_COOKIE=sent(answer)).text == "3"
    assert ask(make_app(), "/count", HTTP_COOKIE=sent(answer)).text == "1"


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: "",
        lambda value: value[:-1],
        lambda value: value[1:],
        lambda value: value.rpartition(".")[0],
        lambda value: "j9" + value[1:],
        lambda value: value.replace(".", ".A", 1),
        lambda value: value + "A" * 5000,
        lambda value: "." * 50,
        lambda value: "é\ud800",
        lambda value: ".".join(["A" * 100] * 4),
    ],
)
def test_a_forged_or_damaged_cookie_is_a_new_session(damage: Callable[[str], str]) -> None:
    assert CookieStore([KEY]).load(damage(saved([KEY]))) is None


def sign(text: str, salt: str = "scaffold.session.1") -> str:
    signer = stores.TimestampSigner([KEY], salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)
    return signer.sign(text).decode()


def test_a_cookie_of_another_version_or_purpose_is_a_new_session() -> None:
    good = saved([KEY]).rsplit(".", 2)[0]
    assert CookieStore([KEY]).load(sign(good)) is not None
    for salt in ("scaffold.session.0", "itsdangerous.Signer", ""):
        assert CookieStore([KEY]).load(sign(good, salt)) is None


@pytest.mark.parametrize("text", ["", "j", "j1", "jx.e30", "x1.e30", "z1.e30", "z1.", "j1.e", "é"])
def test_what_was_signed_and_is_no_session_is_a_new_one(text: str) -> None:
    found = CookieStore([KEY]).load(sign(text))
    assert found is None or found.content == b""
    assert ask(make_app(), "/count", HTTP_COOKIE=f"session={sign(text)}").text == "1"


def test_a_large_session_is_compressed() -> None:
    content = b'{"a":"' + b"b" * 20_000 + b'"}'
    value = saved([KEY], content)
    assert len(value) < 500
    record = CookieStore([KEY]).load(value)
    assert record is not None
    assert record.content == content


def test_no_cookie_grows_beyond_a_bound() -> None:
    bomb = zlib.compress(b" " * (MAX_CONTENT_BYTES + 1), 9)
    packed = stores.base64.urlsafe_b64encode(bomb).decode().rstrip("=")
    assert CookieStore([KEY]).load(sign(f"z1.{packed}")) is None
    with pytest.raises(ScaffoldError, match="in its cookie"):
        saved([KEY], b'{"a":"' + b"b" * MAX_CONTENT_BYTES + b'"}')


def test_a_session_too_large_for_a_cookie_names_its_biggest_values() -> None:
    app = make_app()
    noise = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))
    app.route("/fill")(lambda request: request.session.update(small=1, cart=noise, note="x" * 99) or "")
    expected = (
        r"takes [0-9,]+ bytes in its cookie, and 4,0\d\d is the most; its biggest values are 'cart' \(12,802 bytes\)"
    )
    with pytest.raises(ScaffoldError, match=expected) as caught:
        Client(app).get("/fill")
    assert "SESSION_STORE" in caught.value.hint


def test_the_largest_session_that_is_kept_makes_a_cookie_that_browsers_keep() -> None:
    noise = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))

    def fits(size: int) -> bool:
        app = make_app(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_DOMAIN="a.example")
        app.route("/fill")(lambda request: request.session.update(x=noise[:size]) or "")
        answer = ask(app, "/fill")
        return answer.status == 200 and len(answer.headers["Set-Cookie"]) <= 4096

    low, high = 0, len(noise)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    assert 3500 < low < 6000


# --- stores on the server --------------------------------------------------------------------------------------------


def test_a_store_keeps_a_session_and_the_cookie_a_random_id(store: str) -> None:
    app = make_app(SESSION_STORE=store, SECRET_KEY="")
    first = ask(app, "/count")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", cookie_of(first).value)
    second = ask(app, "/count", HTTP_COOKIE=sent(first))
    assert second.text == "2"
    assert "Set-Cookie" not in second.headers
    assert ask(make_app(SESSION_STORE=store), "/read", HTTP_COOKIE=sent(first)).text == '{"n":2}'


def test_an_id_that_the_site_has_not_given_out_is_a_new_session(store: str) -> None:
    app = make_app(SESSION_STORE=store)
    for value in ("A" * 43, "A" * 42, "", "../../etc/passwd", "A" * 5000, "\xe9" * 43):
        answer = ask(app, "/count", HTTP_COOKIE=f"session={value}")
        assert answer.text == "1"
        assert cookie_of(answer).value != value


def test_a_login_gives_a_new_id_and_the_old_one_is_worth_nothing(store: str) -> None:
    app = make_app(SESSION_STORE=store)
    before = sent(ask(app, "/count"))
    after = sent(ask(app, "/login", HTTP_COOKIE=before))
    assert after != before
    assert ask(app, "/read", HTTP_COOKIE=before).text == "{}"
    assert ask(app, "/read", HTTP_COOKIE=after).text == '{"n":1}'


def test_a_logout_ends_the_session_for_whoever_has_the_id(store: str) -> None:
    app = make_app(SESSION_STORE=store)
    cookie = sent(ask(app, "/count"))
    assert cookie_of(ask(app, "/logout", HTTP_COOKIE=cookie)).value == ""
    assert ask(app, "/read", HTTP_COOKIE=cookie).text == "{}"


def test_a_request_that_began_before_a_logout_does_not_bring_the_session_back(store: str) -> None:
    app = make_app(SESSION_STORE=store)
    cookie = sent(ask(app, "/count"))

    @app.route("/slow")
    def slow(request: Any) -> str:
        request.session["slow"] = True
        ask(app, "/logout", HTTP_COOKIE=cookie)
        return ""

    answer = ask(app, "/slow", HTTP_COOKIE=cookie)
    assert (answer.status, "Set-Cookie" in answer.headers) == (200, False)
    assert ask(app, "/read", HTTP_COOKIE=cookie).text == "{}"


def test_many_threads_use_one_store(store: str) -> None:
    app = make_app(SESSION_STORE=store)
    results: list[list[str]] = []

    def visit() -> None:
        client = Client(app)
        results.append([client.get("/count").text for _ in range(10)])

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert results == [[str(n) for n in range(1, 11)]] * 8


def test_the_store_has_no_ids_and_no_pickle(tmp_path: Path, redis_server: Running) -> None:
    redis_server.command("FLUSHALL")
    in_file, in_redis = make_app(SESSION_STORE=f"file://{tmp_path}"), make_app(SESSION_STORE=redis_server.url)
    ids = [cookie_of(ask(app, "/count")).value for app in (in_file, in_redis)]
    (file,) = tmp_path.iterdir()
    (key,) = redis_server.command("KEYS", "*")
    kept = [file.read_bytes()[4:], redis_server.command("GET", key)]
    for content in kept:
        assert re.fullmatch(rb'1 \d+ \d+\n{"n":1}', content)
    assert ids[0] not in file.name
    assert ids[1].encode() not in key
    assert file.stat().st_mode & 0o777 == 0o600


class Trap:
    """Says so when somebody unpickles it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("it was unpickled",))


@pytest.mark.parametrize("content", [pickle.dumps(Trap()), b"!" + pickle.dumps(Trap()), b"", b"1 1 1\n[", b"1 1 1\n[]"])
def test_what_others_wrote_into_the_store_is_never_run(tmp_path: Path, redis_server: Running, content: bytes) -> None:
    redis_server.command("FLUSHALL")
    in_file, in_redis = make_app(SESSION_STORE=f"file://{tmp_path}"), make_app(SESSION_STORE=redis_server.url)
    cookies = [sent(ask(app, "/count")) for app in (in_file, in_redis)]
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:4] + content)
    redis_server.command("SET", redis_server.command("KEYS", "*")[0], content)
    assert [
        ask(app, "/count", HTTP_COOKIE=cookie).text for app, cookie in zip((in_file, in_redis), cookies, strict=True)
    ] == ["1", "1"]


def test_redis_forgets_a_session_by_itself(redis_server: Running) -> None:
    redis_server.command("FLUSHALL")
    ask(make_app(SESSION_STORE=redis_server.url, SESSION_AGE_SECONDS=100), "/count")
    (key,) = redis_server.command("KEYS", "*")
    assert key.startswith(b"scaffold:session:")
    assert 90 <= redis_server.command("TTL", key) <= 100


def test_expired_files_are_removed_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "SAVES_BETWEEN_CLEANINGS", 1)
    (tmp_path / "old").write_bytes(struct.pack("I", 1) + b"x")
    (tmp_path / "young").write_bytes(struct.pack("I", 2**32 - 1) + b"x")
    (tmp_path / "short").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    ask(make_app(SESSION_STORE=f"file://{tmp_path}"), "/count")
    assert {path.name for path in tmp_path.iterdir() if len(path.name) < 10} == {"young", "short", "folder"}


def test_a_store_that_is_down_is_a_503_and_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(SESSION_STORE=f"redis://user:pass@127.0.0.1:{free_port()}/0")
    assert ask(app, "/plain").status == 200
    for path, cookie in (("/count", ""), ("/read", f"session={'A' * 43}")):
        caplog.clear()
        answer = ask(app, path, HTTP_COOKIE=cookie)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        (line,) = [record for record in caplog.records if record.name == "scaffold.session"]
        assert "can't be used: ConnectionError" in line.message
        assert "pass" not in line.message
        assert line.exc_info is None
        assert not [record for record in caplog.records if record.name == "scaffold.request"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_redis_may_be_started_again_while_the_site_runs(tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = Running(tmp_path)
    server.start()
    try:
        app = make_app(SESSION_STORE=server.url)
        assert ask(app, "/count").status == 200
        server.stop()
        assert ask(app, "/count").status == 503
        server.start()
        assert ask(app, "/count").status == 200
    finally:
        server.stop()


def test_a_folder_that_cannot_be_written_is_a_503(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    app = make_app(SESSION_STORE=f"file://{tmp_path}/file")
    assert ask(app, "/plain").status == 200
    assert ask(app, "/count").status == 503
    folder = tmp_path / "sessions"
    app = make_app(SESSION_STORE=f"file://{folder}")
    cookie = sent(ask(app, "/count"))
    (kept,) = folder.iterdir()
    kept.unlink()
    kept.mkdir()  # a file that can't be read, also for root
    assert ask(app, "/count", HTTP_COOKIE=cookie).status == 503
    shutil.rmtree(folder)
    with caplog.at_level(logging.CRITICAL):
        assert ask(app, "/count").status == 503


def test_a_logout_that_cannot_end_the_session_is_a_503(tmp_path: Path) -> None:
    app = make_app(SESSION_STORE=f"file://{tmp_path}")

    @app.route("/leave")
    def leave(request: Request) -> str:
        request.session.flush()
        (kept,) = tmp_path.iterdir()
        kept.unlink()
        (kept / "full").mkdir(parents=True)  # what can't be removed, also by root
        return ""

    answer = ask(app, "/leave", HTTP_COOKIE=sent(ask(app, "/count")))
    assert (answer.status, "Set-Cookie" in answer.headers) == (503, False)


def test_an_error_that_is_not_the_stores_is_raised_as_it_is() -> None:
    def connect() -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ServerStore(connect, tuple, "test").load("A" * 43)


def test_the_page_for_the_failure_may_look_at_the_session(tmp_path: Path) -> None:
    app = make_app(SESSION_STORE=f"redis://127.0.0.1:{free_port()}/0")
    app.templates.texts["503.html"] = app.templates.environment.loader.loaders[0].mapping["503.html"] = (
        "sorry {{ messages() }} {{ request.session.get('user') }}"
    )
    answer = ask(app, "/read", HTTP_COOKIE=f"session={'A' * 43}")
    assert (answer.status, answer.text) == (503, "sorry () None")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis",
        "memory:",
        "http://localhost/",
        "redis://",
        "redis://host:99999/0",
        "redis://host/zero",
        "file://sessions",
        "file:///",
        "unix://",
        "redis://[",
    ],
)
def test_a_url_of_no_store_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match=r"SESSION_STORE is .*\n.*'redis://host:6379/0'"):
        make_app(SESSION_STORE=url)


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(SettingsError) as caught:
        make_app(SESSION_STORE="valkey://ada:swordfish@host/0?password=swordfish")
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize("missing", ["cachelib", "redis"])
def test_a_missing_library_is_named_with_the_command_that_brings_it(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(SettingsError, match=rf"needs {missing}.*\n.*pip install 'scaffold-web\[stores\]'"):
        make_app(SESSION_STORE="redis://localhost/0")


def test_a_slow_request_does_not_go_on_under_a_new_id_after_a_logout(store: str) -> None:
    app = make_app(SESSION_STORE=store)
    began, ended = threading.Event(), threading.Event()

    @app.route("/rotate")
    def rotate(request: Request) -> str:
        assert request.session
        began.set()
        assert ended.wait(START_SECONDS)
        request.session.cycle_id()
        return ""

    @app.route("/end")
    def end(request: Request) -> str:
        request.session.flush()
        return ""

    cookie = sent(ask(app, "/count"))
    answers: list[Any] = []
    slow = threading.Thread(target=lambda: answers.append(ask(app, "/rotate", HTTP_COOKIE=cookie)))
    slow.start()
    assert began.wait(START_SECONDS)
    ask(app, "/end", HTTP_COOKIE=cookie)
    ended.set()
    slow.join(START_SECONDS)
    assert answers[0].status == 200
    assert "Set-Cookie" not in answers[0].headers


def test_no_write_beside_a_logout_brings_the_session_back_or_fails(store: str) -> None:
    app = make_app(SESSION_STORE=store)

    @app.route("/end")
    def end(request: Request) -> str:
        request.session.flush()
        return ""

    for _ in range(20):
        cookie = sent(ask(app, "/count"))
        start = threading.Barrier(5)

        def go(path: str, cookie: str = cookie, start: threading.Barrier = start) -> int:
            start.wait(START_SECONDS)
            return ask(app, path, HTTP_COOKIE=cookie).status

        with ThreadPoolExecutor(5) as pool:
            statuses = list(pool.map(go, ["/count", "/count", "/end", "/count", "/count"], timeout=START_SECONDS))
        assert statuses == [200] * 5
        assert ask(app, "/count", HTTP_COOKIE=cookie).text == "1"
