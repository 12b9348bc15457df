"""What tests do with a page in a browser: open it, ask axe what is wrong, take pictures."""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.browser import resize, start_browser

# The rules of WCAG 2.2 AA and the good practice of axe, for the whole page
RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(
  found => done(found.violations.map(one => ({
    rule: one.id, impact: one.impact, places: one.nodes.map(node => node.target.join(' ')),
  }))),
  error => done([{rule: String(error), impact: 'critical', places: []}]));
"""


@contextmanager
def open_browser(home: Path) -> Iterator[webdriver.Chrome]:
    """Start a browser with an empty profile, and end it."""
    driver = start_browser(home)
    try:
        yield driver
    finally:
        driver.quit()


def visit(
    browser: webdriver.Chrome, page: Path, place: str = "", width: int = 1280, dark: bool = False
) -> webdriver.Chrome:
    """Open a file as a new page, and wait until its script is done."""
    browser.get("about:blank")
    resize(browser, width, is_touched=width < 500)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.get_log("browser")
    browser.get(f"file://{page}{place}")
    ready = "return document.documentElement.dataset.ready"
    WebDriverWait(browser, 30).until(lambda _: browser.execute_script(ready) == "yes")
    return browser


def read_axe() -> str:
    """Return the script of axe-core, or skip the test where it is not installed."""
    found = importlib.util.find_spec("axe_playwright_python")  # not imported: that needs playwright
    if found is None or found.origin is None:
        pytest.skip("needs axe: .venv/bin/pip install --no-deps -r .ci/axe.lock")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


def find_violations(browser: webdriver.Chrome) -> list[dict[str, Any]]:
    """Return all that axe has against the open page, however slight."""
    if not browser.execute_script("return typeof axe !== 'undefined'"):
        browser.execute_script(read_axe() + "\nwindow.axe = axe;")
    browser.set_script_timeout(120)
    return browser.execute_async_script(RUN_AXE)


def take_picture(browser: webdriver.Chrome, path: Path, css: str = "", height: int = 0) -> None:
    """Save a picture of the page, or from the first such element on, `height` pixels high."""
    box = browser.execute_script(
        "const part = arguments[0] ? document.querySelector(arguments[0]) : null;"
        "const top = part ? part.getBoundingClientRect().top + scrollY - 12 : 0;"
        "return [top, innerWidth, document.documentElement.scrollHeight - top]",
        css,
    )
    clip = {"x": 0, "y": box[0], "width": box[1], "height": min(height or box[2], box[2])}
    taken = browser.execute_cdp_cmd(
        "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip | {"scale": 1}}
    )
    path.write_bytes(base64.b64decode(taken["data"]))
