"""GitHub in the browser: signing in, a repository that is made or picked, and a login that ends."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import (
    Lab,
    no_dialog,
    running_lab,
    show_panel,
    status_says,
    until,
    until_state,
)
from tests.git_hubs import git
from tests.servers.github import FakeGitHub, fake_github

Shot = Callable[[Page, str], None]
PATIENT = {"debounce": 0.3, "look": 1.0, "first": 0.5, "longest": 600.0}
"""Who is refused once does not ask again by themselves while a test runs."""


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGitHub]:
    """With a repository that has something in it; codes are entered on its page."""
    base = tmp_path_factory.mktemp("github")
    repositories = base / "repositories"
    repositories.mkdir()
    with fake_github(repositories=repositories, interval=1, approve_after=None) as there:
        _begun(there, "octocat/thesis", "My thesis.\n")
        yield there


@pytest.fixture(scope="module")
def lab(github: FakeGitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    base = tmp_path_factory.mktemp("github-lab")
    home = base / "home"
    (home / "__pycache__").mkdir(parents=True)
    (home / "__pycache__" / "old.pyc").write_bytes(b"x")
    (home / "notes.md").write_text("First.\n")
    (home / "data.csv").write_text("x,y\n" * 1000)
    with running_lab(base / "server", home, github.env, intervals=PATIENT) as lab:
        yield lab


def test_a_repository_is_made_at_github_and_holds_the_first_sync(
    github: FakeGitHub, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page)
    until_state(page, "not-set-up")
    show_panel(page)
    panel = page.locator(".jp-hubsync-panel")
    panel.get_by_label("A repository at GitHub").check()
    _sign_in(page, panel, github, lambda: shot(page, "github-code"))
    offered = panel.get_by_label("Repository:")
    expect(offered.locator("option")).to_have_text(["choose one", re.compile("octocat/thesis")])
    panel.get_by_label("or make a private one:").fill("field-notes")
    page.keyboard.press("Enter")
    expect(offered).to_have_value(re.compile("/octocat/field-notes.git$"))
    shot(page, "github-repositories")
    panel.get_by_role("button", name="Try it").click()
    expect(panel).to_contain_text("2 files, 4.0 kB, will go up")
    expect(panel).to_contain_text("1 file or folder is ignored")
    assert not (lab.home / ".hubsync").exists()
    assert not (lab.home / ".git").exists()
    assert _on_github(github, "field-notes", "notes.md") == ""
    panel.get_by_role("button", name="Start syncing").click()
    until_state(page, "synced")
    assert _on_github(github, "field-notes", "notes.md") == "First."
    no_dialog(page)


def test_a_repository_is_picked_and_united_with_what_is_there(
    github: FakeGitHub, lab: Lab, page: Page, shot: Shot
) -> None:
    _unlinked(lab)
    lab.open(page)
    until_state(page, "not-set-up")
    show_panel(page)
    panel = page.locator(".jp-hubsync-panel")
    panel.get_by_label("A repository at GitHub").check()
    panel.get_by_label("Repository:").select_option("octocat/thesis (public)")
    panel.get_by_role("button", name="Try it").click()
    expect(panel).to_contain_text("be united with what is there already")
    assert not (lab.home / "README.md").exists()
    shot(page, "github-tried")
    panel.get_by_role("button", name="Start syncing").click()
    until_state(page, "synced")
    assert (lab.home / "README.md").read_text() == "My thesis.\n"
    assert _on_github(github, "thesis", "notes.md") == "First."
    no_dialog(page)


def test_a_login_that_has_ended_is_told_once_and_a_new_one_sends_what_waits(
    github: FakeGitHub, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page, "notes.md")
    until_state(page, "synced")
    github.end_logins()
    page.click(".jp-FileEditor .cm-content")
    page.keyboard.press("Control+End")
    page.keyboard.type("Written without a login.")
    page.keyboard.press("Control+s")
    until_state(page, "needs-login")
    status_says(page, "Sign in to sync", "does not know you any more")
    toast = page.locator(".Toastify__toast")
    expect(toast).to_have_count(1)
    expect(toast).to_contain_text("Sync needs you to sign in.")
    no_dialog(page)
    toast.get_by_role("button", name="Show").click()
    panel = page.locator(".jp-hubsync-panel")
    expect(panel).not_to_contain_text("hubsync login")
    shot(page, "needs-login")
    _sign_in(page, panel, github)
    until_state(page, "synced")
    until(lambda: "without a login" in _on_github(github, "thesis", "notes.md"), lab.log)
    expect(toast).to_have_count(0)
    panel.get_by_text("Account at GitHub").click()
    expect(panel).to_contain_text("as octocat")
    no_dialog(page)


def test_who_may_not_push_works_on_a_fork_and_is_shown_where_to_propose_it(
    tmp_path: Path, page: Page, shot: Shot
) -> None:
    repositories = tmp_path / "repositories"
    repositories.mkdir()
    with (
        fake_github(repositories=repositories, read_only={"lab/course"}) as there,
        ExitStack() as labs,
    ):
        _begun(there, "lab/course", "A course.\n")
        home = tmp_path / "home"
        home.mkdir()
        env = {**there.env, "GITHUB_TOKEN": there.give_token()}
        lab = labs.enter_context(running_lab(tmp_path / "server", home, env, intervals=PATIENT))
        url = f"git+http://{there.host}/lab/course.git"
        lab.ask("POST", "hubsync/setup", {"url": url, "mode": "branch", "wait": 30})
        lab.open(page, "README.md")
        until_state(page, "synced")
        page.click(".jp-FileEditor .cm-content")
        page.keyboard.press("Control+Home")
        page.keyboard.type("Mine: ")
        page.keyboard.press("Control+s")
        show_panel(page)
        panel = page.locator(".jp-hubsync-panel")
        fork = panel.get_by_role("button", name="Work on a fork of mine")
        expect(fork).to_be_visible()
        shot(page, "fork-offered")
        no_dialog(page)
        fork.click()
        proposal = panel.get_by_role("link", name="Propose what is in your fork")
        expect(proposal).to_have_attribute("href", re.compile("/lab/course/compare/"))
        until_state(page, "synced")
        shot(page, "fork-made")
        assert _on_github(there, "course", "README.md") == "Mine: A course."
        expect(fork).to_have_count(0)
        no_dialog(page)


def _begun(there: FakeGitHub, name: str, text: str) -> None:
    """A repository in which somebody has written a README.md."""
    assert there.repositories is not None
    there.add_repository(name)
    clone = there.repositories.parent / f"clone-{name.replace('/', '-')}"
    git(clone.parent, "clone", "-q", str(there.repositories / f"{name}.git"), clone.name)
    (clone / "README.md").write_text(text)
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "Begun")
    git(clone, "push", "-q", "origin", "HEAD:main")


def _sign_in(
    page: Page, panel: Locator, github: FakeGitHub, seen: Callable[[], None] = lambda: None
) -> None:
    """As a person does: the code of the panel goes into GitHub's page, which the link opens."""
    panel.get_by_role("button", name=f"Sign in at {github.host}").click()
    code = panel.locator(".jp-hubsync-code").inner_text()
    seen()
    with page.expect_popup() as opened:
        panel.get_by_role("link", name="Open the page").click()
    there = opened.value
    there.get_by_label("Code:").fill(code)
    there.get_by_role("button", name="Continue").click()
    expect(there.locator("body")).to_contain_text("all set")
    there.close()
    expect(panel.locator(".jp-hubsync-code")).to_have_count(0)


def _unlinked(lab: Lab) -> None:
    """The files stay, and nothing is synced any more."""
    lab.ask("POST", "hubsync/stop", {})
    for name in (".hubsync", ".git"):
        shutil.rmtree(lab.home / name)
    lab.until_state("not-set-up")


def _on_github(github: FakeGitHub, repository: str, path: str) -> str:
    assert github.repositories is not None
    folder = github.repositories / "octocat" / f"{repository}.git"
    return git(folder, "show", f"main:{path}", check=False)
