"""Shadow mode: what is synced becomes commits on a branch beside the one that is checked out.

::

    hubsync/ada.shadow/main    s1 ──── s2 ──── s3         what lay in the working directory
                              /       /       /
    main                 ── a ────── b ────── c           what Ada committed

A shadow commit follows the one before it, so that every push moves the side branch forward, and the
person's branch, so that commits travel that they have not pushed. HEAD, index, stash and branch are
read here, never written; for the one exception see `restoring`.

Where both sides last agreed is a reference of this clone, and where there is none, the newest
commit of the person's that is in both histories.

Earlier versions kept the branch as ``hubsync/ada/main``, a name that refused work may have too.
Where there is only that one, what it holds is gone on with under the name of now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import pygit2
from msgspec import Struct

from hubsync.errors import LocalError, StoreError
from hubsync.model import Entry, Identity, Tree
from hubsync.remotes.git import busy, news, objects, tips
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.git.message import HEAD, HUB, trailer
from hubsync.remotes.git.place import SHADOW_MODE
from hubsync.remotes.git.restoring import restore
from hubsync.remotes.git.side import as_one_part, is_shadow, shadow_branch, side_branch, user_on
from hubsync.remotes.protocol import Agreement
from hubsync.report import Reporter

_AGREED: Final = "refs/hubsync/shadow"


class ShadowMode(Struct, frozen=True):
    """See `mode.Mode`. The tip is that of the side branch. Where the remote has none, it is what
    was last agreed here, or else the person's own commit: nothing of that has to be sent."""

    clone: Clone
    user: str

    @property
    def target(self) -> str:
        return shadow_branch(self.user, self.clone.branch)

    def settled(self) -> Mapping[str, str]:
        return {"mode": SHADOW_MODE, "user": self.user}

    def here(self) -> str:
        return self.target

    def refuse_busy(self) -> None:
        repository, branch = self.clone.repository, self.clone.branch
        busy.refuse_unfinished(repository, branch)
        if not branch:
            raise LocalError(
                "No branch is checked out here (a detached HEAD), so there is none to keep the "
                "work beside.",
                "Go to a branch: 'git switch NAME', or 'git switch -c NAME' for a new one.",
                "detached-head",
            )
        if user_on(branch):
            raise LocalError(
                f"{branch!r} is a branch that hubsync itself keeps.",
                "Go to one of your own: 'git switch NAME', or 'git switch -c NAME'.",
                "side-branch",
            )
        if busy.is_on_another(repository, branch):
            raise LocalError(
                f"Another branch was checked out while {branch!r} was being synced.",
                "Sync again: that goes by the branch that is checked out.",
                "other-branch",
            )
        busy.refuse_parted(repository)

    def tip(self, heads: Mapping[str, str]) -> str:
        clone = self.clone
        if not clone.named(clone.tracking(clone.branch)):
            # A new clone has it, as with git; an old one shows by it what the person has pushed.
            clone.brought(clone.branch, heads)
        found, earlier = clone.brought(self.target, heads), self._earlier(heads)
        if found:
            return found
        if clone.named(clone.tracking(self.target)):
            clone.repository.references.delete(clone.tracking(self.target))
        if earlier and not tips.descends(clone.repository, self._agreed, earlier):
            return earlier
        return self._agreed or clone.local or clone.brought(clone.branch, heads)

    def _earlier(self, heads: Mapping[str, str]) -> str:
        """The tip of the branch of an earlier version; ``""`` if there is none. Told of, if another
        hub goes on with it."""
        clone, name = self.clone, side_branch(self.user, self.clone.branch)
        seen = clone.named(clone.tracking(name))
        found = clone.brought(name, heads)
        if not is_shadow(clone.repository, found):
            return ""
        there = clone.named(clone.tracking(self.target))
        if there and found != seen and not tips.descends(clone.repository, there, found):
            clone.news.tell(news.left_behind(name, self.target))
        return found

    def is_anew(self, known: str, tip: str) -> bool:
        """Somebody deleted the side branch and another hub began it again: what it has not, was
        never deleted."""
        self.clone.news.tell(news.begun_again(self.target))
        return True

    def has_news(self, tip: str) -> bool:
        return bool(tip) and (not self._is_there(tip) or bool(self.own(tip)))

    def is_enough(self, tip: str) -> bool:
        return not self.has_news(tip)

    def on_the_way(self, revision: str) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        """Nothing: where a file differs that is not carried, the branch waits (`restoring`)."""
        return iter(())

    def base(self, tip: str) -> Agreement:
        repository = self.clone.repository
        for ours in (self._agreed, self.clone.local):
            found = None
            if ours and tip:
                found = repository.merge_base(pygit2.Oid(hex=ours), pygit2.Oid(hex=tip))
            if found is not None:
                tree = objects.tree_of(repository, str(found))
                return Agreement(Tree(objects.whole(repository, tree)), complete=True)
        return Agreement(Tree())

    def parents(self, tip: str) -> list[str]:
        own = self.own(tip)
        if not own:
            return [tip] if tip else []
        return [own] if tips.descends(self.clone.repository, own, tip) else [tip, own]

    def trailers(self, tip: str) -> Mapping[str, str]:
        """The branch's tip as the person left it: what is not in the history yet, else what was
        said before. A hub whose branch is behind takes nothing back."""
        own, said = self.own(tip), self._recorded(tip)
        if own and said and not tips.descends(self.clone.repository, own, said):
            self.clone.news.tell(news.stays(self.clone.branch, said))
        head = own or said
        return {HEAD: head} if head else {}

    def own(self, tip: str) -> str:
        local = self.clone.local
        return "" if tips.descends(self.clone.repository, tip, local) else local

    def known(self, tip: str) -> Sequence[str]:
        clone = self.clone
        seen = [str(one.target) for one in clone.tracked()]
        return [one for one in {*seen, *clone.transport.listed.values()} if one in clone.repository]

    def aside(self, commit: str, identity: Identity, why: str, reporter: Reporter) -> str:
        raise StoreError(
            f"The repository takes nothing on {self.target!r} ({why}).",
            "Ask for the right to push branches whose names begin with hubsync/, or sync with a "
            "repository of your own.",
            "push-refused",
        )

    def follow(
        self, revision: str, seen: Mapping[str, Entry], uncarried: Callable[[str], bool]
    ) -> None:
        if not tips.is_commit(self.clone.repository, revision):
            return
        clone, head = self.clone, self._recorded(revision)
        known = head == self._recorded(self._agreed)
        clone.point(self._agreed_name, revision)
        told = restore(clone, head, uncarried)
        if told is not None and (not known or told.code == news.MOVED):
            clone.news.tell(told)

    @property
    def _agreed_name(self) -> str:
        user = user_on(side_branch(self.user, self.clone.branch))
        return f"{_AGREED}/{user}/{as_one_part(self.clone.branch)}"

    @property
    def _agreed(self) -> str:
        return self.clone.named(self._agreed_name)

    def _is_there(self, tip: str) -> bool:
        """Whether the tip is the side branch's own."""
        return self.clone.named(self.clone.tracking(self.target)) == tip

    def _recorded(self, tip: str) -> str:
        """The commit of the person's branch that goes with a tip; ``""`` before their first."""
        repository = self.clone.repository
        if not tip:
            return ""
        said = trailer(repository[tip].message, HEAD)
        if not said:
            return "" if trailer(repository[tip].message, HUB) else tip
        there = tips.is_commit(repository, said) and tips.descends(repository, tip, said)
        return said if there else ""
