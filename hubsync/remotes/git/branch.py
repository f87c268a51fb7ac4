"""Branch mode: what is synced becomes commits on the branch that is checked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pygit2
from msgspec import Struct

from hubsync.errors import StoreError
from hubsync.model import Entry, Identity, Tree
from hubsync.remotes.git import busy, moving, news, objects, tips
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.git.place import BRANCH_MODE
from hubsync.remotes.git.side import put_aside, side_branch
from hubsync.remotes.git.whose import user_here
from hubsync.remotes.protocol import Agreement
from hubsync.report import Reporter


class BranchMode(Struct, frozen=True):
    """See `mode.Mode`. The tip is that of the remote's branch."""

    clone: Clone

    @property
    def target(self) -> str:
        return self.clone.branch

    def settled(self) -> Mapping[str, str]:
        return {"mode": BRANCH_MODE, "branch": self.clone.branch}

    def here(self) -> str:
        return ""

    def refuse_busy(self) -> None:
        busy.refuse_busy(self.clone.repository, self.clone.branch)

    def tip(self, heads: Mapping[str, str]) -> str:
        return self.clone.brought(self.target, heads)

    def is_anew(self, known: str, tip: str) -> bool:
        """Somebody rewrote the remote's history, which counts; commits of here are kept."""
        clone = self.clone
        kept = tips.back_up(clone.repository, clone.branch, tip)
        clone.news.tell(news.rewritten(clone.branch, kept))
        return False

    def has_news(self, tip: str) -> bool:
        """Commits of the person's that change nothing, or only what is not synced."""
        return tips.is_ahead(self.clone.repository, self.clone.branch, tip)

    def is_enough(self, tip: str) -> bool:
        return True

    def on_the_way(self, revision: str) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        return moving.on_the_way(self.clone, revision)

    def base(self, tip: str) -> Agreement:
        """The merge base. What is missing on the disk has no base from it (rule 6)."""
        repository, ours = self.clone.repository, self.clone.local
        if not (ours and tip):
            return Agreement(Tree())
        found = repository.merge_base(pygit2.Oid(hex=ours), pygit2.Oid(hex=tip))
        if found is None:
            return Agreement(Tree())
        tree = objects.tree_of(repository, str(found))
        return Agreement(Tree(objects.whole(repository, tree)))

    def parents(self, tip: str) -> list[str]:
        """The user's own commits are never rewritten, and those that were rewritten on the remote
        do not come back."""
        repository, local = self.clone.repository, self.clone.local
        if not local or tips.descends(repository, tip, local):
            return [tip] if tip else []
        if tip and self._is_left(local):
            return [tip]
        if tips.descends(repository, local, tip):
            return [local]
        return [local, tip]

    def trailers(self, tip: str) -> Mapping[str, str]:
        return {}

    def own(self, tip: str) -> str:
        local = self.clone.local
        return "" if tip and local and self._is_left(local) else local

    def known(self, tip: str) -> Sequence[str]:
        return [tip] if tip else []

    def aside(self, commit: str, identity: Identity, why: str, reporter: Reporter) -> str:
        clone = self.clone
        side = side_branch(user_here(clone.repository, clone.place, identity), clone.branch)
        side, again = put_aside(clone.repository, clone.transport, commit, side, reporter)
        if again is not None:
            from hubsync.remotes.git.rights import fork_hint

            raise StoreError(
                f"The repository takes nothing on {self.clone.branch!r} ({why}), nor on {side!r}.",
                fork_hint(self.clone.place),
                "push-refused",
            )
        return side

    def follow(
        self, revision: str, seen: Mapping[str, Entry], uncarried: Callable[[str], bool]
    ) -> None:
        moving.follow(self.clone, revision, seen)

    def _is_left(self, commit: str) -> bool:
        return tips.is_backed_up(self.clone.repository, self.clone.branch, commit)
