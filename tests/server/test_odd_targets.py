"""Odd request targets have the same answer whichever server runs the application, and it is never a 500."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

TIMEOUT_SECONDS = 30

APP = """from scaffold import Application

app = Application({"DEBUG": False, "ALLOWED_HOSTS": ["*"]})


@app.route("/")
@app.route("/a/b")
@app.route("/<int:x>/")
@app.route("/s/<x>/")
@app.route("/f/<path:x>")
def view(request, x=""):
    return repr(x)
"""

SERVERS = {
    "scaffold": "import app; app.app.run(port=0)",
    "waitress": """
import waitress, app
server = waitress.create_server(app.app, host="127.0.0.1", port=0)
print(f"http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
""",
    "gunicorn": """
import sys
from gunicorn.app.wsgiapp import run
sys.argv = ["gunicorn", "--bind", "127.0.0.1:0", "--limit-request-line", "8190", "--no-control-socket", "app:app"]
run()
""",
}

TARGETS = [
    ("/7/", 200, "7"),
    ("/a/b?q=%FF", 200, "''"),
    (f"/{'9' * 5000}/", 404, ""),
    (f"/{'0' * 5000}/", 200, "0"),
    ("/%D9%A3/", 404, ""),
    ("/%2B7/", 404, ""),
    ("/a%2Fb", 200, "''"),
    ("/s/x%2Fy/", 404, ""),
    ("/f/x%2Fy", 200, "'x/y'"),
    ("/s/%C3%A9/", 200, "'é'"),
    ("/a/../a/b", 404, ""),
    ("/f/../a", 200, "'../a'"),
    ("/f/%2e%2e/a", 200, "'../a'"),
    ("/./a/b", 404, ""),
    ("/a//b", 404, ""),
    ("/f//a", 404, ""),
    ("/f/a//b", 200, "'a//b'"),
    ("/s//", 404, ""),
    ("/%FF/", 400, ""),
    ("/f/%C3%28", 400, ""),
    ("/f/%ED%A0%80", 400, ""),
    ("/f/%", 200, "'%'"),
    ("/f/%zz", 200, "'%zz'"),
    ("/f/%00", 200, "'\\x00'"),
    ("/f/%0D%0Aa", 200, "'\\r\\na'"),
    ("/f/a;b=c,d", 200, "'a;b=c,d'"),
    ("/7", 308, ""),
]


@pytest.fixture(scope="module", params=SERVERS)
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that runs the application in a process of its own."""
    folder = tmp_path_factory.mktemp("targets")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    command = [sys.executable, "-c", SERVERS[request.param]]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
                if found:
                    yield int(found[1])
                    return
            pytest.fail("the server did not start")
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT_SECONDS)


def ask(port: int, target: str) -> tuple[int, str]:
    """Return status and body of the answer to a target that is sent as it is."""
    head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.sendall(head.encode("ascii"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    top, _, body = answer.partition(b"\r\n\r\n")
    return int(top.split(b" ")[1]), body.decode()


@pytest.mark.parametrize(("target", "status", "text"), TARGETS, ids=lambda value: str(value)[:20])
def test_an_odd_target_has_the_same_answer_under_every_server(port: int, target: str, status: int, text: str) -> None:
    found, body = ask(port, target)
    assert found == status
    if status == 200:
        assert body == text
