"""Files and folders without permission: reported, skipped, and never taken for a deletion (rule 7).

Root may read everything, so where the tests run as root the scenario gives up root first.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCENARIO = """
import json, os, sys
from hubsync.model import Identity
from hubsync.workspace import Workspace

base = sys.argv[1]
me = Identity("me", "hub")

def scenario(base):
    home, url = os.path.join(base, "work"), "file://" + os.path.join(base, "remote")
    def write(path, text):
        place = os.path.join(home, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w") as file:
            file.write(text)
    def chmod(path, mode):
        os.chmod(os.path.join(home, path), mode)
    def remote():
        root = os.path.join(base, "remote")
        return sorted(
            os.path.relpath(os.path.join(directory, name), root)
            for directory, _, files in os.walk(root)
            for name in files
            if ".hubsync" not in directory
        )
    def told(result):
        return {
            "up": sorted(one.path for one in result.up),
            "deleted": [*result.deleted_remotely, *result.deleted_locally],
            "problems": sorted([one.path, one.code] for one in result.problems),
            "hints": all(one.hint for one in result.problems),
            "exit": result.exit_status(),
            "remote": remote(),
        }
    os.makedirs(home)
    with Workspace.init(home, url) as workspace:
        for path in ("good", "known", "locked/a", "locked/deep/b", "listed/c"):
            write(path, "one")
        first = told(workspace.sync(identity=me))
        write("good", "edited")
        write("secret", "new and private")
        chmod("secret", 0)
        write("known", "edited and private")
        chmod("known", 0)
        chmod("locked", 0)
        chmod("listed", 0o600)
        hidden = told(workspace.sync(identity=me))
        chmod("locked", 0o755)
        chmod("listed", 0o755)
        chmod("known", 0o644)
        chmod("secret", 0o644)
        healed = told(workspace.sync(identity=me))
        again = told(workspace.sync(identity=me))
    return {"first": first, "hidden": hidden, "healed": healed, "again": again}

if os.getuid() == 0:
    # Once as root, so that every module is loaded that nobody might not be allowed to read.
    scenario(os.path.join(base, "rehearsal"))
    os.makedirs(os.path.join(base, "nobody"))
    os.chown(os.path.join(base, "nobody"), 65534, 65534)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    base = os.path.join(base, "nobody")
print(json.dumps(scenario(base)))
"""

ALL = ["good", "known", "listed/c", "locked/a", "locked/deep/b"]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that another user may enter; pytest's own are private."""
    folder = tempfile.mkdtemp(prefix="hubsync-test-")
    os.chmod(folder, 0o755)
    yield Path(folder)
    shutil.rmtree(folder)


def test_what_cannot_be_read_is_skipped_and_comes_later(place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCENARIO, str(place)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=place,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["first"]["remote"] == ALL
    assert report["first"]["problems"] == []

    hidden = report["hidden"]
    assert hidden["problems"] == [
        ["known", "unreadable"],
        ["listed", "unreadable"],
        ["locked", "unreadable"],
        ["secret", "unreadable"],
    ]
    assert hidden["hints"]
    assert hidden["up"] == ["good"]
    assert hidden["deleted"] == []
    assert hidden["remote"] == ALL
    assert hidden["exit"] == 3

    healed = report["healed"]
    assert healed["problems"] == []
    assert healed["up"] == ["known", "secret"]
    assert healed["remote"] == sorted([*ALL, "secret"])
    assert report["again"]["up"] == []
    assert report["again"]["exit"] == 0
