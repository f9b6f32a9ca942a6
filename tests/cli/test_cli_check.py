"""``scaffold check`` and its options, as their users see them."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_helpers import PATIENCE, environment, group_members, run, scaffold, serving_project

INDEX = "apps/home/templates/home/index.html"
SINGLE = """from scaffold import Application
from scaffold.cli import manage

app = Application({"DEBUG": True})

if __name__ == "__main__":
    manage(app)
"""
FIELDS = ["level", "id", "source", "file", "line", "message", "hint", "page", "fix"]


def misspell(project: Path, old: str = "'home/home.css'", new: str = "'home/hom.css'") -> Path:
    """Put a slip into the home page."""
    file = project / INDEX
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return file


# --- what is printed ------------------------------------------------------------------------------------------------


def test_json_has_all_that_is_known_of_a_finding(mysite: Path) -> None:
    misspell(mysite)
    (found,) = json.loads(scaffold("check", "--json", cwd=mysite).stdout)
    assert list(found) == FIELDS
    assert found == {
        "level": "warning",
        "id": "static.missing",
        "source": f"{INDEX}:6",
        "file": INDEX,
        "line": 6,
        "message": "there is no static file 'home/hom.css'",
        "hint": "Did you mean 'home/home.css'?",
        "page": "reference/checks.md#static-missing",
        "fix": {"file": INDEX, "line": 6, "old": "'home/hom.css'", "new": "'home/home.css'"},
    }


def test_github_gets_annotations_with_what_would_end_them_escaped(mysite: Path) -> None:
    misspell(mysite, "{{ title }}</h1>", "{{ title }}</h1>{{ url_for('100%') }}")
    (mysite / INDEX).rename(mysite / "apps/home/templates/home/a,b.html")
    result = scaffold("check", "--github", "--only", "urls", cwd=mysite)
    lines = result.stdout.splitlines()
    place = "file=apps/home/templates/home/a%2Cb.html,line=17,title=urls.unknown"
    assert lines[0].startswith(f"::error {place}::no route is named '100%25'%0A")
    assert lines[1:] == ["1 error"]
    assert result.returncode == 1


def test_files_are_named_from_the_repository_for_github(mysite: Path) -> None:
    misspell(mysite)
    result = scaffold("check", "--github", cwd=mysite, GITHUB_WORKSPACE=str(mysite.parent))
    assert result.stdout.startswith(f"::warning file=mysite/{INDEX},line=6,title=static.missing::")


def test_only_and_skip_choose_by_id_or_its_beginning(mysite: Path) -> None:
    misspell(mysite)
    assert "1 warning" in scaffold("check", "--only", "static,views.none", cwd=mysite).stdout
    assert scaffold("check", "--only", "views", cwd=mysite).stdout == "No mistakes found.\n"
    assert scaffold("check", "--skip", "static.missing", cwd=mysite).stdout == "No mistakes found.\n"
    assert scaffold("check", "--only", "home.own-check", cwd=mysite).returncode == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--only", "view.none"], "view.none is no id of a check"),
        (["--skip", "static,mist"], "mist is no id of a check"),
        (["--json", "--github"], "--json and --github exclude each other"),
        (["--fix", "--watch"], "--fix and --watch exclude each other"),
        (["--yes"], "--yes is for --fix"),
        (["--fix"], "there is no terminal"),
        (["--fail-on", "none"], "none is no level"),
    ],
)
def test_options_that_make_no_sense_are_refused(mysite: Path, options: list[str], words: str) -> None:
    result = scaffold("check", *options, cwd=mysite)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""


# --- mending --------------------------------------------------------------------------------------------------------


def test_fix_shows_a_diff_and_mends(mysite: Path) -> None:
    file = misspell(mysite)
    result = scaffold("check", "--fix", "--yes", "--fail-on", "warning", cwd=mysite)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"--- a/{INDEX}", f"+++ b/{INDEX}"]
    assert '-  <link rel="stylesheet" href="{{ static(\'home/hom.css\') }}">' in lines
    assert '+  <link rel="stylesheet" href="{{ static(\'home/home.css\') }}">' in lines
    assert lines[-2:] == ["1 mended.", "No mistakes found."]
    assert "'home/home.css'" in file.read_text()
    again = scaffold("check", "--fix", "--yes", cwd=mysite)
    assert again.stdout.splitlines()[0] == "Nothing here can be mended without knowing what is meant."


def test_a_setting_that_is_misspelt_is_mended(mysite: Path) -> None:
    settings = mysite / "config/settings.py"
    settings.write_text(settings.read_text() + "\nTEMPLATE_FILTER = {}\n")
    assert "1 mended." in scaffold("check", "--fix", "--yes", cwd=mysite).stdout
    assert settings.read_text().endswith("\nTEMPLATE_FILTERS = {}\n")
    assert scaffold("check", cwd=mysite).stdout == "No mistakes found.\n"


def answered(project: Path, answer: str) -> tuple[int, str]:
    """Run ``scaffold check --fix`` on a terminal, and type ``answer`` when it asks."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "scaffold", "check", "--fix"],
        cwd=project,
        stdin=writer,
        stdout=writer,
        stderr=writer,
        env=environment(TERM="dumb"),
    )
    os.close(writer)
    text, deadline, has_answered = "", time.monotonic() + PATIENCE, False
    try:
        while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
            try:
                data = os.read(reader, 65536)
            except OSError:  # the other end is closed
                break
            text += data.decode()
            if "Make these changes?" in text and not has_answered:
                has_answered = True
                os.write(reader, f"{answer}\n".encode())
        return process.wait(PATIENCE), text
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(reader)


def test_fix_asks_on_a_terminal(mysite: Path) -> None:
    file = misspell(mysite)
    status, text = answered(mysite, "n")
    assert (status, "1 warning" in text) == (0, True)
    assert "home/hom.css" in file.read_text()
    status, text = answered(mysite, "y")
    assert (status, "1 mended." in text) == (0, True)
    assert "home/hom.css" not in file.read_text()


# --- watching -------------------------------------------------------------------------------------------------------


class Watching:
    """``scaffold check --watch`` while it runs; its lines are read one by one."""

    def __init__(self, *command: str, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command, "check", "--watch"],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
        self._text = b""

    def wait_for(self, text: str) -> list[str]:
        """Return the lines up to the one that holds ``text``."""
        assert self.process.stdout is not None
        deadline, lines = time.monotonic() + PATIENCE, []
        while True:
            while b"\n" in self._text:
                line, _, self._text = self._text.partition(b"\n")
                lines.append(line.decode())
                if text in lines[-1]:
                    return lines
            assert select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0], lines
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, lines
            self._text += data

    def stop(self) -> int:
        """Press Ctrl-C and return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_watch_says_what_is_new_and_what_is_gone_until_ctrl_c(mysite: Path) -> None:
    watching = Watching("-m", "scaffold", cwd=mysite)
    try:
        assert watching.wait_for("Watching for changes")[0].endswith("No mistakes found.")
        file = misspell(mysite)
        lines = watching.wait_for("1 warning")
        assert lines[0] == f"new: {INDEX}:6: warning [static.missing] there is no static file 'home/hom.css'"
        file.write_text("\n" + file.read_text())
        assert len(watching.wait_for("1 warning")) == 1
        file.write_text(file.read_text().replace("hom.css", "home.css"))
        lines = watching.wait_for("No mistakes found.")
        assert lines[0] == f"gone: {INDEX}:7: warning [static.missing] there is no static file 'home/hom.css'"
        assert watching.stop() == 130
        assert group_members(watching.process.pid) == []
    finally:
        watching.close()


def test_a_single_file_is_watched_as_well(tmp_path: Path) -> None:
    file = tmp_path / "site.py"
    file.write_text(SINGLE)
    watching = Watching(str(file), cwd=tmp_path)
    try:
        watching.wait_for("Watching for changes")
        file.write_text(file.read_text().replace("app = ", "app = 1 / 0 or "))
        watching.wait_for("ZeroDivisionError")
        assert watching.stop() == 130
    finally:
        watching.close()


# --- runserver ------------------------------------------------------------------------------------------------------


def test_runserver_prints_each_finding_once_and_again_when_it_comes_back(mysite: Path) -> None:
    wrong = f"{INDEX}:6: warning [static.missing] there is no static file 'home/hom.css'"
    file = misspell(mysite)
    with serving_project(mysite) as serving:
        assert serving.wait_for("static.missing") == wrong
        views = mysite / "apps/home/views.py"
        views.write_text(views.read_text() + "\n\ndef unused(request):\n    return redirect_to('nowhere')\n")
        serving.wait_for("reloaded in")
        file.write_text(file.read_text().replace("{{ title }}</h1>", "{{ titel }}</h1>"))
        assert "templates.undefined" in serving.wait_for("titel")
        assert serving.lines.count(wrong) == 1
        file.write_text(file.read_text().replace("hom.css", "home.css").replace("titel", "titl"))
        assert "templates.undefined" in serving.wait_for("'titl'")
        misspell(mysite)
        assert serving.wait_for("static.missing") == wrong
        assert serving.stop() == 0


def test_an_example_in_one_file_has_the_options_too(tmp_path: Path) -> None:
    file = tmp_path / "site.py"
    file.write_text(SINGLE)
    result = run([sys.executable, str(file), "check", "--github", "--only", "settings"], cwd=tmp_path)
    assert result.returncode == 0, result.stderr
