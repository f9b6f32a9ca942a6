"""One small site, written for each framework as its own tutorial would write it, to be called or served.

Every site answers ``/text/``, ``/hello/<name>/`` and ``/json/<id>/``, and those that are served also
``/static/block.bin`` and ``/upload/``. The ``pages`` on top are routes that nobody asks for. A protected site has what
a generated project of Scaffold's has: sessions, which nobody touches, protection against forged forms, and the header
fields that make browsers careful.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from children import console_script, run
from peers import write_django_project, write_tree
from workloads import write_block

__all__ = ["SCAFFOLD_ROUTES", "SITES", "write_scaffold_site"]

SCAFFOLD_ROUTES = 6
"""The routes of a Scaffold site without further pages: its home page, its static files and the four below."""

_TEMPLATE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Hello</title></head>
<body><h1>Hello, {{ name }}!</h1></body>
</html>
"""

_SCAFFOLD_VIEWS = """from scaffold import render


def text(request):
    return "Hello, World!"


def hello(request, name):
    return render(request, "hello.html", {"name": name})


def json(request, id):
    return {"id": id, "tags": ["one", "two", "three"], "title": "The first post"}


def upload(request):
    return str(len(request.body))
"""

_SCAFFOLD_URLS = """from scaffold import path

from . import views

prefix = ""

urlpatterns = [
    path("text/", views.text),
    path("hello/<name>/", views.hello),
    path("json/<int:id>/", views.json),
    path("upload/", views.upload, methods=["POST"]),
]
urlpatterns += [path(f"page-{number}/", views.text) for number in range(PAGES)]
"""

_SCAFFOLD_ENV = """DEBUG=false
SECRET_KEY=no-secret-at-all-though-long-enough-to-sign-with
ALLOWED_HOSTS=127.0.0.1
"""

_FLASK_APP = """from flask import Flask, render_template, request

app = Flask(__name__)


@app.get("/text/")
def text():
    return "Hello, World!"


@app.get("/hello/<name>/")
def hello(name):
    return render_template("hello.html", name=name)


@app.get("/json/<int:id>/")
def json(id):
    return {"id": id, "tags": ["one", "two", "three"], "title": "The first post"}


@app.post("/upload/")
def upload():
    return str(len(request.get_data()))


for number in range(PAGES):
    app.add_url_rule(f"/page-{number}/", f"page_{number}", text)
"""

_FLASK_PROTECTION = """
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

app.secret_key = "no-secret-at-all"
CSRFProtect(app)
Talisman(app, force_https=False, session_cookie_secure=False)
"""

_BOTTLE_APP = """from pathlib import Path

from bottle import TEMPLATE_PATH, Bottle, jinja2_template

TEMPLATE_PATH.insert(0, str(Path(__file__).parent / "templates"))

app = Bottle()


@app.get("/text/")
def text():
    return "Hello, World!"


@app.get("/hello/<name>/")
def hello(name):
    return jinja2_template("hello.html", name=name, template_settings={"autoescape": True})


@app.get("/json/<id:int>/")
def json(id):
    return {"id": id, "tags": ["one", "two", "three"], "title": "The first post"}


for number in range(PAGES):
    app.route(f"/page-{number}/", callback=text)
"""

_DJANGO_VIEWS = """from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt


def text(request):
    return HttpResponse("Hello, World!")


def hello(request, name):
    return render(request, "pages/hello.html", {"name": name})


def json(request, id):
    return JsonResponse({"id": id, "tags": ["one", "two", "three"], "title": "The first post"})


@csrf_exempt
def upload(request):
    return HttpResponse(len(request.body))
"""

_DJANGO_URLS = """from django.urls import path

from pages import views

urlpatterns = [
    path("text/", views.text),
    path("hello/<str:name>/", views.hello),
    path("json/<int:id>/", views.json),
    path("upload/", views.upload),
]
urlpatterns += [path(f"page-{number}/", views.text) for number in range(PAGES)]
"""

# What startproject writes, but for users, sessions and messages: they need a database, and nobody else has one here.
# The development server's log of requests is off, as every server's is.
_DJANGO_SETTINGS = """
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {}


def _without_database(names):
    apps = ("admin", "auth", "contenttypes", "messages", "sessions")
    return [name for name in names if not name.startswith(tuple(f"django.contrib.{app}" for app in apps))]


INSTALLED_APPS = _without_database(INSTALLED_APPS)
MIDDLEWARE = _without_database(MIDDLEWARE)
TEMPLATES[0]["OPTIONS"]["context_processors"] = _without_database(TEMPLATES[0]["OPTIONS"]["context_processors"])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"django.server": {"level": "CRITICAL", "handlers": [], "propagate": False}},
}
"""

_DJANGO_PROTECTION = """
MIDDLEWARE.insert(1, "django.contrib.sessions.middleware.SessionMiddleware")
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
"""

_PLAIN_APP = """import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

FOLDER = Path(__file__).parent
TEMPLATES = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, auto_reload=False)


def text(environ):
    return b"Hello, World!"


def hello(environ):
    name = environ["PATH_INFO"].split("/")[2]
    return TEMPLATES.get_template("hello.html").render(name=name).encode()


def page(environ):
    id = int(environ["PATH_INFO"].split("/")[2])
    return json.dumps({"id": id, "tags": ["one", "two", "three"], "title": "The first post"}).encode()


def upload(environ):
    return b"%d" % len(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))


VIEWS = {
    "text": (text, "text/html; charset=utf-8"),
    "hello": (hello, "text/html; charset=utf-8"),
    "json": (page, "application/json"),
    "upload": (upload, "text/html; charset=utf-8"),
}


def static(environ, start_response):
    file = (FOLDER / environ["PATH_INFO"].lstrip("/")).open("rb")
    length = file.seek(0, 2)
    file.seek(0)
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(length))])
    if "wsgi.file_wrapper" in environ:
        return environ["wsgi.file_wrapper"](file, 65536)
    return iter(lambda: file.read(65536), b"")


def app(environ, start_response):
    section = environ["PATH_INFO"].split("/")[1]
    if section == "static":
        return static(environ, start_response)
    view, kind = VIEWS[section]
    body = view(environ)
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
"""


def write_scaffold_site(folder: Path, pages: int = 0) -> str:
    """Write a project as ``startproject`` does, its middleware included, with an app; return where its callable is."""
    run([console_script("scaffold"), "startproject", folder.name], folder.parent)
    app = "apps/bench"
    urls = _SCAFFOLD_URLS.replace("PAGES", str(pages))
    files = {f"{app}/__init__.py": "", f"{app}/urls.py": urls, f"{app}/views.py": _SCAFFOLD_VIEWS}
    write_tree(folder, {**files, f"{app}/templates/hello.html": _TEMPLATE, ".env": _SCAFFOLD_ENV})
    write_block(folder / "static")
    return "config.wsgi:application"


def write_flask_site(folder: Path, pages: int = 0) -> str:
    """Write a Flask application; return where its callable is."""
    return _write_single_file(folder, _FLASK_APP, pages)


def write_protected_flask_site(folder: Path, pages: int = 0) -> str:
    """Write a Flask application with Flask-WTF and Flask-Talisman around it; return where its callable is."""
    return _write_single_file(folder, _FLASK_APP + _FLASK_PROTECTION, pages)


def write_bottle_site(folder: Path, pages: int = 0) -> str:
    """Write a Bottle application; return where its callable is."""
    return _write_single_file(folder, _BOTTLE_APP, pages)


def write_plain_site(folder: Path, pages: int = 0) -> str:
    """Write a WSGI application without a framework, which has no routes to add ``pages`` to; return where it is."""
    return _write_single_file(folder, _PLAIN_APP, pages)


def write_django_site(folder: Path, pages: int = 0) -> str:
    """Write a project as ``startproject`` does, less what needs a database; return where its callable is."""
    write_django_project(folder)
    urls = _DJANGO_URLS.replace("PAGES", str(pages))
    files = {"config/urls.py": urls, "pages/views.py": _DJANGO_VIEWS, "pages/templates/pages/hello.html": _TEMPLATE}
    write_tree(folder, files)
    write_block(folder / "pages" / "static")
    with (folder / "config" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write(_DJANGO_SETTINGS)
    return "config.wsgi:application"


def write_protected_django_site(folder: Path, pages: int = 0) -> str:
    """Write a project as ``startproject`` does, with sessions that need no database; return where its callable is."""
    reference = write_django_site(folder, pages)
    with (folder / "config" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write(_DJANGO_PROTECTION)
    return reference


def _write_single_file(folder: Path, app: str, pages: int) -> str:
    write_tree(folder, {"app.py": app.replace("PAGES", str(pages)), "templates/hello.html": _TEMPLATE})
    write_block(folder / "static")
    return "app:app"


SITES: Mapping[str, Callable[[Path, int], str]] = {
    "Scaffold": write_scaffold_site,
    "Bottle": write_bottle_site,
    "Flask": write_flask_site,
    "Django": write_django_site,
    "protected Flask": write_protected_flask_site,
    "protected Django": write_protected_django_site,
    "plain": write_plain_site,
}
"""What writes a site into a folder, with a number of further pages, by the framework's name."""
