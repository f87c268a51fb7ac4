"""100,000 files of which nothing or one thing changed: on S3, on S3 alone, in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Command, Contender, Run, Wrong, always, no_check, race
from bench.place import Place, copied, expect_files
from bench.programs import (
    do,
    document,
    expect_nothing_done,
    hubsync,
    rclone,
    requests_of,
    unison,
)
from bench.results import (
    HUBSYNC,
    Finding,
    at_most,
    at_most_times,
    finding,
    for_information,
)
from bench.server import BUCKET, ObjectServer

_SIZE = 256
_BESIDE_LISTING = 3
_BESIDE_WRITES = 5
_SYNC = ["sync", "--fast-list", "--size-only"]
_BISYNC = ["bisync", "--fast-list"]
"""It compares sizes and times: what sees the changes that hubsync sees."""
_SIZES_ALONE = "--compare=size"
"""Faster, but an edit that keeps a file's size is never synced."""


class _Synced:
    """The same files in a hubsync workspace and in a plain folder, both already on the server."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.number = place.scale.many
        data = place.files(self.number, _SIZE)
        self.server = ObjectServer(folder / "s3")
        self.workspace = copied(data, folder / "workspace")
        self.plain = copied(data, folder / "plain")
        self._states = folder / "rclone-states"
        copied(data, self.server.folder / "plain")
        with self.server.running():
            do(self.hubsync("init", f"s3://{BUCKET}/mirror"))
            do(self.hubsync("sync"))
        expect_files(self.server.folder / "mirror", self.number)

    def hubsync(self, *arguments: str) -> Command:
        return hubsync(self.workspace, self.server.env, *arguments)

    def rclone_sync(self) -> Command:
        return rclone(self.plain, self.server.env, *_SYNC, ".", f"bench:{BUCKET}/plain")

    def rclone_bisync(self, *arguments: str) -> Command:
        states = f"--workdir={self._states}{'-sizes' if _SIZES_ALONE in arguments else ''}"
        command = [*_BISYNC, states, *arguments, ".", f"bench:{BUCKET}/plain"]
        return rclone(self.plain, self.server.env, *command)


@contextlib.contextmanager
def _synced(place: Place, *, exclusive: bool = False) -> Iterator[_Synced]:
    """Made for the first of these jobs; every job gets a server with nothing in its caches."""
    synced = place.shared("synced", lambda folder: _Synced(place, folder))
    with synced.server.running():
        trust = "--exclusive" if exclusive else "--no-exclusive"
        do(synced.hubsync("remote", "set", "origin", trust))
        do(synced.hubsync("sync"))
        yield synced


def nothing_s3(place: Place, rounds: int) -> Finding:
    """Sync of 100,000 files, nothing changed, S3."""
    by_size = f"rclone bisync {_SIZES_ALONE}"
    with _synced(place) as synced:
        do(synced.rclone_bisync("--resync"))
        do(synced.rclone_bisync("--resync", _SIZES_ALONE))
        timings = race(
            [
                Contender(HUBSYNC, always(synced.hubsync("sync")), expect_nothing_done),
                Contender("rclone bisync", always(synced.rclone_bisync()), no_check),
                Contender(by_size, always(synced.rclone_bisync(_SIZES_ALONE)), no_check),
                Contender("rclone sync", always(synced.rclone_sync()), no_check),
            ],
            rounds,
        )
    requests = requests_of(timings[HUBSYNC][-1])
    beside = sum(requests.values()) - requests.get("list", 0)
    return finding(
        "noop-100k",
        f"sync of {synced.number:,} files, nothing changed, S3",
        timings,
        at_most_times(timings, 0.2, "rclone bisync"),
        for_information(timings, by_size),
        at_most_times(timings, 0.5, "rclone sync"),
        at_most("requests beside the listing", beside, _BESIDE_LISTING, "requests"),
        requests=requests,
    )


def nothing_s3_exclusive(place: Place, rounds: int) -> Finding:
    """The same with a remote that only hubsync writes."""
    with _synced(place, exclusive=True) as synced:
        timings = race(
            [
                Contender(HUBSYNC, always(synced.hubsync("sync")), expect_nothing_done),
                Contender("rclone sync", always(synced.rclone_sync()), no_check),
            ],
            rounds,
        )
    requests = requests_of(timings[HUBSYNC][-1])
    return finding(
        "noop-100k-exclusive",
        f"the same with `exclusive = true`, {synced.number:,} files, S3",
        timings,
        at_most_times(timings, 0.3, "rclone sync"),
        at_most("requests", sum(requests.values()), _BESIDE_LISTING, "requests"),
        requests=requests,
    )


def one_edit(place: Place, rounds: int) -> Finding:
    """Push after one edit among 100,000 files, S3."""

    def edited(command: Command, folder: Path) -> Command:
        _grow(folder)
        return command

    with _synced(place) as synced:
        timings = race(
            [
                Contender(
                    HUBSYNC,
                    lambda turn: edited(synced.hubsync("push"), synced.workspace),
                    _expect_one_up,
                ),
                Contender(
                    "rclone sync",
                    lambda turn: edited(synced.rclone_sync(), synced.plain),
                    no_check,
                ),
            ],
            rounds,
        )
        _expect_same_edit(synced)
    requests = requests_of(timings[HUBSYNC][-1])
    beside = sum(requests.values()) - 2  # one write, one copy of what was overwritten
    return finding(
        "edit-100k",
        f"push after one edit among {synced.number:,} files, S3",
        timings,
        at_most_times(timings, 0.3, "rclone sync"),
        at_most("requests beside write and copy", beside, _BESIDE_WRITES, "requests"),
        requests=requests,
    )


def nothing_folder(place: Place, rounds: int) -> Finding:
    """Sync of 100,000 files, nothing changed, with a folder; unison with the same folders."""
    number = place.scale.many
    workspace = place.copy(place.files(number, _SIZE), "workspace")
    mirror = place.folder("mirror")
    do(hubsync(workspace, {}, "init", mirror.as_uri()))
    do(hubsync(workspace, {}, "sync"))
    expect_files(mirror, number)
    states = place.folder("unison-states")
    states.mkdir()
    alone = {"UNISON": os.fspath(states)}
    same = unison(workspace, alone, os.fspath(workspace), os.fspath(mirror))
    do(same)  # its first run writes down what is there
    timings = race(
        [
            Contender(HUBSYNC, always(hubsync(workspace, {}, "sync")), expect_nothing_done),
            Contender("unison", always(same), no_check),
        ],
        rounds,
    )
    return finding(
        "folder-100k",
        f"sync of {number:,} files, nothing changed, file://",
        timings,
        at_most_times(timings, 1.0, "unison"),
        requests=requests_of(timings[HUBSYNC][-1]),
    )


def _edited_file(folder: Path) -> Path:
    return sorted(folder.glob("run 000/*/*.dat"))[0]


def _grow(folder: Path) -> None:
    with _edited_file(folder).open("ab") as file:
        file.write(b"one more line\n")


def _expect_one_up(turn: int, run: Run) -> None:
    moved = len(document(run)["up"])
    if moved != 1:
        raise Wrong(f"a push after one edit carried {moved:,} files")


def _expect_same_edit(synced: _Synced) -> None:
    for folder, name in ((synced.workspace, "mirror"), (synced.plain, "plain")):
        edited = _edited_file(folder)
        arrived = synced.server.folder / name / edited.relative_to(folder)
        if arrived.read_bytes() != edited.read_bytes():
            raise Wrong(f"the edit did not arrive in {name}")
