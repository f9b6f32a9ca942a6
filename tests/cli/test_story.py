"""The whole story, on real processes and sockets: from an empty folder to an edited, served page."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests
from cli_helpers import PATIENCE, group_members, run, scaffold, serving_project


def get(url: str, accept: str = "*/*") -> requests.Response:
    return requests.get(url, headers={"Accept": accept}, timeout=PATIENCE)


def test_from_an_empty_folder_to_an_edited_served_page(tmp_path: Path) -> None:
    assert scaffold("startproject", "mysite", cwd=tmp_path).returncode == 0
    project = tmp_path / "mysite"
    for tool in (["pytest", "-q"], ["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        result = run([sys.executable, "-m", *tool], cwd=project)
        assert result.returncode == 0, result.stdout + result.stderr

    with serving_project(project, "--reload") as site:
        home = get(site.url)
        assert home.status_code == 200
        assert "Mysite" in home.text

        assert scaffold("startapp", "blog", cwd=project).returncode == 0
        blog = get(site.url + "blog/")
        assert blog.status_code == 200
        assert "Blog" in blog.text

        view = project / "apps/blog/views.py"
        good = view.read_text()
        view.write_text(good.replace('"Blog"', '"An edited page"'))
        assert "An edited page" in get(site.url + "blog/").text

        view.write_text(good + "def broken(:\n")
        page = get(site.url + "blog/", "text/html")
        assert page.status_code == 500
        assert "def broken(:" in page.text
        assert "apps/blog/views.py" in page.text
        assert get(site.url).status_code == 200

        view.write_text(good.replace('"Blog"', '"A mended page"'))
        assert "A mended page" in get(site.url + "blog/").text

        routes = json.loads(scaffold("routes", "--json", cwd=project).stdout)
        assert [route["path"] for route in routes if route["app"]] == ["/blog/", "/"]
        assert scaffold("check", cwd=project).returncode == 0
        assert site.stop() == 0

    assert group_members(site.process.pid) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mysite"]
    leftovers = [path for path in project.rglob("*") if path.name.startswith(".scaffold")]
    assert leftovers == []
