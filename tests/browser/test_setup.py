"""From nothing to the first commit: what a person does once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import Lab, no_dialog, running_lab, show_panel, until, until_state
from tests.git_hubs import git
from tests.servers.git_bare import bare

Shot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    base = tmp_path_factory.mktemp("setup")
    home = base / "home"
    (home / "__pycache__").mkdir(parents=True)
    (home / "__pycache__" / "old.pyc").write_bytes(b"x")
    (home / "notes.md").write_text("First.\n")
    (home / "data.csv").write_text("x,y\n" * 1000)
    token = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"
    (home / "keys.py").write_text(f"token = '{token}'\n")
    bare(base / "work.git")
    with running_lab(base / "server", home) as lab:
        yield lab


def test_setup_is_tried_before_it_is_made_and_a_save_becomes_a_commit(
    lab: Lab, page: Page, shot: Shot
) -> None:
    repository = lab.home.parent / "work.git"
    lab.open(page)
    until_state(page, "not-set-up")
    page.click(".jp-LauncherCard >> text=Set Up Sync")
    panel = page.locator(".jp-hubsync-panel")
    panel.get_by_label("A bucket or another address").check()
    panel.get_by_label("Address:").fill(f"git+{repository.as_uri()}")
    shot(page, "wizard")
    panel.get_by_role("button", name="Try it").click()
    expect(panel).to_contain_text("2 files, 4.0 kB, will go up")
    expect(panel).to_contain_text("1 file or folder is ignored")
    expect(panel).to_contain_text("1 file, 51 B, stays here")
    expect(panel).to_contain_text("keys.py held back: ")
    assert not (lab.home / ".hubsync").exists()
    assert not (lab.home / ".git").exists()
    shot(page, "wizard-tried")
    panel.get_by_role("button", name="Start syncing").click()
    until_state(page, "synced")
    expect(page.locator(".jp-LauncherCard >> text=Set Up Sync")).to_have_count(0)
    assert git(repository, "show", "main:notes.md") == "First."

    lab.open(page, "notes.md")
    page.click(".jp-FileEditor .cm-content")
    page.keyboard.press("Control+End")
    page.keyboard.type("Written in the browser.")
    page.keyboard.press("Control+s")
    until(lambda: "Written in the browser." in git(repository, "show", "main:notes.md"), lab.log)
    until_state(page, "synced")
    show_panel(page)
    expect(panel.locator(".jp-hubsync-timeline > li")).not_to_have_count(0)
    shot(page, "synced")
    no_dialog(page)


def test_by_keyboard_alone_a_wrong_place_is_corrected_and_sync_is_set_up(
    tmp_path: Path, page: Page, shot: Shot
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shared = tmp_path / "shared"
    shared.mkdir()
    with running_lab(tmp_path / "server", home) as lab:
        lab.open(page)
        until_state(page, "not-set-up")
        press, keys = page.keyboard.press, page.keyboard.type
        expect(page.locator(".jp-Launcher")).to_be_focused()
        press("Control+Shift+c")
        expect(page.locator(".lm-CommandPalette-input")).to_be_focused()
        keys("Set Up Sync")
        expect(page.locator(".lm-CommandPalette-item.lm-mod-active")).to_contain_text("Set Up Sync")
        press("Enter")
        expect(page.locator("[data-part=setup] > summary")).to_be_focused()

        press("Tab")
        for _ in range(2):
            press("ArrowDown")
        expect(page.get_by_label("A bucket or another address")).to_be_focused()
        press("Tab")
        keys("gopher://example.org/me")
        press("Enter")
        panel = page.locator(".jp-hubsync-panel")
        expect(panel.get_by_role("alert")).to_contain_text("gopher")
        assert list(home.iterdir()) == []

        press("Shift+Tab")
        press("ArrowUp")
        expect(page.get_by_label("A folder")).to_be_focused()
        press("Tab")
        keys(str(shared / "ada"))
        press("Enter")
        expect(panel.get_by_role("group", name="What will happen")).to_be_focused()
        assert list(home.iterdir()) == []
        press("Tab")
        expect(panel.get_by_role("button", name="Start syncing")).to_be_focused()
        shot(page, "keyboard")
        press("Enter")
        until_state(page, "synced")
        expect(panel.locator(".jp-hubsync-overview")).to_be_focused()
        (home / "notes.md").write_text("First.\n")
        until(lambda: (shared / "ada" / "notes.md").exists(), lab.log)

        pause = panel.get_by_role("button", name="Pause")
        for _ in range(2):  # "Sync now" is passed over while a sync is under way
            press("Tab")
            if pause.evaluate("one => one === document.activeElement"):
                break
        expect(pause).to_be_focused()
        press("Enter")
        until_state(page, "paused")
        no_dialog(page)


def test_the_wizard_offers_no_place_that_the_hub_does_not_permit(
    tmp_path: Path, page: Page
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with running_lab(tmp_path / "server", home, allowed_remotes=["s3://hub/*"]) as lab:
        lab.open(page)
        until_state(page, "not-set-up")
        page.click(".jp-LauncherCard >> text=Set Up Sync")
        places = page.locator(".jp-hubsync-panel input[name=jp-hubsync-kind]")
        expect(places).to_have_count(1)
        expect(page.get_by_label("A bucket or another address")).to_be_checked()
        no_dialog(page)
