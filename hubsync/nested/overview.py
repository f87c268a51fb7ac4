"""What a sync would find of the nested repositories; nothing is changed by looking."""

from __future__ import annotations

import os
from collections.abc import Iterable

from hubsync.local.layout import Layout
from hubsync.model import Problem
from hubsync.nested import findings, memory
from hubsync.nested.findings import Untold
from hubsync.nested.memory import Known
from hubsync.nested.places import Places
from hubsync.nested.room import Outgoing, may_stand_at, taken_by_all
from hubsync.nested.signature import Signed, rules_at

Told = tuple[str, str, tuple[Problem, ...]]
"""Path, state and problems of one. The states: ``"new"``, ``"synced"``, ``"changed"`` since, and
``"kept"``: deleted on another hub; ``"coming"``: it is brought here."""


def overview(layout: Layout, met: Iterable[str], outgoing: Outgoing) -> list[Told]:
    """``met``: the repositories that the scan met."""
    places, known = Places(layout), memory.load(layout)
    pending = sorted({*met, *known, *places.all()}, reverse=True)
    found: dict[str, Told] = {}
    while pending:
        path = pending.pop()
        if path in found:
            continue
        if not places.is_present(path):
            if places.of(path) and may_stand_at(path, rules_at(places.root, path)):
                found[path] = (path, "coming", ())
            continue
        sign = Signed(places.root, path)
        if not may_stand_at(path, sign.rules):
            continue
        pending += [f"{path}/{one}" for one in reversed(sign.inner)]
        found[path] = _told(path, sign, known.get(path), places, outgoing)
    return [found[path] for path in sorted(found)]


def _told(path: str, sign: Signed, last: Known | None, places: Places, outgoing: Outgoing) -> Told:
    last = last or Known()
    state = _state(last, sign, places.of(path))
    if sign.text == last.signature and last.held:
        problem = outgoing.refused(path, last.held)
        return path, state, tuple(filter(None, (*last.problems, problem)))
    if state not in ("new", "changed") or (state == "new" and outgoing.refused is taken_by_all):
        return path, state, last.problems
    try:
        own, problems = _looked(path, sign, last, places, outgoing)
    except Untold as error:
        return path, state, (error.problem,)
    moved = places.of(path) != last.files and not last.kept
    if state == "changed" and own == last.own and not moved:  # such as after 'git status'
        return path, "kept" if last.kept else "synced", last.problems
    return path, state, (*last.problems, *problems)


def _looked(
    path: str, sign: Signed, last: Known, places: Places, outgoing: Outgoing
) -> tuple[str, tuple[Problem, ...]]:
    """The name of its state, and what a sync would say of it. Raises Untold."""
    try:
        from hubsync.nested.capturing import Capturing
        from hubsync.nested.look import Where, told
        from hubsync.nested.pack import LARGEST
    except ModuleNotFoundError as error:
        raise Untold(findings.needs_package(path, str(error.name))) from error
    capturing = Capturing(places, allowed=outgoing.allowed)
    with told(path), places.working("looking-") as folder:
        seen = capturing.look(Where(path, places.folder(path)), sign.rules, last, folder)
        problem = outgoing.refused(path, os.path.getsize(seen.file.path))
    heavy = [findings.heavy_file(path, name, size, LARGEST) for name, size in seen.looked.heavy]
    return seen.known.own, (*heavy, *filter(None, [problem]))


def _state(last: Known, sign: Signed, files: tuple[str, ...]) -> str:
    if not last.at:
        return "new"
    if last.signature != sign.text or last.held or (last.files != files and not last.kept):
        return "changed"
    return "kept" if last.kept else "synced"
