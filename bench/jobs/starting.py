"""How long the command takes to start: beside a Python that does nothing."""

from __future__ import annotations

import os
import sys

from bench.harness import Command, Contender, always, no_check, race
from bench.place import Place, program
from bench.programs import do, hubsync
from bench.results import Finding, at_most_longer, finding

_MORE_ROUNDS = 5
_BASELINE = "python -c pass"
_VERSION = "hubsync --version"
_STATUS = "hubsync status"


def starting(place: Place, rounds: int) -> Finding:
    """`hubsync --version`, and `hubsync status` in a small workspace."""
    workspace = place.copy(place.files(20, 100), "workspace")
    at = os.fspath(workspace)
    do(hubsync(workspace, {}, "init", place.folder("mirror").as_uri()))
    do(hubsync(workspace, {}, "sync"))
    commands = {
        _BASELINE: [sys.executable, "-c", "pass"],
        _VERSION: [program("hubsync"), "--version"],
        _STATUS: [program("hubsync"), "status"],
    }
    timings = race(
        [Contender(name, always(Command(argv, at)), no_check) for name, argv in commands.items()],
        rounds * _MORE_ROUNDS,
    )
    return finding(
        "start",
        "start-up, in a small workspace",
        timings,
        at_most_longer(timings, 0.130, _VERSION, _BASELINE),
        at_most_longer(timings, 0.250, _STATUS, _BASELINE),
    )
