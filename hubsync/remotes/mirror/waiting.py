"""What a person is told while another hub has the lease lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubsync.errors import Interrupted
from hubsync.remotes.protocol import Change, Put
from hubsync.report import Reporter

_A_MOMENT: Final = 1.0
"""Seconds for which nobody has to be told."""


class Waiting:
    """Tells the reporter once that, and for whom, it is waited, and ends the wait if asked to."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._told = False

    def __call__(self, owner: str, waited: float) -> None:
        """Raises Interrupted."""
        if self._reporter.stopping():
            raise Interrupted(
                f"Stopped while waiting for {owner}, which writes to the remote.",
                "Run the command again.",
            )
        if waited > _A_MOMENT and not self._told:
            self._told = True
            self._reporter.phase(f"Waiting for {owner}, which writes to the remote")

    def over(self, changes: Sequence[Change]) -> None:
        """The lock is ours: go on telling of what was about to be done."""
        if self._told:
            sizes = [one.entry.size for one in changes if isinstance(one, Put)]
            self._reporter.phase("Uploading", len(sizes), sum(sizes))
