"""A real browser that shows a page while its source is saved."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from time import perf_counter, sleep

from children import BenchmarkError
from saving import PATIENCE_SECONDS, PAUSE_SECONDS, Site, median_seconds

__all__ = ["browser_is_there", "seconds_to_browser"]

_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


def browser_is_there() -> bool:
    """Return whether there is a Chromium with its driver, and Selenium."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver") and find_spec("selenium"))


def seconds_to_browser(site: Site, port: int, saves: int) -> float:
    """Return the median of the seconds from a save to the moment at which an open page shows it by itself."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for option in _OPTIONS:
        options.add_argument(option)
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        driver.get(f"http://127.0.0.1:{port}/")
        return median_seconds(_seconds(site, driver, number) for number in range(saves))
    finally:
        driver.quit()


def _seconds(site: Site, driver: object, number: int) -> float:
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver import Chrome

    if not isinstance(driver, Chrome):
        raise TypeError("the driver is not Chromium's")
    sleep(PAUSE_SECONDS)
    mark = site.save(number)
    began = perf_counter()
    while perf_counter() < began + PATIENCE_SECONDS:
        try:
            if mark in driver.execute_script("return document.body ? document.body.innerText : ''"):
                return perf_counter() - began
        except WebDriverException:  # the page is just being replaced
            continue
    raise BenchmarkError(f"the browser did not show the save within {PATIENCE_SECONDS:.0f} s")
