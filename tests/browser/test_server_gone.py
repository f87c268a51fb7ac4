"""A Jupyter server that ends while its page is open."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from hubsync import Identity, Workspace
from tests.browser.lab import STATUS, running_lab, until_state


def test_the_page_says_at_once_that_the_server_is_gone(tmp_path: Path, browser: Browser) -> None:
    page = browser.new_page()  # of Lab's own requests, some fail and are caught by nobody
    home = tmp_path / "home"
    home.mkdir()
    (home / "notes.md").write_text("First.\n")
    identity = Identity(author="ada", hub="hub-a")
    with Workspace.init(str(home), (tmp_path / "shared").as_uri(), identity=identity) as workspace:
        workspace.sync(identity=identity)
    with running_lab(tmp_path / "server", home) as lab:
        lab.open(page)
        until_state(page, "synced")
        lab.kill()
        expect(page.locator(STATUS)).to_have_text("No server", timeout=5000)
    page.close()
