"""The same user on two JupyterHubs with homes of their own, and one remote behind both.

What a person does is done in the browser: logging in, writing, saving, opening.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import SIZE
from tests.browser.lab import OVERRIDES, PATIENCE, STATUS, no_dialog, until, until_state
from tests.git_hubs import git
from tests.servers.jupyterhub import Hub, jupyterhub

Shot = Callable[[Page, str], None]
_USER = "ada"
_TEXT = ".jp-FileEditor .cm-content"


class Seat:
    """The browser of the person on one hub; a profile of its own, as cookies know no ports."""

    def __init__(self, hub: Hub, browser: Browser, stack: ExitStack) -> None:
        self.hub = hub
        context = browser.new_context(viewport=SIZE)
        stack.callback(context.close)
        self.page: Page = context.new_page()

    def log_in(self) -> None:
        """On the hub's own page; the server starts, and JupyterLab opens."""
        self.page.goto(self.hub.url)
        self.page.get_by_label("Username:").fill(_USER)
        self.page.get_by_label("Password:").fill("any")
        self.page.get_by_role("button", name="Sign in").click()
        self._settled()

    def start_again(self) -> None:
        """As the hub offers it when the server is gone."""
        self.page.goto(f"{self.hub.url}/hub/spawn")
        self._settled()

    def opened(self, name: str) -> Locator:
        self.page.goto(f"{self.hub.url}/user/{_USER}/lab/tree/{name}?reset")
        text = self.page.locator(_TEXT)
        expect(text).to_be_visible(timeout=PATIENCE * 1000)
        return text

    def begin(self, name: str, text: str) -> None:
        """A new document from the launcher; JupyterLab asks for its name with the first save."""
        self.page.click(".jp-LauncherCard >> text=Markdown File")
        self._type(text)
        self.page.keyboard.press("Control+s")
        self.page.locator(".jp-Dialog input[type=text]").fill(name)
        self.page.keyboard.press("Enter")

    def write(self, text: str) -> None:
        """Typed at the end of the open document, and saved: it is on the hub's disk."""
        self._type(text)
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ) as saved:
            self.page.keyboard.press("Control+s")
        assert saved.value.ok

    def _type(self, text: str) -> None:
        self.page.click(_TEXT)
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def _settled(self) -> None:
        self.page.wait_for_selector(STATUS, timeout=PATIENCE * 1000)
        until_state(self.page, "synced")


class Federation:
    """Two hubs, the person's browser on both, and the repository that both name as the remote."""

    def __init__(self, folder: Path, browser: Browser, stack: ExitStack) -> None:
        self.repository = folder / f"{_USER}.git"
        operator = {
            "HubSync": {
                "remote": f"git+file://{folder}/{{username}}.git",
                "restore_on_start": True,
                "intervals": {"look": 1.0},
            }
        }
        self.one, self.other = (
            Seat(
                stack.enter_context(
                    jupyterhub(
                        folder / name,
                        operator,
                        {"HUBSYNC_HUB": f"{name}.example.org"},
                        overrides=OVERRIDES,
                    )
                ),
                browser,
                stack,
            )
            for name in ("one", "other")
        )

    def committed(self, path: str) -> str:
        return git(self.repository, "show", f"main:{path}", check=False)


@pytest.fixture(scope="module")
def hubs(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    with ExitStack() as stack:
        yield Federation(tmp_path_factory.mktemp("federation"), browser, stack)


def test_work_that_is_made_on_one_hub_is_opened_and_goes_on_on_the_other(
    hubs: Federation, shot: Shot
) -> None:
    one, other = hubs.one, hubs.other
    one.log_in()
    one.begin("notes.md", "On one hub.")
    until(lambda: hubs.committed("notes.md") == "On one hub.")
    other.log_in()
    expect(other.opened("notes.md")).to_contain_text("On one hub.")
    other.write(" On the other.")
    expect(one.page.locator(_TEXT)).to_contain_text("On one hub. On the other.")
    no_dialog(one.page)
    no_dialog(other.page)
    shot(other.page, "two-hubs")
    assert git(hubs.repository, "ls-tree", "-r", "--name-only", "main") == "notes.md"
    told = git(hubs.repository, "log", "--format=%(trailers)", "main")
    assert "one.example.org" in told
    assert "other.example.org" in told


def test_a_server_killed_half_a_second_after_a_save_loses_nothing(hubs: Federation) -> None:
    one, other = hubs.one, hubs.other
    one.opened("notes.md")
    there = other.opened("notes.md")
    server = one.hub.pid(_USER)
    one.write(" Just written.")
    time.sleep(0.5)  # the kill comes before the second after which a save is sent
    os.kill(server, signal.SIGKILL)
    until(lambda: not one.hub.ask("GET", f"/hub/api/users/{_USER}").get("servers"))
    one.start_again()
    expect(there).to_contain_text("Just written.")
    expect(one.opened("notes.md")).to_contain_text("Just written.")
    no_dialog(other.page)


def test_what_was_saved_when_a_server_is_culled_is_on_the_remote_when_it_has_ended(
    hubs: Federation,
) -> None:
    hub = hubs.one.hub
    hub.start(_USER)
    model = {"type": "file", "format": "text", "content": "in the last second\n"}
    hub.ask("PUT", f"/user/{_USER}/api/contents/culled.md", model)
    hub.stop(_USER)
    assert hubs.committed("culled.md") == "in the last second"


def test_a_link_through_the_hub_asks_and_opens_the_file(hubs: Federation) -> None:
    page = hubs.other.page
    remote = f"git+file://{hubs.repository}"
    page.goto(
        f"{hubs.other.hub.url}/hub/user-redirect/hubsync/open?{urlencode({'remote': remote})}"
        "&path=notes.md"
    )
    expect(page.locator("h1")).to_have_text("Get what is new?")
    page.get_by_role("button", name="Get what is new").click()
    expect(page.locator(_TEXT)).to_contain_text("On one hub.", timeout=PATIENCE * 1000)
    assert page.url.endswith("/lab/tree/notes.md")
