"""A repository as it is now, and its capture, written where the last one does not say the same."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pygit2
from msgspec.structs import replace

from hubsync.core.ignore import IgnoreRules
from hubsync.errors import RemoteFormatError
from hubsync.leaks.allowed import Allowed
from hubsync.nested import findings, gate, relation
from hubsync.nested.bundle import File, read
from hubsync.nested.findings import Untold
from hubsync.nested.look import Looked, Where, looked, told
from hubsync.nested.memory import Known
from hubsync.nested.packing import pack_into, unpushed
from hubsync.nested.places import Places
from hubsync.nested.state import REMEMBERED, Capture

_NOBODY: Final = Known()


@dataclass(frozen=True)
class Capturing:
    """How captures are made: by the hub ``name``, at ``time`` (ns). ``allowed``: what may go out if
    a Git remote gets it; None: none does."""

    places: Places
    name: str = ""
    time: int = 0
    allowed: Allowed | None = None

    def look(self, where: Where, rules: IgnoreRules, known: Known | None, folder: str) -> Seen:
        """A repository as it is now. ``folder`` is for the objects of what is not committed, and
        has to stay as long as the answer is used. Raises Untold."""

        def hides(file: str) -> bool:
            return rules.ignores_deep(f"{where.path}/{file}")

        seen = looked(where, hides, tempfile.mkdtemp(dir=folder))
        with told(where.path):
            return self._captured(where, seen, known or _NOBODY)

    def anew(self, seen: Seen, known: Known) -> Seen:
        """The same look, with what is known of it by now. Raises Untold."""
        with told(seen.where.path):
            return self._captured(seen.where, seen.looked, known)

    def _captured(self, where: Where, seen: Looked, last: Known) -> Seen:
        own = seen.state.name
        arrived = not last.own and bool(last.at)
        changed = own != last.own and not arrived
        if changed and self.allowed is not None:
            gate.refuse_secrets(where.path, seen, self.allowed)
        before, since, holds = last.before, last.since, last.holds
        if changed and last.at:
            before = (last.at, *before)
            since = last.at if own in before else ""
            holds = self._held(where, seen, last)
        capture = Capture(seen.state, before, self.name, self.time, since=since)
        before = tuple(dict.fromkeys(one for one in before if one != capture.name))[:REMEMBERED]
        holds = tuple(one for one in dict.fromkeys(holds) if one in before)
        shallow: tuple[str, ...] = ()
        if seen.shallow:
            shallow = tuple(one for one in map(str, unpushed(seen)) if one in seen.shallow)
        capture = replace(capture, before=before, holds=holds, shallow=shallow)
        at = capture.name if changed or not last.at else last.at
        now = Known(
            own=own,
            at=at,
            before=before,
            since=since,
            holds=holds,
            kept=last.kept and not changed,
            offered=last.offered,
        )
        return Seen(where, seen, capture, now)

    def _held(self, where: Where, seen: Looked, last: Known) -> tuple[str, ...]:
        """The earlier states of which a changed one still has every commit, as far as the capture
        of the last one tells."""
        own = seen.state.name
        back = (own,) if own in last.before and seen.state.is_clean else ()
        try:
            state = read(self.places.file(where.path, last.at), last.at).capture.state
        except (OSError, RemoteFormatError):
            return back
        if not relation.has_commits(seen.scratch, seen.state, state):
            return back
        return (last.at, *last.holds) if state.is_clean else (*back, *last.holds)


@dataclass(frozen=True)
class Seen:
    """A repository as it is now, with the capture that says so. ``known``: what is remembered of
    it."""

    where: Where
    looked: Looked
    capture: Capture
    known: Known

    @cached_property
    def file(self) -> File:
        """The capture with all that the repository's own remotes do not have, written when it is
        first asked for, beside what was looked at. Raises Untold."""
        path = self.where.path
        with told(path):
            target = os.path.join(self.looked.scratch.path, self.known.at)
            try:
                pack_into(target, path, self.looked, self.capture)
            except (pygit2.GitError, KeyError, ValueError) as error:
                why = f"objects are missing ({error})"
                raise Untold(findings.unreadable(path, why)) from error
            return read(target, self.known.at)


def files_at(path: str, places: Places) -> tuple[list[File], list[Untold]]:
    """The captures of a repository that lie there, and what is wrong with others."""
    good: list[File] = []
    bad: list[Untold] = []
    for name in places.of(path):
        try:
            with told(path):
                good.append(read(places.file(path, name), name))
        except Untold as error:
            bad.append(error)
    return good, bad
