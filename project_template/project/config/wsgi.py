"""What a WSGI server runs: ``gunicorn config.wsgi:application``."""

from pathlib import Path

from scaffold import Application

PROJECT_DIR = Path(__file__).resolve().parent.parent

application = Application.from_project(PROJECT_DIR)
