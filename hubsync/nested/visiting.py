"""One repository and its captures in one run: captured, brought forward, or brought here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hubsync.core.ignore import IgnoreRules
from hubsync.local.trash import Trash
from hubsync.model import Problem
from hubsync.nested import findings, forwarding
from hubsync.nested.bundle import File
from hubsync.nested.capturing import Capturing, Seen, files_at
from hubsync.nested.findings import Untold
from hubsync.nested.look import Where, told
from hubsync.nested.memory import Known
from hubsync.nested.pack import LARGEST
from hubsync.nested.relation import relation_to
from hubsync.nested.restoring import restore
from hubsync.nested.signature import Signed
from hubsync.nested.state import Capture

if TYPE_CHECKING:
    from hubsync.nested.room import Room

_ROUNDS = 4
"""Several hubs' captures are taken one after the other."""


class Visit:
    """``bring``: what other hubs did is brought here. ``choice``: what a person wants where both
    hubs changed it, ``"mine"`` or ``"theirs"``.

    After `run`: ``known``: what is to be remembered; ``inner``: repositories inside this one;
    ``problems``: what a person has to know; ``waiting``: whether there is something to bring in;
    ``changed``: whether files of the workspace did; ``stuck``: what kept it from being finished.
    """

    def __init__(self, room: Room, path: str, *, bring: bool, choice: str = "") -> None:
        self.known = replace(room.known.get(path) or Known(), held=0)
        self.inner: list[str] = []
        self.problems: list[Problem] = []
        self.waiting = False
        self.changed = False
        self.stuck: Problem | None = None
        self._room = room
        self._path = path
        self._places = room.places
        self._where = Where(path, room.places.folder(path))
        self._capturing = Capturing(room.places, room.hub, room.now, room.outgoing.allowed)
        self._bring = bring
        self._choice = choice
        self._lasting: list[Problem] = []
        self._moved = False
        """Whether this run itself wrote into the repository."""

    def run(self, sign: Signed | None) -> None:
        """``sign``: the repository's signature, None if it is not here. Raises LocalError."""
        try:
            with told(self._path):
                if sign is None and self._restore():
                    sign = self._signed()
                if sign is not None:
                    with self._places.working("looking-") as made:
                        self._settle(made, sign.rules)
        except Untold as error:
            self.stuck = error.problem
            self._tell(error.problem)
        finally:
            # Whatever a person changed while it was looked at is seen by the next run.
            now = sign if sign is not None and not self._moved else self._signed()
            self.inner = now.inner
            self.known = replace(
                self.known,
                signature=now.text,
                firm=now.firm and not self._moved and not self.waiting,
                files=self._places.of(self._path),
                problems=tuple(self._lasting),
            )

    def _signed(self) -> Signed:
        return Signed(self._places.root, self._path)

    def _tell(self, problem: Problem) -> None:
        """A problem that is there until something changes."""
        self.problems.append(problem)
        self._lasting.append(problem)

    # -- here already -------------------------------------------------------------------

    def _settle(self, folder: str, rules: IgnoreRules) -> None:
        """``folder``: for the capture."""
        if self.known.offered and not forwarding.knows_offers(self._where):
            self.known = replace(self.known, offered={})
        self._resume()
        last_files = self.known.files
        files, bad = files_at(self._path, self._places)
        for error in bad:
            self._tell(error.problem)
        self._withdraw(*(self.known.offered.keys() - {one.name for one in files}))
        for _ in range(_ROUNDS):
            last = self.known
            seen = self._look(folder, rules)
            if not last.at and self._recall(seen, files):
                seen = self._anew(seen, self.known)
            older = self._older(seen, files)
            if older is None or not self._bring:
                break
            self._write(seen, last)
            self._forward(seen, older)
        for name, size in seen.looked.heavy:
            self._tell(findings.heavy_file(self._path, name, size, LARGEST))
        if older is None:
            taken = [one for one in files if self._relation(seen, one) == "newer"]
            if taken:
                word = bool(self._choice) or any(one.name in seen.known.offered for one in taken)
                seen = self._anew(seen, _after(seen, taken, word=word))
            if taken or not self._is_there(seen, files):
                self._write(seen, last)
            if self._is_deleted_elsewhere(seen, files, last_files) and not taken:
                self.known = replace(seen.known, kept=True)
                self.problems.append(findings.deleted_elsewhere(self._path))
            elif self._is_refused(seen, files):
                size = os.path.getsize(seen.file.path)
                self.known = replace(last, offered=self.known.offered, held=size)
                if self._choice:
                    self.stuck = self.problems[-1]
            else:
                self._stand(seen, files, taken)
        self._tell_others(seen, files)

    def _look(self, folder: str, rules: IgnoreRules) -> Seen:
        seen = self._capturing.look(self._where, rules, self.known, folder)
        self.known = seen.known
        return seen

    def _anew(self, seen: Seen, known: Known) -> Seen:
        seen = self._capturing.anew(seen, known)
        self.known = seen.known
        return seen

    def _write(self, seen: Seen, last: Known) -> None:
        """Write its capture to a file of this run. Where that fails the state has none, and what
        is known is ``last``, as if it had not been looked at. Raises Untold."""
        try:
            _ = seen.file
        except Untold:
            self.known = last
            raise

    def _is_there(self, seen: Seen, files: list[File]) -> bool:
        """Whether its capture lies there already, or none is wanted."""
        return seen.known.kept or any(one.name == seen.known.at for one in files)

    def _recall(self, seen: Seen, files: list[File]) -> bool:
        """What was forgotten of a state is in its capture, if there is one."""
        same = [one for one in files if one.capture.state.name == seen.known.own]
        if not same:
            return False
        file = max(same, key=lambda one: (len(one.capture.before), one.name))
        capture = file.capture
        self.known = replace(
            seen.known,
            at=file.name,
            before=capture.before,
            since=capture.since,
            holds=capture.holds,
        )
        return True

    def _relation(self, seen: Seen, file: File) -> str:
        found = relation_to(seen, file)
        if found == "other" and self._choice:
            return "newer" if self._choice == "mine" else "older"
        return found

    def _older(self, seen: Seen, files: list[File]) -> File | None:
        """A capture that the repository can be brought forward to."""
        found = [one for one in files if self._relation(seen, one) == "older"]
        return max(found, key=lambda one: one.capture.time, default=None)

    def _is_deleted_elsewhere(self, seen: Seen, files: list[File], before: tuple[str, ...]) -> bool:
        at = seen.known.at
        return self._bring and at in before and not any(one.name == at for one in files)

    def _is_refused(self, seen: Seen, files: list[File]) -> bool:
        """Whether no remote takes the capture: it is not even written, then."""
        if self._is_there(seen, files):
            return False
        problem = self._room.outgoing.refused(self._path, os.path.getsize(seen.file.path))
        if problem is not None:
            self.problems.append(problem)
        return problem is not None

    def _stand(self, seen: Seen, files: list[File], taken: list[File]) -> None:
        """The repository has a state that no other capture replaces: it has to have its own, and
        those that it replaces go."""
        at = seen.known.at
        there = [one for one in files if one.name == at]
        if not seen.known.kept and (not there or taken):
            self.changed = True
            self._places.put(self._path, at, seen.file.path)
        for one in taken:
            if self._choice and one.name in self.known.offered:
                self._moved = True
                forwarding.keep(self._where, one)
        for one in [*taken, *(one for one in there if one.id != one.name)]:
            self._places.remove(self._path, one.id)
            self._withdraw(one.name)
            self.changed = True

    def _tell_others(self, seen: Seen, files: list[File]) -> None:
        """Of captures that neither replace the repository's state nor are replaced by it. Their
        commits are put beside its own, but not before a run: the next one may be about to come."""
        for file in files:
            found = self._relation(seen, file)
            if found == "older":
                self.waiting = True
            if found != "other":
                continue
            refs = self.known.offered.get(file.name)
            if refs is None and not self._bring:
                self.waiting = True
                continue
            if refs is None:
                self._moved = True
                refs = forwarding.offer(seen, file, self._room.env)
                self.known = replace(self.known, offered={**self.known.offered, file.name: refs})
            theirs = file.capture
            told_of = findings.diverged(self._path, theirs.hub, list(refs), theirs.state.commit)
            self._tell(told_of)

    def _forward(self, seen: Seen, file: File) -> None:
        known = seen.known
        self._room.remember(self._path, replace(known, coming=file.id))
        self._moved = True
        try:
            forwarding.forward(seen, file, self._trash(), self._room.env)
            self._places.make_durable()
        finally:
            self.known = known
        self._arrived(file)

    def _resume(self) -> None:
        """A run that was killed was bringing a capture in: go on, if what it needs is there."""
        known = self.known
        if not known.coming:
            return
        self.known = replace(known, coming="")
        files, _ = files_at(self._path, self._places)
        file = next((one for one in files if one.id == known.coming), None)
        if file is None:
            return
        self._moved = True
        if forwarding.resume(self._where, known.at, file, self._trash(), self._room.env):
            self._places.make_durable()
            self._arrived(file)

    def _arrived(self, file: File) -> None:
        """The repository is what the capture says, whatever it is called here."""
        known, capture = self.known, file.capture
        before = capture.before
        if self._choice:
            before = (*before, known.at, *known.before)
        self.known = Known(
            at=file.name,
            before=before,
            since=capture.since,
            holds=capture.holds,
            offered=known.offered,
        )
        self._withdraw(*known.offered)

    def _withdraw(self, *names: str) -> None:
        known = self.known
        gone = {name: refs for name, refs in known.offered.items() if name in names}
        for refs in gone.values():
            self._moved = True
            forwarding.withdraw(self._where, refs)
        left = {name: refs for name, refs in known.offered.items() if name not in gone}
        self.known = replace(known, offered=left)

    # -- not here yet -------------------------------------------------------------------

    def _restore(self) -> bool:
        """Make the repository; whether there is one now."""
        files, bad = files_at(self._path, self._places)
        self.problems += [error.problem for error in bad]
        if not files:
            return False
        file = max(files, key=lambda one: (one.capture.time, one.name))
        restore(self._path, file, self._places, self._trash(), self._room.env)
        self._places.make_durable()
        self.known = Known()
        self._arrived(file)
        return True

    def _trash(self) -> Trash:
        return Trash(self._places.root)


def _after(seen: Seen, taken: list[File], *, word: bool) -> Known:
    """What is known of a state that takes the place of others, too. By a person's ``word`` it is
    another occurrence of the state, with a name of its own: the other hub's person may have said
    the opposite, and then neither has followed the other."""
    known, state = seen.known, seen.capture.state
    names = [known.at, *(one.name for one in taken), *known.before]
    names += [name for one in taken for name in one.capture.before]
    since = taken[0].name if word else known.since
    at = Capture(state, since=since).name
    return replace(known, at=at, since=since, before=tuple(dict.fromkeys(names)))
