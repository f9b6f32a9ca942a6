"""A whole site in one file: a guest book with a page, a typed parameter, a JSON endpoint, an error page and a command.

python manage_example.py runserver           serve it at http://127.0.0.1:8000/, or at the variable PORT
python manage_example.py runserver --reload  and serve every saved edit at once
python manage_example.py routes              list its URLs
python manage_example.py greet Ada           run its own command
"""

from __future__ import annotations

from scaffold import Application, HTTPError, Request, Response, abort, redirect, render, url_for
from scaffold.cli import manage

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{{ title }}</title>
</head>
<body>
  <h1>{{ title }}</h1>
  {% block main %}{% endblock %}
</body>
</html>
"""

HOME = """{% extends "page.html" %}
{% block main %}
  <ul>
    {% for note in notes %}
    <li><a href="{{ url_for("note", id=loop.index0) }}">{{ note }}</a></li>
    {% endfor %}
  </ul>
  <form method="post" action="{{ url_for("add") }}">
    <label>Your note <input name="text" required></label> <button>Write</button>
  </form>
  <p>Served at port {{ request.server_port }}. The same as <a href="{{ url_for("api") }}">JSON</a>.</p>
{% endblock %}
"""

app = Application(templates={"page.html": PAGE, "home.html": HOME})
notes = ["Hello", "A second note"]


@app.route("/")
def home(request: Request) -> Response:
    """Show all notes."""
    return render(request, "home.html", {"title": "Guest book", "notes": notes})


@app.route("/", methods=["POST"])
def add(request: Request) -> Response:
    """Write a note and go back to the list."""
    text = request.form.get("text", "").strip()
    if not text:
        abort(400, "A note needs a text.")
    notes.append(text)
    return redirect(url_for("home"))


@app.route("/notes/<int:id>/")
def note(request: Request, id: int) -> Response:  # noqa: A002 - the parameter's name in the URL
    """Show one note."""
    if id >= len(notes):
        abort(404, f"There is no note {id}.")
    return render(request, "page.html", {"title": notes[id]})


@app.route("/api/notes/")
def api(_request: Request) -> list[str]:
    """Give all notes as JSON."""
    return notes


@app.error_handler(404)
def not_found(request: Request, error: HTTPError) -> Response:
    """Say in the site's own words that there is no such page."""
    return render(request, "page.html", {"title": f"Not here: {error.detail}"}, status=404)


@app.command
def greet(name: str, loud: bool = False) -> None:
    """Greet somebody."""
    greeting = f"Hello, {name}, there are {len(notes)} notes."
    print(greeting.upper() if loud else greeting)


if __name__ == "__main__":
    manage(app)
