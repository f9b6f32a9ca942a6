"""What a nursery has imported for its workers, what it leaves to them, and when it is replaced."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from reload_helpers import Site, children_of, poll, serving, view, write_tree

from scaffold.reload.warming import SpoiltError, import_checked

VIEWS = "apps/home/views.py"
# Notes in a file who imports it.
NOTING = """
import os, pathlib
with open(pathlib.Path(__file__).with_suffix(".log"), "a") as log:
    log.write(f"{os.getpid()}\\n")
VERSION = 1
"""
THREADED = """
import threading
alive = threading.Event()
threading.Thread(target=alive.wait, daemon=True).start()
"""
USING = """
import {module}

def index(request):
    return "{text} " + str({module}.VERSION)
"""


class Packages:
    """A folder of installed packages that the project's interpreter has on its path."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder / "site-packages"
        write_tree(self.folder, {"README": "", **files})
        self.environ = {"PYTHONPATH": str(self.folder)}

    def importers(self, module: str) -> list[int]:
        log = self.folder / f"{module}.log"
        return [int(line) for line in log.read_text().split()] if log.exists() else []


def use(site_or_project: Site | Path, module: str, text: str) -> None:
    root = site_or_project.root if isinstance(site_or_project, Site) else site_or_project
    (root / VIEWS).write_text(USING.format(module=module, text=text))


def test_a_worker_has_at_once_what_the_one_before_it_had_imported(project: Path, tmp_path: Path) -> None:
    packages = Packages(tmp_path, {"noting.py": NOTING})
    use(project, "noting", "first")
    with serving(project, environ=packages.environ) as site:
        assert site.text() == "first 1"
        nursery = next(pid for pid in children_of(site.process.pid) if children_of(pid))
        poll(lambda: nursery in packages.importers("noting"), "the nursery to import it")
        before = packages.importers("noting")
        use(site, "noting", "second")
        assert site.text() == "second 1"
        assert packages.importers("noting") == before
        assert not any("noting.py" in line for line in site.lines)


def test_a_module_that_starts_a_thread_is_left_to_the_workers(project: Path, tmp_path: Path) -> None:
    files = {"threaded.py": NOTING + THREADED, "innocent.py": NOTING}
    packages = Packages(tmp_path, files)
    (project / VIEWS).write_text("import innocent\n" + USING.format(module="threaded", text="first").lstrip())
    with serving(project, environ=packages.environ) as site:
        assert site.text() == "first 1"
        nursery = next(pid for pid in children_of(site.process.pid) if children_of(pid))
        poll(lambda: nursery in packages.importers("innocent"), "the nursery to import the other one")
        for text in ("second", "third"):
            count = len(packages.importers("threaded"))
            use(site, "threaded", text)
            assert site.text() == f"{text} 1"
            assert len(packages.importers("threaded")) > count
        assert nursery not in packages.importers("threaded")


def test_an_upgrade_replaces_the_nursery(project: Path, tmp_path: Path) -> None:
    packages = Packages(tmp_path, {"noting.py": NOTING, "noting-1.dist-info/METADATA": ""})
    use(project, "noting", "first")
    with serving(project, environ=packages.environ) as site:
        assert site.text() == "first 1"
        nursery = next(pid for pid in children_of(site.process.pid) if children_of(pid))
        poll(lambda: nursery in packages.importers("noting"), "the nursery to import it")
        write_tree(
            packages.folder, {"noting.py": NOTING.replace("= 1", "= 2  # upgraded"), "noting-2.dist-info/METADATA": ""}
        )
        assert site.text() == "first 2"
        poll(lambda: nursery not in children_of(site.process.pid), "the old nursery to end")
        use(site, "noting", "second")
        assert site.text() == "second 2"
        assert site.end() == 0


def test_a_missing_package_is_named_and_its_installation_heals(project: Path, tmp_path: Path) -> None:
    packages = Packages(tmp_path, {})
    use(project, "noting", "first")
    with serving(project, environ=packages.environ) as site:
        answer = site.get()
        assert answer.status_code == 500
        assert "No module named 'noting'" in answer.text
        write_tree(packages.folder, {"noting.py": NOTING})
        assert site.text() == "first 1"


def test_a_module_that_ends_the_process_leaves_the_nursery_alive(project: Path, tmp_path: Path) -> None:
    ending = "import os, sys\nif 'apps' not in sys.modules:\n    os._exit(3)\nVERSION = 1\n"
    packages = Packages(tmp_path, {"ending.py": ending})
    use(project, "ending", "first")
    with serving(project, environ=packages.environ) as site:
        assert site.text() == "first 1"
        use(site, "ending", "second")
        assert site.text() == "second 1"
        site.save(VIEWS, view("third"))
        assert site.text() == "third"


def test_what_is_imported_is_told_and_what_spoils_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(
        tmp_path,
        {
            "warm_plain.py": "",
            "warm_broken.py": "raise RuntimeError('it needs settings')\n",
            "warm_open.py": "import os\nkept = os.pipe()\n",
        },
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert import_checked(["warm_broken", "warm_plain", "warm_missing"]) == ["warm_plain"]
    with pytest.raises(SpoiltError) as caught:
        import_checked(["warm_plain", "warm_open"])
    assert caught.value.args == ("warm_open", ["warm_plain"])
    module = __import__("warm_open")
    for descriptor in module.kept:
        os.close(descriptor)
