"""Names that the local disk takes for one: it gets one of them, and a report (rule 15)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator

from hubsync.core.paths import ancestors, display
from hubsync.model import Carry, Problem, Side, Tree


def folded(name: str) -> str:
    """What two names have in common that differ only in case, or in how an accent is written: a
    caseless match of the Unicode Standard, 3.13, definition D145."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def refuse_collisions(
    carries: Iterable[Carry], local: Tree, fold: Callable[[str], str]
) -> tuple[list[Carry], list[Problem]]:
    """``carries`` without those whose name, or a directory of it, the disk would take for another.

    A name that stands locally comes before one that comes in; of two that come in, the first in
    order. A name that the plan itself removes is in nobody's way.
    """
    carries = list(carries)
    leaving = {c.path for c in carries if c.to is Side.LOCAL and c.entry is None}
    wanted = {fold(name) for c in carries if _comes_in(c) for name in _levels(c.path)}
    if not wanted:
        return carries, []
    standing = {
        fold(name): name
        for path in local
        if path not in leaving
        for name in _levels(path)
        if fold(name) in wanted
    }
    kept: list[Carry] = []
    problems: list[Problem] = []
    for carry in carries:
        if not _comes_in(carry):
            kept.append(carry)
            continue
        names = {fold(name): name for name in _levels(carry.path)}
        taken = [standing[key] for key, name in names.items() if standing.get(key, name) != name]
        if taken:
            problems.append(_collision(carry.path, taken[0]))
        else:
            standing.update(names)
            kept.append(carry)
    return kept, problems


def _comes_in(carry: Carry) -> bool:
    return carry.to is Side.LOCAL and carry.entry is not None and carry.expect is None


def _levels(path: str) -> Iterator[str]:
    yield path
    yield from ancestors(path)


def _collision(path: str, standing: str) -> Problem:
    return Problem(
        path,
        "name-collision",
        f"This disk cannot hold {display(path)} beside {display(standing)}.",
        "Rename one of the two on a hub whose disk tells such names apart.",
    )
