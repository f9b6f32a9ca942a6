"""What only matters where visitors come: the checks behind ``scaffold check --deploy``."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from scaffold.application import Application
from scaffold.checks.finding import Finding, Level, finding_of
from scaffold.checks.middleware import middleware_modules
from scaffold.checks.policies import check_policies
from scaffold.checks.settings import is_weak, place_of
from scaffold.conf import read_env_file
from scaffold.exceptions import SettingsError, StaticFilesError
from scaffold.staticfiles import read_manifest
from scaffold.staticfiles.collecting import gather
from scaffold.staticfiles.manifest import MANIFEST_NAME

__all__ = ["check_deployment"]

YEAR_SECONDS = 365 * 24 * 3600
"""What lists of hosts that browsers know by heart ask for at least."""

LARGE_BODY_BYTES = 100 * 1024 * 1024
ERROR_PAGES = ("404.html", "500.html")
_PLACEHOLDERS = ("insecure", "change-me", "changeme", "django-insecure", "secret-key", "your-secret")


class Wanted(NamedTuple):
    """A middleware of Scaffold's own that a site should have, by its module."""

    module: str
    level: Level
    id: str
    lack: str
    name: str


_WANTED = (
    Wanted(
        "hosts",
        "warning",
        "deploy.no-hosts",
        "requests for any host are served",
        "scaffold.middleware.hosts.validate_host",
    ),
    Wanted(
        "security",
        "warning",
        "deploy.no-security",
        "no security headers are sent",
        "scaffold.middleware.security.security_headers",
    ),
    Wanted(
        "https",
        "warning",
        "deploy.no-https",
        "the settings for HTTPS have no effect",
        "scaffold.middleware.https.https",
    ),
    Wanted(
        "csp",
        "warning",
        "deploy.no-csp",
        "no Content-Security-Policy is sent",
        "scaffold.middleware.csp.content_security_policy",
    ),
    Wanted(
        "csrf", "warning", "deploy.no-csrf", "forms from other sites are accepted", "scaffold.middleware.csrf.protect"
    ),
    Wanted("sessions", "note", "deploy.no-sessions", "there are no sessions", "scaffold.middleware.sessions.sessions"),
    Wanted(
        "request_ids",
        "note",
        "deploy.no-request-ids",
        "no log line names its request",
        "scaffold.middleware.request_ids.request_ids",
    ),
    Wanted("health", "note", "deploy.no-health", "HEALTH_PATH is not answered", "scaffold.middleware.health.health"),
)


def check_deployment(app: Application) -> Iterator[Finding]:
    """Yield what stands against showing this site to the public. DEBUG is one of the findings, not a condition."""
    names = middleware_modules(app)
    for check in (_debug, _secrets, _proxies, _limits, _operation, _static):
        yield from check(app)
    yield from _https(app)
    yield from _middleware(app, names)
    yield from check_policies(app, names)


def _debug(app: Application) -> Iterator[Finding]:
    if app.settings.DEBUG:
        fault = "DEBUG is on: error pages show the code and the settings to whoever is let through"
        yield Finding("error", "deploy.debug", place_of(app, "DEBUG"), fault, "Set DEBUG=false where the site runs.")


def _secrets(app: Application) -> Iterator[Finding]:
    settings, place = app.settings, place_of(app, "SECRET_KEY")
    key = settings.SECRET_KEY
    if key and not is_weak(key):
        hint = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        if any(word in key.lower() for word in _PLACEHOLDERS) or key in _examples(app.root):
            fault = "SECRET_KEY is an example's, which anybody can read"
            yield Finding("error", "deploy.secret-key", place, fault, hint)
        elif settings.origin("SECRET_KEY").kind == "settings":
            fault = "SECRET_KEY is written in the code, so whoever reads the code can sign"
            yield Finding("warning", "deploy.secret-in-code", place, fault, 'Write SECRET_KEY = env("SECRET_KEY").')
    for number, former in enumerate(settings.SECRET_KEY_FALLBACKS):
        if is_weak(former) or former == key:
            source = place_of(app, "SECRET_KEY_FALLBACKS")
            reason = "SECRET_KEY itself" if former == key else "too easy to guess"
            fault = f"SECRET_KEY_FALLBACKS[{number}] is {reason}"
            yield Finding("warning", "deploy.secret-fallbacks", source, fault, "Leave it out.")


def _examples(root: Path) -> set[str]:
    """Return all values of ``.env.example``."""
    try:
        return {value for value, _ in read_env_file(root / ".env.example").values()}
    except SettingsError:
        return set()


def _https(app: Application) -> Iterator[Finding]:
    settings = app.settings
    if not settings.SECURE_SSL_REDIRECT:
        fault = "SECURE_SSL_REDIRECT is off, so pages are served over plain HTTP, too"
        hint = "Turn it on, unless the proxy in front redirects by itself."
        yield Finding("warning", "deploy.https-redirect", place_of(app, "SECURE_SSL_REDIRECT"), fault, hint)
    elif not settings.TRUSTED_PROXIES:
        fault = "SECURE_SSL_REDIRECT is on and TRUSTED_PROXIES empty: behind a proxy that ends TLS it redirects forever"
        hint = "Name the proxy's address, or leave it so where this server speaks TLS itself."
        yield Finding("warning", "deploy.redirect-loop", place_of(app, "TRUSTED_PROXIES"), fault, hint)
    yield from _hsts(app)


def _hsts(app: Application) -> Iterator[Finding]:
    settings = app.settings
    seconds, below, preload = (
        settings.SECURE_HSTS_SECONDS,
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS,
        settings.SECURE_HSTS_PRELOAD,
    )
    if not seconds:
        fault = "SECURE_HSTS_SECONDS is 0, so a browser's first request to this host goes over HTTP each time"
        hint = f"Begin with 3600, and go to {YEAR_SECONDS} (a year) when all works over HTTPS."
        yield Finding("warning", "deploy.hsts", place_of(app, "SECURE_HSTS_SECONDS"), fault, hint)
        return
    if not below:
        fault = "SECURE_HSTS_INCLUDE_SUBDOMAINS is off, so a name below this host can be reached over HTTP"
        place = place_of(app, "SECURE_HSTS_INCLUDE_SUBDOMAINS")
        yield Finding("warning", "deploy.hsts-subdomains", place, fault, "Turn it on when all of them speak HTTPS.")
    place = place_of(app, "SECURE_HSTS_PRELOAD")
    if preload and (seconds < YEAR_SECONDS or not below):
        fault = "SECURE_HSTS_PRELOAD is on, but no list takes the host"
        hint = f"Lists ask for SECURE_HSTS_SECONDS = {YEAR_SECONDS} and SECURE_HSTS_INCLUDE_SUBDOMAINS = True."
        yield Finding("warning", "deploy.hsts-preload", place, fault, hint)
    elif not preload:
        fault = "SECURE_HSTS_PRELOAD is off, so a browser's very first request may go over HTTP"
        hint = "Turn it on, and enter the host into the browsers' list, if it is never to speak HTTP again."
        yield Finding("note", "deploy.hsts-preload", place, fault, hint)


def _proxies(app: Application) -> Iterator[Finding]:
    for given in app.settings.TRUSTED_PROXIES:
        if ipaddress.ip_network(given).prefixlen == 0:
            fault = f"TRUSTED_PROXIES holds {given!r}: anybody can say which client, scheme and host a request has"
            hint = "Name the addresses of your own proxies."
            yield Finding("error", "deploy.trusted-proxies", place_of(app, "TRUSTED_PROXIES"), fault, hint)


def _middleware(app: Application, names: Sequence[str]) -> Iterator[Finding]:
    place = place_of(app, "MIDDLEWARE")
    for wanted in _WANTED:
        if wanted.module not in names and _applies(app, wanted.module):
            fault = f"MIDDLEWARE lacks {wanted.name}: {wanted.lack}"
            yield Finding(wanted.level, wanted.id, place, fault, "Add it.")


def _applies(app: Application, module: str) -> bool:
    """Say whether the lack of a middleware is a fault: a setting without effect, or a thing that every site needs."""
    settings = app.settings
    needed: dict[str, object] = {
        "https": settings.SECURE_SSL_REDIRECT or settings.SECURE_HSTS_SECONDS,
        "health": settings.HEALTH_PATH,
    }
    return bool(needed.get(module, True))


def _limits(app: Application) -> Iterator[Finding]:
    size = app.settings.MAX_BODY_BYTES
    if size > LARGE_BODY_BYTES:
        fault = f"MAX_BODY_BYTES is {size}: any request may send that much"
        hint = "Keep it small, and take large uploads on a route of their own or leave them to a store."
        yield Finding("warning", "deploy.max-body", place_of(app, "MAX_BODY_BYTES"), fault, hint)


def _operation(app: Application) -> Iterator[Finding]:
    settings, notes = app.settings, _note_of(app)
    if not settings.HEALTH_PATH:
        hint = "Set it to '/up/' and add scaffold.middleware.health.health, for load balancers and containers."
        yield notes(
            "deploy.health", "HEALTH_PATH", "HEALTH_PATH is empty, so nobody can ask whether the site is well", hint
        )
    elif settings.SECURE_SSL_REDIRECT and settings.HEALTH_PATH not in settings.SECURE_REDIRECT_EXEMPT:
        names = middleware_modules(app)
        if "health" not in names or "https" in names[: names.index("health")]:
            hint = "Name it in SECURE_REDIRECT_EXEMPT: who asks from inside does so over HTTP."
            yield notes("deploy.health", "SECURE_REDIRECT_EXEMPT", "HEALTH_PATH is redirected to HTTPS", hint)
    if settings.LOG_LEVEL == "DEBUG":
        place, fault = place_of(app, "LOG_LEVEL"), "LOG_LEVEL is DEBUG, which libraries take for leave to log secrets"
        yield Finding("warning", "deploy.log-level", place, fault, "Set it to INFO.")
    if settings.LOG_FORMAT == "text" and not settings.LOGGING:
        hint = "Set it to 'json' where a machine collects the log."
        yield notes("deploy.log-format", "LOG_FORMAT", "LOG_FORMAT is 'text', which is for people", hint)
    missing = [name for name in ERROR_PAGES if name not in set(app.templates.names())]
    if missing:
        hint = "Write them into templates/, or let the plain pages do."
        yield notes("deploy.error-pages", "", f"there is no template {' and no '.join(missing)}", hint)


def _note_of(app: Application) -> Callable[[str, str, str, str], Finding]:
    def note(id: str, setting: str, message: str, hint: str) -> Finding:  # noqa: A002 - the field's name
        return Finding("note", id, place_of(app, setting) if setting else str(app.root / "templates"), message, hint)

    return note


def _static(app: Application) -> Iterator[Finding]:
    """Yield what keeps static files from being served under hashed names: never collected, or changed since.

    A collection that can't be used is a finding of `check_static`.
    """
    folder = app.root / app.settings.STATIC_ROOT
    try:
        sources, manifest = gather(app.static_files.folders).files, read_manifest(folder)
    except StaticFilesError as error:
        yield finding_of(error, "deploy.static-files")
        return
    if manifest is None:
        fault = "static files are not collected, so browsers ask for each of them again and again"
    else:
        collected = _changed(folder / MANIFEST_NAME)
        late = [path for path, file in sources.items() if path not in manifest.files or _changed(file) > collected]
        fault = f"static files were changed after the last collection, such as {late[0]}" if late else ""
    if sources and fault:
        place = place_of(app, "STATIC_ROOT")
        yield Finding("warning", "deploy.static-files", place, fault, "Run: scaffold collectstatic")


def _changed(file: Path) -> int:
    """Return when a file was changed, in nanoseconds; 0 for one that has gone meanwhile."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
