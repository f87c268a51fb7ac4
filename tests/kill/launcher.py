"""Starts the command in processes of its own, without loading the interpreter each time.

This program loads hubsync once and then forks for every command it is asked for, so that hundreds
of commands can be killed in a minute. The child runs what the console script runs.

One JSON document a line comes in: an `Order`, answered by ``{"pid"}``, then ``null``, answered by
``{"status"}`` when the child ended. In between its process id is not given to any other process.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, TypedDict

LOADED = (
    "hubsync_cli.main",
    "hubsync_cli.documents",
    "hubsync_cli.sync_report",
    "hubsync_cli.commands.start",
    "hubsync_cli.commands.sync",
    "hubsync_cli.commands.history",
    "hubsync_cli.commands.status",
    "hubsync.workspace",
    "hubsync.remotes.mirror",
    "hubsync.remotes.registry",
    "hubsync.stores.registry",
    "hubsync.stores.counting",
    "hubsync.stores.folder",
    "hubsync.stores.objects",
)


class Order(TypedDict):
    """``number``, ``after``: as in `points.Points`. ``humble``: permissions hold for root too."""

    arguments: list[str]
    directory: str
    environ: dict[str, str]
    out: str
    err: str
    points: str
    number: int | None
    after: bool
    humble: bool


def _child(order: Order) -> None:
    from tests.kill.points import Points

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
    from hubsync_cli.main import main

    status: Any = 1
    try:
        main(order["arguments"])
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with open(order["points"], "w", encoding="utf-8") as file:
            json.dump(points.names, file)
        os._exit(status if isinstance(status, int) else 1)


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


def serve() -> None:
    for module in LOADED:
        importlib.import_module(module)
    while line := sys.stdin.readline():
        order: Order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(order)
        print(json.dumps({"pid": pid}), flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    serve()
