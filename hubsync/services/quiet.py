"""A sync in which nothing happened, told without looking at everything.

A sync that found nothing to do leaves a mark (`hubsync.local.mark`) of all that this depended on:
the workspace's files by a listing of them, the clone by its bearings, the remote by its revision.
The next one first asks whether all three are the same; another process makes the listing while this
one asks the remote. If they are, that was the sync. If anything differs, or cannot be told,
everything is looked at as ever: the mark is an accelerator, and decides on nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from msgspec.structs import replace

from hubsync.engine.context import Request
from hubsync.links import Links
from hubsync.local import ledger, mark, state
from hubsync.local.ledger import Ledger
from hubsync.local.listing import Listing
from hubsync.local.mark import Mark
from hubsync.model import NESTED_DIR
from hubsync.nested import memory
from hubsync.remotes.protocol import Bearings, Hears, Witness
from hubsync.report import Reporter
from hubsync.results import SyncResult
from hubsync.services import cloning

if TYPE_CHECKING:
    from hubsync.core.ignore import IgnoreRules
    from hubsync.engine.observe import View
    from hubsync.local.matching import Matched
    from hubsync.local.rescan import Spots
    from hubsync.local.state import State

_GIT = ".git"


class Quiet:
    """One sync, as an `Onlooker` of it. With the workspace's lock held. A context manager."""

    def __init__(self, links: Links, request: Request, reporter: Reporter) -> None:
        self._links = links
        self._request = request
        self._reporter = reporter
        self._name = links.settings.remote[0].name if len(links.settings.remote) == 1 else ""
        self._before: Bearings | None = None
        self._answer: Any = None
        self._settled: tuple[View, State] | None = None
        self._hidden: tuple[str, ...] = ()
        self._ledger: Ledger | None = None
        self._moved = False
        self._spotted: tuple[bytes, Spots] | None = None
        self._listing: Listing | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_listing()

    def result(self) -> SyncResult | None:
        """What came of it, if nothing happened. Nothing changes but the time of the last sync."""
        if not self._name or self._request.checksum:
            return None
        layout = self._links.layout
        known = mark.load(layout, self._name) if self._is_settled() else None
        self._ledger = ledger.load(layout, self._name) if self._is_settled() else None
        if known is None:
            self._begin_listing(None)
            with self._witness() as witness:
                self._before = witness.bearings() if witness is not None else None
            return None
        self._hidden = known.hidden
        self._reporter.phase("Looking at both sides")
        self._begin_listing(known)
        with self._witness() as witness:
            if witness is None or not self._is_same(known, witness):
                return None
            self._links.others.update(witness.requests)
        if self._reporter.stopping():
            return None
        if not self._request.dry_run:
            state.touch(layout.state(self._name), self._links.clock())
        return SyncResult(revision=known.revision, dry_run=self._request.dry_run)

    def spots(self) -> Spots | None:
        """Once: where the listing is another one than the ledger's. What the ignore rules hide they
        go on hiding only if the clone and its remote stand where they stood: else more than these
        paths may have come to be tracked, or be so no more."""
        known, listing, before = self._ledger, self._listing, self._before
        try:
            if known is None or listing is None or before is None:
                return None
            if before.revision != known.revision or not listing.name():
                return None
            found = ledger.spots(self._links.layout, known, listing.content())
            if found is not None:
                self._spotted = (listing.content(), found)
            return found
        finally:
            self._end_listing()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """While everything is looked at, the remote is not asked once more what it just said."""
        if self._answer is None:
            yield
            return
        remote = self._links.remote(self._name)
        if isinstance(remote, Hears):
            remote.heard(self._answer)
        try:
            yield
        finally:
            if isinstance(remote, Hears):
                remote.heard(None)

    def settled(self, view: View, remembered: State) -> None:
        """Everything was looked at, and there was nothing to do."""
        self._settled = (view, remembered)

    def moved(self, view: View, remembered: State) -> None:
        """Something was done: the ledger goes on with what is remembered otherwise now."""
        self._moved = True
        if self._ledger is not None:
            self._ledger = (
                None
                if view.scan.nested or view.snapshot.submodules
                else replace(
                    self._ledger,
                    revision=remembered.revision,
                    touched=tuple({*self._ledger.touched, *state.touched(view.state, remembered)}),
                    ruled=view.scan.ruled,
                )
            )

    def leave_notes(self, result: SyncResult) -> None:
        """For the next sync. If nothing was done about anything, and nothing is to be told, it may
        take the short way; if something was done, it need not look everywhere."""
        if self._request.dry_run or result.exit_status() or not self._is_settled():
            return
        if self._settled is not None and self._before is not None and result.nothing_done():
            self._mark(*self._settled, self._before)
        elif self._moved and self._ledger is not None:
            settings, sealed = mark.own_files(self._links.layout, self._name)
            ledger.save(self._links.layout, replace(self._ledger, settings=settings, state=sealed))

    def _is_same(self, known: Mark, witness: Witness) -> bool:
        """Whether everything is as the mark has it."""
        listing = self._listing
        self._before = witness.bearings()
        if self._before != Bearings(known.bearings, known.revision):
            return False
        still = witness.is_still_at(known.revision, known.seen)
        self._answer = witness.answer
        same = still and listing is not None and listing.name() == known.listing
        return same and not self._holds_repository()

    def _mark(self, view: View, remembered: State, before: Bearings) -> None:
        """Leave the mark of what was seen, and begin a ledger; none where it may have been another
        thing than what is there now, or where more than this decides on a sync. ``before``: the
        bearings before anybody looked. If a person worked with git since, no later ones are the
        same."""
        from hubsync import config

        layout = self._links.layout
        if view.scan.nested or view.snapshot.submodules or remembered.remote:
            return
        if remembered.local and view.policy.empty_directories:
            return  # what a pull found here and did not send
        if remembered.revision != before.revision:
            return
        own = mark.own_files(layout, self._name)
        found = self._matched(view.scan.rules, remembered)
        if found is None:
            return
        self._hidden = found.hidden
        if self._holds_repository():
            return
        if config.load(layout.config) != self._links.settings:
            return
        if not all(own) or mark.own_files(layout, self._name) != own:
            return
        mark.save(
            layout,
            Mark(
                remote=self._name,
                revision=before.revision,
                settings=own[0],
                state=own[1],
                bearings=before.name,
                listing=found.listing,
                seen=view.snapshot.seen,
                hidden=found.hidden,
            ),
        )
        kept = self._ledger
        if kept is not None and kept.listing == found.listing and not self._moved:
            return  # it goes on
        begun = Ledger(
            remote=self._name,
            revision=before.revision,
            settings=own[0],
            state=own[1],
            listing=found.listing,
            hidden=found.hidden,
            hidden_files=found.hidden_files,
            ruled=view.scan.ruled,
        )
        ledger.begin(layout, begun, found.rows)

    def _matched(self, rules: IgnoreRules, remembered: State) -> Matched | None:
        """The listing from before anybody looked, if it shows what is remembered; else one of
        now."""
        from hubsync.local.matching import matched, matched_still

        base, beside = remembered.base, remembered.local
        if self._spotted is not None and not self._moved:
            found = matched_still(*self._spotted, base, beside, rules)
            if found is not None:
                return found
        # What the rules of now hide was hidden when the last mark was made, or is listed.
        self._hidden = tuple(one for one in self._hidden if rules.ignores_deep(one, True))
        with Listing(self._links.layout.root, self._hidden) as listing:
            return matched(listing.content(), base, beside, rules) if listing.name() else None

    def _is_settled(self) -> bool:
        """Whether nothing is under way that is neither in the files nor in the state."""
        layout = self._links.layout
        return not (
            os.path.lexists(layout.emptying)
            or os.path.lexists(os.path.join(layout.root, NESTED_DIR))
            or cloning.is_under_way(layout)
            or memory.load(layout)
        )

    def _holds_repository(self) -> bool:
        """Whether a directory that is not looked into is, by now, a Git repository."""
        root = self._links.layout.root
        return any(os.path.lexists(os.path.join(root, one, _GIT)) for one in self._hidden)

    def _begin_listing(self, known: Mark | None) -> None:
        """As the mark has it, or else the ledger; for both, where they leave the same out."""
        if known is not None and self._ledger is not None and known.hidden != self._ledger.hidden:
            self._ledger = None
        of = known or self._ledger
        if of is not None:
            self._listing = Listing(self._links.layout.root, of.hidden)

    def _end_listing(self) -> None:
        listing, self._listing = self._listing, None
        if listing is not None:
            listing.close()

    @contextmanager
    def _witness(self) -> Iterator[Witness | None]:
        settings = self._links.settings.named(self._name)
        witness = self._links.witness(settings, self._request.only)
        try:
            yield witness
        finally:
            if witness is not None:
                witness.close()
