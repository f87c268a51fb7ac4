"""A workspace on a disk without executable bits, as FAT and many network mounts are (rule 16).

No such disk can be mounted wherever the tests run. What it does is done to real files: all of them
show the same bits, whatever anybody asks for.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.engine import observe
from hubsync.local.evidence import keeps_executable
from tests.unit.engine.hubs import Hub, Site

FILES = {"run": "#!/bin/sh\n", "text": "text"}


@pytest.fixture
def script(site: Site) -> Hub:
    """A hub on an ordinary disk, with one executable file on the remote."""
    hub = site.hub("ordinary", FILES)
    (hub / "run").chmod(0o755)
    hub.sync()
    return hub


def all_alike(hub: Hub, mode: int) -> None:
    for name in hub.files():
        (hub / name).chmod(mode)


def test_an_ordinary_disk_has_executable_bits(tmp_path: Path) -> None:
    assert keeps_executable(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shown", [0o755, 0o644])
@pytest.mark.parametrize("memory", ["kept", "lost"])
def test_a_disk_without_executable_bits_changes_nobodys(
    site: Site, script: Hub, monkeypatch: pytest.MonkeyPatch, shown: int, memory: str
) -> None:
    monkeypatch.setattr(observe, "keeps_executable", lambda directory: False)
    stick = site.hub("stick")
    stick.sync()
    all_alike(stick, shown)
    if memory == "lost":
        stick.forget()
    assert stick.workspace.status().local == ()
    assert stick.sync().nothing_done()
    stick.write({"run": "#!/bin/sh\necho edited\n", "text": "edited", "new": "new"})
    all_alike(stick, shown)
    stick.sync()
    monkeypatch.undo()
    script.sync()
    assert script.files()["run"] == "#!/bin/sh\necho edited\n"
    assert [script.executable(name) for name in ("run", "text", "new")] == [True, False, False]
