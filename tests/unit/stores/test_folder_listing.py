"""A large folder is listed by a process of its own; the listing is the same, or an error."""

from __future__ import annotations

import errno
import marshal
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hubsync.errors import AccessDenied, StoreError
from hubsync.stores import folder_listing, folder_walk
from hubsync.stores.folder_listing import walk
from tests.users import unprivileged

ODD = "not utf-8 \udcff", "new\nline", "Übung"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(50):
        folder = tmp_path / f"d{number}" / "deep"
        folder.mkdir(parents=True)
        for name in (*ODD, *"abcdefgh"):
            (folder / name).write_bytes(name.encode(errors="surrogateescape"))
    (tmp_path / "top").write_bytes(b"")
    return tmp_path


def listed(root: Path, prefix: str = "", hand_over: int = 1) -> list[tuple[str, int, str, int]]:
    return sorted(
        (one.key, one.size, one.identity, one.mtime)
        for batch in walk(str(root), prefix, hand_over)
        for one in batch
    )


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_listing.folder_walk, "BATCH", 20)


def test_both_ways_give_the_same_listing(tree: Path, started: list[list[str]]) -> None:
    here = listed(tree, hand_over=10**9)
    assert started == []
    assert len(here) == 50 * 11 + 1
    assert listed(tree) == here
    assert len(started) == 1


def test_a_prefix_is_heeded_both_ways(tree: Path) -> None:
    assert listed(tree, "d1", 1) == listed(tree, "d1", 10**9)
    assert {key.partition("/")[0] for key, *_ in listed(tree, "d1")} == {
        "d1",
        *(f"d{number}" for number in range(10, 20)),
    }


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of the processes that were started."""
    found: list[list[str]] = []
    real = subprocess.Popen

    def watched(command: list[str], **options: object) -> object:
        found.append(command)
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(folder_listing.subprocess, "Popen", watched)
    return found


Program = Callable[[str], None]


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Lets another program than the walk answer."""

    def use(text: str) -> None:
        path = tmp_path_factory.mktemp("program") / "walk.py"
        path.write_text(f"import marshal, os, sys, time\nsys.stdin.buffer.read()\n{text}\n")
        monkeypatch.setattr(folder_listing, "_program", lambda: str(path))

    return use


TELL = """
def tell(value):
    data = marshal.dumps(value)
    sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)
    sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize(
    "text", ["os._exit(1)", "sys.stdout.buffer.write(b'\\0\\0\\1\\0half')", "raise ValueError"]
)
def test_a_process_that_dies_is_an_error_and_not_an_end(
    tree: Path, program: Program, text: str
) -> None:
    program(text)
    with pytest.raises(StoreError, match="ended early"):
        listed(tree)


def test_an_error_of_the_process_is_an_error_here(tree: Path, program: Program) -> None:
    program(f"{TELL}\ntell((13, 'd7/'))")
    with pytest.raises(AccessDenied, match="d7/"):
        listed(tree)


def test_the_process_tells_which_folder_it_could_not_read(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-I", "-S", folder_walk.__file__],
        input=marshal.dumps((str(tmp_path), ["n" * 300 + "/"])),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    assert marshal.loads(answer[4:]) == (errno.ENAMETOOLONG, "n" * 300 + "/")


def test_a_closed_listing_ends_its_process(
    tree: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def kept(command: list[str], **options: object) -> object:
        processes.append(real(command, **options))  # type: ignore[call-overload]
        return processes[-1]

    monkeypatch.setattr(folder_listing.subprocess, "Popen", kept)
    program(f"{TELL}\ntell([('late', 1, 'i', 2)])\ntime.sleep(600)")
    batches = walk(str(tree), "", 1)
    while [one.key for one in next(batches)] != ["late"]:
        pass
    batches.close()  # type: ignore[attr-defined]
    assert [process.returncode for process in processes] == [-signal.SIGKILL]


def test_without_an_interpreter_the_walk_goes_on_here(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = listed(tree, hand_over=10**9)
    monkeypatch.setattr(folder_listing.sys, "executable", "/no/such/python")
    assert listed(tree) == here


def test_a_folder_that_cannot_be_read_is_told_and_stops_nothing() -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        root.chmod(0o777)
        with unprivileged():
            for number in range(50):
                (root / f"d{number:02}").mkdir()
                (root / f"d{number:02}" / "f").write_bytes(b"")
            # The walk takes the last folder first: this one is left for the end.
            (root / "d00").chmod(0)
            rows = {info.key: info.size for batch in walk(str(root)) for info in batch}
            assert rows.pop("d00") == -1
            assert set(rows) == {f"d{number:02}/f" for number in range(1, 50)}
            (root / "d00").chmod(0o700)
