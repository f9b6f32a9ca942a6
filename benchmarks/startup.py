"""How long people wait for Scaffold to start, against Typer, Django and Flask.

Run ``python benchmarks/startup.py`` with the interpreter that has Scaffold and its ``bench`` extra. A figure that is
not met changes no exit status; a command that fails does.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from children import BenchmarkError, console_script, run, seconds_to_end, seconds_to_first_answer
from comparing import Case, Contestant, compare, markdown, write_json
from peers import write_django_project, write_flask_app, write_typer_program

__all__ = ["main"]

DEFAULT_RUNS = 15

WANTED_AT_ONCE = 1.5
WANTED_HELP = 1.1
WANTED_STARTPROJECT = 1.0
WANTED_ROUTES = 1.0
WANTED_CHECK = 1.0
WANTED_FIRST_ANSWER = 0.7

_DISTRIBUTIONS = ("scaffold-web", "typer", "django", "flask")
_PEER_MODULES = ("typer", "django", "flask")

EXIT_FAILURE = 1
EXIT_USAGE = 2


def main() -> int:
    """Measure what the command line asks for, print the table, and return the exit status."""
    options = _parse()
    missing = [name for name in _PEER_MODULES if find_spec(name) is None]
    if missing:
        print(f"Not installed: {', '.join(missing)}", file=sys.stderr)
        print("Install the extra that holds the peers: pip install 'scaffold-web[bench]'", file=sys.stderr)
        return EXIT_USAGE
    try:
        with tempfile.TemporaryDirectory(prefix="scaffold-benchmark-") as folder:
            rows = [row for case in cases(Path(folder), options.only) for row in compare(case, options.runs)]
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    print(markdown(rows))
    if options.json is not None:
        write_json(options.json, rows, _DISTRIBUTIONS)
    return 0


def cases(folder: Path, only: str = "") -> Iterator[Case]:
    """Prepare and yield the cases whose name holds ``only``; ``folder`` is an empty one to work in."""
    scaffold, flask = console_script("scaffold"), console_script("flask")
    run([scaffold, "startproject", "mysite"], folder)
    count = len(json.loads(run([scaffold, "routes", "--json"], folder / "mysite")))
    write_flask_app(folder / "flask", routes=count)
    write_django_project(folder / "django")
    prepared = [
        *at_once_cases(folder / "mysite"),
        help_case(folder),
        startproject_case(folder),
        Case(
            "routes",
            Contestant("scaffold routes", partial(seconds_to_end, [scaffold, "routes"], folder / "mysite")),
            (Contestant("flask routes", partial(seconds_to_end, [flask, "routes"], folder / "flask"), WANTED_ROUTES),),
        ),
        Case(
            "check",
            Contestant("scaffold check", partial(seconds_to_end, [scaffold, "check"], folder / "mysite")),
            (
                Contestant(
                    "manage.py check",
                    partial(seconds_to_end, [sys.executable, "manage.py", "check"], folder / "django"),
                    WANTED_CHECK,
                ),
            ),
        ),
        first_answer_case(folder, reload=True),
        first_answer_case(folder, reload=False),
    ]
    return (case for case in prepared if only in case.what)


def at_once_cases(project: Path) -> Iterator[Case]:
    """Yield the cases of what is answered without Typer: the version, and the Tab key, against an idle interpreter.

    The script is what uv and today's pip install: those of older ones import ``re`` first, which takes 4 ms.
    """
    script = project.parent / "scaffold"
    script.write_text(f"#!{sys.executable}\nimport sys\nfrom scaffold.cli import main\nsys.exit(main())\n", "utf-8")
    script.chmod(0o755)
    asked = {
        "--version": ["--version"],
        "Tab: commands": ["--complete", "bash", "scaffold ro"],
        "Tab: options": ["--complete", "bash", "scaffold routes --"],
        "Tab: route names": ["--complete", "bash", "scaffold url home:"],
        "completion bash": ["completion", "bash"],
    }
    for what, arguments in asked.items():
        ours = Contestant(f"scaffold {arguments[0]}", partial(seconds_to_end, [str(script), *arguments], project))
        idle = partial(seconds_to_end, [sys.executable, "-c", "pass"], project)
        yield Case(what, ours, (Contestant("python -c pass", idle, WANTED_AT_ONCE),))


def help_case(folder: Path) -> Case:
    """Return the case of ``--help``: Typer as people use it, and beside it Typer without Rich, its smallest."""
    write_typer_program(folder / "typer_default.py")
    write_typer_program(folder / "typer_plain.py", "rich_markup_mode=None")

    def typer_help(file: str) -> Callable[[], float]:
        return partial(seconds_to_end, [sys.executable, file, "--help"], folder)

    return Case(
        "--help",
        Contestant("scaffold --help", partial(seconds_to_end, [console_script("scaffold"), "--help"], folder)),
        (
            Contestant("Typer", typer_help("typer_default.py"), WANTED_HELP),
            Contestant("Typer, rich_markup_mode=None", typer_help("typer_plain.py"), WANTED_HELP),
        ),
    )


def startproject_case(folder: Path) -> Case:
    """Return the case of ``startproject``, each time in a folder of its own."""

    def in_fresh_folder(program: str) -> float:
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            return seconds_to_end([console_script(program), "startproject", "mysite"], Path(fresh))

    return Case(
        "startproject",
        Contestant("scaffold startproject", partial(in_fresh_folder, "scaffold")),
        (Contestant("django-admin startproject", partial(in_fresh_folder, "django-admin"), WANTED_STARTPROJECT),),
    )


def first_answer_case(folder: Path, *, reload: bool) -> Case:
    """Return the case of starting a development server and waiting for its first page, like with like."""
    scaffold, flask = console_script("scaffold"), console_script("flask")
    ours_flag, flask_flags, django_flags = (
        ("--reload", ["--debug"], []) if reload else ("--no-reload", [], ["--noreload"])
    )

    def ours(port: int) -> list[str]:
        return [scaffold, "runserver", ours_flag, f"127.0.0.1:{port}"]

    def by_flask(port: int) -> list[str]:
        return [flask, "run", *flask_flags, "--port", str(port)]

    def by_django(port: int) -> list[str]:
        return [sys.executable, "manage.py", "runserver", *django_flags, str(port)]

    def contestant(name: str, command_for: Callable[[int], list[str]], project: str) -> Contestant:
        measure = partial(seconds_to_first_answer, command_for, folder / project)
        return Contestant(name, measure, WANTED_FIRST_ANSWER)

    return Case(
        "first 200, with reload" if reload else "first 200, without reload",
        contestant(f"scaffold runserver {ours_flag}", ours, "mysite"),
        (
            contestant(" ".join(["flask run", *flask_flags]), by_flask, "flask"),
            contestant(" ".join(["manage.py runserver", *django_flags]), by_django, "django"),
        ),
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how long Scaffold and its peers take to start.")
    parser.add_argument("--runs", type=_positive, default=DEFAULT_RUNS, help="rounds to measure (%(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure the cases whose name holds TEXT")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows and all samples to FILE")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
