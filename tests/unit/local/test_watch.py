"""Changes on a real disk are heard, by events and by looking."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hubsync.local import inotify
from hubsync.local.waking import Waking
from hubsync.local.watch import Heard, How, Watch, fingerprint, network_kind


class Ears:
    """Hears a watch."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.how: list[How] = []
        self._news = threading.Condition()

    def hear(self, heard: Heard) -> None:
        with self._news:
            self.heard.append(heard)
            self._news.notify_all()

    def tell(self, how: How) -> None:
        self.how.append(how)

    def until(self, found: Callable[[Heard], bool]) -> None:
        with self._news:
            assert self._news.wait_for(lambda: any(map(found, self.heard)), 20), self.heard


@contextmanager
def watched(root: Path) -> Iterator[Ears]:
    ears = Ears()
    watch = Watch(str(root), ears.hear, ears.tell)
    watch.start()
    try:
        ears.until(lambda heard: heard.more)  # it has begun
        ears.heard.clear()
        yield ears
    finally:
        watch.stop()


def test_a_save_is_heard(tmp_path: Path) -> None:
    with watched(tmp_path) as ears:
        (tmp_path / "notes.md").write_text("x")
        ears.until(lambda heard: "notes.md" in heard.paths)
        (tmp_path / "new").mkdir()
        ears.until(lambda heard: "new" in heard.paths)
        (tmp_path / "new" / "deep.md").write_text("x")
        ears.until(lambda heard: "new/deep.md" in heard.paths)
        (tmp_path / "notes.md").unlink()
    assert [one.how for one in ears.how] == ["events"]


def test_what_is_ignored_wakes_nobody(tmp_path: Path) -> None:
    (tmp_path / ".hubsync").mkdir()
    (tmp_path / ".venv").mkdir()
    with watched(tmp_path) as ears:
        (tmp_path / ".hubsync" / "lock").write_text("x")
        (tmp_path / ".venv" / "pyvenv.cfg").write_text("x")
        (tmp_path / "last.md").write_text("x")
        ears.until(lambda heard: "last.md" in heard.paths)
    assert {path for heard in ears.heard for path in heard.paths} == {"last.md"}


def test_another_command_that_synced_is_heard(tmp_path: Path) -> None:
    state = tmp_path / ".hubsync" / "state"
    state.mkdir(parents=True)
    with watched(tmp_path) as ears:
        (state / "origin.state").write_text("x")
        ears.until(lambda heard: heard.synced and not heard.paths)


def test_a_directory_that_moved_is_heard_under_its_new_name(tmp_path: Path) -> None:
    (tmp_path / "old" / "deep").mkdir(parents=True)
    with watched(tmp_path) as ears:
        (tmp_path / "old").rename(tmp_path / "new")
        ears.until(lambda heard: "new" in heard.paths)
        (tmp_path / "new" / "deep" / "x.md").write_text("x")
        ears.until(lambda heard: "new/deep/x.md" in heard.paths)


def test_a_directory_that_is_no_longer_ignored_is_heard(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / ".hubsyncignore").write_text("raw/\n")
    with watched(tmp_path) as ears:
        (tmp_path / ".hubsyncignore").write_text("")
        ears.until(lambda heard: ".hubsyncignore" in heard.paths)
        ears.heard.clear()
        end = time.monotonic() + 20
        while not any("raw/x" in heard.paths for heard in ears.heard):
            assert time.monotonic() < end
            (tmp_path / "raw" / "x").write_text("x")
            time.sleep(0.05)


def test_a_directory_that_comes_with_other_rules_is_heard_by_these(tmp_path: Path) -> None:
    root = tmp_path / "work"
    for name, rules in (("work/sub", "*.csv\n"), ("beside", "*.md\n")):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / ".hubsyncignore").write_text(rules)
    with watched(root) as ears:
        (root / "sub").rename(tmp_path / "away")
        (tmp_path / "beside").rename(root / "sub")
        ears.until(lambda heard: "sub/.hubsyncignore" in heard.paths)
        (root / "sub" / "a.csv").write_text("x")
        ears.until(lambda heard: "sub/a.csv" in heard.paths)


def test_what_a_person_commits_in_a_repository_inside_is_heard(tmp_path: Path) -> None:
    repository = tmp_path / "sub" / "project"
    git = ["git", "-C", str(repository), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    with watched(tmp_path) as ears:
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "nothing"], check=True)
        ears.until(lambda heard: any("/.git/refs/heads/" in path for path in heard.paths))
        ears.heard.clear()
        subprocess.run([*git, "switch", "-qc", "feature/a"], check=True)
        ears.until(lambda heard: "sub/project/.git/HEAD" in heard.paths)


def test_a_workspace_that_is_deleted_is_looked_for(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    with watched(root) as ears:
        root.rmdir()
        ears.until(lambda heard: heard.more)
        root.mkdir()
        ears.heard.clear()
        (root / "x").write_text("x")
        ears.until(lambda heard: heard.more)
    assert [one.how for one in ears.how] == ["events", "polling"]


def test_links_out_of_the_workspace_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "work"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    with watched(root) as ears:
        (tmp_path / "outside" / "x.md").write_text("x")
        (root / "last.md").write_text("x")
        ears.until(lambda heard: "last.md" in heard.paths)
    assert {path for heard in ears.heard for path in heard.paths} == {"last.md"}


def test_the_other_library_hears_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inotify, "AVAILABLE", False)  # as on macOS
    with watched(tmp_path) as ears:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "notes.md").write_text("x")
        ears.until(lambda heard: "new" in heard.paths)


_WITHOUT_EVENTS = """
import os, resource, sys, time
from hubsync.local.watch import Watch
heard, told = [], []
free = os.open(os.devnull, os.O_RDONLY)
os.close(free)
# One more file can be opened: enough to look around, too little for the kernel's events.
resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, free + 1))
watch = Watch(sys.argv[1], heard.append, told.append)
watch.start()
def until(count):
    end = time.monotonic() + 30
    while len(heard) < count:
        assert time.monotonic() < end, heard
        time.sleep(0.01)
until(1)
time.sleep(1)
for number in range(2):
    with open(os.path.join(sys.argv[1], "notes.md"), "w") as file:
        file.write("x" * number)
    until(2 + number)
watch.stop()
print(told[0].how, told[0].why)
"""


def test_without_the_kernels_events_it_is_looked(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_EVENTS, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("polling changes cannot be watched here: ")


def _edit(root: Path) -> None:
    (root / "a" / "f").write_text("longer")


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (_edit, True),
        (lambda root: os.utime(root / "a" / "f", (1, 1)), True),
        (lambda root: (root / "a" / "f").chmod(0o700), True),
        (lambda root: (root / "a" / "f").rename(root / "g"), True),
        (lambda root: (root / "a" / "f").unlink(), True),
        (lambda root: (root / "new").mkdir(), True),
        (lambda root: (root / "x.pyc").write_text(""), False),
        (lambda root: (root / ".venv" / "x").write_text(""), False),
        (lambda root: (root / ".hubsync" / "x").write_text(""), False),
        (lambda root: None, False),
    ],
)
def test_looking_sees_what_matters(
    tmp_path: Path, change: Callable[[Path], object], seen: bool
) -> None:
    for name in ("a", ".venv", ".hubsync"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "f").write_text("short")

    def look() -> int:
        return fingerprint(str(tmp_path), Waking(str(tmp_path)), lambda: False)

    before = look()
    change(tmp_path)
    assert (look() != before) is seen


_MOUNTS = [
    "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/root rw",
    "40 22 0:40 / /home rw shared:3 - nfs4 server:/export rw,vers=4.2",
    "41 40 0:41 / /home/ada/my\\040disk rw - tmpfs tmpfs rw",
    "42 40 0:42 / /home/ada/bucket rw - fuse.s3fs s3fs rw",
    "43 22 0:43 / /over rw - nfs server:/a rw",
    "44 22 0:44 / /over rw master:2 - overlay overlay rw",
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/x", ""),
        ("/home", "nfs4"),
        ("/home/ada", "nfs4"),
        ("/homes", ""),
        ("/home/ada/my disk/w", ""),
        ("/home/ada/bucket/w", "fuse.s3fs"),
        ("/over/x", ""),
    ],
)
def test_network_file_systems(path: str, kind: str) -> None:
    assert network_kind(_MOUNTS, path) == kind
