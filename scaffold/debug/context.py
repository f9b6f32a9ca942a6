"""What surrounded an error: the request and the settings, as texts without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from scaffold.conf import Settings, known_settings
from scaffold.debug.values import Masker, is_secret
from scaffold.http import Request

__all__ = ["Section", "masker_for", "request_sections", "settings_section"]

# Scaffold's own settings have telling names, and what they hold is no secret: but for keys, and what LOGGING may name.
_PUBLIC = frozenset(known_settings()) - {"SECRET_KEY", "SECRET_KEY_FALLBACKS", "LOGGING"}

Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of a name, a value and where it came from, which may be empty, under a title."""

    title: str
    rows: tuple[Row, ...]


def masker_for(request: Request | None) -> Masker:
    """Return what masks the secrets of the application that handles ``request``, and those that this brought."""
    known: list[str] = []
    settings = _settings(request)
    if settings is not None:
        known += [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        known += [str(value) for name, value in settings.extra.items() if is_secret(name)]
    if request is not None:
        known += [value for name, value in request.headers.multi_items() if is_secret(name)]
        known += [value for name, value in _query(request) if is_secret(name)]
        known += [value for name, value in _form(request) or () if is_secret(name)]
    return Masker(known)


def request_sections(request: Request, masker: Masker) -> Iterator[Section]:
    """Yield what is known of a request without reading from it: its body is shown only where it was read as a form."""
    environ = request.environ
    rows: list[Row] = [
        ("Method", request.method, ""),
        ("Address", masker.text(f"{request.scheme}://{request.host}{environ.get('PATH_INFO', '')}"), ""),
        ("Route", request.route_name, ""),
        *((f"Parameter {name}", masker.value(name, value), "") for name, value in request.params.items()),
        ("From", request.remote_addr, ""),
    ]
    yield Section("Request", tuple(row for row in rows if row[1]))
    yield _section("Query", _query(request), masker)
    form = _form(request)
    if form is not None:
        yield _section("Form", form, masker)
    yield _section("Headers", ((n, v) for n, v in request.headers.multi_items() if n.lower() != "cookie"), masker)
    # All of them may be what a session is known by.
    yield Section(
        "Cookies", tuple((masker.text(name), masker.named("cookie", value), "") for name, value in _cookies(request))
    )


def _form(request: Request) -> list[tuple[str, str]] | None:
    """Return the texts of the form and what its files are, None where nobody has asked for it."""
    form = request.read_form
    if form is None:
        return None
    return [*form.fields.multi_items(), *((name, repr(file)) for name, file in form.files.multi_items())]


def settings_section(request: Request, masker: Masker) -> Section:
    """Return the settings with where they came from."""
    settings = _settings(request)
    if settings is None:
        return Section("Settings", ())
    known = [name for name in known_settings() if name.isupper()]
    names = [*known, *(name for name in settings.extra if name not in known)]
    rows = []
    for name in names:
        origin = settings.origin(name)
        value = getattr(settings, name)
        shown = masker.public(value) if name in _PUBLIC else masker.value(name, value)
        rows.append((name, shown, origin.source or origin.kind))
    return Section("Settings", tuple(rows))


def _settings(request: Request | None) -> Settings | None:
    application = None if request is None else vars(request).get("_app")
    settings = getattr(application, "settings", None)
    return settings if isinstance(settings, Settings) else None


def _section(title: str, items: Iterable[tuple[str, str]], masker: Masker) -> Section:
    return Section(title, tuple((masker.text(name), masker.named(name, value), "") for name, value in items))


def _query(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(request.query_string, keep_blank_values=True, encoding="utf-8", errors="replace")[:100]


def _cookies(request: Request) -> list[tuple[str, str]]:
    try:
        return list(request.cookies.items())
    except Exception:  # they are malformed
        return []
