"""First push and clone of many small files, and of one large file, to and from S3."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from bench.harness import Command, Contender, Run, Timings, peak_of, race
from bench.place import Place, expect_files, make_room
from bench.programs import do, hubsync, rclone, requests_of, s5cmd, then_synced
from bench.results import (
    HUBSYNC,
    Finding,
    Verdict,
    at_most,
    at_most_times,
    finding,
    for_information,
)
from bench.server import BUCKET, ObjectServer, object_server

_SMALL = 4096
_MEMORY = 300_000_000
_DURABLY = "s5cmd, then sync"
_OVERHEAD = 5
"""Requests that a push may make beside its writes."""


def push_small(place: Place, rounds: int) -> Finding:
    """First push of 10,000 files of 4 KB."""
    number = place.scale.some
    with object_server(place) as server:
        timings = _push(place, server, place.files(number, _SMALL), number, rounds)
    requests = requests_of(timings[HUBSYNC][-1])
    return finding(
        "push-10k",
        f"first push of {number:,} files of 4 KB, S3",
        timings,
        at_most_times(timings, 1.0, "s5cmd"),
        at_most("requests beside the writes", _beside(requests, number), _OVERHEAD, "requests"),
        requests=requests,
    )


def clone_small(place: Place, rounds: int) -> Finding:
    """Clone of 10,000 files of 4 KB."""
    number = place.scale.some
    with object_server(place) as server:
        timings = _clone(place, server, place.files(number, _SMALL), number, rounds)
    return finding(
        "clone-10k",
        f"clone of {number:,} files of 4 KB, S3",
        timings,
        at_most_times(timings, 1.0, "s5cmd", "rclone"),
        requests=requests_of(timings[HUBSYNC][-1]),
    )


def push_large(place: Place, rounds: int) -> Finding:
    """One file of 1 GB up."""
    size = place.scale.large
    with object_server(place) as server:
        timings = _push(place, server, place.large_file(size), 1, rounds)
    return _large("up-1g", f"one file of {size / 1e6:,.0f} MB up, S3", timings)


def clone_large(place: Place, rounds: int) -> Finding:
    """One file of 1 GB down."""
    size = place.scale.large
    with object_server(place) as server:
        timings = _clone(place, server, place.large_file(size), 1, rounds, durably=True)
    title = f"one file of {size / 1e6:,.0f} MB down, S3"
    return _large("down-1g", title, timings, for_information(timings, _DURABLY))


def _large(job: str, title: str, timings: Timings, *more: Verdict) -> Finding:
    return finding(
        job,
        title,
        timings,
        at_most_times(timings, 1.1, "s5cmd"),
        *more,
        _memory(timings),
        requests=requests_of(timings[HUBSYNC][-1]),
    )


def _memory(timings: Timings) -> Verdict:
    return at_most("memory", peak_of(timings, HUBSYNC) / 1e6, _MEMORY / 1e6, "MB")


def _beside(requests: dict[str, int], writes: int) -> int:
    return sum(requests.values()) - writes


def _push(place: Place, server: ObjectServer, data: Path, number: int, rounds: int) -> Timings:
    """Every round into a prefix of its own, which is removed when it has been counted."""
    workspace = place.copy(data, "workspace")

    def prepare_hubsync(turn: int) -> Command:
        shutil.rmtree(workspace / ".hubsync", ignore_errors=True)
        do(hubsync(workspace, server.env, "init", f"s3://{BUCKET}/hubsync-{turn}"))
        return hubsync(workspace, server.env, "push")

    def prepare_s5cmd(turn: int) -> Command:
        return s5cmd(data, server.env, "cp", "./", f"s3://{BUCKET}/s5cmd-{turn}/")

    def prepare_rclone(turn: int) -> Command:
        return rclone(
            data, server.env, "copy", "--no-traverse", ".", f"bench:{BUCKET}/rclone-{turn}"
        )

    def check(name: str, turn: int) -> None:
        arrived = server.folder / f"{name}-{turn}"
        expect_files(arrived, number)
        make_room(arrived)

    return race(
        [
            Contender(HUBSYNC, prepare_hubsync, lambda turn, run: check(HUBSYNC, turn)),
            Contender("s5cmd", prepare_s5cmd, lambda turn, run: check("s5cmd", turn)),
            Contender("rclone", prepare_rclone, lambda turn, run: check("rclone", turn)),
        ],
        rounds,
    )


def _clone(
    place: Place,
    server: ObjectServer,
    data: Path,
    number: int,
    rounds: int,
    *,
    durably: bool = False,
) -> Timings:
    """All fetch what lies there; the server is started afresh, with no upload in its caches.

    ``durably``: s5cmd also with what hubsync does before it says that a file is there, which is to
    wait until the disk has it.
    """
    workspace = place.copy(data, "workspace")
    do(hubsync(workspace, server.env, "init", f"s3://{BUCKET}/mirror"))
    do(hubsync(workspace, server.env, "push"))
    server.stop()
    shutil.copytree(data, server.folder / "plain")
    server.restart()
    targets = place.folder("clones")
    targets.mkdir()

    def clone(into: str) -> Command:
        return hubsync(targets, server.env, "clone", f"s3://{BUCKET}/mirror", into)

    def with_s5cmd(into: str) -> Command:
        return s5cmd(targets, server.env, "cp", f"s3://{BUCKET}/plain/*", f"{into}/")

    def with_rclone(into: str) -> Command:
        return rclone(targets, server.env, "copy", f"bench:{BUCKET}/plain", into)

    def fetching(name: str, into: Callable[[str], Command]) -> Contender:
        def folder(turn: int) -> str:
            return f"{name.partition(',')[0]}-{len(name)}-{turn}"

        def check(turn: int, run: Run) -> None:
            expect_files(targets / folder(turn), number)
            make_room(targets / folder(turn))

        return Contender(name, lambda turn: into(folder(turn)), check)

    contenders = [
        fetching(HUBSYNC, clone),
        fetching("s5cmd", with_s5cmd),
        fetching("rclone", with_rclone),
    ]
    if durably:
        contenders.append(
            fetching(_DURABLY, lambda into: then_synced(with_s5cmd(into), into)),
        )
    return race(contenders, rounds)
