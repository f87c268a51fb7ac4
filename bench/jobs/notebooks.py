"""Merging notebooks that both sides changed, beside git's line merge and nbdime."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import nbformat
from msgspec import Struct

from bench.harness import LeftOut, Wrong
from bench.place import Place, program
from bench.results import HUBSYNC, Finding, Verdict, at_most
from hubsync.merge import merge_notebook

_OF_NBDIME = 0.2
_SLOWEST = 1.0
_KEPT_TWICE = 8 / 45
"""The share of merges in which a cell may be kept twice."""

_SET = (
    "it needs --notebooks DIR (make bench NOTEBOOKS=DIR) with DIR/NN/{base,ours,theirs}.ipynb:"
    " for merge commits of a repository (git log --merges) that changed a notebook on both sides,"
    " the three versions that git show prints for the merge base and the two parents"
)


class _Versions(NamedTuple):
    """One merge to be done: three files, and what is in them."""

    paths: tuple[Path, Path, Path]
    data: tuple[bytes, bytes, bytes]


class _Merged(NamedTuple):
    """``data`` None: no notebook came out."""

    clean: bool
    data: bytes | None


Merger = Callable[[_Versions], _Merged]


class _Tally(Struct, frozen=True):
    merges: int
    clean: int
    invalid: int
    missing: int
    slowest: float
    seconds: float


def notebooks(place: Place, rounds: int) -> Finding:
    """Every folder of a set of notebooks, base, ours and theirs, merged by three programs."""
    if place.notebooks is None:
        raise LeftOut(_SET)
    found = [_versions(folder) for folder in sorted(place.notebooks.iterdir()) if folder.is_dir()]
    if not found:
        raise Wrong(f"no merges in {place.notebooks}; {_SET}")
    mergers: dict[str, Merger] = {HUBSYNC: _ours, "git merge-file": _git()}
    sys.path.append(os.fspath(Path(sys.prefix) / "peers"))  # see scripts/setup.sh
    has_nbdime = find_spec("nbdime") is not None
    if has_nbdime:
        mergers["nbdime"] = _nbdime()
    taken: dict[str, list[_Tally]] = {name: [] for name in mergers}
    for number in range(rounds):
        order = list(mergers)
        for name in [*order[number % len(order) :], *order[: number % len(order)]]:
            taken[name].append(_tally(mergers[name], found))
    return Finding(
        job="notebooks",
        title=f"merging notebooks that both sides changed, {len(found)} of them",
        times={name: median(one.seconds for one in tallies) for name, tallies in taken.items()},
        peaks={},
        verdicts=_verdicts({name: tallies[-1] for name, tallies in taken.items()}, taken),
        note="library calls from bytes to bytes, imports left out; git is a process for each;"
        + (f" nbdime {version('nbdime')}" if has_nbdime else " nbdime is not installed"),
    )


def _verdicts(last: Mapping[str, _Tally], taken: Mapping[str, list[_Tally]]) -> tuple[Verdict, ...]:
    ours = last[HUBSYNC]
    seconds = {name: median(one.seconds for one in tallies) for name, tallies in taken.items()}
    ratio = seconds[HUBSYNC] / seconds["nbdime"] if "nbdime" in seconds else 0.0
    slowest = max(one.slowest for one in taken[HUBSYNC])
    twice = ours.merges - ours.clean
    return (
        Verdict(
            "time / nbdime",
            f"{ratio:.3f} x" if ratio else "nbdime is not installed (scripts/setup.sh bench)",
            f"{_OF_NBDIME:g} x",
            ratio <= _OF_NBDIME if ratio else None,
        ),
        Verdict(
            "slowest merge",
            f"{slowest * 1000:.0f} ms",
            f"{_SLOWEST * 1000:.0f} ms",
            slowest <= _SLOWEST,
        ),
        at_most("merges with a cell kept twice", twice, int(ours.merges * _KEPT_TWICE), "merges"),
        at_most("results that are no valid notebook", ours.invalid, 0, "merges"),
        at_most("lines of a side missing", ours.missing, 0, "lines"),
        *(
            Verdict(
                f"{name}: conflicts / invalid / lines missing / slowest",
                f"{one.merges - one.clean} / {one.invalid} / {one.missing}"
                f" / {one.slowest * 1000:.0f} ms",
                "",
                None,
            )
            for name, one in last.items()
            if name != HUBSYNC
        ),
    )


def _versions(folder: Path) -> _Versions:
    base, ours, theirs = (folder / f"{name}.ipynb" for name in ("base", "ours", "theirs"))
    try:
        data = base.read_bytes(), ours.read_bytes(), theirs.read_bytes()
    except FileNotFoundError as error:
        raise Wrong(f"{error.filename} is missing; {_SET}") from error
    return _Versions((base, ours, theirs), data)


def _tally(merger: Merger, found: list[_Versions]) -> _Tally:
    times: list[float] = []
    clean = invalid = missing = 0
    for versions in found:
        began = time.perf_counter()
        made = merger(versions)
        times.append(time.perf_counter() - began)
        clean += made.clean
        if made.data is None:
            continue
        invalid += not _is_valid(made.data)
        missing += len(_missing(versions.data, made.data))
    return _Tally(len(found), clean, invalid, missing, max(times), sum(times))


def _ours(versions: _Versions) -> _Merged:
    made = merge_notebook(*versions.data)
    if made is None:
        return _Merged(False, None)
    return _Merged(b'"conflict": "local"' not in made, made)


def _git() -> Merger:
    git = program("git")

    def merged(versions: _Versions) -> _Merged:
        base, ours, theirs = map(os.fspath, versions.paths)
        done = subprocess.run(
            [git, "merge-file", "-p", ours, base, theirs], capture_output=True, check=False
        )
        if done.returncode > 127:
            raise Wrong(f"git merge-file: {done.stderr.decode(errors='replace')}")
        return _Merged(done.returncode == 0, done.stdout if done.returncode == 0 else None)

    return merged


def _nbdime() -> Merger:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import nbdime

            nbdime.log.logger.setLevel(logging.ERROR)  # it tells of every conflict
    except ImportError as error:
        raise Wrong("nbdime is not installed: run scripts/setup.sh bench") from error

    def merged(versions: _Versions) -> _Merged:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = [nbformat.reads(data.decode(), as_version=4) for data in versions.data]
            made, decisions = nbdime.merge_notebooks(*read)
            data = nbformat.writes(made).encode()
        return _Merged(not any(one.conflict for one in decisions), data)

    return merged


def _is_valid(data: bytes) -> bool:
    try:
        nbformat.validate(nbformat.from_dict(json.loads(data)))
    except (ValueError, nbformat.ValidationError):
        return False
    return True


def _missing(versions: tuple[bytes, bytes, bytes], made: bytes) -> set[str]:
    """Lines of cells that a side has and the base has not, and the result has not either."""
    base, ours, theirs = (_lines(data) for data in versions)
    try:
        return ((ours | theirs) - base) - _lines(made)
    except ValueError:
        return (ours | theirs) - base


def _lines(data: bytes) -> set[str]:
    cells: list[dict[str, Any]] = json.loads(data)["cells"]
    return {line for cell in cells for line in "".join(cell["source"]).splitlines()}
