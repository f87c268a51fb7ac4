"""A page beside `hubsync watch`, which syncs the same files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from hubsync import Identity, Workspace
from tests.browser.lab import no_dialog, running_lab, show_panel, status_says, until
from tests.elsewhere import Elsewhere

ADA = Identity(author="ada", hub="hub-a")
EDITOR = ".jp-FileEditor .cm-content"


@contextmanager
def watching(home: Path, log: Path) -> Iterator[None]:
    """`hubsync watch` in a terminal."""
    command = [sys.executable, "-P", "-m", "hubsync_cli", "watch"]
    env = {**os.environ, "HOME": str(log.parent)}
    with open(log, "wb") as told:
        ran = subprocess.Popen(command, cwd=home, env=env, stdout=told, stderr=told)
        try:
            until(lambda: log.read_text(), log)
            yield
        finally:
            ran.terminate()
            ran.wait()


def test_what_another_program_brings_is_in_the_open_document_and_nothing_is_to_be_started(
    tmp_path: Path, page: Page
) -> None:
    home, remote = tmp_path / "home", tmp_path / "shared"
    home.mkdir()
    (home / "notes.md").write_text("First.\n")
    with Workspace.init(str(home), remote.as_uri(), identity=ADA) as workspace:
        workspace.sync(identity=ADA)
    bob = Elsewhere(tmp_path / "bob", remote.as_uri())
    with watching(home, tmp_path / "watch.log"), running_lab(tmp_path / "server", home) as lab:
        lab.open(page, "notes.md")
        status_says(page, "Synced elsewhere", "Another program keeps your files in sync.")
        expect(page.locator(EDITOR)).to_contain_text("First.")
        bob.writes("notes.md", "First, by Bob.\n")
        until(lambda: "Bob" in (home / "notes.md").read_text(), lab.log)
        expect(page.locator(EDITOR)).to_contain_text("First, by Bob.")
        show_panel(page)
        expect(page.locator(".jp-hubsync-overview")).to_contain_text("Another program")
        expect(page.get_by_role("button", name="Start sync")).to_have_count(0)
        no_dialog(page)
