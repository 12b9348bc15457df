"""A browser for tests: Debian's chromium, headless, with a size, a colour scheme and downloads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = "needs a browser: install Debian's chromium and chromium-driver"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
    " --allow-file-access-from-files"
)


def start_browser(home: Path) -> webdriver.Chrome:
    """Start a browser whose profile and downloads are in `home`. The caller quits it."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS.split(), f"--user-data-dir={home / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


def resize(browser: webdriver.Chrome, width: int, is_touched: bool = False) -> None:
    """Show pages as on a screen of this width in CSS pixels, with or without touch."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": is_touched}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    touch: dict[str, Any] = {"enabled": is_touched}
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", touch)
