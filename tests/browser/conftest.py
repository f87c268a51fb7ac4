"""One browser for a run, one page for a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1060, "height": 620}


def _chromium() -> str:
    programs = ("chromium-headless-shell", "chromium", "chromium-browser")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, programs)), None)
    if found is None:
        reason = "the browser tests need Chromium: install it, or name it in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = _chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in an empty profile. An error that no part of the page has caught fails the test."""
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
    yield page
    met = list(errors)  # what is asked while the page closes finds nobody
    context.close()
    assert met == []


@pytest.fixture(scope="session")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Page, str], None]:
    """Writes a picture of a page; into the folder HUBSYNC_SCREENSHOTS names, to be looked at, and
    then in the dark theme as well."""
    named = os.environ.get("HUBSYNC_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)

    def write(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled")
        if named:
            page.emulate_media(color_scheme="dark")
            page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
            page.wait_for_selector("#jupyterlab-splash", state="detached")
            page.screenshot(path=folder / f"{name}-dark.png", animations="disabled")
            page.emulate_media(color_scheme="light")
            page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")
            page.wait_for_selector("#jupyterlab-splash", state="detached")

    return write
