"""What the two ways of using a Git repository differ in; everything else they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from hubsync.model import Entry, Identity
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.protocol import Agreement
from hubsync.report import Reporter


class Mode(Protocol):
    """One clone in one mode. A *tip* is the commit whose tree is what the remote has."""

    @property
    def clone(self) -> Clone: ...

    @property
    def target(self) -> str:
        """The remote's branch that is published to."""

    def settled(self) -> Mapping[str, str]:
        """What was chosen when the workspace was linked, as settings of the remote."""

    def here(self) -> str:
        """What the memory of this remote belongs to, where a person may switch between several."""

    def refuse_busy(self) -> None:
        """Raises LocalError where the working directory is not what is synced just now."""

    def tip(self, heads: Mapping[str, str]) -> str:
        """The tip, with all that it needs here; ``""`` where there is nothing. ``heads``: the
        remote's branches."""

    def is_anew(self, known: str, tip: str) -> bool:
        """Whether the memory of ``known``, of which ``tip`` is no descendant, counts for
        nothing."""

    def has_news(self, tip: str) -> bool:
        """Whether there is something to publish although no path differs from the tip."""

    def is_enough(self, tip: str) -> bool:
        """Whether a commit that is there already is published as it is, where it has everything."""

    def on_the_way(self, revision: str) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        """As in `protocol.Follows`."""

    def base(self, tip: str) -> Agreement:
        """What both sides agreed on, as Git has it."""

    def parents(self, tip: str) -> list[str]:
        """What a commit on the tip follows."""

    def trailers(self, tip: str) -> Mapping[str, str]:
        """What a commit on the tip says beside who made it."""

    def own(self, tip: str) -> str:
        """The person's commit that is published with what comes on the tip; ``""``: none."""

    def known(self, tip: str) -> Sequence[str]:
        """Commits that the remote has for sure: what is in their history goes out no more."""

    def aside(self, commit: str, identity: Identity, why: str, reporter: Reporter) -> str:
        """Where a commit went that the target refuses: another branch. Raises StoreError."""

    def follow(
        self, revision: str, seen: Mapping[str, Entry], uncarried: Callable[[str], bool]
    ) -> None:
        """The working directory has everything of the revision; ``seen``: as in
        `protocol.Follows`."""
