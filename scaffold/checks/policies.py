"""What the settings tell browsers: cookies, headers, other origins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scaffold.application import Application
from scaffold.checks.finding import Finding, Level
from scaffold.checks.settings import place_of

__all__ = ["check_policies"]

_SCRIPTS = ("script-src", "script-src-elem", "default-src")
_ANYWHERE = frozenset({"*", "http:", "https:", "data:", "blob:"})
_STRICT = ("'nonce'", "'nonce-", "'sha256-", "'sha384-", "'sha512-", "'strict-dynamic'")


def check_policies(app: Application, names: Sequence[str]) -> Iterator[Finding]:
    """Yield what is doubtful about cookies, origins and the policies that browsers are told.

    ``names`` are the modules of Scaffold's own middleware that are in use.
    """
    if "sessions" in names:
        yield from _session(app)
    if "csrf" in names:
        yield from _csrf_origins(app)
    if "cors" in names:
        yield from _cors(app)
    if "security" in names:
        yield from _headers(app)
    if "csp" in names:
        yield from _csp(app)


def _session(app: Application) -> Iterator[Finding]:
    settings = app.settings
    if settings.SESSION_COOKIE_SECURE is False:
        fault = "SESSION_COOKIE_SECURE is False, so the session's cookie is sent over plain HTTP and can be read there"
        place = place_of(app, "SESSION_COOKIE_SECURE")
        yield Finding("warning", "deploy.session-secure", place, fault, "Set it to True, or to None for: over HTTPS.")
    if settings.SESSION_COOKIE_SAMESITE == "None":
        fault = "SESSION_COOKIE_SAMESITE is 'None', so other sites' requests come with the session"
        place = place_of(app, "SESSION_COOKIE_SAMESITE")
        yield Finding("warning", "deploy.session-samesite", place, fault, "Set it to 'Lax'.")
    if settings.SESSION_STORE.startswith("file:"):
        fault = "SESSION_STORE is a folder, which several machines share only on a shared disk"
        place = place_of(app, "SESSION_STORE")
        yield Finding("note", "deploy.session-store", place, fault, "Use cookie or redis:// for several machines.")


def _csrf_origins(app: Application) -> Iterator[Finding]:
    for origin in app.settings.CSRF_TRUSTED_ORIGINS:
        if origin.startswith("http://"):
            fault = f"CSRF_TRUSTED_ORIGINS holds {origin!r}, whose pages anybody on the way can change"
            place = place_of(app, "CSRF_TRUSTED_ORIGINS")
            yield Finding("warning", "deploy.csrf-origins", place, fault, "Name it with https://.")


def _cors(app: Application) -> Iterator[Finding]:
    settings, place = app.settings, place_of(app, "CORS_ALLOWED_ORIGINS")
    if "*" in settings.CORS_ALLOWED_ORIGINS:
        fault = "CORS_ALLOWED_ORIGINS is '*', so the scripts of every site may read the answers"
        yield Finding("warning", "deploy.cors", place, fault, "Name the origins, unless all that is served is public.")
    for origin in settings.CORS_ALLOWED_ORIGINS:
        if origin.startswith("http://"):
            fault = f"CORS_ALLOWED_ORIGINS holds {origin!r}, whose scripts anybody on the way can change"
            yield Finding("warning", "deploy.cors", place, fault, "Name it with https://.")


def _headers(app: Application) -> Iterator[Finding]:
    settings = app.settings
    if settings.X_FRAME_OPTIONS != "DENY":
        may = "its own pages" if settings.X_FRAME_OPTIONS else "pages of every site"
        fault = f"X_FRAME_OPTIONS is {settings.X_FRAME_OPTIONS!r}, so {may} may put this site into a frame"
        place = place_of(app, "X_FRAME_OPTIONS")
        level: Level = "note" if settings.X_FRAME_OPTIONS else "warning"
        yield Finding(level, "deploy.frames", place, fault, "Set it to 'DENY' unless frames are meant.")
    referrer, place = settings.SECURE_REFERRER_POLICY, place_of(app, "SECURE_REFERRER_POLICY")
    if not referrer:
        fault = "SECURE_REFERRER_POLICY is empty, so browsers decide which addresses other sites are told"
        yield Finding("warning", "deploy.referrer", place, fault, "Set it to 'same-origin'.")
    elif referrer.split(",")[-1].strip() in {"unsafe-url", "no-referrer-when-downgrade"}:
        fault = f"SECURE_REFERRER_POLICY is {referrer!r}, so other sites are told whole addresses"
        yield Finding("warning", "deploy.referrer", place, fault, "Set it to 'same-origin'.")
    if settings.SECURE_CROSS_ORIGIN_OPENER_POLICY in {"", "unsafe-none"}:
        fault = "SECURE_CROSS_ORIGIN_OPENER_POLICY lets other sites keep a hold on windows that they open here"
        place = place_of(app, "SECURE_CROSS_ORIGIN_OPENER_POLICY")
        yield Finding("note", "deploy.opener", place, fault, "Set it to 'same-origin'.")


def _csp(app: Application) -> Iterator[Finding]:
    settings, place = app.settings, place_of(app, "SECURE_CSP")
    policy = {name: _words(value) for name, value in settings.SECURE_CSP.items()}
    if not policy:
        tried = "only tried (SECURE_CSP_REPORT_ONLY)" if settings.SECURE_CSP_REPORT_ONLY else "empty"
        fault = f"SECURE_CSP is {tried}, so that browsers run whatever script gets into a page"
        yield Finding("warning", "deploy.csp", place, fault, 'Begin with: SECURE_CSP = {"default-src": ["\'self\'"]}')
        return
    scripts = next((name for name in _SCRIPTS if name in policy), "")
    if not scripts:
        fault = "SECURE_CSP has neither script-src nor default-src, so scripts are loaded from anywhere"
        yield Finding("warning", "deploy.csp", place, fault, 'Add "default-src": ["\'self\'"].')
    for fault in _open_doors(scripts, policy):
        yield Finding("warning", "deploy.csp-unsafe", place, fault, "Use 'nonce' and csp_nonce() in templates.")


def _open_doors(scripts: str, policy: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what lets foreign scripts run in spite of the policy."""
    words = policy.get(scripts, ())
    if "'unsafe-inline'" in words and not any(word.startswith(_STRICT) for word in words):  # else browsers ignore it
        yield f"SECURE_CSP allows 'unsafe-inline' in {scripts}: a script that gets into a page runs"
    if "'unsafe-eval'" in words:
        yield f"SECURE_CSP allows 'unsafe-eval' in {scripts}: a text that gets into a script runs"
    everywhere = [word for word in words if word in _ANYWHERE]
    if everywhere and "'strict-dynamic'" not in words:
        yield f"SECURE_CSP allows {' '.join(everywhere)} in {scripts}: scripts are loaded from anywhere"


def _words(value: str | Sequence[str]) -> Sequence[str]:
    return value.split() if isinstance(value, str) else value
