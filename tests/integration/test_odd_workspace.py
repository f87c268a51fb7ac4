"""What people's directories really hold: each oddity is carried, or named with its reason, and the
rest is synced (rules 7, 14, 15 and 16)."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_disk_full import namespace
from tests.kill.hubs import Ended, Hub, Launcher, launcher
from tests.kill.places import Bucket, Folder, Place, files
from tests.servers import Server


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with launcher(tmp_path_factory.mktemp("launcher")) as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return Folder(tmp_path / "remote")
    server: Server = request.getfixturevalue("s3_with_conditions")
    return Bucket(server, tmp_path.name)


class Odd:
    """Two hubs on one remote; what one writes down the other has to get."""

    def __init__(self, base: Path, place: Place, starter: Launcher) -> None:
        self.place = place
        self.a = Hub(base / "a", starter, place.environ)
        self.b = Hub(base / "b", starter, place.environ)
        self.a.directory.mkdir(parents=True)
        self.a.write("plain.txt", "plain")
        self.a.ok("init", place.url, *place.options)

    def sync(self, status: int = 0) -> Ended:
        """Sync A; the plain file always arrives, whatever lies beside it."""
        ended = self.a.run("sync", "--json")
        assert ended.status == status, ended
        assert files(self.place)["plain.txt"] == b"plain"
        return ended

    def problems(self, ended: Ended) -> dict[str, str]:
        """Path to code; each with something to read and something to do."""
        found = ended.json()["problems"]
        assert all(one["message"] and one["hint"] for one in found), found
        return {one["path"]: one["code"] for one in found}

    def both_equal(self) -> None:
        self.b.ok("clone", self.place.url, str(self.b.directory), *self.place.options)
        assert self.b.seen() == self.a.seen()
        for hub in (self.a, self.b):
            again = hub.run("sync", "--json")
            assert again.status == 0, again
            assert again.json()["up"] == again.json()["down"] == []


@pytest.fixture
def odd(tmp_path: Path, place: Place, starter: Launcher) -> Odd:
    return Odd(tmp_path, place, starter)


def test_pipes_and_sockets_are_named_and_never_opened(odd: Odd) -> None:
    os.mkfifo(odd.a.directory / "pipe")
    where = odd.a.directory / "socket"
    with socket.socket(socket.AF_UNIX) as listening:
        descriptor = os.open(odd.a.directory, os.O_RDONLY)
        try:
            listening.bind(f"/proc/self/fd/{descriptor}/{where.name}")
        finally:
            os.close(descriptor)
        listening.listen()
        listening.setblocking(False)
        ended = odd.sync(status=3)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert odd.problems(ended).keys() == {"pipe", "socket"}
    assert ended.seconds < 10
    assert files(odd.place).keys() == {"plain.txt"}


def test_a_file_that_becomes_a_pipe_is_not_taken_for_deleted(odd: Odd) -> None:
    odd.a.write("data", "content")
    odd.sync()
    (odd.a.directory / "data").unlink()
    os.mkfifo(odd.a.directory / "data")
    ended = odd.sync(status=3)
    assert odd.problems(ended).keys() == {"data"}
    assert files(odd.place)["data"] == b"content"


def test_what_may_not_be_read_waits(odd: Odd) -> None:
    odd.a.humble = True
    odd.a.write("secret", "later")
    odd.a.write("closed/inside", "later too")
    (odd.a.directory / "secret").chmod(0)
    (odd.a.directory / "closed").chmod(0)
    ended = odd.sync(status=3)
    (odd.a.directory / "closed").chmod(0o700)
    (odd.a.directory / "secret").chmod(0o600)
    assert odd.problems(ended) == {"closed": "unreadable", "secret": "unreadable"}
    odd.sync()
    odd.both_equal()


def test_a_folder_that_may_not_be_written_keeps_what_it_has(odd: Odd) -> None:
    odd.a.humble = True
    odd.a.write("locked/file", "first")
    odd.sync()
    odd.b.ok("clone", odd.place.url, str(odd.b.directory), *odd.place.options)
    odd.b.write("locked/file", "second")
    odd.b.write("locked/new", "new")
    odd.b.ok("sync")
    (odd.a.directory / "locked").chmod(0o500)
    try:
        ended = odd.sync(status=3)
    finally:
        (odd.a.directory / "locked").chmod(0o700)
    assert odd.problems(ended).keys() == {"locked/file", "locked/new"}
    assert (odd.a.directory / "locked/file").read_text() == "first"
    assert files(odd.place)["locked/file"] == b"second"
    odd.sync()
    assert odd.a.seen() == odd.b.seen()


def test_names_that_are_no_text_are_named(odd: Odd) -> None:
    directory = os.fsencode(odd.a.directory)
    for name in (b"caf\xe9.txt", b"folder-\xff"):
        path = os.path.join(directory, name)
        if name.startswith(b"folder"):
            os.mkdir(path)
            path = os.path.join(path, b"inside")
        with open(path, "wb") as file:
            file.write(b"content")
    ended = odd.sync(status=3)
    assert len(odd.problems(ended)) == 2
    assert files(odd.place).keys() == {"plain.txt"}


ODD = (
    "spaces at the end .txt ",
    "-rf",
    "--help",
    "*?[a-z].txt",
    "quote\"and'quote.txt",
    "back\\slash.txt",
    "percent%2Fslash%.txt",
    "hash#and&query?.txt",
    "plus+and=.txt",
    "日本語/данные.txt",
    "emoji 🧪.txt",
    "~user",
    ".hidden",
    "..twodots",
    "CON",
    "name.",
    "n" * 255,
    "ü" * 127,
    "a:b|c<d>.txt",
    ".gitignore",
    "a" + "\u0301" * 20,
)


def test_odd_names_arrive(odd: Odd) -> None:
    for name in ODD:
        odd.a.write(name, f"content of {name}")
    odd.sync()
    odd.both_equal()
    for name in ODD:
        (odd.a.directory / name).write_text(f"{name} edited")
    odd.sync()
    assert odd.b.run("sync").status == 0
    assert odd.b.seen() == odd.a.seen()
    for name in ODD:
        assert (odd.b.directory / name).read_text() == f"{name} edited"


CONTROL = ("two\nlines.txt", "tab\tbed.txt", "bell\x07.txt", "escape\x1b[31m.txt")


def test_names_with_control_characters_arrive_or_are_named(odd: Odd) -> None:
    """A bucket's listing, which is XML, cannot tell all of them."""
    for name in CONTROL:
        odd.a.write(name, "content")
    refused = isinstance(odd.place, Bucket)
    ended = odd.sync(status=3 if refused else 0)
    assert odd.problems(ended).keys() == (set(CONTROL) if refused else set())
    told = odd.a.run("status")
    assert "\x1b[31m" not in told.out + told.err
    for name in CONTROL if refused else ():
        (odd.a.directory / name).unlink()
    odd.both_equal()


def test_names_that_differ_in_case_or_normalisation_are_two(odd: Odd) -> None:
    for number, name in enumerate(
        ("Data.txt", "data.txt", "caf\u00e9", "cafe\u0301", "K", "\u212a")
    ):
        odd.a.write(name, f"content {number}")
    odd.sync()
    odd.both_equal()
    assert len(odd.b.seen()) == 7


def test_links_that_lead_in_circles_or_out_are_no_trap(odd: Odd) -> None:
    there = odd.a.directory
    os.symlink("loop", there / "loop")
    os.symlink("second", there / "first")
    os.symlink("first", there / "second")
    (there / "folder").mkdir()
    os.symlink("..", there / "folder/up")
    os.symlink("nowhere", there / "dangling")
    os.symlink("/etc", there / "absolute")
    os.symlink("../../outside", there / "outside")
    ended = odd.sync(status=3)
    assert odd.problems(ended).keys() == {"absolute", "outside"}
    for name in ("absolute", "outside"):
        (there / name).unlink()
    odd.sync()
    odd.both_equal()


def test_hard_links_are_files_and_an_edit_of_one_does_not_leak(odd: Odd) -> None:
    odd.a.write("one", "content")
    os.link(odd.a.directory / "one", odd.a.directory / "two")
    odd.sync()
    odd.both_equal()
    odd.b.write("one", "edited")
    odd.b.ok("sync")
    odd.sync()
    assert (odd.a.directory / "one").read_text() == "edited"
    assert (odd.a.directory / "two").read_text() == "content"


def test_empty_files_and_empty_folders_arrive(odd: Odd) -> None:
    odd.a.write("empty", "")
    odd.a.write("folder/also empty", "")
    (odd.a.directory / "nothing/in/here").mkdir(parents=True)
    odd.sync()
    odd.both_equal()
    assert (odd.b.directory / "nothing/in/here").is_dir()


def test_a_folder_of_5000_files_and_100_levels(odd: Odd) -> None:
    count = 5000 if isinstance(odd.place, Folder) else 500
    for number in range(count):
        odd.a.write(f"many/{number:05}.txt", f"{number}")
    deep = "/".join(f"level {number}" for number in range(100))
    odd.a.write(f"{deep}/at the bottom.txt", "deep")
    odd.sync()
    odd.both_equal()


@pytest.mark.parametrize(
    "when", ["1913-04-07", "1969-12-31", "1970-01-01", "1970-01-02", "2106-02-08", "2262-01-01"]
)
def test_times_of_other_centuries_arrive(odd: Odd, when: str) -> None:
    seconds = int(subprocess.check_output(["date", "-u", "-d", when, "+%s"]))
    odd.a.write("dated", "content")
    os.utime(odd.a.directory / "dated", (seconds, seconds))
    odd.sync()
    odd.both_equal()
    assert int((odd.b.directory / "dated").stat().st_mtime) == seconds


@pytest.mark.parametrize(
    ("when", "arrives"),
    [("9999-12-31", "2262-04-11 23:47:16"), ("1500-01-01", "1677-09-21 00:12:43")],
)
def test_times_that_64_bits_do_not_hold_arrive_as_the_nearest_that_they_do(
    place: Place, starter: Launcher, when: str, arrives: str
) -> None:
    """A disk in memory has them; one that has not makes a time of its own of them."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as base:
        odd = Odd(Path(base), place, starter)
        odd.a.write("dated", "content")
        subprocess.run(["touch", "-d", when, odd.a.directory / "dated"], check=True)
        odd.sync()
        assert odd.sync().json()["up"] == []
        odd.both_equal()
        if memory:
            found = (odd.b.directory / "dated").stat().st_mtime_ns // 10**9
            assert f"{datetime.fromtimestamp(found, UTC):%Y-%m-%d %H:%M:%S}" == arrives


def test_a_file_that_is_appended_to_all_the_time_is_never_torn(odd: Odd) -> None:
    path = odd.a.directory / "growing.log"
    path.write_text("line 0\n")
    stop = threading.Event()

    def append() -> None:
        number = 1
        with path.open("a") as file:
            while not stop.wait(0.0005):
                file.write(f"line {number}\n")
                file.flush()
                number += 1

    writer = threading.Thread(target=append)
    writer.start()
    try:
        for _ in range(2):
            ended = odd.a.run("sync", "--json")
            assert ended.status in (0, 3), ended
            assert files(odd.place)["plain.txt"] == b"plain"
            _whole_lines(files(odd.place).get("growing.log", b""))
    finally:
        stop.set()
        writer.join()
    odd.sync()
    assert files(odd.place)["growing.log"] == path.read_bytes()
    odd.both_equal()


def _whole_lines(content: bytes) -> None:
    lines = content.decode().splitlines(keepends=True)
    assert lines == [f"line {number}\n" for number in range(len(lines))]


def test_a_workspace_whose_own_path_is_odd(tmp_path: Path, place: Place, starter: Launcher) -> None:
    odd = Odd(tmp_path / "my work (old) #1 'ä' 100%\n日本", place, starter)
    odd.a.write("folder/file.txt", "content")
    odd.sync()
    odd.both_equal()


MOUNTED = """
import json, os, subprocess, sys
base, hubsync = sys.argv[1:]
a, b, url = (os.path.join(base, name) for name in ("a", "b", "remote"))
said = []
def run(where, *arguments):
    done = subprocess.run([hubsync, "-C", where, *arguments], capture_output=True, text=True)
    said.append([*arguments[:1], done.returncode, done.stderr])
def write(root, path, text):
    os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
    with open(os.path.join(root, path), "w") as file:
        file.write(text)
def look(root):
    return {
        os.path.relpath(os.path.join(folder, name), root): open(os.path.join(folder, name)).read()
        for folder, _, names in os.walk(root) if ".hubsync" not in folder.split(os.sep)
        for name in names
    }
os.makedirs(os.path.join(a, "mounted"))
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", os.path.join(a, "mounted")], check=True)
for path in ("plain", "mounted/edited", "mounted/deleted", "mounted/sub/kept"):
    write(a, path, "first")
run(a, "init", url)
run(a, "sync")
run(base, "clone", url, b)
write(b, "mounted/edited", "second")
write(b, "mounted/sub/new", "second")
os.unlink(os.path.join(b, "mounted/deleted"))
run(b, "sync")
run(a, "sync")
run(a, "sync")
print(json.dumps({"a": look(a), "b": look(b), "said": said,
                  "names": sorted(os.listdir(os.path.join(a, "mounted")))}))
"""


def test_a_folder_that_is_another_disk(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("hubsync")
    done = subprocess.run(
        [*namespace(), sys.executable, "-c", MOUNTED, str(tmp_path), str(script)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert [status for _, status, _ in report["said"]] == [0] * 6, report["said"]
    assert report["a"] == report["b"]
    assert report["a"]["mounted/edited"] == "second"
    assert report["names"] == ["edited", "sub"]
