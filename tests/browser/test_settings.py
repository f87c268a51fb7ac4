"""What the operator of a hub switches off for everybody, and a person on again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from hubsync import Identity, Workspace
from tests.browser.lab import STATUS, TOKEN, Lab, no_dialog, running_lab, until

Shot = Callable[[Page, str], None]
ADA = Identity(author="ada", hub="hub-a")
MARK = ".jp-hubsync-mark"
OFF = {"statusBar": False, "marks": False, "notifications": False, "reloadOpenFiles": False}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    base = tmp_path_factory.mktemp("settings")
    home = base / "home"
    home.mkdir()
    (home / "notes.md").write_text("First.\n")
    (home / "scratch.md").write_text("Only here.\n")
    (home / ".hubsyncignore").write_text("scratch.md\n")
    with Workspace.init(str(home), (base / "shared").as_uri(), identity=ADA) as workspace:
        workspace.sync(identity=ADA)
    with running_lab(base / "server", home, defaults=OFF) as running:
        yield running


def show(lab: Lab, page: Page) -> None:
    page.goto(f"http://127.0.0.1:{lab.port}/lab?token={TOKEN}&reset")
    expect(page.locator(".jp-DirListing-item", has_text="scratch.md")).to_be_visible()


def choice(page: Page, title: str) -> Locator:
    """The box of a setting of hubsync's, in the Settings Editor."""
    return page.locator(".jp-SettingsForm").get_by_label(title)


def test_what_the_operator_switches_off_is_off_and_a_person_switches_it_on_again(
    lab: Lab, page: Page, shot: Shot
) -> None:
    show(lab, page)
    expect(page.locator(".jp-SideBar [data-id=hubsync-panel]")).to_be_visible()
    expect(page.locator(STATUS)).to_have_count(0)
    expect(page.locator(MARK)).to_have_count(0)
    page.keyboard.press("Control+Comma")
    page.locator(".jp-PluginList-entry", has_text="Sync").click()
    expect(choice(page, "Status bar")).not_to_be_checked()
    expect(choice(page, "Card in the launcher")).to_be_checked()
    shot(page, "settings")
    for title in ("Status bar", "Marks in the file browser"):
        choice(page, title).check()
    expect(page.locator(STATUS)).to_be_visible()
    expect(page.locator(MARK)).to_have_count(1)
    chosen = Path(lab.folder) / "lab" / "user-settings" / "@hubsync" / "lab"
    until(lambda: list(chosen.glob("*")), lab.log)
    show(lab, page)
    expect(page.locator(STATUS)).to_be_visible()
    expect(page.locator(MARK)).to_have_count(1)
    no_dialog(page)
