"""A pull onto a disk that is too small: the old files stay, and what is missing is said.

The workspace lies on a tmpfs of a few megabytes, mounted in a mount namespace of its own, which
ends with the process. Root may make one; others need user namespaces.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCENARIO = '''
import json, os, subprocess, sys
from hubsync.errors import HubsyncError
from hubsync.model import Identity
from hubsync.report import Silent
from hubsync.workspace import Workspace

base, kind = sys.argv[1:]
small = os.path.join(base, "small")
os.mkdir(small)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", small], check=True)
me = Identity("me", "hub")
url = "file://" + os.path.join(base, "remote")
there, here = os.path.join(base, "there"), os.path.join(small, "here")
os.mkdir(there)

def write(root, path, size, byte):
    with open(os.path.join(root, path), "wb") as file:
        file.write(byte * size)

def look(root):
    found = {}
    for directory, folders, files in os.walk(root):
        if ".hubsync" in folders:
            folders.remove(".hubsync")
        for name in files:
            place = os.path.join(directory, name)
            with open(place, "rb") as file:
                data = file.read()
            found[os.path.relpath(place, root)] = [len(data), data[:1].decode()]
    return found

def leftovers():
    metadata = os.path.join(here, ".hubsync")
    return [
        os.path.join(directory, name)
        for directory, _, files in os.walk(metadata)
        for name in files
        if directory.endswith("stage") or name.startswith((".new-", "clock-"))
    ]

class Filling(Silent):
    """When the download begins, somebody else fills the disk."""
    def phase(self, name, files=0, size=0):
        if name == "Downloading":
            try:
                write(small, "filler", 10_000_000, b"F")
            except OSError:
                pass
            if kind == "room for a part":
                filler = os.path.join(small, "filler")
                os.truncate(filler, os.path.getsize(filler) - 700_000)

with Workspace.init(there, url) as workspace:
    write(there, "small", 1000, b"a")
    write(there, "large", 1_000_000, b"a")
    workspace.sync(identity=me)
Workspace.clone(url, here, identity=me)[0].close()
with Workspace.open(there) as workspace:
    write(there, "small", 2000, b"b")
    write(there, "large", 9_000_000 if kind == "before" else 1_500_000, b"b")
    workspace.sync(identity=me)

report = {"before": look(here)}
with Workspace.open(here) as workspace:
    command = workspace.pull
    if kind == "room for a part":
        command = workspace.sync
        write(here, "mine", 10, b"m")
    try:
        result = command(identity=me, reporter=Silent() if kind == "before" else Filling())
        report["problems"] = [[one.path, one.code, one.message] for one in result.problems]
    except HubsyncError as error:
        report["error"] = [error.code, error.message, error.hint]
report["after"], report["leftovers"] = look(here), leftovers()
report["remote"] = look(os.path.join(base, "remote"))
if kind == "before":
    write(here, "mine", 10, b"m")
    with Workspace.open(here) as workspace:
        try:
            workspace.sync(identity=me)
        except HubsyncError as error:
            report["sync"] = [error.code, error.message]
    report["sent"] = os.path.exists(os.path.join(base, "remote", "mine"))
    os.unlink(os.path.join(here, "mine"))
    os.unlink(os.path.join(base, "remote", "mine"))
if kind == "before":
    with Workspace.open(there) as workspace:
        write(there, "large", 1_500_000, b"b")
        workspace.sync(identity=me)
else:
    os.unlink(os.path.join(small, "filler"))
with Workspace.open(here) as workspace:
    report["healed"] = [one.message for one in workspace.sync(identity=me).problems]
report["finally"] = look(here)
print(json.dumps(report))
'''

WAYS = (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"])


def namespace() -> list[str]:
    """The command that makes a mount namespace here."""
    for way in WAYS:
        probe = [*way, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        if shutil.which("unshare") and subprocess.run(probe, capture_output=True).returncode == 0:
            return way
    pytest.fail(
        "no small disk can be mounted here: run the tests as root, or where user namespaces are "
        "allowed (sysctl kernel.unprivileged_userns_clone=1; docker run --cap-add SYS_ADMIN)"
    )


def run(tmp_path: Path, kind: str) -> dict[str, Any]:
    done = subprocess.run(
        [*namespace(), sys.executable, "-c", SCENARIO, str(tmp_path), kind],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


OLD = {"small": [1000, "a"], "large": [1_000_000, "a"]}
NEW = {"small": [2000, "b"], "large": [1_500_000, "b"]}


def test_too_little_room_is_found_before_anything_is_fetched(tmp_path: Path) -> None:
    report = run(tmp_path, "before")
    code, message, hint = report["error"]
    assert code == "disk-full"
    assert "MB are missing" in message
    assert hint
    assert report["before"] == report["after"] == OLD
    assert report["leftovers"] == []
    assert report["healed"] == []
    # A sync fails in the same way, but what was changed here is safe on the remote.
    code, message = report["sync"]
    assert code == "disk-full"
    assert "what was changed here was sent" in message
    assert report["sent"]
    assert report["finally"] == NEW


def test_a_disk_that_fills_up_under_way_leaves_the_old_files_and_no_others(tmp_path: Path) -> None:
    report = run(tmp_path, "under way")
    said = json.dumps(report.get("error") or report["problems"])
    assert "full" in said
    for path, content in report["after"].items():
        assert content in (OLD[path], NEW[path])
    assert report["after"].keys() == OLD.keys()
    assert report["after"]["large"] == OLD["large"]
    assert [one for one in report["leftovers"] if not one.endswith(".part")] == []
    assert report["healed"] == []
    assert report["finally"] == NEW


def test_a_disk_that_a_download_fills_keeps_no_work_from_being_sent(tmp_path: Path) -> None:
    """What has come down so far gives way to the notes that sending needs."""
    report = run(tmp_path, "room for a part")
    assert "full" in json.dumps(report.get("error") or report["problems"])
    assert report["remote"]["mine"] == [10, "m"]
    assert report["after"]["large"] == OLD["large"]
    assert report["healed"] == []
    assert report["finally"] == {**NEW, "mine": [10, "m"]}


FULL = """
import os, subprocess, sys
from hubsync import Identity, Workspace
from hubsync.errors import DiskFull

base = sys.argv[1]
small = os.path.join(base, "small")
os.mkdir(small)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
here = os.path.join(small, "here")
os.mkdir(here)
me = Identity("me", "hub")

def write(path, size, byte):
    with open(path, "wb") as file:
        file.write(byte * size)

with Workspace.init(here, "file://" + os.path.join(base, "remote")) as workspace:
    for byte in (b"a", b"b"):
        write(os.path.join(here, "large"), 1_000_000, byte)
        workspace.sync(identity=me)
    workspace.restore("large")
    try:
        write(os.path.join(small, "filler"), 10_000_000, b"F")
    except OSError:
        pass
    try:
        workspace.sync(identity=me)
    except DiskFull as error:
        assert "full" in error.message and "gc" in error.hint
    else:
        raise AssertionError("there was room")
    assert not [name for name in os.listdir(os.path.join(here, ".hubsync")) if "lock" in name]
    assert workspace.gc(keep_days=0).trash == 1
    workspace.sync(identity=me)
"""


def test_gc_frees_a_disk_on_which_not_even_a_lock_finds_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [*namespace(), sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "remote/large").read_bytes()[:1] == b"a"


GIT = """
import os, random, subprocess, sys
from pathlib import Path
from hubsync import Identity, Workspace
from hubsync.errors import DiskFull
from tests.git_hubs import GitSite, Hub, git, no_ones_settings

base = Path(sys.argv[1])
small = base / "small"
small.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], check=True)
dice = random.Random(1)
filler, there = small / "filler", small / "here"

def leave(room):
    with suppress(OSError), open(filler, "wb", buffering=0) as file:
        while file.write(b"F" * 65536):
            pass
    os.truncate(filler, max(0, os.path.getsize(filler) - room))

from contextlib import suppress
with no_ones_settings(base / "nobody"):
    site = GitSite(base / "site")
    one = site.hub("one", {"small": "s"})
    (one.directory / "large").write_bytes(dice.randbytes(2_000_000))
    one.sync()
    for room in (60_000, 200_000, 1_000_000):
        leave(room)
        try:
            Workspace.clone(site.url, str(there), identity=Identity("ada", "here"))
        except DiskFull as error:
            assert error.hint
        else:
            raise AssertionError("there was room")
        assert [name for name in os.listdir(there) if name not in (".git", ".hubsync")] == []
    os.unlink(filler)
    workspace, _ = Workspace.clone(site.url, str(there), identity=Identity("ada", "here"))
    hub = Hub(there, workspace)
    assert hub.is_clean() and (there / "large").stat().st_size == 2_000_000
    for number, room in enumerate((30_000, 120_000)):
        one.write({f"theirs-{number}": "t"})
        one.sync()
        mine = dice.randbytes(10_000)
        (there / "mine").write_bytes(mine)
        leave(room)
        try:
            hub.sync()
        except DiskFull as error:
            assert error.hint
        else:
            raise AssertionError("there was room")
        assert (there / "mine").read_bytes() == mine
        assert hub.is_sound()
        os.unlink(filler)
        hub.sync()
        assert hub.is_clean()
        one.sync()
        assert (one.directory / "mine").read_bytes() == mine
    git(site.repository, "fsck", "--strict")
"""


def test_a_full_disk_breaks_no_clone_and_loses_no_work(tmp_path: Path) -> None:
    done = subprocess.run(
        [*namespace(), sys.executable, "-c", GIT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0, done.stderr
