"""What a large upload in form data takes of a server: memory above what it takes idle, and time.

Run ``python benchmarks/uploads.py`` with the interpreter that has Scaffold and its ``bench`` extra; it needs Linux. A
figure that is not met changes no exit status; a server that fails does.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from children import BenchmarkError, console_script, end_on_sigterm, served
from comparing import Case, Contestant, compare, markdown, table, write_json, yes_or_no
from options import EXIT_FAILURE, EXIT_USAGE, peers_are_there, positive

__all__ = ["main"]

DEFAULT_RUNS = 5
DEFAULT_MEBIBYTES = 100
WANTED_MEBIBYTES = 30
TIMEOUT_SECONDS = 120
_UPLOADS = 3
_MEBIBYTE = 1024 * 1024
_BOUNDARY = b"----benchmark5f0c1d7e"

_DISTRIBUTIONS = ("scaffold-web", "multipart", "flask", "werkzeug", "django", "gunicorn")
_PEER_MODULES = ("django", "flask", "gunicorn")

# Each site answers GET / with what it takes of memory in KiB, now and at most since it was asked last.
_MEMORY = """from pathlib import Path


def memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    Path("/proc/self/clear_refs").write_text("5")
    return f"{found['VmRSS']} {found['VmHWM']}"
"""

_SCAFFOLD = """import sys

from memory import memory

from scaffold import Application

app = Application({"DEBUG": False, "MAX_BODY_BYTES": 2**31})
app.route("/")(lambda request: memory())


@app.route("/upload/", methods=["POST"])
def upload(request):
    return f"{request.form['title']} {request.files['file'].size}"


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
"""

_FLASK = """from flask import Flask, request
from memory import memory

app = Flask(__name__)
app.add_url_rule("/", view_func=memory)


@app.post("/upload/")
def upload():
    return f"{request.form['title']} {request.files['file'].stream.seek(0, 2)}"
"""

_DJANGO = """from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from memory import memory

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="no-secret-at-all")


def upload(request):
    return HttpResponse(f"{request.POST['title']} {request.FILES['file'].size}")


urlpatterns = [path("", lambda request: HttpResponse(memory())), path("upload/", upload)]
app = get_wsgi_application()
"""


@dataclass(frozen=True)
class Peak:
    """What one server took above idle, in MiB, at each start."""

    name: str
    mebibytes: tuple[float, ...]


class Uploader:
    """Starts servers in ``folder``, uploads to them, and keeps what they took of memory."""

    def __init__(self, folder: Path, mebibytes: int) -> None:
        self._folder = folder
        self._size = mebibytes * _MEBIBYTE
        self.peaks: dict[str, list[float]] = {}

    def contestant(self, name: str, command_for: Callable[[int], Sequence[str]], wanted: float | None) -> Contestant:
        """Return a contestant whose measure is the median of the seconds of a few uploads."""
        return Contestant(name, lambda: self._measure(name, command_for), wanted)

    def _measure(self, name: str, command_for: Callable[[int], Sequence[str]]) -> float:
        with served(command_for, self._folder) as server:
            idle, _ = memory(server.port)
            seconds = [self._upload(server.port)]
            _, most = memory(server.port)
            self.peaks.setdefault(name, []).append((most - idle) / 1024)
            seconds += [self._upload(server.port) for _ in range(_UPLOADS - 1)]
        return median(seconds)

    def _upload(self, port: int) -> float:
        """Send the form and return the seconds from the first byte to the whole answer."""
        head, tail = form_around_file()
        block = bytes(range(256)) * (_MEBIBYTE // 256)
        length = len(head) + self._size + len(tail)
        lines = [
            "POST /upload/ HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY.decode()}",
            f"Content-Length: {length}",
            "Connection: close",
        ]
        began = perf_counter()
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + head)
            for _ in range(self._size // _MEBIBYTE):
                connection.sendall(block)
            connection.sendall(tail)
            response = http.client.HTTPResponse(connection)
            response.begin()
            answer = response.read().decode()
        seconds = perf_counter() - began
        if answer != f"large {self._size}":
            raise BenchmarkError(f"answered {response.status}: {answer[:200]}")
        return seconds


def form_around_file() -> tuple[bytes, bytes]:
    """Return what stands before and behind the file in the body of a form."""
    title = b'--%s\r\nContent-Disposition: form-data; name="title"\r\n\r\nlarge\r\n' % _BOUNDARY
    names = b'Content-Disposition: form-data; name="file"; filename="large.bin"'
    head = b"%s--%s\r\n%s\r\nContent-Type: application/octet-stream\r\n\r\n" % (title, _BOUNDARY, names)
    return head, b"\r\n--%s--\r\n" % _BOUNDARY


def memory(port: int) -> tuple[int, int]:
    """Return what the server's process takes, and took at most since it was asked before, in KiB."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        now, most = connection.getresponse().read().decode().split()
    finally:
        connection.close()
    return int(now), int(most)


def write_sites(folder: Path) -> None:
    """Write the three sites below ``folder``."""
    for name, text in (("memory", _MEMORY), ("scaffold", _SCAFFOLD), ("flask", _FLASK), ("django", _DJANGO)):
        (folder / (f"{name}.py" if name == "memory" else f"{name}_site.py")).write_text(text, encoding="utf-8")


def cases(uploader: Uploader) -> Iterator[Case]:
    """Yield both comparisons: all on gunicorn, and ours on its own server against the peers there."""

    def on_gunicorn(site: str, wanted: float | None = None) -> Contestant:
        workers = ["--worker-class", "gthread", "--workers", "1", "--threads", "4"]
        command = [console_script("gunicorn"), *workers, f"{site.lower()}_site:app", "--bind"]
        return uploader.contestant(f"{site}, gunicorn", lambda port: [*command, f"127.0.0.1:{port}"], wanted)

    own = uploader.contestant(
        "Scaffold, its own server", lambda port: [sys.executable, "scaffold_site.py", str(port)], None
    )
    peers = (on_gunicorn("Flask", 1.0), on_gunicorn("Django", 1.0))
    yield Case("upload, on gunicorn", on_gunicorn("Scaffold"), peers)
    yield Case("upload, its own server", own, peers)


def main() -> int:
    """Measure what the command line asks for, print the tables, and return the exit status."""
    options = _parse()
    if not peers_are_there(_PEER_MODULES):
        return EXIT_USAGE
    if not Path("/proc/self/clear_refs").exists():
        print("This needs Linux: it reads and resets what /proc knows of memory.", file=sys.stderr)
        return EXIT_USAGE
    end_on_sigterm()
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as name:
            write_sites(Path(name))
            uploader = Uploader(Path(name), options.mebibytes)
            rows = [row for case in cases(uploader) if options.only in case.what for row in compare(case, options.runs)]
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    peaks = [Peak(name, tuple(values)) for name, values in uploader.peaks.items()]
    print(f"{markdown(rows)}\n\n{table(('server', 'peak above idle', 'wanted', 'met'), map(_cells, peaks))}")
    if options.json is not None:
        write_json(options.json, rows, _DISTRIBUTIONS, peaks=[asdict(peak) for peak in peaks])
    return 0


def _cells(peak: Peak) -> tuple[str, ...]:
    most = max(peak.mebibytes)
    is_ours = peak.name.startswith("Scaffold")
    wanted = f"under {WANTED_MEBIBYTES} MiB" if is_ours else "-"
    return peak.name, f"{most:.1f} MiB", wanted, yes_or_no(most < WANTED_MEBIBYTES if is_ours else None)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what a large upload takes of Scaffold and of its peers.")
    parser.add_argument("--runs", type=positive, default=DEFAULT_RUNS, help="rounds to measure (%(default)s)")
    parser.add_argument(
        "--mebibytes", type=positive, default=DEFAULT_MEBIBYTES, help="the file's size in MiB (%(default)s)"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only the rows whose name holds TEXT")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and all samples to FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
