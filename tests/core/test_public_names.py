"""The public names of the packages."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import scaffold
import scaffold.debug
import scaffold.testing

PACKAGES = [
    "scaffold",
    "scaffold.apps",
    "scaffold.application",
    "scaffold.checks",
    "scaffold.conf",
    "scaffold.debug",
    "scaffold.exceptions",
    "scaffold.http",
    "scaffold.middleware",
    "scaffold.routing",
    "scaffold.shortcuts",
    "scaffold.staticfiles",
    "scaffold.templating",
    "scaffold.testing",
]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_of_all_is_there(name: str) -> None:
    module = importlib.import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    for public in module.__all__:
        assert getattr(module, public) is not None


def test_the_public_names_are_these() -> None:
    assert set(scaffold.__all__) == {
        "Application",
        "Converter",
        "EventStreamResponse",
        "FileResponse",
        "HTTPError",
        "JSONResponse",
        "RedirectResponse",
        "Request",
        "Response",
        "ScaffoldError",
        "ServerSentEvent",
        "Settings",
        "StreamingResponse",
        "UploadedFile",
        "View",
        "__version__",
        "abort",
        "csrf_exempt",
        "cache_control",
        "etag",
        "env",
        "flash",
        "host",
        "include",
        "is_safe_url",
        "mount",
        "no_store",
        "path",
        "redirect",
        "redirect_to",
        "render",
        "require_methods",
        "stream_template",
        "url_for",
    }
    assert set(dir(scaffold)) >= set(scaffold.__all__)


@pytest.mark.parametrize("module", [scaffold, scaffold.debug, scaffold.testing])
def test_another_name_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["scaffold", "scaffold.testing", "scaffold.testing.plugin"])
def test_importing_it_loads_neither_jinja2_nor_the_application(name: str) -> None:
    code = f"import sys, {name}; sys.exit(any(m in sys.modules for m in ('jinja2', 'scaffold.application')))"
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0
