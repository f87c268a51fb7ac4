"""Two people in one document, with jupyter-collaboration, while another hub changes its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hubsync import Identity, Workspace
from tests.browser.conftest import SIZE
from tests.browser.lab import Lab, no_dialog, running_lab, sources_of, until, until_state
from tests.elsewhere import Elsewhere
from tests.notebooks import notebook

Shot = Callable[[Page, str], None]
ADA = Identity(author="ada", hub="hub-a")
TEXT = "First.\n\nSecond.\n\nThird.\n\nFourth.\n\nFifth.\n"
EDITOR = ".jp-FileEditor .cm-content"


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("together") / "shared"


@pytest.fixture(scope="module")
def lab(remote: Path) -> Iterator[Lab]:
    home = remote.parent / "home"
    home.mkdir()
    for name in ("notes.md", "both.md", "gone.md"):
        (home / name).write_text(TEXT)
    (home / "work.ipynb").write_text(notebook("one = 1", "two = 2"))
    with Workspace.init(str(home), remote.as_uri(), identity=ADA) as workspace:
        workspace.sync(identity=ADA)
    with running_lab(remote.parent / "server", home, together=True) as running:
        yield running


@pytest.fixture(scope="module")
def bob(lab: Lab, remote: Path) -> Elsewhere:
    return Elsewhere(remote.parent / "bob", remote.as_uri())


@pytest.fixture
def eve(browser: Browser) -> Iterator[Page]:
    """The page of somebody else in the same room."""
    context = browser.new_context(viewport=SIZE)
    yield context.new_page()
    context.close()


def test_what_two_people_type_and_what_another_hub_sends_are_one_text(
    lab: Lab, remote: Path, bob: Elsewhere, page: Page, eve: Page, shot: Shot
) -> None:
    for one in (page, eve):
        lab.open(one, "notes.md")
        expect(one.locator(EDITOR)).to_contain_text("Fifth.")
    page.click(EDITOR)
    page.keyboard.press("Control+Home")
    page.keyboard.type("Ada. ")
    expect(eve.locator(EDITOR)).to_contain_text("Ada. First.")
    bob.writes("notes.md", TEXT.replace("Third.", "Third, by Bob."))
    page.keyboard.type("More. ")
    eve.click(EDITOR)
    eve.keyboard.press("Control+End")
    eve.keyboard.type("Eve.")
    both = "Ada. More. " + TEXT.replace("Third.", "Third, by Bob.") + "Eve."
    for one in (page, eve):
        for line in ("Ada. More. First.", "Third, by Bob.", "Eve."):
            expect(one.locator(EDITOR)).to_contain_text(line)
        one.keyboard.press("Control+s")
        no_dialog(one)
    until(lambda: (remote / "notes.md").read_text().rstrip("\n") == both, lab.log)
    assert (lab.home / "notes.md").read_text().rstrip("\n") == both
    until_state(page, "synced")
    shot(page, "together")


def test_cells_of_two_people_and_of_another_hub_are_one_notebook(
    lab: Lab, remote: Path, bob: Elsewhere, page: Page, eve: Page
) -> None:
    for one in (page, eve):
        lab.open(one, "work.ipynb")
        expect(one.locator(".jp-Notebook .jp-Cell")).to_have_count(2)
    page.locator(".jp-Notebook .jp-Cell").nth(0).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("  # Ada")
    bob.writes("work.ipynb", notebook("one = 1", "two = 'from Bob'", "three = 3"))
    for one in (page, eve):
        cells = one.locator(".jp-Notebook .jp-Cell")
        expect(cells).to_have_count(3)
        expect(cells.nth(0)).to_contain_text("# Ada")
        expect(cells.nth(1)).to_contain_text("from Bob")
        one.keyboard.press("Control+s")
        no_dialog(one)
    expected = ["one = 1  # Ada", "two = 'from Bob'", "three = 3"]
    until(lambda: sources_of(remote / "work.ipynb") == expected, lab.log)


def test_what_cannot_be_merged_is_kept_twice(
    lab: Lab, remote: Path, bob: Elsewhere, page: Page, eve: Page
) -> None:
    for one in (page, eve):
        lab.open(one, "both.md")
        expect(one.locator(EDITOR)).to_contain_text("Fifth.")
    lab.ask("POST", "hubsync/pause", {})
    lab.until_state("paused")
    bob.writes("both.md", TEXT.replace("First.", "First, by Bob."))
    page.click(EDITOR)
    page.keyboard.press("Control+Home")
    page.keyboard.type("Ada. ")
    until(lambda: (lab.home / "both.md").read_text() == "Ada. " + TEXT, lab.log)
    lab.ask("POST", "hubsync/resume", {})
    until_state(page, "conflicts")
    texts = {one.read_text() for one in lab.home.glob("both*.md")}
    assert texts == {"Ada. " + TEXT, TEXT.replace("First.", "First, by Bob.")}
    kept = (lab.home / "both.md").read_text().splitlines()[0]
    for one in (page, eve):
        expect(one.locator(EDITOR)).to_contain_text(kept)
        no_dialog(one)


def test_what_is_typed_in_a_file_that_another_hub_deletes_is_there_again(
    lab: Lab, remote: Path, bob: Elsewhere, eve: Page
) -> None:
    # Not `page`: the front end of jupyter-collaboration has an error of its own without a file.
    reader = eve.context.new_page()
    for one in (reader, eve):
        lab.open(one, "gone.md")
        expect(one.locator(EDITOR)).to_contain_text("Fifth.")
    bob.deletes("gone.md")
    until(lambda: not (lab.home / "gone.md").exists(), lab.log)
    eve.click(EDITOR)
    eve.keyboard.press("Control+Home")
    eve.keyboard.type("Eve. ")
    there = remote / "gone.md"
    until(lambda: there.exists() and there.read_text() == "Eve. " + TEXT, lab.log)
    expect(reader.locator(EDITOR)).to_contain_text("Eve. First.")
