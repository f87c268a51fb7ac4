"""The menu of a file in the file browser: its history, the version before, leaving it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hubsync import Identity, Workspace
from tests.browser.lab import Lab, no_dialog, running_lab, until, until_state

Shot = Callable[[Page, str], None]
IDENTITY = Identity(author="ada", hub="hub-a")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    base = tmp_path_factory.mktemp("menu")
    home = base / "home"
    home.mkdir()
    with Workspace.init(str(home), (base / "shared").as_uri(), identity=IDENTITY) as workspace:
        for text in ("First.\n", "Second.\n"):
            for name in ("notes.md", "scratch.md"):
                (home / name).write_text(text)
            workspace.sync(identity=IDENTITY)
    with running_lab(base / "server", home) as running:
        yield running


def open_menu(page: Page, name: str) -> None:
    """What the menu of a file has on syncing."""
    page.locator(".jp-DirListing-item", has_text=name).click(button="right")
    page.locator(".lm-Menu-item", has_text="Sync").hover()


def choose(page: Page, name: str, label: str) -> None:
    """What is called ``label`` in the menu of a file."""
    open_menu(page, name)
    page.locator(".lm-Menu-item", has_text=label).click()


def test_the_version_before_comes_back_and_the_present_one_stays_in_the_history(
    lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page)
    until_state(page, "synced")
    choose(page, "notes.md", "Restore the Version Before")
    until(lambda: (lab.home / "notes.md").read_text() == "First.\n", lab.log)
    lab.until_settled()
    choose(page, "notes.md", "History")
    timeline = page.locator(".jp-hubsync-timeline > li")
    # What was restored, what that replaced here, and the two that were sent before.
    expect(timeline).to_have_count(4)
    expect(timeline.nth(1)).to_contain_text("replaced here")
    shot(page, "history-of-a-file")
    no_dialog(page)


def test_a_file_is_left_out_of_the_sync(lab: Lab, page: Page, shot: Shot) -> None:
    lab.open(page)
    until_state(page, "synced")
    choose(page, "scratch.md", "Ignore")
    rules = lab.home / ".hubsyncignore"
    until(lambda: rules.exists() and "scratch.md" in rules.read_text(), lab.log)
    expect(page.locator(".jp-hubsync-mark.jp-mod-ignored")).to_have_count(1)
    offered = page.locator(".lm-Menu-item:visible", has_text="Ignore")
    for name, count in (("notes.md", 1), ("scratch.md", 0)):
        open_menu(page, name)
        expect(page.locator(".lm-Menu-item:visible", has_text="History")).to_have_count(1)
        expect(offered).to_have_count(count)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    shot(page, "ignored")
    (lab.home / "scratch.md").write_text("Only here.\n")
    lab.until_settled()
    shared = Path(lab.home.parent / "shared")
    assert (shared / "scratch.md").read_text() == "Second.\n"
    no_dialog(page)
