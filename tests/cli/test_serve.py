"""``scaffold serve``: the project in production, on servers that are real processes."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from cli_helpers import PATIENCE, Serving, environment, group_members, run, scaffold

from scaffold.cli import hosting
from scaffold.exceptions import UsageError
from scaffold.server import Address

KEY = "abcdefghijklmnopqrstuvwxyz0123456789"
# A worker of gunicorn that gets two signals while it starts may hang until its master has waited long enough.
PATIENT = {"GUNICORN_CMD_ARGS": "--graceful-timeout=5"}
PRODUCTION = {"DEBUG": "false", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "127.0.0.1", **PATIENT}
URLS = "from scaffold import path\n\nfrom . import views\n\nurlpatterns = [path('', views.who, name='who')]\n"
VIEWS = "import os\n\n\ndef who(request):\n    return {'pid': os.getpid(), 'folder': os.getcwd()}\n"
SERVERS = ("gunicorn", "granian")
SINGLE_FILE = """\
from scaffold import Application
from scaffold.cli import manage

site = Application({"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789"})


@site.route("/")
def home(request):
    return "one file"


if __name__ == "__main__":
    manage(site)
"""

server_is_installed = pytest.mark.parametrize(
    "server",
    [
        pytest.param(name, marks=pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"needs {name}"))
        for name in SERVERS
    ],
)


@pytest.fixture
def project(mysite: Path) -> Path:
    """A project with a view that tells which process answers."""
    app = mysite / "apps" / "who"
    app.mkdir()
    for name, text in {"__init__.py": "", "urls.py": URLS, "views.py": VIEWS}.items():
        (app / name).write_text(text)
    return mysite


def serving(project: Path, *arguments: str, **changes: str) -> Serving:
    command = [sys.executable, "-m", "scaffold", "serve", "127.0.0.1:0", *arguments]
    return listening(Serving(*command, cwd=project, **PRODUCTION | changes))


def listening(found: Serving) -> Serving:
    """Wait until the server accepts connections: granian says so before it does."""
    url = urlsplit(found.url)

    def accepts() -> bool:
        with socket.socket() as client:
            client.settimeout(PATIENCE)
            return client.connect_ex((url.hostname, url.port)) == 0

    assert eventually(accepts), "\n".join(found.lines)
    return found


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# --- what the servers do ------------------------------------------------------------------------------------------


@server_is_installed
def test_several_processes_answer_and_all_end_by_sigterm(project: Path, server: str) -> None:
    with serving(project / "apps", "--server", server, "--workers", "2") as found:
        pids: set[int] = set()

        def ask(_number: int) -> None:
            with urlopen(f"{found.url}who/", timeout=PATIENCE) as answer:
                text = answer.read().decode()
            assert f'"folder": "{project}"' in text or f'"folder":"{project}"' in text
            pids.add(int(text.partition('"pid":')[2].strip(" ").partition(",")[0]))

        def both_answered() -> bool:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(ask, range(16)))
            return len(pids) == 2

        assert eventually(both_answered), f"answered by {pids}"
        assert found.process.pid not in pids
        os.kill(found.process.pid, signal.SIGTERM)
        assert found.process.wait(timeout=PATIENCE) == 0
        assert eventually(lambda: group_members(found.process.pid) == [])


@server_is_installed
def test_an_idle_connection_does_not_hold_up_the_end(project: Path, server: str) -> None:
    with serving(project, "--server", server, "--workers", "1") as found:
        connection = http.client.HTTPConnection(urlsplit(found.url).netloc, timeout=PATIENCE)
        connection.request("GET", "/who/")
        assert connection.getresponse().read()
        began = time.monotonic()
        assert found.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < hosting.GRACEFUL_SECONDS / 2
        connection.close()


@server_is_installed
def test_a_unix_socket_is_served(project: Path, server: str) -> None:
    command = [sys.executable, "-m", "scaffold", "serve", "unix:s", "--server", server, "--workers", "1"]
    with socket.socket(socket.AF_UNIX) as client, started(command, project) as process:
        client.settimeout(PATIENCE)
        assert eventually(lambda: client.connect_ex(f"{project}/s") == 0)
        client.sendall(b"GET /who/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        process.terminate()
        assert process.wait(PATIENCE) == 0


@contextlib.contextmanager
def started(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with the settings of production that says nothing."""
    silent = subprocess.DEVNULL
    process = subprocess.Popen(
        command, cwd=folder, env=environment(**PRODUCTION), stdout=silent, stderr=silent, start_new_session=True
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def test_one_file_is_served_by_the_name_that_it_gives_its_application(tmp_path: Path) -> None:
    file = tmp_path / "mysite.py"
    file.write_text(SINGLE_FILE)
    with Serving(sys.executable, str(file), "serve", "127.0.0.1:0", cwd=tmp_path.parent, **PRODUCTION) as found:
        listening(found)
        with urlopen(found.url, timeout=PATIENCE) as answer:
            assert answer.read() == b"one file"
        assert found.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("my.site.py", SINGLE_FILE),
        ("lost.py", "from scaffold.cli import manage\nfrom scaffold import Application\n\nmanage(Application())\n"),
    ],
)
def test_a_file_in_which_no_server_finds_an_application_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    result = run([sys.executable, name, "serve"], cwd=tmp_path, **PRODUCTION)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {name} ")


def test_the_dockerfiles_steps_make_a_site_whose_health_check_passes(mysite: Path) -> None:
    (mysite / ".env").unlink()
    text = (mysite / "Dockerfile").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line]
    key, collect = next(line for line in lines if "collectstatic" in line).removeprefix("RUN SECRET_KEY=").split(" ", 1)
    assert collect.startswith("scaffold collectstatic ")
    done = scaffold("collectstatic", cwd=mysite, SECRET_KEY=key)
    assert done.returncode == 0, done.stderr

    assert lines[-1] == 'CMD ["scaffold", "serve"]'
    changes = {**PRODUCTION, "ALLOWED_HOSTS": "example.com", "SECURE_SSL_REDIRECT": "true", "PORT": "0"}
    with listening(Serving(sys.executable, "-m", "scaffold", "serve", cwd=mysite, **changes)) as found:
        check = json.loads(next(line for line in lines if "HEALTHCHECK" in line).partition(" CMD ")[2])
        port = str(urlsplit(found.url).port)
        done = run([sys.executable, *check[1:]], cwd=mysite, PORT=port)
        assert done.returncode == 0, done.stderr
        assert found.stop(signal.SIGTERM) == 0


# --- what keeps it from serving -------------------------------------------------------------------------------------


def test_errors_of_the_checks_end_it_and_force_overrides_them(mysite: Path) -> None:
    result = scaffold("serve", cwd=mysite)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "error [deploy.debug]" in result.stderr
    assert "warning [deploy.https-redirect]" in result.stderr
    assert "note" not in result.stderr
    assert result.stderr.endswith("Not served: mend the errors first, or insist with --force.\n")
    with Serving(sys.executable, "-m", "scaffold", "serve", "127.0.0.1:0", "--force", cwd=mysite) as found:
        listening(found)
        with urlopen(found.url, timeout=PATIENCE) as answer:
            assert answer.status == 200
        assert found.stop(signal.SIGTERM) == 0


def test_a_port_that_is_taken_is_reported_before_a_server_starts(mysite: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = scaffold("serve", str(port), cwd=mysite, **PRODUCTION)
    assert result.returncode == 1
    assert f"error: port {port} on 127.0.0.1 is taken" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "changes", "cause"),
    [
        (["--server", "nginx"], {}, "'nginx' is no server to become"),
        ([], {"WEB_CONCURRENCY": "many"}, "the variable WEB_CONCURRENCY is 'many'"),
        ([], {"WEB_CONCURRENCY": "0"}, "the variable WEB_CONCURRENCY is '0'"),
        ([], {"PORT": "http"}, "the variable PORT is 'http'"),
        (["a:b:c"], {}, "'a:b:c' is no address"),
    ],
)
def test_what_can_not_be_is_refused(mysite: Path, arguments: list[str], changes: dict[str, str], cause: str) -> None:
    result = scaffold("serve", *arguments, cwd=mysite, **PRODUCTION | changes)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {cause}")


def test_a_project_without_its_wsgi_module_is_refused(mysite: Path) -> None:
    (mysite / "config/wsgi.py").unlink()
    result = scaffold("serve", cwd=mysite, **PRODUCTION)
    assert result.returncode == 1
    assert result.stderr.startswith("error: there is no config/wsgi.py\n")


def test_without_a_server_the_error_says_how_to_install_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name, hint in {"": "'scaffold-web[serve]'", "gunicorn": "'scaffold-web[serve]'", "granian": "granian"}.items():
        with pytest.raises(UsageError) as caught:
            hosting.choose_server(name)
        assert caught.value.hint == f"Install it with: pip install {hint}"


# --- the command that a server gets -----------------------------------------------------------------------------


def dry_run(project: Path, *arguments: str, **changes: str) -> list[str]:
    result = scaffold("serve", "--dry-run", *arguments, cwd=project, **changes)
    assert result.returncode == 0, result.stderr
    return shlex.split(result.stdout)


def test_a_dry_run_prints_the_command_and_checks_nothing(mysite: Path) -> None:
    command = dry_run(mysite, "--workers", "3", "--threads", "2", "--server", "gunicorn")
    assert command[:3] == [sys.executable, "-m", "gunicorn"]
    assert command[-1] == "config.wsgi:application"
    assert {"--bind=127.0.0.1:8000", "--workers=3", "--threads=2", "--access-logfile=-"} <= {*command}
    assert not any(option.startswith("--access-log") for option in dry_run(mysite, "--no-access-log"))


def test_port_is_that_port_on_every_address_and_an_argument_wins(mysite: Path) -> None:
    assert "--bind=0.0.0.0:8123" in dry_run(mysite, PORT="8123", WEB_CONCURRENCY="5")
    assert "--bind=127.0.0.1:8124" in dry_run(mysite, "127.0.0.1:8124", PORT="8123")
    assert "--workers=5" in dry_run(mysite, PORT="8123", WEB_CONCURRENCY="5")


def test_what_stands_behind_two_dashes_is_the_servers(mysite: Path) -> None:
    changes = {"GUNICORN_CMD_ARGS": "--threads=9 --preload"}
    command = dry_run(mysite, "--server", "gunicorn", "--", "--log-level", "debug", **changes)
    assert command[-5:] == ["--threads=9", "--preload", "--log-level", "debug", "config.wsgi:application"]


def test_only_trusted_proxies_says_whose_word_counts_unless_gunicorn_is_told_otherwise(mysite: Path) -> None:
    assert "--forwarded-allow-ips=" in dry_run(mysite, "--server", "gunicorn")
    command = dry_run(mysite, "--server", "gunicorn", FORWARDED_ALLOW_IPS="10.0.0.1")
    assert not any(option.startswith("--forwarded") for option in command)


def test_granian_gets_the_same_in_its_own_words() -> None:
    place = Address("::1", 80)
    command = hosting.Plan("granian", "app:app", place, workers=2, threads=3).command({})
    assert {"--interface=wsgi", "--host=::1", "--port=80", "--workers=2", "--blocking-threads=3"} <= {*command}
    assert "--uds=/run/a" in hosting.Plan("granian", "app:app", Path("/run/a"), 2, 3, access_log=False).command({})


def test_without_a_variable_there_is_a_worker_for_each_cpu_within_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for cpus, workers in {1: 2, 4: 4, 64: 8}.items():
        monkeypatch.setattr(os, "sched_getaffinity", lambda _pid, cpus=cpus: set(range(cpus)), raising=False)
        assert hosting.default_workers({}) == workers
