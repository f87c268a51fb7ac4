"""Scan and plan of 10,000, 100,000 and 1,000,000 files: memory and time a file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from statistics import median

from msgspec import Struct

from bench.harness import Command, Wrong, timed
from bench.place import Place
from bench.results import Finding, Verdict, at_most

_ROOT = Path(__file__).resolve().parents[2]
_BYTES_A_FILE = 1024
_STEEPER = 1.5
"""How much longer a file may take among the most files than among the fewest."""


class _Measured(Struct, frozen=True):
    files: int
    seconds: float
    bytes: int


def planning(place: Place, rounds: int) -> Finding:
    """Scan and plan: everything is new, and nothing has changed since."""
    times: dict[str, float] = {}
    verdicts: list[Verdict] = []
    for kind, name in (("first", "all new"), ("again", "unchanged")):
        found = [_measure(place, kind, number, rounds) for number in place.scale.planned]
        times |= {f"{name}, {one.files:,} files": one.seconds for one in found}
        most = found[-1]
        per_file = most.bytes / most.files
        what = f"memory a file, {name}, {most.files:,} files"
        verdicts.append(at_most(what, per_file, _BYTES_A_FILE, "bytes"))
        verdicts.append(_linear(name, found))
    return Finding(
        job="plan",
        title="scan and plan",
        times=times,
        peaks={},
        verdicts=tuple(verdicts),
        note="in a process that measures itself, without its start",
    )


def _linear(name: str, found: list[_Measured]) -> Verdict:
    few, most = found[0], found[-1]
    ratio = (most.seconds / most.files) / (few.seconds / few.files)
    return Verdict(
        f"time a file, {name}: {most.files:,} / {few.files:,} files",
        f"{ratio:.2f} x",
        f"{_STEEPER:g} x",
        ratio <= _STEEPER,
    )


def _measure(place: Place, kind: str, number: int, rounds: int) -> _Measured:
    folder = os.fspath(place.files(number, 0))
    command = Command(
        [sys.executable, "-m", "bench.jobs.planning_child", kind, folder], os.fspath(_ROOT)
    )
    told = [json.loads(timed(command).output) for _ in range(rounds)]
    expected = {"first": number, "again": 0}[kind]
    if any(one["files"] != number or one["planned"] != expected for one in told):
        raise Wrong(f"the plan of {number:,} files is not what it should be")
    return _Measured(
        number, median(one["seconds"] for one in told), max(one["bytes"] for one in told)
    )
