"""Checks of imports between apps."""

from __future__ import annotations

from typing import Any

import pytest

from .check_helpers import check, found

URLS = "urlpatterns = []\n"
APPS: dict[str, str | bytes] = {f"apps/{name}/urls.py": URLS for name in ("blog", "shop", "users")}


def test_a_circle_of_imports_through_several_apps_is_a_warning(project: Any) -> None:
    files = {
        **APPS,
        "apps/blog/models.py": "import os\nfrom apps.shop import models\n",
        "apps/shop/models.py": "from ..users import models\n",
        "apps/users/models.py": "import apps.blog.models\n",
    }
    folder, (finding,) = check(project, files)
    assert (finding.level, finding.id) == ("warning", "imports.circular")
    assert finding.source == f"{folder}/apps/blog/models.py:2"
    assert finding.message == (
        "apps import each other in a circle: apps.blog.models (line 2) -> apps.shop.models (line 1)"
        " -> apps.users.models (line 1) -> apps.blog.models"
    )


def test_a_circle_through_the_package_of_an_app_is_seen(project: Any) -> None:
    files = {
        **APPS,
        "apps/blog/__init__.py": "from apps.shop import prices\n",
        "apps/shop/prices.py": "import apps.blog\n",
    }
    assert found(project, files) == [("warning", "imports.circular", "apps/blog/__init__.py:1")]


def test_a_circle_that_leads_through_a_module_with_imports_of_its_own_app_alone_is_seen(project: Any) -> None:
    files = {
        **APPS,
        "apps/blog/a.py": "from . import b\n",
        "apps/blog/b.py": "from ..shop import a\n",
        "apps/shop/a.py": "from apps.blog import a\n",
    }
    assert found(project, files) == [("warning", "imports.circular", "apps/blog/a.py:1")]


def test_each_circle_is_one_finding_whatever_leads_into_it(project: Any) -> None:
    files = {
        **APPS,
        "apps/blog/a.py": "import apps.shop.a\n",
        "apps/shop/a.py": "import apps.blog.a\n",
        "apps/blog/b.py": "import apps.users.b, apps.blog.a\n",
        "apps/users/b.py": "import apps.blog.b\n",
        "apps/shop/c.py": "import apps.blog.a, apps.blog.b\n",
    }
    assert [place for _, _, place in found(project, files)] == ["apps/blog/a.py:1", "apps/blog/b.py:1"]


@pytest.mark.parametrize(
    "back",
    [
        "",
        "import apps.users.models",
        "def late():\n    from apps.blog import models\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from apps.blog import models\n",
        "import typing\n\nif typing.TYPE_CHECKING:\n    from ..blog import models\nelse:\n    models = None\n",
        "from apps.blog import urls",
        "TEXT = '''\nimport apps.blog.models\n'''",
    ],
)
def test_imports_that_go_in_no_circle_are_no_finding(project: Any, back: str) -> None:
    files = {
        **APPS,
        "apps/blog/models.py": "from apps.shop import models\n",
        "apps/shop/models.py": back,
        "apps/users/models.py": "",
    }
    assert found(project, files) == []


def test_a_circle_inside_of_one_app_that_works_is_its_own_business(project: Any) -> None:
    files = {
        **APPS,
        "apps/blog/a.py": "from . import b\n",
        "apps/blog/b.py": "from . import a\n",
        "apps/blog/__init__.py": "from .c import x\n",
        "apps/blog/c.py": "x = 1\n",
    }
    assert found(project, files) == []


def test_what_runs_in_a_try_or_a_class_counts(project: Any) -> None:
    files = {
        **APPS,
        "apps/blog/a.py": "try:\n    pass\nexcept ImportError:\n    import apps.shop.a\n",
        "apps/shop/a.py": "class Late:\n    if True:\n        import apps.blog.a\n",
    }
    assert found(project, files) == [("warning", "imports.circular", "apps/blog/a.py:4")]


def test_a_long_chain_of_imports_is_no_trouble(project: Any) -> None:
    count = 1500
    links: dict[str, str | bytes] = {
        f"apps/{'blog' if number % 2 else 'shop'}/m{number}.py": (
            f"if False:\n    import apps.{'shop' if number % 2 else 'blog'}.m{(number + 1) % count}\n"
        )
        for number in range(count)
    }
    ((_, name, _),) = found(project, {**APPS, **links})
    assert name == "imports.circular"
