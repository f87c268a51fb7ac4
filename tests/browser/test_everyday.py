"""A workspace that is synced with a Git server, and another clone of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hubsync import Identity, Workspace
from tests.browser.lab import (
    PATIENCE,
    TOKEN,
    Lab,
    no_dialog,
    running_lab,
    show_panel,
    sources_of,
    status_says,
    until,
    until_state,
)
from tests.git_hubs import git, no_ones_settings
from tests.notebooks import notebook
from tests.servers.git_http import git_http

Shot = Callable[[Page, str], None]
SECRET = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"
TICKS = "import time\nfor tick in range(600):\n    print('tick', tick)\n    time.sleep(0.5)"
FILES = {
    "clean.ipynb": notebook("one = 1", "two = 2"),
    "dirty.ipynb": notebook("one = 1", "two = 2"),
    "cells.ipynb": notebook("one = 1", "two = 2", "three = 3", "four = 4"),
    "running.ipynb": notebook(TICKS),
    "notes.md": "First.\n\nSecond.\n",
    "long.md": "".join(f"line {number}\n" for number in range(200)),
    "data.csv": "x,y\n1,2\n",
    "report.md": "The first report.\n",
    "fetched.md": "First.\n",
    "gone.md": "First.\n",
    "original.md": "First.\n\nSecond.\n\nThird.\n",
}


class Site:
    """The server of Git, JupyterLab on hub A, and a plain clone on hub B."""

    def __init__(self, base: Path, stack: ExitStack) -> None:
        self._folder = base / "git"
        self._folder.mkdir()
        self._serving = ExitStack()
        stack.callback(self._serving.close)
        server = self._serving.enter_context(git_http(self._folder))
        self._port = server.port
        server.repository("work.git")
        url = server.url("work.git")
        home = base / "home"
        home.mkdir()
        for name, text in FILES.items():
            (home / name).write_text(text)
        identity = Identity(author="ada", hub="hub-a")
        with no_ones_settings(base), Workspace.init(str(home), url, identity=identity) as workspace:
            workspace.sync(identity=identity)
        self.clone = base / "clone"
        git(base, "clone", "-q", str(self._folder / "work.git"), str(self.clone))
        self.lab = stack.enter_context(running_lab(base / "server", home))

    def goes_offline(self) -> None:
        self._serving.close()

    def comes_back(self) -> None:
        self._serving.enter_context(git_http(self._folder, port=self._port))

    @contextmanager
    def full(self) -> Iterator[None]:
        """Every push is declined meanwhile, as by a forge whose quota is used up."""
        hook = self._folder / "work.git" / "hooks" / "pre-receive"
        hook.write_text("#!/bin/sh\necho 'error: the repository is over its quota'\nexit 1\n")
        hook.chmod(0o755)
        yield
        hook.unlink()

    def pushed_from_b(self, name: str, text: str) -> None:
        """Somebody on hub B writes a file, commits it and pushes."""
        git(self.clone, "pull", "-q", "--rebase")
        (self.clone / name).write_text(text)
        git(self.clone, "add", name)
        self._pushed(f"{name} from hub B")

    def deleted_from_b(self, name: str) -> None:
        git(self.clone, "pull", "-q", "--rebase")
        git(self.clone, "rm", "-q", name)
        self._pushed(f"{name} is gone")

    def _pushed(self, message: str) -> None:
        git(self.clone, "commit", "-q", "-m", message)

        def pushed() -> bool:
            """As people do whose push was overtaken by another one."""
            git(self.clone, "pull", "-q", "--rebase")
            git(self.clone, "push", "-q", check=False)
            ahead = git(self.clone, "rev-list", "--count", "origin/main..HEAD")
            return ahead == "0"

        until(pushed, self.lab.log)

    def on_the_remote(self, name: str) -> str:
        return git(self._folder / "work.git", "show", f"main:{name}", check=False)


def paused(lab: Lab) -> None:
    """A cycle that was under way has ended, too."""
    lab.ask("POST", "hubsync/pause", {})
    lab.until_state("paused")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("everyday"), stack)


@pytest.fixture
def lab(site: Site) -> Lab:
    return site.lab


def test_a_change_from_another_clone_appears_in_the_open_clean_notebook(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page, "clean.ipynb")
    cells = page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(2)
    site.pushed_from_b("clean.ipynb", notebook("one = 1", "two = 'from B'", "three = 3"))
    expect(cells).to_have_count(3)
    expect(cells.nth(1)).to_contain_text("from B")
    no_dialog(page)


def test_what_is_typed_in_a_notebook_survives_a_change_from_another_clone(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page, "dirty.ipynb")
    cells = page.locator(".jp-Notebook .jp-Cell")
    cells.nth(0).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("  # typed")
    site.pushed_from_b("dirty.ipynb", notebook("one = 1", "two = 'from B'"))
    expect(cells.nth(1)).to_contain_text("from B")
    expect(cells.nth(0)).to_contain_text("# typed")
    page.keyboard.press("Control+s")
    until(
        lambda: sources_of(lab.home / "dirty.ipynb") == ["one = 1  # typed", "two = 'from B'"],
        lab.log,
    )
    no_dialog(page)
    until(lambda: "# typed" in site.on_the_remote("dirty.ipynb"), lab.log)


def test_what_a_running_cell_has_shown_survives_a_change_of_its_source(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page, "running.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content", timeout=PATIENCE * 1000)
    prompt, output = (
        page.locator(one).first for one in (".jp-InputPrompt", ".jp-OutputArea-output")
    )

    def runs() -> bool:
        """Once the page has a kernel; until then a key stroke is for nobody."""
        if re.search(r"[\d*]", prompt.inner_text()) is None:
            page.locator(".jp-Notebook .jp-Cell .cm-content").click()
            page.keyboard.press("Control+Enter")
            page.wait_for_timeout(500)
        return re.search(r"[\d*]", prompt.inner_text()) is not None

    until(runs, lab.log)
    expect(output).to_contain_text("tick 2")
    site.pushed_from_b("running.ipynb", notebook(f"# Counts.\n{TICKS}"))
    expect(page.locator(".jp-Notebook .jp-Cell .cm-content")).to_contain_text("# Counts.")
    expect(output).to_contain_text("tick 0")
    seen = output.inner_text().split("\n")
    expect(output).to_contain_text(f"tick {len(seen) + 2}")
    page.keyboard.press("Control+s")

    def saved() -> list[str]:
        text = (lab.home / "running.ipynb").read_text()
        cells = json.loads(text)["cells"] if text else []  # none while it is being written
        return ["".join(one["text"]) for cell in cells for one in cell["outputs"]]

    assert until(saved, lab.log)[0].startswith("tick 0\ntick 1\ntick 2\n")
    no_dialog(page)


def test_cells_that_another_clone_adds_and_removes_come_where_they_belong(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page, "cells.ipynb")
    cells = page.locator(".jp-Notebook .jp-Cell")
    cells.nth(3).locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type("  # typed")
    theirs = notebook("new = 0", "one = 1", "three = 3", "four = 4", "five = 5")
    site.pushed_from_b("cells.ipynb", theirs)
    wanted = ["new = 0", "one = 1", "three = 3", "four = 4  # typed", "five = 5"]
    expect(cells).to_have_count(len(wanted))
    for number, text in enumerate(wanted):
        expect(cells.nth(number)).to_contain_text(text)
    page.keyboard.press("Control+s")
    until(lambda: sources_of(lab.home / "cells.ipynb") == wanted, lab.log)
    no_dialog(page)


def test_what_a_command_in_a_terminal_fetches_appears_in_the_open_document(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page, "fetched.md")
    text = page.locator(".jp-FileEditor .cm-content")
    expect(text).to_contain_text("First.")
    paused(lab)  # else the session may be the one that fetches it
    site.pushed_from_b("fetched.md", "Second, from B.\n")
    with no_ones_settings(lab.folder), Workspace.open(str(lab.home)) as workspace:
        workspace.pull(identity=Identity(author="ada", hub="hub-a"))
    assert (lab.home / "fetched.md").read_text() == "Second, from B.\n"
    lab.ask("POST", "hubsync/resume", {})
    expect(text).to_contain_text("Second, from B.")
    no_dialog(page)


def test_cursor_and_view_stay_where_they_are(site: Site, lab: Lab, page: Page) -> None:
    lab.open(page, "long.md")
    page.click(".jp-FileEditor .cm-content")
    page.keyboard.press("Control+Home")
    for _ in range(100):
        page.keyboard.press("ArrowDown")
    text = (lab.home / "long.md").read_text().replace("line 95\n", "line 95 from B\n")
    site.pushed_from_b("long.md", "at the top\n" + text)
    expect(page.locator(".jp-FileEditor")).to_contain_text("line 95 from B")
    page.keyboard.type("here: ")
    expect(page.locator(".jp-FileEditor .cm-line >> text=here: line 100")).to_be_visible()
    no_dialog(page)


def test_a_file_that_another_hub_deleted_stays_open_and_can_be_saved_again(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page, "gone.md")
    expect(page.locator(".jp-FileEditor .cm-content")).to_contain_text("First.")
    site.deleted_from_b("gone.md")
    bar = page.locator(".jp-hubsync-bar")
    expect(bar).to_contain_text("was deleted")
    assert not (lab.home / "gone.md").exists()
    page.click(".jp-FileEditor .cm-content")
    page.keyboard.press("Control+End")
    page.keyboard.type("Second.")
    page.keyboard.press("Control+s")
    until(lambda: site.on_the_remote("gone.md") == "First.\nSecond.", lab.log)
    expect(bar).to_have_count(0)
    no_dialog(page)


def test_a_copy_saved_under_another_name_is_no_save_of_the_file(
    site: Site, lab: Lab, page: Page
) -> None:
    text = page.locator(".jp-FileEditor:visible .cm-content")
    lab.open(page, "original.md")
    page.click(".jp-FileEditor .cm-content")
    page.keyboard.press("Control+Home")
    page.keyboard.type("Typed here. ")
    page.keyboard.press("Control+Shift+s")
    page.fill(".jp-Dialog input", "copy.md")
    page.click(".jp-Dialog .jp-mod-accept")
    dialog = page.locator(".jp-Dialog", has_text="Save changes in")
    dialog.get_by_role("button", name="Cancel").click()
    page.locator(".lm-TabBar-tabLabel", has_text="original.md").click()
    site.pushed_from_b("original.md", FILES["original.md"].replace("Third.", "Third, from B."))
    expect(text).to_contain_text("Third, from B.")
    expect(text).to_contain_text("Typed here. First.")
    assert (lab.home / "copy.md").read_text().startswith("Typed here. First.")


def test_edits_of_the_same_lines_are_left_to_the_person(
    site: Site, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page, "notes.md")
    page.click(".jp-FileEditor .cm-content")
    page.keyboard.press("Control+Home")
    page.keyboard.type("Mine. ")
    site.pushed_from_b("notes.md", "Theirs. First.\n\nSecond.\n")
    bar = page.locator(".jp-hubsync-bar")
    expect(bar).to_contain_text("A sync or a restore changed the same lines")
    page.keyboard.press("Control+s")
    shot(page, "bar")
    no_dialog(page)
    assert (lab.home / "notes.md").read_text().startswith("Theirs.")
    bar.get_by_role("button", name="Keep both").click()
    expect(bar).to_contain_text("notes-2.md")
    expect(page.locator(".jp-FileEditor .cm-content")).to_contain_text("Theirs. First.")
    assert (lab.home / "notes-2.md").read_text() == "Mine. First.\n\nSecond.\n"
    until(lambda: site.on_the_remote("notes-2.md").startswith("Mine."), lab.log)


def test_a_conflict_is_looked_at_and_resolved(site: Site, lab: Lab, page: Page, shot: Shot) -> None:
    paused(lab)
    (lab.home / "data.csv").write_text("x,y\n3,4\n")
    site.pushed_from_b("data.csv", "x,y\n5,6\n")
    lab.ask("POST", "hubsync/resume", {})
    lab.open(page)
    until_state(page, "conflicts")
    expect(page.locator(".Toastify__toast")).to_contain_text("was changed on two hubs at once")
    expect(page.locator(".jp-hubsync-mark.jp-mod-conflict")).to_have_count(2)
    shot(page, "marks")
    show_panel(page)
    conflicts = page.locator("[data-part=conflicts]")
    conflicts.get_by_role("button", name="Compare").click()
    expect(page.locator(".jp-hubsync-compare .cm-mergeView")).to_contain_text("5,6")
    shot(page, "conflict")
    page.locator(".jp-Toolbar").get_by_role("button", name="Keep mine").click()
    until_state(page, "synced")
    assert (lab.home / "data.csv").read_text() == "x,y\n3,4\n"
    until(lambda: site.on_the_remote("data.csv") == "x,y\n3,4", lab.log)
    expect(page.locator(".jp-hubsync-compare")).to_have_count(0)


def test_an_earlier_version_comes_back_into_the_open_document(
    site: Site, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page, "report.md")
    page.click(".jp-FileEditor .cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.type("Rewritten.")
    page.keyboard.press("Control+s")
    until(lambda: site.on_the_remote("report.md") == "Rewritten.", lab.log)
    show_panel(page)
    history = page.locator("[data-part=history]")
    history.get_by_role("tab", name="This file").click()
    versions = history.locator(".jp-hubsync-timeline > li")
    expect(versions).to_have_count(2)
    history.get_by_role("tab", name="Everything").click()
    expect(versions).not_to_have_count(2)
    history.get_by_role("tab", name="This file").click()
    expect(versions).to_have_count(2)
    versions.nth(1).get_by_role("button", name="Compare").click()
    expect(page.locator(".jp-hubsync-compare")).to_contain_text("The first report.")
    shot(page, "history")
    versions.nth(1).get_by_role("button", name="Restore").click()
    until(lambda: (lab.home / "report.md").read_text() == "The first report.\n", lab.log)
    page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab >> text=report.md").first.click()
    expect(page.locator(".jp-FileEditor .cm-content")).to_contain_text("The first report.")
    no_dialog(page)


def test_nothing_in_the_panel_moves_under_the_pointer_while_a_save_is_synced(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page)
    until_state(page, "synced")
    show_panel(page)
    page.locator("[data-part=history]").get_by_role("tab", name="Everything").click()
    page.evaluate(
        """() => {
            window.tops = new Set();
            window.states = new Set();
            const look = () => {
                const history = document.querySelector('[data-part=history]');
                window.tops.add(history.getBoundingClientRect().top);
                window.states.add(document.querySelector('.jp-hubsync-state').innerText);
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    (lab.home / "moving.md").write_text("Saved.\n")
    until(lambda: site.on_the_remote("moving.md") == "Saved.", lab.log)
    page.wait_for_function("window.states.size > 1")  # it was seen to wait, or to sync
    until_state(page, "synced")
    assert len(page.evaluate("[...window.tops]")) == 1


def test_offline_is_told_and_catches_up_by_itself(
    site: Site, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page)
    site.goes_offline()
    try:
        (lab.home / "offline.md").write_text("Written on a train.\n")
        until_state(page, "offline")
        show_panel(page)
        expect(page.locator(".jp-hubsync-panel")).to_contain_text("goes on by itself")
        shot(page, "offline")
    finally:
        site.comes_back()
    until(lambda: site.on_the_remote("offline.md") == "Written on a train.", lab.log)
    until_state(page, "synced")


def test_a_push_that_is_refused_is_told_and_tried_again(
    site: Site, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page)
    until_state(page, "synced")
    with site.full():
        (lab.home / "refused.md").write_text("One file too many.\n")
        until_state(page, "failed")
        status_says(page, "Sync failed", "over its quota")
        expect(page.locator(".Toastify__toast")).to_contain_text("over its quota")
        show_panel(page)
        panel = page.locator(".jp-hubsync-panel")
        expect(panel).to_contain_text("it is tried again")
        expect(panel).to_contain_text("over its quota")
        shot(page, "failed")
        no_dialog(page)
    until(lambda: site.on_the_remote("refused.md") == "One file too many.", lab.log)
    until_state(page, "synced")
    expect(page.locator(".Toastify__toast")).to_have_count(0)


def test_a_file_that_is_held_back_is_told_once_until_it_is_gone(
    site: Site, lab: Lab, page: Page
) -> None:
    lab.open(page)
    until_state(page, "synced")
    toast = page.locator(".Toastify__toast")
    (lab.home / "settings.py").write_text(f'TOKEN = "{SECRET}"\n')
    expect(toast).to_contain_text("1 file cannot be synced: ")
    (lab.home / "other.md").write_text("goes on\n")
    until(lambda: site.on_the_remote("other.md") == "goes on", lab.log)
    until_state(page, "synced")
    expect(toast).to_have_count(1)
    (lab.home / "settings.py").unlink()
    expect(toast).to_have_count(0)
    assert site.on_the_remote("settings.py") == ""


def test_notebook_7_shows_the_state_and_the_panel(lab: Lab, browser: Browser, shot: Shot) -> None:
    page = browser.new_page()  # Notebook 7.6 has an error of its own, with any setting that is read
    page.goto(f"http://127.0.0.1:{lab.port}/notebooks/clean.ipynb?token={TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    until_state(page, "synced")
    show_panel(page)
    expect(page.locator(".jp-hubsync-panel")).to_contain_text("clean.ipynb")
    shot(page, "notebook7")
    page.wait_for_load_state("networkidle")
    page.close()
