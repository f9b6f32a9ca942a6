"""Several servers behind nginx: two gunicorns, one session."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cli_helpers import PATIENCE, Serving

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
REQUESTS = 24
CLIENT = "127.0.0.2"
"""Another address of this machine than nginx's own."""

PRODUCTION = {
    "GUNICORN_CMD_ARGS": "--graceful-timeout=5",  # see test_serve.py
    "DEBUG": "false",
    "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789",
    "ALLOWED_HOSTS": "shop.example",
    "TRUSTED_PROXIES": "127.0.0.1",
}
URLS = "from scaffold import path\n\nfrom . import views\n\nurlpatterns = [path('', views.visit, name='visit')]\n"
VIEWS = """\
import os


def visit(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return {
        "pid": os.getppid(),
        "visits": request.session["visits"],
        "url": request.url,
        "client": request.remote_addr,
    }
"""
# nginx ends TLS elsewhere in this test: it says so by X-Forwarded-Proto, and overwrites what the client has sent.
CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream site {{
        server 127.0.0.1:{first};
        server 127.0.0.1:{second};
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://site;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header Forwarded "";
        }}
    }}
}}
"""

pytestmark = pytest.mark.skipif(NGINX is None and not os.environ.get("CI"), reason="nginx is not installed")


class Site(NamedTuple):
    """nginx's port, and the process ids of the two servers behind it."""

    port: int
    servers: frozenset[int]


@pytest.fixture
def site(mysite: Path, tmp_path: Path) -> Iterator[Site]:
    """One project on two gunicorns behind nginx."""
    app = mysite / "apps" / "visits"
    app.mkdir()
    for name, text in {"__init__.py": "", "urls.py": URLS, "views.py": VIEWS}.items():
        (app / name).write_text(text)
    folder = tmp_path / "nginx"
    folder.mkdir()
    with gunicorn(mysite) as first, gunicorn(mysite) as second, nginx(folder, port_of(first), port_of(second)) as port:
        yield Site(port, frozenset({first.process.pid, second.process.pid}))
        for server in (first, second):
            assert server.stop(signal.SIGTERM) == 0


def gunicorn(project: Path) -> Serving:
    command = [sys.executable, "-m", "scaffold", "serve", "127.0.0.1:0", "--server", "gunicorn", "--workers", "1"]
    server = Serving(*command, cwd=project, **PRODUCTION)
    server.wait_for("Listening at")
    return server


def port_of(server: Serving) -> int:
    return int(server.url.rstrip("/").rpartition(":")[2])


@contextlib.contextmanager
def nginx(folder: Path, first: int, second: int) -> Iterator[int]:
    """nginx between its own port and the two servers, as whoever runs the tests."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, first=first, second=second, port=port))
    command = [NGINX or "nginx", "-p", str(folder), "-e", "stderr", "-c", str(file)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while not accepts(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def accepts(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(PATIENCE)
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(site: Site, headers: dict[str, str], path: str = "/visits/") -> tuple[dict[str, Any], str]:
    """Return the answer, and the cookie that it sets."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE, source_address=(CLIENT, 0))
    try:
        connection.request("GET", path, headers={"Host": "shop.example", **headers})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text), answer.getheader("Set-Cookie", "")
    finally:
        connection.close()


def test_one_session_goes_on_whichever_server_answers(site: Site) -> None:
    cookie, visits, pids = "", [], set()
    for _ in range(REQUESTS):
        answer, field = ask(site, {"Cookie": cookie.partition(";")[0]} if cookie else {})
        cookie = field
        visits.append(answer["visits"])
        pids.add(answer["pid"])
    assert visits == [*range(1, REQUESTS + 1)]
    assert pids == site.servers
    assert cookie.startswith("__Host-session=")  # the site is under HTTPS, as nginx says
    assert "; Secure" in cookie


def test_scheme_host_and_client_are_what_nginx_says_and_not_what_a_client_says(site: Site) -> None:
    forged = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http", "Forwarded": "for=203.0.113.8;proto=http"}
    answer, _ = ask(site, forged, "/visits/?page=2")
    assert answer["url"] == "https://shop.example/visits/?page=2"
    assert answer["client"] == CLIENT
