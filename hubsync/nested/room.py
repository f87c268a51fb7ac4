"""The nested repositories of a workspace around one run of the engine.

::

    before   each repository that changed is captured into a file of the workspace
    (the engine carries files, and knows of no Git; what its scan meets is captured, too)
    after    captures that came are brought into the repositories; new ones are captured

A run in which nothing changed compares times and sizes, and imports no pygit2.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hubsync.core.captures import repository_of
from hubsync.core.ignore import IgnoreRules
from hubsync.errors import LocalError
from hubsync.leaks.allowed import Allowed
from hubsync.local.layout import Layout
from hubsync.model import NESTED_DIR, Problem
from hubsync.nested import findings, memory
from hubsync.nested.excluding import exclude
from hubsync.nested.memory import Known
from hubsync.nested.places import Places
from hubsync.nested.signature import Signed, rules_at

if TYPE_CHECKING:
    from hubsync.nested.visiting import Visit


def taken_by_all(path: str, size: int) -> Problem | None:
    """No remote has a limit."""
    return None


@dataclass(frozen=True)
class Outgoing:
    """What may go out. ``allowed``: what a person let through to Git remotes, None if none is
    linked; ``refused``: why the remote that a capture would go to does not take it, by the
    repository's path and the capture's size in bytes."""

    allowed: Allowed | None = None
    refused: Callable[[str, int], Problem | None] = taken_by_all


class Room:
    """One run. ``hub``: this one's name; ``confirmed``: deletions are meant; ``stopping``: whether
    the user wants no more to be begun."""

    def __init__(
        self,
        layout: Layout,
        env: Mapping[str, str],
        hub: str,
        outgoing: Outgoing,
        *,
        confirmed: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.layout = layout
        self.env = env
        self.hub = hub
        self.outgoing = outgoing
        self.places = Places(layout)
        self.known = memory.load(layout)
        self.now = time.time_ns()
        self._saved = dict(self.known)
        self._confirmed = confirmed
        self._stopping = stopping
        self._told: dict[str, list[Problem]] = {}
        self._held: frozenset[str] = frozenset()
        self._settled: dict[str, str] = {}
        """Repositories that were looked at in this run, with their signatures."""
        self._met: set[str] = set()
        self.places.sweep()

    def before(self) -> None:
        """Capture what changed among the repositories that are known. Raises LocalError."""
        gone = sorted(path for path in self.known if not self.places.is_present(path))
        for path in [one for one in gone if not may_stand_at(one, rules_at(self.places.root, one))]:
            gone.remove(path)
            del self.known[
                path
            ]  # forgotten, not deleted: with the rule gone it comes back (rule 8)
        if len(gone) > 1 and len(gone) == len(self.known) and not self._confirmed:
            self._told[gone[0]] = [findings.all_gone(gone)]
            self._held = frozenset(gone)
        else:
            for path in gone:
                self._vanished(path)
        exclude(self.layout.root, self.known)
        self._visit_all(self.known, bring=False)

    def meet(self, found: Iterable[str], remote: Iterable[str]) -> bool:
        """Capture those of the repositories ``found`` that nothing is known of yet; whether files
        of the workspace changed. Those of which the ``remote`` (its paths) has captures wait for
        these. Raises LocalError."""
        new = {*found} - self.known.keys() - self._met
        if new:
            new -= {repository_of(one) for one in remote if one.startswith(NESTED_DIR)}
        self._met |= new
        return bool(new) and self._visit_all(new, bring=False)

    def after(self, found: Iterable[str], *, bring: bool) -> bool:
        """``found``: the repositories that the scan met. With ``bring``, what other hubs did is
        brought here. Whether files of the workspace changed by it. Raises LocalError."""
        paths = {*found, *self.known}
        if bring:
            paths |= self.places.all().keys()
        changed = self._visit_all(paths, bring=bring)
        exclude(self.layout.root, self.known)
        return changed

    def _visit_all(self, paths: Iterable[str], *, bring: bool) -> bool:
        pending = sorted(paths, reverse=True)
        visited: set[str] = set()
        changed = False
        while pending and not self._stopping():
            path = pending.pop()
            if path in visited or path in self._held:
                continue
            visited.add(path)
            sign = Signed(self.places.root, path) if self.places.is_present(path) else None
            if sign is None:
                wanted = bring and self.places.of(path)
                if not wanted or not may_stand_at(path, rules_at(self.places.root, path)):
                    continue
            elif not may_stand_at(path, sign.rules):
                continue  # ignored by now: what was sent of it stays as it is
            elif self._is_quiet(path, sign):
                pending += [f"{path}/{one}" for one in reversed(sign.inner)]
                continue
            visit = self._visit(path, sign, bring=bring)
            if visit is not None:
                changed = visit.changed or changed
                pending += [f"{path}/{one}" for one in reversed(visit.inner)]
        self.save()
        return changed

    def _is_quiet(self, path: str, sign: Signed) -> bool:
        """Whether nothing has changed since it was last looked at; what was told then is told
        again."""
        known = self.known.get(path)
        if known is None or sign.text != known.signature or known.files != self.places.of(path):
            return False
        if self._settled.get(path) == sign.text:
            return True
        if not known.firm or known.coming or not all(map(findings.lasts, known.problems)):
            return False
        told = list(known.problems)
        if known.held:
            problem = self.outgoing.refused(path, known.held)
            if problem is None:  # another remote takes it by now
                return False
            told.append(problem)
        self._told[path] = told
        self._settled[path] = sign.text
        return True

    def _visit(
        self, path: str, sign: Signed | None, *, bring: bool, choice: str = ""
    ) -> Visit | None:
        """None without pygit2."""
        try:
            from hubsync.nested.visiting import Visit
        except ModuleNotFoundError as error:
            problem = findings.needs_package(path, str(error.name))
            self._told[path] = [problem]
            if path in self.known:
                self.known[path] = replace(self.known[path], problems=(problem,))
            return None
        visit = Visit(self, path, bring=bring, choice=choice)
        try:
            visit.run(sign)
        finally:
            self._told[path] = visit.problems
            if self.places.is_present(path):
                self.known[path] = visit.known
                if not visit.waiting:
                    self._settled[path] = visit.known.signature
        return visit

    def resolve(self, path: str, choice: str) -> bool:
        """End a divergence by a person's word, ``"mine"`` or ``"theirs"``; whether there was one.

        What gives way stays under ``refs/hubsync/backup/``. Raises LocalError for what keeps it
        from being done.
        """
        known = self.known.get(path)
        if known is None or not known.offered:
            return False
        sign = Signed(self.places.root, path)
        visit = self._visit(path, sign, bring=True, choice=choice)
        self.save()
        stuck = self._told[path][0] if visit is None else visit.stuck
        if stuck is not None:
            raise LocalError(stuck.message, stuck.hint, stuck.code)
        return True

    def bring(self, path: str) -> None:
        """Make the repository ``path`` of its capture. Raises LocalError for what keeps it from
        being done."""
        self._visit_all([path], bring=True)
        exclude(self.layout.root, self.known)
        problem = next(iter(self._told.get(path, ())), None)
        if not self.places.is_present(path) and problem is not None:
            raise LocalError(problem.message, problem.hint, problem.code)

    def _vanished(self, path: str) -> None:
        """A person deleted it: the capture goes (and stays in the remote's versions), unless there
        is one that this hub has not seen: an edit survives a deletion (rule 3)."""
        known = self.known.pop(path)
        if self.places.of(path) == (known.at,):
            self.places.remove(path, known.at)

    @property
    def problems(self) -> dict[tuple[str, str], Problem]:
        """What a person has to know, by path and code."""
        return {(one.path, one.code): one for told in self._told.values() for one in told}

    def remember(self, path: str, known: Known) -> None:
        """Write down at once what is known of one."""
        self.known[path] = known
        self.save()

    def save(self) -> None:
        """Write down what is known, if it is another thing than before."""
        if self.known != self._saved:
            memory.save(self.layout, self.known)
            self._saved = dict(self.known)


def may_stand_at(path: str, rules: IgnoreRules) -> bool:
    """Whether a repository at that place travels: not at an ignored one (rule 8), which secrets and
    hubsync's own folders are."""
    top = path.partition("/")[0]
    return bool(path) and top != NESTED_DIR and not rules.ignores_deep(path, True)
