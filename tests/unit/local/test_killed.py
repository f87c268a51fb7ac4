"""A run that is killed at any instant leaves every path old or new, and every content somewhere."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from hubsync.local.stage import Stage
from hubsync.local.steps import Step
from tests.unit.local.disk import Disk

CHANGE = """
import os, signal, sys
import msgspec
from hubsync.local.apply import Applier
from hubsync.local.renames import KernelRenames
from hubsync.local.steps import Step
from hubsync.local.trash import Trash
from tests.unit.local.faults import Unsupported

root, steps, kind, number, when = sys.argv[1:]

class Killed(KernelRenames if kind == "kernel" else Unsupported):
    calls = 0
    def _around(self, call, source, target):
        self.calls += 1
        if self.calls == int(number) and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            call(source, target)
        finally:
            if self.calls == int(number):
                os.kill(os.getpid(), signal.SIGKILL)
    def noreplace(self, source, target):
        self._around(super().noreplace, source, target)
    def exchange(self, source, target):
        self._around(super().exchange, source, target)

with open(steps, "rb") as file:
    steps = msgspec.msgpack.decode(file.read(), type=list[Step])
with Applier(root, Trash(root), renames=Killed()) as applier:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in applier.apply(steps):
        pass
    applier.flush()
"""


class Change:
    """Edits, deletions and creations, about to be carried out by a process that will be killed."""

    def __init__(self, disk: Disk, count: int) -> None:
        self.disk = disk
        for number in range(count):
            disk.write(f"d{number % 5}/{number}", f"old {number}")
        tree = disk.tree()
        self.before: dict[str, str | None] = {path: disk.read(path) for path in tree}
        self.after = dict(self.before)
        self.steps: list[Step] = []
        for number in range(count):
            path = f"d{number % 5}/{number}"
            if number % 4 == 0:
                self.steps.append(disk.replace(path, tree[path], f"new {number}"))
                self.after[path] = f"new {number}"
            elif number % 4 == 1:
                self.steps.append(Step(path, None, tree[path]))
                self.after[path] = None
            elif number % 4 == 2:
                path = f"n{number % 7}/{number}"
                self.steps.append(disk.create(path, f"created {number}"))
                self.after[path] = f"created {number}"

    def start(self, tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
        place = tmp_path / "steps"
        place.write_bytes(msgspec.msgpack.encode(self.steps))
        process = subprocess.Popen(
            [sys.executable, "-c", CHANGE, self.disk.root, str(place), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def check(self) -> int:
        """Rule 13; how many paths are new."""
        disk, new = self.disk, 0
        for path in self.after:
            now = disk.read(path) if (disk.path / path).exists() else None
            old = self.before.get(path)
            assert now in {old, self.after[path]}, path
            new += now != old
        Stage(disk.root).clear()
        kept = {one.read_text() for one in disk.path.rglob("*") if one.is_file()}
        assert set(self.before.values()) <= kept, "a content that a person wrote is gone"
        return new


@pytest.mark.parametrize("kind", ["kernel", "nfs"])
def test_killed_at_random_moments(disk: Disk, tmp_path: Path, kind: str) -> None:
    dice = random.Random(kind)
    reached = []
    for round_ in range(24):
        if round_ >= 6 and max(reached) > 0:
            break
        other = Disk(tmp_path / f"work{round_}")
        change = Change(other, 400)
        process = change.start(tmp_path, kind, "0", "never")
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        # On a busy machine nothing may have begun by then: later ones come later.
        time.sleep(dice.uniform(0.001, 0.02) * max(1, round_ - 4))
        process.kill()
        process.communicate()
        reached.append(change.check())
    assert max(reached) > 0, "all were killed before they began"


@pytest.mark.parametrize("kind", ["kernel", "nfs"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2])
def test_killed_around_each_rename(
    disk: Disk, tmp_path: Path, kind: str, when: str, number: int
) -> None:
    change = Change(disk, 4)
    process = change.start(tmp_path, kind, str(number), when)
    process.communicate("\n")
    assert process.returncode == -9
    change.check()
    # The next run has nothing to trip over: the same steps, planned anew, go through.
    tree = disk.tree()
    steps = []
    for path, content in change.after.items():
        if content is None and path in tree:
            steps.append(Step(path, None, tree[path]))
        elif content is not None and path not in tree:
            steps.append(disk.create(path, content))
        elif content is not None and disk.read(path) != content:
            steps.append(disk.replace(path, tree[path], content))
    assert all(one.problem is None for one in disk.apply(*steps).values())
    assert {path: disk.read(path) for path in disk.tree()} == {
        path: content for path, content in change.after.items() if content is not None
    }
    assert os.listdir(disk.stage.directory) == []
