"""Starts the command in processes of its own, without loading the interpreter each time.

This program loads hubsync once and then forks for every command it is asked for, so that hundreds
of commands can be killed in a minute. The child runs what the console script runs. What one child
had to load is loaded for all that follow.

One JSON document a line comes in: an `Order`, answered by ``{"pid"}``, then ``null``, answered by
``{"status"}`` when the child ended. In between its process id is not given to any other process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypedDict

from tests.kill import libgit2
from tests.kill.points import Points

LOADED = ("hubsync_cli.main", "hubsync.workspace", "pygit2")
OURS = ("hubsync.", "hubsync_cli.")


class Order(TypedDict):
    """``number``, ``after``: as in `points.Points`. ``humble``: permissions hold for root too.
    ``git``: what libgit2 does has points, too, and nobody's settings of Git are read.
    ``points``, ``loaded``: files for the names of both."""

    arguments: list[str]
    directory: str
    environ: dict[str, str]
    out: str
    err: str
    points: str
    loaded: str
    number: int | str | None
    after: bool
    humble: bool
    git: bool


def _child(order: Order) -> None:
    os.chdir(order["directory"])
    os.environ.update(order["environ"])
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        descriptor = os.open(name, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    if order["humble"]:
        _give_up_overriding()
    points = Points(order["number"], order["after"])
    points.install()
    kept = _with_git(points, order["environ"]["HOME"]) if order["git"] else []
    from hubsync_cli.main import main

    status: Any = 1
    try:
        main(order["arguments"])
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        _written(order["points"], points.names)
        _written(order["loaded"], [name for name in sys.modules if name.startswith(OURS)])
        del kept
        os._exit(status if isinstance(status, int) else 1)


def _written(path: str, names: list[str]) -> None:
    """Whole or not at all: a kill may come in the middle of this, too."""
    part = f"{path}.part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(names, file)
    os.replace(part, path)


def _with_git(points: Any, home: str) -> list[Any]:
    """libgit2 chose where settings are read when it was loaded, before anything forked."""
    import pygit2
    from pygit2.enums import ConfigLevel

    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = home
    return libgit2.install(points.around)


def _give_up_overriding() -> None:
    """Drop the capabilities by which root reads and writes what its mode forbids: capset(2)."""
    if os.getuid() != 0:
        return
    import ctypes

    overriding = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    for index in range(3):
        sets[index] &= ~overriding
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _load(names: Iterable[str]) -> None:
    missing = [name for name in names if name not in sys.modules]
    for name in missing:
        importlib.import_module(name)
    if missing:
        gc.freeze()  # a child that looks for garbage copies no page of what is loaded


def serve() -> None:
    _load(LOADED)
    libgit2.prepare()
    while line := sys.stdin.readline():
        order: Order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(order)
        print(json.dumps({"pid": pid}), flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(pid, 0)
        if status == 0:
            _load(json.loads(Path(order["loaded"]).read_text()))
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    serve()
