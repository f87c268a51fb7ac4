"""A real JupyterLab with hubsync in it, on loopback, and what the tests do with its pages."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from playwright.sync_api import Page, expect

from tests.servers.jupyter import PATIENCE, TOKEN, JupyterServer

OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
}
_TOGETHER = Path(sys.prefix) / "together" / "share" / "jupyter" / "labextensions"
"""Where `scripts/setup.sh` puts jupyter-collaboration's front end, for those who want it."""
_ENDS = 20.0
"""Seconds; its flush ends in 14 at most."""
STATUS = ".jp-hubsync-status"

expect.set_options(timeout=30_000)


def sources_of(path: Path) -> list[str]:
    """Of the cells of a notebook on the disk; of none while it is being written."""
    text = path.read_text()
    cells = json.loads(text)["cells"] if text else []
    return ["".join(cell["source"]) for cell in cells]


class Lab(JupyterServer):
    """One server with its pages. ``env``: what a hub sets; ``together``: whether it has
    jupyter-collaboration; ``defaults``: the operator's, of the page's settings; ``hubsync``: what
    the operator sets."""

    def __init__(
        self,
        folder: Path,
        home: Path,
        env: Mapping[str, str] = MappingProxyType({}),
        *,
        together: bool = False,
        defaults: Mapping[str, Any] = MappingProxyType({}),
        **hubsync: Any,
    ) -> None:
        (folder / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        labconfig = folder / "labconfig"
        labconfig.mkdir()
        (labconfig / "default_setting_overrides.json").write_text(
            json.dumps({**OVERRIDES, "@hubsync/lab:plugin": dict(defaults)})
        )
        pace = {"debounce": 0.3, "look": 1.0, "first": 0.5, "longest": 1.0}
        settings = {
            "LabApp": {
                "extension_manager": "readonly",
                "extra_labextensions_path": [str(_TOGETHER)] if together else [],
            },
            "HubSync": {"intervals": pace, **hubsync},
            "SQLiteYStore": {"db_path": str(folder / "rooms.db")},
            "BaseFileIdManager": {"db_path": str(folder / "ids.db")},
            "YDocExtension": {"session_store_path": str(folder / "sessions.json")},
        }
        beside = ("jupyter_server_fileid", "jupyter_server_ydoc") if together else ()
        super().__init__(folder, home, settings, "jupyterlab", beside=beside, env=env)

    def until_settled(self) -> Any:
        """All that is on the disk is on the remote, and the other way round."""

        def settled() -> Any:
            self.ask("POST", "hubsync/sync", {"message": "test", "wait": 30})
            status = self.status()
            return status if status["state"] in ("synced", "conflicts") else None

        return self.until(settled)

    def open(self, page: Page, path: str = "", app: str = "lab") -> None:
        """Show JupyterLab, with the file at ``path`` open."""
        where = f"{app}/tree/{path}" if path else app
        page.goto(f"http://127.0.0.1:{self.port}/{where}?token={TOKEN}&reset")
        page.wait_for_selector(STATUS, timeout=PATIENCE * 1000)


@contextmanager
def running_lab(
    folder: Path, home: Path, env: Mapping[str, str] = MappingProxyType({}), **given: Any
) -> Iterator[Lab]:
    """``given``: as for `Lab`. It is ended as a hub ends it."""
    folder.mkdir(parents=True, exist_ok=True)
    lab = Lab(folder, home, env, **given)
    try:
        lab.until(lab.status)
        yield lab
        lab.end(within=_ENDS)
    finally:
        lab.kill()


def until(found: Callable[[], Any], log: Path | None = None) -> Any:
    """Until it is so; what is true of it."""
    end = time.monotonic() + PATIENCE
    while not (result := found()):
        assert time.monotonic() < end, "" if log is None else log.read_text()
        time.sleep(0.1)
    return result


def until_state(page: Page, state: str) -> None:
    page.wait_for_selector(f'{STATUS}[data-state="{state}"]', timeout=PATIENCE * 1000)


def status_says(page: Page, label: str | re.Pattern[str], why: str) -> None:
    """The words in the status bar, and some of what stands there when the mouse rests on them."""
    item = page.locator(STATUS)
    expect(item).to_have_text(label)
    expect(item).to_have_attribute("title", re.compile(re.escape(why)))


def show_panel(page: Page) -> None:
    page.click(STATUS)
    page.wait_for_selector(".jp-hubsync-panel", state="visible")


def no_dialog(page: Page) -> None:
    expect(page.locator(".jp-Dialog")).to_have_count(0)
