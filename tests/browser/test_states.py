"""A home that its hub fills from a bucket: coming back, a pause, a bucket that lost its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hubsync import Identity, SyncRequest, Workspace
from tests.browser.lab import (
    Lab,
    no_dialog,
    running_lab,
    show_panel,
    status_says,
    until,
    until_state,
)
from tests.servers.cutting import Dam, wire_to
from tests.servers.objects_servers import plain_rclone_s3

Shot = Callable[[Page, str], None]
RUNS = 14
SIZE = 200_000
HUB_B = Identity(author="ada", hub="hub-b")


class Site:
    """The bucket, ``dam`` on the way to it, and JupyterLab in a home that was empty."""

    def __init__(self, base: Path, stack: ExitStack) -> None:
        server = stack.enter_context(plain_rclone_s3())
        self.bucket = Path(server.folder) / "bucket" / "ada"
        self._other = seed = base / "other"
        (seed / "runs").mkdir(parents=True)
        (seed / "notes.md").write_text("First.\n")
        for number in range(RUNS):
            (seed / "runs" / f"run-{number:02}.dat").write_bytes(bytes([number]) * SIZE)
        env = {**server.env, "AWS_REGION": "us-east-1", "NB_USER": "ada"}
        self._env = {**env, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}"}
        with Workspace.init(
            str(seed), "s3://bucket/ada", identity=HUB_B, env=self._env
        ) as workspace:
            workspace.sync(identity=HUB_B)
        wire = stack.enter_context(wire_to(server.port))
        self.dam = wire.dam = Dam(RUNS * SIZE // 2)
        stack.callback(self.dam.open)
        home = base / "home"
        home.mkdir()
        here = {**env, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}"}
        operator = {"remote": "s3://bucket/{username}", "restore_on_start": True}
        self.lab = stack.enter_context(running_lab(base / "server", home, here, **operator))

    def deleted_on_b(self) -> None:
        """Somebody on hub B deletes nearly everything, and means it."""
        for file in (self._other / "runs").iterdir():
            file.unlink()
        with Workspace.open(str(self._other), env=self._env) as workspace:
            workspace.sync(SyncRequest(confirm_deletes=True), identity=HUB_B)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("states"), stack)


@pytest.fixture
def lab(site: Site) -> Lab:
    return site.lab


def test_files_that_are_being_brought_back_are_told_of_while_they_come(
    site: Site, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page)
    until_state(page, "restoring")
    status_says(page, re.compile(r"^Restoring \d+ %$"), "Your files are being brought back")
    show_panel(page)
    panel = page.locator(".jp-hubsync-panel")
    expect(panel.locator("progress")).to_have_attribute("max", str(RUNS * SIZE + len("First.\n")))
    shot(page, "restoring")
    no_dialog(page)
    site.dam.open()
    until_state(page, "synced")
    assert len(list((lab.home / "runs").iterdir())) == RUNS
    page.get_by_role("tab", name="File Browser").click()
    page.locator(".jp-DirListing-content >> text=notes.md").dblclick()
    expect(page.locator(".jp-FileEditor .cm-content")).to_contain_text("First.")


def test_a_pause_lasts_until_it_is_ended(site: Site, lab: Lab, page: Page, shot: Shot) -> None:
    lab.open(page)
    until_state(page, "synced")
    show_panel(page)
    panel = page.locator(".jp-hubsync-panel")
    panel.get_by_role("button", name="Pause").click()
    until_state(page, "paused")
    (lab.home / "notes.md").write_text("Written meanwhile.\n")
    expect(panel).to_contain_text("1 change")
    status_says(page, "Sync paused", "Nothing is sent or fetched until you resume")
    shot(page, "paused")
    assert (site.bucket / "notes.md").read_text() == "First.\n"
    panel.get_by_role("button", name="Resume").click()
    until(lambda: (site.bucket / "notes.md").read_text() == "Written meanwhile.\n", lab.log)
    until_state(page, "synced")


def test_a_remote_that_lost_its_files_takes_none_from_here_until_a_person_says_so(
    site: Site, lab: Lab, page: Page, shot: Shot
) -> None:
    lab.open(page)
    until_state(page, "synced")
    site.deleted_on_b()
    until_state(page, "stopped-for-safety")
    why = f"{RUNS} of {RUNS + 1} files would be deleted from this workspace"
    status_says(page, "Sync stopped", why)
    toast = page.locator(".Toastify__toast")
    expect(toast).to_contain_text(why)
    no_dialog(page)
    toast.get_by_role("button", name="Show").click()
    panel = page.locator(".jp-hubsync-panel")
    expect(panel).to_contain_text(why)
    expect(panel).not_to_contain_text("--confirm-deletes")
    shot(page, "stopped")
    assert len(list((lab.home / "runs").iterdir())) == RUNS
    panel.get_by_role("button", name="carry out the deletions").click()
    until_state(page, "synced")
    until(lambda: not list(lab.home.glob("runs/*")), lab.log)
    expect(toast).to_have_count(0)
    versions = lab.ask("GET", "hubsync/versions?path=runs/run-03.dat")["versions"]
    assert any(one["size"] == SIZE for one in versions)
    no_dialog(page)
