"""Figures for Prometheus, on Jupyter's own /metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Self

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from hubsync import SessionStatus

Ask = Callable[[], "SessionStatus | None"]


class Metrics:
    """One for each process, because Prometheus's registry is: whoever asks for it last is the one
    whose figures are told."""

    _made: ClassVar[Metrics | None] = None

    def __init__(self) -> None:
        self._syncs = Counter("hubsync_syncs", "Cycles that came to their end.")
        self._failures = Counter("hubsync_failures", "Cycles that did not, by kind.", ["kind"])
        self._bytes = Counter("hubsync_bytes", "Bytes of files carried, both ways.")
        self._files = Counter("hubsync_files", "Files carried, merged or deleted.", ["direction"])
        self._conflicts = Gauge("hubsync_conflicts", "Conflicts that wait for a person.")
        self._problems = Gauge("hubsync_problems", "Files that cannot be synced.")
        behind = Gauge(
            "hubsync_seconds_behind", "Seconds since the oldest change that is not synced yet."
        )
        behind.set_function(self._behind)
        self._ended: int | None = None
        self._trouble: object = None
        self._since: float | None = None

    @classmethod
    def of(cls, ask: Ask) -> Self:
        """``ask`` gives the status of the session, if there is one."""
        if cls._made is None:
            cls._made = cls()
        made = cls._made
        assert isinstance(made, cls)
        made._ended, made._trouble, made._since = None, None, None
        made.changed(ask())
        return made

    def changed(self, status: SessionStatus | None) -> None:
        """Take in what a session says."""
        if status is None:
            self._since = None
            return
        facts = status.facts
        if facts.trouble is not None and facts.trouble is not self._trouble:
            self._failures.labels(facts.trouble.kind.value).inc()
        self._trouble = facts.trouble
        last = facts.last
        if last is not None and last.ended != self._ended:
            self._ended = last.ended
            self._syncs.inc()
            self._bytes.inc(last.bytes)
            self._files.labels("up").inc(last.up + last.deleted_remotely)
            self._files.labels("down").inc(last.down + last.deleted_locally)
            self._files.labels("merged").inc(last.merged)
            self._conflicts.set(last.conflict_count)
            self._problems.set(last.problem_count)
            self._since = None
        waits = facts.pending > 0 or facts.progress is not None or facts.trouble is not None
        if not waits:
            self._since = None
        elif self._since is None:
            self._since = time.monotonic()

    def _behind(self) -> float:
        return 0.0 if self._since is None else time.monotonic() - self._since
