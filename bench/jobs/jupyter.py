"""Jupyter servers: from a save in the browser to the remote, what an idle one costs, its start."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

from bench.git_server import BRANCH, git_server, settings
from bench.harness import Run, Wrong
from bench.jupyter import Server, page, running, save
from bench.place import Place, Scale
from bench.programs import do, hubsync
from bench.results import Finding, Verdict, at_most, at_most_longer, finding
from bench.server import BUCKET, object_server
from hubsync import Pace

_FILE = "notes.md"
_SAVES = 3
_STARTS = 3
_PATIENCE = 30.0
_IDLE = 60.0
"""Seconds in which an idle server is watched."""
_AFTER = 5.0
_SIZE = 256
_PLAIN = "jupyter server"
_WITH = "jupyter server with hubsync"


def save_to_git(place: Place, rounds: int) -> Finding:
    """A save in JupyterLab becomes a commit on a Git server."""
    workspace = _workspace(place)
    with git_server(place.folder("git")) as server:
        bare = server.repository("work.git")
        do(hubsync(workspace, settings(workspace), "init", server.for_hubsync("work.git")))
        do(hubsync(workspace, settings(workspace), "sync"))

        tip = bare / "refs" / "heads" / BRANCH
        seen = b""

        def arrived(line: str) -> bool:
            nonlocal seen
            now = tip.read_bytes()
            if now == seen:
                return False
            seen = now
            return line.encode() in server.content("work.git", _FILE)

        seconds = list(_saves(place, workspace, settings(workspace), rounds, arrived))
    return _saved(
        "lab-save-git",
        "from a save in JupyterLab to the commit on a Git server",
        place,
        seconds,
        2.5,
    )


def save_to_s3(place: Place, rounds: int) -> Finding:
    """A save in JupyterLab becomes an object on S3."""
    workspace = _workspace(place)
    with object_server(place) as server:
        do(hubsync(workspace, server.env, "init", f"s3://{BUCKET}/work"))
        do(hubsync(workspace, server.env, "sync"))
        there = server.folder / "work" / _FILE

        def arrived(line: str) -> bool:
            with suppress(FileNotFoundError):  # the server makes it anew
                return line.encode() in there.read_bytes()
            return False

        seconds = list(_saves(place, workspace, server.env, rounds, arrived))
    return _saved(
        "lab-save-s3", "from a save in JupyterLab to the object on S3", place, seconds, 2.0
    )


def idle(place: Place, rounds: int) -> Finding:
    """What a server costs in which nothing happens, with 100,000 files watched."""
    number = place.scale.many
    workspace = place.copy(place.files(number, _SIZE), "workspace")
    with object_server(place) as store:
        do(hubsync(workspace, store.env, "init", f"s3://{BUCKET}/work"))
        do(hubsync(workspace, store.env, "sync"))
        window = _IDLE if number >= 100_000 else 3.0
        with running(place.folder("plain"), workspace, extended=False, env=store.env) as server:
            _, plain = _watched(server, window)
        with running(place.folder("with"), workspace, env=store.env) as server:
            server.settle()
            looked = (Pace().look + _AFTER) if number >= 100_000 else 1.0
            time.sleep(looked)  # what belongs to the cycle before, such as another process for it
            with_hubsync, memory = _watched(server, window)
            full = _full_cycle(server, looked) - looked * with_hubsync / window
    share = 100 * (with_hubsync / window + full / Pace().full)
    extra = (memory - plain) / 1e6
    return Finding(
        job="lab-idle-100k",
        title=f"a Jupyter server in which nothing happens, {number:,} files watched",
        times={},
        peaks={_PLAIN: plain, _WITH: memory},
        verdicts=(
            Verdict(
                "processor time of the server, the full cycle every 10 min counted in",
                f"{share:.2f} % of a core",
                "1 % of a core",
                share <= 1.0,
            ),
            at_most(f"memory over {_PLAIN}", extra, 80, "MB"),
        ),
        note=f"a full cycle with nothing to do takes {full:.2f} s of processor time",
    )


def starting(place: Place, rounds: int) -> Finding:
    """How long a Jupyter server takes until it answers, with hubsync and without."""
    workspace = place.copy(place.files(20, 100), "workspace")
    do(hubsync(workspace, {}, "init", place.folder("mirror").as_uri()))
    do(hubsync(workspace, {}, "sync"))
    timings: dict[str, list[Run]] = {_PLAIN: [], _WITH: []}
    worked: dict[str, list[float]] = {_PLAIN: [], _WITH: []}
    for number in range(_times(place, rounds, _STARTS)):
        for name in sorted(timings, reverse=bool(number % 2)):
            folder = place.folder(f"{number}-{name}")
            began = time.perf_counter()
            with running(folder, workspace, extended=name == _WITH, env={}) as server:
                seconds = time.perf_counter() - began
                used = server.used()
                timings[name].append(Run(seconds, used.memory, b""))
                worked[name].append(used.seconds)
    spent = ", ".join(f"{name} {median(one):.2f} s" for name, one in worked.items())
    return finding(
        "lab-start",
        "a Jupyter server until it answers",
        timings,
        at_most_longer(timings, 0.1, _WITH, _PLAIN),
        note=f"processor time: {spent}",
    )


def _times(place: Place, rounds: int, each: int) -> int:
    """How often something is done; on tiny data once a round."""
    return rounds * (each if place.scale == Scale() else 1)


def _workspace(place: Place) -> Path:
    workspace = place.copy(place.files(place.scale.some, _SIZE), "workspace")
    (workspace / _FILE).write_text("# Notes\n")
    return workspace


def _saves(
    place: Place,
    workspace: Path,
    env: dict[str, str],
    rounds: int,
    arrived: Callable[[str], bool],
) -> Iterator[float]:
    """Seconds from each save until the line that was typed has ``arrived``. Raises Wrong if it does
    not."""
    with (
        running(place.folder("server"), workspace, "jupyterlab", env=env) as server,
        page(server, _FILE) as shown,
    ):
        for number in range(1 + _times(place, rounds, _SAVES)):
            server.settle()
            line = f"line {number} of {os.getpid()}"
            began = save(shown, line)
            while not arrived(line):
                if time.perf_counter() - began > _PATIENCE:
                    raise Wrong(f"the save did not arrive:\n{server.log.read_text()[-2000:]}")
                time.sleep(0.005)
            seconds = time.perf_counter() - began
            if number:  # the first one loads what the others find loaded
                yield seconds


def _saved(job: str, title: str, place: Place, seconds: list[float], limit: float) -> Finding:
    middle = median(seconds)
    return Finding(
        job=job,
        title=f"{title}, {place.scale.some:,} files",
        times={"median": middle, "longest": max(seconds)},
        peaks={},
        verdicts=(
            Verdict(
                "median, the pause of 1 s after a change counted in",
                f"{middle:.2f} s",
                f"{limit:g} s",
                middle <= limit,
            ),
        ),
        note=f"{len(seconds)} saves, from the key stroke on",
    )


def _watched(server: Server, window: float) -> tuple[float, int]:
    """Processor time in that many seconds, and memory after them."""
    before = server.used()
    time.sleep(window)
    after = server.used()
    return after.seconds - before.seconds, after.memory


def _full_cycle(server: Server, after: float) -> float:
    """Processor time in seconds of a cycle that compares everything and finds nothing, and of what
    comes of it in the seconds ``after`` it."""
    before, last = server.used(), server.status()["last_sync"]
    server.ask("POST", "hubsync/sync", {})
    while server.status()["last_sync"] == last:
        time.sleep(0.2)
    time.sleep(after)
    return server.used().seconds - before.seconds
