"""Pages in a real browser: headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_helpers import IN_A_BROWSER, complaints, headless_browser
from cli_helpers import Serving, scaffold, serving_project
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = IN_A_BROWSER

# What an app's first page may say to try its policy: two scripts and two styles, one of each with the nonce.
INLINE = """{% block content %}
<p id="said"></p>
<script nonce="{{ csp_nonce() }}">document.getElementById("said").textContent += "allowed"</script>
<script>document.getElementById("said").textContent += "refused"</script>
<style nonce="{{ csp_nonce() }}">#said { margin-top: 7px }</style>
<style>#said { margin-top: 9px }</style>
{% endblock %}"""
WATCH = "document.addEventListener('securitypolicyviolation', e => (window.violations ??= []).push(e.blockedURI))"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless_browser(tmp_path_factory.mktemp("chromium")) as chrome:
        yield chrome


@pytest.fixture
def site(mysite: Path) -> Iterator[Serving]:
    with serving_project(mysite, "--reload") as serving:
        yield serving
        serving.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desktop"])
def test_the_home_page_fits_and_loads_nothing_from_elsewhere(
    browser: Chrome, site: Serving, size: tuple[int, int], scheme: str
) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600,
    })  # fmt: skip
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(site.url)
    assert "Mysite" in browser.title
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    resources = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert len(resources) >= 2
    assert all(name.startswith(site.url) for name in resources)
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    shade = sum(int(part) for part in ground.strip("rgba()").split(",")[:3])
    assert (shade < 200) == (scheme == "dark")
    assert complaints(browser) == []


def test_the_home_page_links_to_its_files(browser: Chrome, site: Serving, mysite: Path) -> None:
    browser.get(site.url)
    link = browser.find_element(By.LINK_TEXT, "apps/home/views.py")
    assert link.get_attribute("href") == f"vscode://file{mysite}/apps/home/views.py"


def test_a_saved_edit_is_on_the_page_after_a_reload_of_the_browser(
    browser: Chrome, site: Serving, mysite: Path
) -> None:
    browser.get(site.url)
    view = mysite / "apps/home/views.py"
    view.write_text(view.read_text().replace("Mysite", "An edited title"))
    browser.refresh()
    assert "An edited title" in browser.find_element(By.TAG_NAME, "h1").text


def test_the_error_page_shows_the_line_and_heals(browser: Chrome, site: Serving, mysite: Path) -> None:
    view = mysite / "apps/home/views.py"
    good = view.read_text()
    view.write_text(good + "\nimport nothing_of_that_name\n")
    browser.get(site.url)
    assert "nothing_of_that_name" in browser.find_element(By.TAG_NAME, "h1").text
    assert "import nothing_of_that_name" in browser.find_element(By.CSS_SELECTOR, ".here").text
    view.write_text(good)
    browser.refresh()
    assert "Mysite" in browser.find_element(By.TAG_NAME, "h1").text


def test_unknown_pages_show_the_routes_that_were_tried(browser: Chrome, site: Serving) -> None:
    browser.get(site.url + "nowhere/")
    assert "not found" in browser.find_element(By.TAG_NAME, "h1").text.lower()
    assert '"nowhere" is one segment too many' in browser.find_element(By.CSS_SELECTOR, "main li").text


def test_a_new_app_has_a_page_at_once(browser: Chrome, site: Serving, mysite: Path) -> None:
    browser.get(site.url)
    complaints(browser)
    assert scaffold("startapp", "blog", cwd=mysite).returncode == 0
    browser.get(site.url + "blog/")
    assert browser.find_element(By.TAG_NAME, "h1").text == "Blog"
    assert complaints(browser) == []


def violations(browser: Chrome) -> list[str]:
    """What the console has said of policies, and not of pages that were asked for in vain."""
    return [text for text in complaints(browser) if "Failed to load resource" not in text]


def test_no_generated_page_breaks_the_policy_of_the_project(browser: Chrome, mysite: Path) -> None:
    assert scaffold("startapp", "blog", cwd=mysite).returncode == 0
    view = mysite / "apps/blog/views.py"
    view.write_text(view.read_text().replace('"title": "Blog"', '"title": "Blog", "x": 1 / len(request.query)'))
    complaints(browser)
    with serving_project(mysite, DEBUG="false", ALLOWED_HOSTS="127.0.0.1") as serving:
        for path, heading in {"": "Mysite", "blog/?a=1": "Blog", "nowhere/": "not found", "blog/": "wrong"}.items():
            browser.get(serving.url + path)
            assert heading in browser.find_element(By.TAG_NAME, "h1").text
            family = browser.execute_script("return getComputedStyle(document.body).fontFamily")
            assert family.startswith("system-ui")  # the style sheet was taken
            assert violations(browser) == []
        serving.stop()


def test_only_what_bears_the_nonce_of_the_page_runs(browser: Chrome, mysite: Path) -> None:
    template = mysite / "apps/home/templates/home/index.html"
    template.write_text('{% extends "base.html" %}' + INLINE)
    complaints(browser)
    with serving_project(mysite) as serving:
        browser.get(serving.url)
        said = browser.find_element(By.ID, "said")
        assert said.text == "allowed"
        assert said.value_of_css_property("margin-top") == "7px"
        assert len(violations(browser)) == 2
        serving.stop()


def test_live_refresh_works_under_the_policy_of_the_project(browser: Chrome, site: Serving, mysite: Path) -> None:
    browser.get(site.url)
    complaints(browser)
    browser.execute_script(f"window.before = true; {WATCH}")
    style = mysite / "apps/home/static/home/home.css"
    style.write_text(style.read_text() + "\nh1 { margin-left: 13px }\n")
    wait = WebDriverWait(browser, 20)
    wait.until(
        lambda chrome: chrome.find_element(By.TAG_NAME, "h1").value_of_css_property("margin-left") == "13px",
        "the style was swapped",
    )
    assert browser.execute_script("return [window.before, window.violations]") == [True, None]
    view = mysite / "apps/home/views.py"
    view.write_text(view.read_text().replace("Mysite", "A saved title"))
    wait.until(lambda chrome: "A saved title" in chrome.title, "the page was loaded again")
    assert violations(browser) == []
