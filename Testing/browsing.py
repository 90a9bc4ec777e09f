"""A real browser without a window: Debian's chromium, which fetches nothing, and what its canvas shows."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

BROWSERS, DRIVER = ("chromium", "chromium-browser"), "chromedriver"
_QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
_HEADLESS = ("--headless=new", "--no-sandbox", "--disable-quic", "--window-size=1180,2400")
_SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
NO_GL = ("--disable-gpu", "--disable-3d-apis")


def browser_lacks() -> str:
    """What keeps pages from being opened here, and how to get it; empty where nothing does."""
    missing = [] if any(shutil.which(name) for name in BROWSERS) else ["chromium"]
    missing += [] if shutil.which(DRIVER) else ["chromium-driver"]
    return f"apt install {' '.join(missing)}" if missing else ""


@contextmanager
def opened(page: Path, *flags: str) -> Iterator[Any]:
    """The page in a browser of its own, once its viewer is ready or has said that it cannot be."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = next(path for name in BROWSERS if (path := shutil.which(name)))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*_QUIET, *_HEADLESS, *(flags or _SOFTWARE_GL), f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(shutil.which(DRIVER)))
        try:
            driver.get(page.as_uri())
            _wait(driver)
            yield driver
        finally:
            driver.quit()


def _wait(driver: Any) -> None:
    until = time.monotonic() + 90
    while state(driver) == "loading":
        assert time.monotonic() < until, "the viewer did not become ready"
        time.sleep(0.2)


def state(driver: Any) -> str:
    return str(driver.execute_script("return document.getElementById('viewer').dataset.state"))


def move(driver: Any, control: str, value: float | str, event: str = "input") -> None:
    """Set a control as a hand would, and let the picture follow."""
    script = """const one = document.getElementById("viewer-" + arguments[0]); one.value = arguments[1];
                one.dispatchEvent(new Event(arguments[2]));"""
    driver.execute_script(script, control, str(value), event)
    time.sleep(0.7)


def canvas(driver: Any) -> np.ndarray:
    """The viewer's picture, (height, width, 3)."""
    picture = driver.find_element("id", "viewer-canvas").screenshot_as_png
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=int)


def coloured(picture: np.ndarray) -> np.ndarray:
    """Where the map is drawn: neither grey, as the ADC, nor green, as the cross-hair."""
    red, green, blue = np.moveaxis(picture, -1, 0)
    return np.asarray((picture.max(axis=-1) - picture.min(axis=-1) > 45) & (green < np.maximum(red, blue)))


def errors(driver: Any) -> list[str]:
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def fetched(driver: Any) -> list[str]:
    """Addresses on any network that were asked for."""
    found = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return [url for url in found if url.startswith(("http:", "https:", "ws:", "wss:"))]
