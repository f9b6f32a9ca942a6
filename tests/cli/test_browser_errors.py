"""The error page, as a browser shows it and a keyboard reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_helpers import IN_A_BROWSER, complaints, headless_browser
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from scaffold import Application, Request
from scaffold.testing import LiveServer

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless_browser(tmp_path_factory.mktemp("profile")) as chrome:
        yield chrome


@pytest.fixture
def url() -> Iterator[str]:
    app = Application({"DEBUG": True})

    @app.route("/")
    def broken(request: Request) -> str:
        hostile = "<img src=x onerror=document.title=1>"
        raise ValueError(hostile + "</template><script>document.title = 2</script>")

    with LiveServer(app) as server:
        yield server.url


def test_the_page_is_whole_and_nothing_in_it_is_run(browser: Chrome, url: str) -> None:
    browser.get(url)
    assert browser.title.startswith("ValueError: <img src=x")
    assert "hostile" in browser.find_element(By.CSS_SELECTOR, "table").text
    assert not browser.find_elements(By.TAG_NAME, "img")
    # That the status is 500 is all that the console has to say.
    assert all("status of 500" in text for text in complaints(browser))


def test_the_keyboard_reaches_the_button_and_the_folded_frames(browser: Chrome, url: str) -> None:
    browser.get(url)
    ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()
    button = browser.find_element(By.ID, "copy")
    assert browser.switch_to.active_element == button
    assert button.text == "Copied"
    frames = browser.find_element(By.CSS_SELECTOR, "details.frames")
    assert frames.get_attribute("open") is None
    for _ in range(20):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        if browser.switch_to.active_element == frames.find_element(By.TAG_NAME, "summary"):
            break
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert frames.get_attribute("open") == "true"


def test_what_is_copied_is_the_report_as_text(browser: Chrome, url: str) -> None:
    browser.get(url)
    text = browser.execute_script("return document.getElementById('text').content.textContent")
    assert text.startswith("ValueError: <img src=x onerror=document.title=1></template><script>")
    assert f"{Path(__file__)}:" in text


def test_a_narrow_screen_is_not_scrolled_sideways(browser: Chrome, url: str) -> None:
    browser.set_window_size(400, 800)
    browser.get(url)
    width, visible = browser.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width <= visible
