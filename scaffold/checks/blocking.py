"""Do ``async`` views call what blocks the event loop that they run on?"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from scaffold.checks.endpoints import Endpoint, Written
from scaffold.checks.finding import Finding
from scaffold.checks.source import Sources, own_nodes

__all__ = ["check_blocking"]

_IN_THREAD = "Call it in a thread: await asyncio.to_thread({name}, ...)."
_HTTP = "Use a client that is awaited, such as httpx.AsyncClient, or await asyncio.to_thread({name}, ...)."
_PROCESS = "Use await asyncio.create_subprocess_exec(...)."
_VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "request")

_BLOCKING: dict[str, str] = {
    "time.sleep": "Use await asyncio.sleep(...).",
    **{f"requests.{verb}": _HTTP for verb in _VERBS},
    **{f"httpx.{verb}": _HTTP for verb in (*_VERBS, "stream")},
    "urllib.request.urlopen": _HTTP,
    "urllib.request.urlretrieve": _HTTP,
    "urllib3.request": _HTTP,
    **{f"subprocess.{name}": _PROCESS for name in ("run", "call", "check_call", "check_output", "getoutput")},
    "subprocess.getstatusoutput": _PROCESS,
    "os.system": _PROCESS,
    "os.popen": _PROCESS,
    **{f"os.{name}": _IN_THREAD for name in ("wait", "waitpid")},
    "socket.create_connection": "Use await asyncio.open_connection(...).",
    "socket.getaddrinfo": "Use await asyncio.get_running_loop().getaddrinfo(...).",
    **{f"socket.{name}": _IN_THREAD for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn")},
    **{f"smtplib.{name}": _IN_THREAD for name in ("SMTP", "SMTP_SSL")},
    **{f"{name}.connect": _IN_THREAD for name in ("psycopg", "psycopg2", "pymysql", "MySQLdb")},
    "select.select": _IN_THREAD,
    "input": _IN_THREAD,
}
"""What waits for something else than the processor, by its dotted name, and what to do instead.

Reading a local file is not among them: asyncio has no other way, and it seldom takes long.
"""


def check_blocking(endpoints: Iterable[Endpoint], sources: Sources) -> Iterator[Finding]:
    """Yield a warning for each call in an ``async`` view that waits without ``await``."""
    for endpoint in endpoints:
        written = endpoint.written(sources)
        if written is not None and isinstance(written.node, ast.AsyncFunctionDef):
            yield from _check(endpoint, written)


def _check(endpoint: Endpoint, written: Written) -> Iterator[Finding]:
    for node in own_nodes(written.node):
        if not isinstance(node, ast.Call):
            continue
        name = written.module.resolve(node.func) or _builtin(node.func)
        hint = _BLOCKING.get(name)
        if hint:
            message = f"{name}() in the async view {endpoint.name} blocks its event loop: nothing else runs meanwhile"
            place = f"{written.module.file}:{node.lineno}"
            yield Finding("warning", "views.blocking", place, message, hint.format(name=name))


def _builtin(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) and function.id == "input" else ""
