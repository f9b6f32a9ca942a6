"""The developer page in a real browser, beside a project that is served and reloaded."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from browser_helpers import IN_A_BROWSER, complaints, headless_browser
from cli_helpers import Serving, serving_project
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = IN_A_BROWSER

SECTIONS = ("", "routes/", "try/?path=/nowhere/7/", "requests/", "requests/1/", "settings/", "reloads/", "checks/")
PATIENCE = 20

URLS = """from scaffold import path

from . import views

urlpatterns = [
    path("", views.index, name="index"),
    path("<int:id>/", views.detail, name="detail", methods=["GET", "POST"]),
    path("reset/<token>/", views.reset, name="reset"),
]
"""
VIEWS = """from scaffold import Request, Response, render


def index(request: Request) -> Response:
    return render(request, "home/index.html", {"title": "Shop"})


def detail(request: Request, id: int) -> str:
    return str(id)


def reset(request: Request, token: str) -> str:
    return "reset"
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless_browser(tmp_path_factory.mktemp("chromium")) as chrome:
        yield chrome


@pytest.fixture
def shop(mysite: Path) -> Path:
    folder = mysite / "apps/shop"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "urls.py").write_text(URLS)
    (folder / "views.py").write_text(VIEWS)
    return mysite


@pytest.fixture
def site(shop: Path) -> Iterator[Serving]:
    with serving_project(shop, "--reload") as serving:
        yield serving
        serving.stop()


def wait_for_text(browser: Chrome, selector: str, words: str) -> None:
    """Wait until the page that a key has asked for says ``words``."""
    wait = WebDriverWait(browser, PATIENCE, ignored_exceptions=[NoSuchElementException, StaleElementReferenceException])
    wait.until(lambda chrome: words in chrome.find_element(By.CSS_SELECTOR, selector).text, f"{selector}: {words}")


def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def data(site: Serving, section: str) -> Any:
    return json.loads(fetch(f"{site.url}_scaffold/{section}?format=json")[1])


def shape(browser: Chrome, width: int, height: int, scheme: str) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
    })  # fmt: skip
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def shown_rows(browser: Chrome) -> list[str]:
    rows = browser.find_elements(By.CSS_SELECTOR, "#rows tbody tr")
    return [row.find_element(By.TAG_NAME, "code").text for row in rows if row.is_displayed()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1280, 900)], ids=["phone", "desktop"])
def test_each_section_fits_and_keeps_its_policy(
    browser: Chrome, site: Serving, size: tuple[int, int], scheme: str
) -> None:
    fetch(f"{site.url}shop/")
    shape(browser, *size, scheme)
    for section in SECTIONS:
        browser.get(f"{site.url}_scaffold/{section}")
        assert browser.find_elements(By.TAG_NAME, "h1"), section
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), section
        family = browser.execute_script("return getComputedStyle(document.body).fontFamily")
        assert family.startswith("system-ui")
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        shade = sum(int(part) for part in ground.strip("rgba()").split(",")[:3])
        assert (shade < 200) == (scheme == "dark")
    assert complaints(browser) == []


def test_the_home_page_leads_to_it_and_it_back(browser: Chrome, site: Serving) -> None:
    shape(browser, 1280, 900, "light")
    browser.get(site.url)
    browser.find_element(By.LINK_TEXT, "the developer page").click()
    assert browser.current_url == f"{site.url}_scaffold/"
    browser.find_element(By.CSS_SELECTOR, ".brand a").click()
    assert browser.current_url == site.url


def test_typing_filters_the_routes_and_the_address_remembers_it(browser: Chrome, site: Serving) -> None:
    shape(browser, 1280, 900, "light")
    browser.get(f"{site.url}_scaffold/routes/")
    assert len(shown_rows(browser)) == 5
    ActionChains(browser).send_keys("/").send_keys("SHOP detail").perform()  # the key leads to the field
    assert shown_rows(browser) == ["/shop/<int:id>/"]
    assert browser.find_element(By.ID, "found").text == "1 of 5 routes"
    browser.refresh()
    WebDriverWait(browser, PATIENCE).until(lambda chrome: "of 5" in chrome.find_element(By.ID, "found").text)
    assert shown_rows(browser) == ["/shop/<int:id>/"]
    browser.find_element(By.ID, "q").send_keys(Keys.BACKSPACE * 11)
    assert len(shown_rows(browser)) == 5
    assert browser.current_url == f"{site.url}_scaffold/routes/"


def test_routes_link_into_the_editor(browser: Chrome, site: Serving, shop: Path) -> None:
    shape(browser, 1280, 900, "light")
    browser.get(f"{site.url}_scaffold/routes/")
    link = browser.find_element(By.LINK_TEXT, "apps/shop/urls.py:7")
    assert link.get_attribute("href") == f"vscode://file{shop}/apps/shop/urls.py:7"


def test_the_keyboard_reaches_everything(browser: Chrome, site: Serving) -> None:
    shape(browser, 1280, 900, "light")
    for section in ("", "routes/", "try/?path=/nowhere/7/", "requests/", "checks/"):
        browser.get(f"{site.url}_scaffold/{section}")
        reached = set()
        count = browser.execute_script(
            "const all = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')];"
            "const seen = all.filter((item) => item.checkVisibility());"
            "seen.forEach((item, index) => { item.dataset.index = index; }); return seen.length"
        )
        for _ in range(count + 1):
            ActionChains(browser).send_keys(Keys.TAB).perform()
            index, outline = browser.execute_script(
                "const item = document.activeElement; return [item.dataset.index, getComputedStyle(item).outlineStyle]"
            )
            if index is not None:
                assert outline != "none"
                reached.add(index)
        assert len(reached) == count, section
        unnamed = browser.execute_script(
            "return [...document.querySelectorAll('input, select')].filter((item) => !item.labels.length).length"
        )
        assert unnamed == 0


def test_the_box_explains_a_url_without_calling_its_view(browser: Chrome, site: Serving) -> None:
    shape(browser, 1280, 900, "light")
    browser.get(f"{site.url}_scaffold/")
    browser.find_element(By.ID, "path").send_keys("/shop/seven/", Keys.ENTER)
    wait_for_text(browser, "#verdict", "no route has this address")
    wait_for_text(browser, ".others", '"seven" is no int')
    field = browser.find_element(By.ID, "path")
    field.clear()
    field.send_keys("/shop/7/", Keys.ENTER)
    wait_for_text(browser, ".verdict", "/shop/<int:id>/ answers")
    wait_for_text(browser, ".verdict", "7 int")
    assert data(site, "requests/")["requests"] == []


def test_new_requests_appear_by_themselves_with_their_waterfall(browser: Chrome, site: Serving) -> None:
    shape(browser, 1280, 900, "light")
    browser.get(f"{site.url}_scaffold/requests/")
    assert "Nothing was asked for yet" in browser.find_element(By.ID, "requests").text
    browser.execute_script("window.before = true")
    fetch(f"{site.url}shop/?token=hidden", Cookie="session=c00kie")
    wait = WebDriverWait(browser, PATIENCE)
    link = wait.until(lambda chrome: chrome.find_element(By.CSS_SELECTOR, "#requests a[href$='requests/1/']"))
    assert "/shop/?token=********" in link.text
    assert browser.execute_script("return window.before")
    link.click()
    wait_for_text(browser, ".waterfall", "template home/index.html")
    rows = browser.find_elements(By.CSS_SELECTOR, ".waterfall tbody tr")
    parts = [row.text for row in rows]
    assert any("middleware scaffold.middleware.sessions" in text for text in parts)
    assert any("view apps.shop.views.index" in text for text in parts)
    assert any("template home/index.html" in text for text in parts)
    bars = [row.find_elements(By.TAG_NAME, "rect")[-1].rect for row in rows]
    assert all(0 < bar["width"] <= bars[0]["width"] for bar in bars)
    assert complaints(browser) == []


def test_it_follows_what_is_saved_and_tells_of_reloads_and_earlier_requests(
    browser: Chrome, site: Serving, shop: Path
) -> None:
    shape(browser, 1280, 900, "light")
    fetch(f"{site.url}shop/7/")
    browser.get(f"{site.url}_scaffold/reloads/")
    view = shop / "apps/shop/views.py"
    good = view.read_text()
    view.write_text(good + "\n# saved\n")
    wait = WebDriverWait(browser, PATIENCE, ignored_exceptions=())
    text = "return document.querySelector('tbody')?.innerText ?? ''"
    wait.until(lambda chrome: "apps/shop/views.py" in chrome.execute_script(text), "the page was loaded again")
    site.wait_for("reloaded in")
    assert [row["path"] for row in data(site, "requests/")["requests"]] == ["/shop/7/"]
    settings = shop / "config/settings.py"
    written = settings.read_text()
    settings.write_text(written + "\nDEBUG = 1 / 0\n")
    site.wait_for("failed to load")
    browser.get(f"{site.url}_scaffold/checks/")
    assert "ZeroDivisionError" in browser.find_element(By.CSS_SELECTOR, ".findings").text
    settings.write_text(written)
    site.wait_for("reloaded in")
    latest, failed, *_ = data(site, "reloads/")["reloads"]
    assert (latest["outcome"], failed["outcome"]) == ("reloaded", "failed to load")
    assert failed["files"][0]["source"] == "config/settings.py"


def test_it_is_for_this_machine_alone(site: Serving) -> None:
    url = f"{site.url}_scaffold/"
    assert fetch(url)[0] == 200
    assert fetch(url, X_Forwarded_For="127.0.0.1")[0] == 404
    assert fetch(url, Host="rebound.example")[0] in {400, 404}
    assert fetch(url, Sec_Fetch_Site="cross-site")[0] == 404


@pytest.mark.parametrize("option", ["--reload", "--no-reload"])
def test_with_debug_off_it_does_not_exist(shop: Path, option: str) -> None:
    with serving_project(shop, option, DEBUG="false", ALLOWED_HOSTS="127.0.0.1") as serving:
        assert fetch(f"{serving.url}_scaffold/")[0] == 404
        assert b"developer page" not in fetch(serving.url)[1]
        serving.stop()


def test_it_is_there_without_reloading(shop: Path) -> None:
    with serving_project(shop, "--no-reload") as serving:
        fetch(f"{serving.url}shop/7/")
        (row,) = data(serving, "requests/")["requests"]
        assert (row["route"], row["is_running"]) == ("shop:detail", False)
        serving.stop()
