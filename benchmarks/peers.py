"""The programs that ours are compared with, written as their own tutorials write them."""

from __future__ import annotations

import sys
from pathlib import Path

from children import console_script, run

__all__ = ["write_django_project", "write_flask_app", "write_tree", "write_typer_program"]

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><h1>{{ title }}</h1></body>
</html>
"""

_TYPER_PROGRAM = '''"""Greetings."""

import typer

app = typer.Typer(SETTINGS)


@app.command()
def hello(name: str, times: int = 1) -> None:
    """Say hello to somebody."""
    for _ in range(times):
        print(f"Hello {name}")


@app.command()
def goodbye(name: str, formal: bool = False) -> None:
    """Say goodbye to somebody."""
    print(f"Goodbye Ms. {name}" if formal else f"Bye {name}")


if __name__ == "__main__":
    app()
'''

_FLASK_HEAD = """from flask import Flask, render_template

app = Flask(__name__)


@app.route("/")
def index():
    return render_template("index.html", title="Home")
"""

_FLASK_ROUTE = """

@app.route("/page-{number}/")
def page_{number}():
    return render_template("index.html", title="Page {number}")
"""

_DJANGO_URLS = """from django.urls import path

from pages import views

urlpatterns = [
    path("", views.index, name="index"),
]
"""

_DJANGO_VIEWS = """from django.shortcuts import render


def index(request):
    return render(request, "pages/index.html", {"title": "Home"})
"""


def write_typer_program(file: Path, settings: str = "") -> None:
    """Write a program of two commands to ``file``, its ``Typer()`` called with ``settings``."""
    file.write_text(_TYPER_PROGRAM.replace("SETTINGS", settings), encoding="utf-8")


def write_flask_app(folder: Path, routes: int) -> None:
    """Write ``app.py`` and a template; Flask's own route for static files is one of the ``routes``."""
    pages = (_FLASK_ROUTE.format(number=number) for number in range(2, routes))
    write_tree(folder, {"app.py": _FLASK_HEAD + "".join(pages), "templates/index.html": _PAGE})


def write_django_project(folder: Path) -> None:
    """Write what ``startproject`` and ``startapp`` write, with one page made of a template, to ``folder``."""
    folder.mkdir()
    run([console_script("django-admin"), "startproject", "config", "."], folder)
    run([sys.executable, "manage.py", "startapp", "pages"], folder)
    files = {"config/urls.py": _DJANGO_URLS, "pages/views.py": _DJANGO_VIEWS, "pages/templates/pages/index.html": _PAGE}
    write_tree(folder, files)
    with (folder / "config" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write('\nINSTALLED_APPS.append("pages")\n')


def write_tree(folder: Path, files: dict[str, str]) -> None:
    """Write the texts of ``files`` below ``folder``, with the folders that their names need."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
