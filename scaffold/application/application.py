"""The application: what a WSGI server calls."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar
from urllib.parse import quote

from scaffold import debug, server
from scaffold.application.chain import build_chain
from scaffold.application.collecting import paused_collection
from scaffold.application.errors import ErrorHandler, ErrorHandlers, ErrorResponder, NoRouteError
from scaffold.application.observing import ObservedTemplates, observer_for
from scaffold.application.route_faults import route_faults
from scaffold.application.urls import finished_url, taken_options
from scaffold.application.views import call_view, processed
from scaffold.apps import App, Discovery, discover, load_app, load_converters, put_on_path, without_conflicts
from scaffold.conf import (
    Settings,
    debug_variable,
    load_context_processors,
    load_error_handlers,
    load_filters,
    load_settings,
)
from scaffold.exceptions import (
    AppLoadError,
    HTTPError,
    RouteConflictError,
    RoutingError,
    ScaffoldError,
    SettingsError,
)
from scaffold.http import RedirectResponse, Request, Response, current_request
from scaffold.http.form_limits import FormLimits
from scaffold.http.proxies import TrustedProxies
from scaffold.logs import configure_logging
from scaffold.middleware.csp import csp_nonce
from scaffold.middleware.csrf import csrf_field, csrf_token
from scaffold.middleware.messages import messages
from scaffold.plugins import APPS, offered
from scaffold.routing import (
    Match,
    MethodMismatch,
    Resolver,
    Reverser,
    Route,
    SlashRedirect,
    UrlPattern,
    caller,
    compile_patterns,
    host_name,
    make_pattern,
)
from scaffold.signals import app_loaded, notify, request_finished, request_started
from scaffold.staticfiles import StaticFiles
from scaffold.templating import Templates

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Application"]

V = TypeVar("V", bound=Callable[..., Any])

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_log = logging.getLogger("scaffold.request")


class Application:
    """A WSGI application (PEP 3333): routes with views behind them, and what they need.

    ``Application()`` is enough for a single file: ``root`` is that file's folder, DEBUG is the variable of that name
    unless ``settings`` says otherwise, and ``templates`` are texts by name that need no file. `from_project` makes one
    of a whole project. Raises `SettingsError`.
    """

    def __init__(
        self,
        settings: Settings | Mapping[str, Any] | None = None,
        *,
        root: Path | None = None,
        templates: Mapping[str, str] | None = None,
        apps: Sequence[App] = (),
        discovery: Discovery | None = None,
    ) -> None:
        self.root = root or Path(sys._getframe(1).f_code.co_filename).absolute().parent
        self.settings = settings = _settings_of(settings, self.root)
        self.apps = tuple(app for app in apps if app.error is None)
        self.failed = tuple(app for app in apps if app.error is not None)
        self.discovery = discovery or Discovery(())
        self.commands: dict[str, Callable[..., Any]] = {}
        self._routes: list[Route] = []
        self._resolver = Resolver()
        self._reverser = Reverser()
        self._error_handlers = _error_handlers_of(settings)
        self._context_processors = load_context_processors(settings)
        self.converters = load_converters(settings)
        self.static_files = StaticFiles(
            [self.root / "static", *(app.folder / "static" for app in apps)],
            static_url=settings.STATIC_URL,
            collected=self.root / settings.STATIC_ROOT,
            debug=settings.DEBUG,
        )
        observer = observer_for(debug=settings.DEBUG)
        make_templates = Templates if observer is None else partial(ObservedTemplates, observer)
        self.templates = make_templates(
            [self.root / "templates", *(app.folder / "templates" for app in apps)],
            auto_reload=settings.DEBUG,
            texts=templates or {},
            names=self._template_names(),
            filters=load_filters(settings),
        )
        self._call_view = call_view if observer is None else observer.view(call_view)
        self._proxies = _trusted_proxies(settings)
        self.form_limits = FormLimits.from_settings(settings.FORM_LIMITS, source=settings.origin("FORM_LIMITS").source)
        self._add_routes()
        errors = ErrorResponder(self, self._error_handlers)
        self._handler = build_chain(self, settings, self._dispatch, errors, observer)
        for app in self.apps:
            app_loaded.send(self, app=app)

    @classmethod
    @paused_collection()
    def from_project(
        cls, project: str | os.PathLike[str], *, strict: bool | None = None, settings: Settings | None = None
    ) -> Application:
        """Load the project in the folder ``project``: its settings, unless others are given, then each app, once.

        An app that can't be imported is in ``failed`` and its prefix shows the error; when ``strict``, which is the
        rule with DEBUG off, it raises `AppLoadError` instead. Raises `SettingsError` and `RoutingError` too.
        """
        root = Path(project).resolve()
        put_on_path(root)
        settings = settings or load_settings(root)
        configure_logging(settings)
        if strict is None:  # else a command asks, which has its own words for this
            for name, known in settings.suspects().items():
                source = settings.origin(name).source
                _log.warning("%s: the setting %s is unknown. Did you mean %r?", source, name, known)
        discovery = discover(root, settings.INSTALLED_APPS, offered(APPS, settings.DISABLED_PLUGINS))
        converters = load_converters(settings)
        apps = [load_app(found, converters) for found in discovery.found]
        strict = not settings.DEBUG if strict is None else strict
        plugins = {found.name for found in discovery.found if found.distribution}
        _refuse_or_report(apps, plugins, discovery.broken, strict=strict)
        try:
            return cls(settings, root=root, apps=apps, discovery=discovery)
        except RouteConflictError:
            settled = without_conflicts(apps)
            if strict and any(app.error is not None for app in settled if app.name not in plugins):
                raise
            return cls(settings, root=root, apps=settled, discovery=discovery)

    # --- routes -------------------------------------------------------------------------------------------------

    def route(self, rule: str, *, methods: Iterable[str] | None = None, name: str = "") -> Callable[[V], V]:
        """Register the decorated view for ``rule``, such as ``"/notes/<int:id>/"``.

        Its name is the function's, unless another route has that already.
        Raises `RoutingError` for a wrong rule, and `RouteConflictError` for one that is taken.
        """
        source = caller(sys._getframe(1))

        def register(view: V) -> V:
            own = getattr(view, "__name__", "")
            is_free = own.isidentifier() and not self._reverser.has(own)  # a lambda has no name
            named = name or (own if is_free else "")
            self._add_pattern(make_pattern(rule.removeprefix("/"), view, name=named, methods=methods, source=source))
            return view

        return register

    def command(self, function: V) -> V:
        """Register the decorated function as a command of the command line, with its arguments by annotations."""
        self.commands[getattr(function, "__name__", "command").replace("_", "-")] = function
        return function

    def error_handler(self, kind: int | type[BaseException]) -> Callable[[ErrorHandler], ErrorHandler]:
        """Register the decorated function for a status or for a class of exceptions.

        It takes the request and the error, and returns what a view returns; its status is the error's unless it
        returns a `Response`.
        """

        def register(handler: ErrorHandler) -> ErrorHandler:
            self._error_handlers[kind] = handler
            return handler

        return register

    @property
    def routes(self) -> tuple[Route, ...]:
        """All routes, in the order of the apps' names; those of an app as written."""
        return tuple(self._routes)

    def resolve(self, path: str, method: str = "GET", host: str | None = None) -> Any:
        """Return what ``method`` on ``path`` leads to: a value of `scaffold.routing.Resolution`.

        ``host`` counts where routes ask for one; it is that of the current request, if there is one, when left out.
        """
        if host is None:
            request = current_request.get(None) if self._resolver.has_hosts else None
            host = request.host if request is not None else ""
        return self._resolver.resolve(path, method, host)

    def url_for(self, name: str, /, **values: Any) -> str:
        """Return the URL of the route ``name`` with ``values`` for its parameters.

        ``_query`` is a dict for the query (a list gives its name several times, None is left out), ``_anchor`` the
        part behind ``#``; ``_external=True`` or a ``_scheme`` make it a whole URL at the host of the current request.
        While a request is handled, the path where the application is mounted comes first. Raises `ReverseError`, and
        `ScaffoldError` for a whole URL while no request is handled.
        """
        request = current_request.get(None)
        options = taken_options(values)
        host = host_name(request.host) if request is not None and self._resolver.has_hosts else ""
        return finished_url(name, self._reverser.reverse(name, values, host), request, options)

    def static(self, path: str) -> str:
        """Return the URL of the static file ``path``, such as ``"home/home.css"``: the hashed one if there is one."""
        return self._mount() + self.static_files.url(path)

    def editor_url(self, path: str, line: int | None = None) -> str:
        """Return a link that opens the project's file ``path``, at ``line``, in the editor of EDITOR_URL.

        It is empty with DEBUG off, and for a client elsewhere.
        """
        request = current_request.get(None)
        is_public = request is not None and not request.is_local
        pattern = self.settings.EDITOR_URL if self.settings.DEBUG and not is_public else ""
        return debug.editor_link(pattern, str(self.root / path), line)

    def _mount(self) -> str:
        request = current_request.get(None)
        return request.script_name if request is not None else ""

    def _add_pattern(self, pattern: UrlPattern, prefix: str = "") -> None:
        for route in compile_patterns([pattern], prefix=prefix, converters=self.converters):
            self._add_route(route)

    def _add_route(self, route: Route) -> None:
        self._resolver.add(route)
        self._reverser.add(route)
        self._routes.append(route)

    def _add_routes(self) -> None:
        for app in self.apps:
            for route in app.routes:
                self._add_route(route)
        pattern = f"{self.settings.STATIC_URL.lstrip('/')}<path:path>"
        self._add_pattern(
            make_pattern(pattern, self.static_files.serve, name="static", methods=None, source=caller(sys._getframe()))
        )
        for app in self.failed:
            self._add_failed(app)
        self._check_routes()

    def _check_routes(self) -> None:
        """Raise for a route that nothing reaches and for a redirect to nowhere; with DEBUG on, log them."""
        for error in route_faults(self._resolver, self._reverser):
            if not self.settings.DEBUG:
                raise error
            _log.warning("%s", error)

    def _add_failed(self, app: App) -> None:
        def show_error(request: Request, **params: Any) -> Response:
            del request, params
            raise (app.error or AppLoadError(f"the app {app.name!r} failed")).with_traceback(None)

        declare = partial(
            make_pattern, view=show_error, name="", methods=ALL_METHODS, source=str(app.folder / "urls.py")
        )
        patterns = [declare(""), declare("<path:rest>")]
        try:
            routes = [*compile_patterns(patterns, prefix=app.prefix, app=app.name, converters=self.converters)]
        except RoutingError:  # the prefix is what is wrong
            routes = [*compile_patterns(patterns, prefix=f"{app.name}/", app=app.name)]
        for route in routes:
            try:
                self._resolver.add(route)
            except RouteConflictError:
                _log.debug("%s is served by another app, so the error of %s is not shown there", route.path, app.name)

    # --- a request ----------------------------------------------------------------------------------------------

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request (PEP 3333)."""
        if self._proxies is not None:
            self._proxies.apply(environ)
        request = Request(environ, self)
        token = current_request.set(request)
        try:
            if request_started.receivers:
                notify(request_started, self, request=request)
            response = self._handler(request)
        except BaseException:
            request.close()
            raise
        finally:
            current_request.reset(token)
        if request.holds_files:
            response.call_on_close(request.close)
        if request_finished.receivers:
            response.call_on_close(partial(notify, request_finished, self, request=request, response=response))
        return response(environ, start_response)

    def _dispatch(self, request: Request) -> Response:
        resolver = self._resolver
        found = resolver.resolve(request.path, request.method, request.host if resolver.has_hosts else "")
        if isinstance(found, Match):
            route = found.route
            request.params = found.params
            request.route_name = request.environ["scaffold.route"] = route.name
            return self._call_view(request, found)
        if isinstance(found, SlashRedirect):
            query = f"?{request.query_string}" if request.query_string else ""
            return RedirectResponse(request.script_name + quote(found.path) + query, 308)
        if isinstance(found, MethodMismatch):
            allow = {"Allow": ", ".join(sorted({*found.allowed, "OPTIONS"}))}
            if request.method == "OPTIONS":
                return Response(status=204, headers=allow)
            raise HTTPError(405, f"{request.method} is not allowed here.", headers=allow)
        if request.method == "OPTIONS" and request.path == "*":
            return Response(status=204)  # RFC 9110 section 9.3.7: about the server as a whole
        raise NoRouteError(404, "There is no page at this address.")

    # --- templates ----------------------------------------------------------------------------------------------

    def render(
        self,
        template: str,
        context: Mapping[str, Any] | None = None,
        request: Request | None = None,
        *,
        block: str = "",
    ) -> str:
        """Return the text of ``template``, or of its ``block`` alone, with ``context``.

        Where the ``request`` is given, the template sees it, and what the CONTEXT_PROCESSORS return for it. Raises
        `TemplateMissingError`, `BlockMissingError` and whatever Jinja2 raises for a template that is wrong.
        """
        names = self._names_for(context, request)
        return self.templates.render_block(template, block, names) if block else self.templates.render(template, names)

    def stream(
        self, template: str, context: Mapping[str, Any] | None = None, request: Request | None = None
    ) -> Iterator[str]:
        """Yield the text of ``template`` in pieces of 8 KiB while it is rendered; it takes what `render` takes."""
        return self.templates.stream(template, self._names_for(context, request))

    def _template_names(self) -> dict[str, Callable[..., Any]]:
        """Return what every template can call."""
        return {
            "url_for": self.url_for,
            "static": self.static,
            "editor_url": self.editor_url,
            "csp_nonce": csp_nonce,
            "csrf_field": csrf_field,
            "csrf_token": csrf_token,
            "messages": messages,
        }

    def _names_for(self, context: Mapping[str, Any] | None, request: Request | None) -> dict[str, Any]:
        """Return what a template sees; a name that the view gives wins."""
        names = dict(context) if context else {}
        if request is None:
            return names
        if self._context_processors:
            names = {**processed(request, self._context_processors), **names}
        names.setdefault("request", request)
        return names

    # --- serving ------------------------------------------------------------------------------------------------

    def server_limits(self) -> server.Limits:
        """Return the limits that the settings ask of Scaffold's own server; raises `SettingsError`."""
        settings = self.settings
        source = settings.origin("SERVER_LIMITS").source
        return server.Limits.from_settings(settings.MAX_BODY_BYTES, settings.SERVER_LIMITS, source=source)

    def run(self, host: str = "", port: int | None = None, *, stream: TextIO = sys.stderr) -> None:
        """Serve the application until Ctrl-C; the variable PORT counts where no ``port`` is given, then 8000.

        An address that can't be had is reported on ``stream``, and ends the process with status 1.
        """
        try:
            address = server.default_address()
            bound = server.bind(server.Address(host or address.host, address.port if port is None else port))
        except ScaffoldError as error:
            print(f"error: {error}", file=stream, flush=True)
            raise SystemExit(1) from None
        configure_logging(self.settings)
        access_log = server.console_log(stream, as_json=self.settings.LOG_FORMAT == "json")
        with bound as listener:
            serving = server.Server(self, listener, limits=self.server_limits(), access_log=access_log)
            print(f"Serving at {server.base_url(listener)} (Ctrl-C stops)", file=stream, flush=True)
            with serving, server.stop_on_signals(serving):
                serving.serve_forever()


def _settings_of(given: Settings | Mapping[str, Any] | None, root: Path) -> Settings:
    """Return settings; DEBUG of a mapping without it is the variable of that name."""
    if isinstance(given, Settings):
        return given
    values = dict(given or {})
    if "DEBUG" not in values:
        values["DEBUG"] = debug_variable(root)
    return Settings.from_values(values)


def _refuse_or_report(
    apps: Iterable[App], plugins: Container[str], broken: Iterable[AppLoadError], *, strict: bool
) -> None:
    """Raise the first error of an app when ``strict``; those of ``plugins`` break nothing else and are logged."""
    for app in apps:
        if app.error is not None and strict:
            if app.name not in plugins:
                raise app.error
            _log.error("%s", app.error)
    for error in broken:
        _log.error("%s", error)


def _error_handlers_of(settings: Settings) -> ErrorHandlers:
    source = settings.origin("ERROR_HANDLERS").source
    return {**load_error_handlers(settings.ERROR_HANDLERS, "ERROR_HANDLERS", source)}


def _trusted_proxies(settings: Settings) -> TrustedProxies | None:
    try:
        return TrustedProxies(settings.TRUSTED_PROXIES) if settings.TRUSTED_PROXIES else None
    except ValueError as error:
        source = settings.origin("TRUSTED_PROXIES").source
        hint = "Name addresses and networks, such as '127.0.0.1' or '10.0.0.0/8'."
        raise SettingsError(f"TRUSTED_PROXIES is wrong: {error}", source=source, hint=hint) from error
