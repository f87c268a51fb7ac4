"""What a cycle is given: the workspace, one remote, and everything that is not a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from hubsync.core.moves import Stands
from hubsync.engine.routing import Routing
from hubsync.local.layout import Layout
from hubsync.model import Entry, Identity, Plan, Side, Tree
from hubsync.remotes.protocol import Remote
from hubsync.report import Reporter, Silent

if TYPE_CHECKING:
    from hubsync.core.ignore import IgnoreRules
    from hubsync.core.policy import Policy
    from hubsync.engine.observe import View
    from hubsync.local.rescan import Spots
    from hubsync.local.state import State


def unheld() -> None:
    """The check of a workspace's lock, for what only looks."""


def unnoticed(repositories: tuple[str, ...], remote: Tree) -> bool:
    """Nobody wants to know of them."""
    return False


def nowhere(path: str, entry: Entry) -> bool:
    """No other remote has it."""
    return False


class Onlooker(Protocol):
    """Who goes along with a run, and may know more than the engine."""

    def spots(self) -> Spots | None:
        """Where alone the disk may be other than what is remembered of it; None if it may be so
        anywhere."""

    def settled(self, view: View, state: State) -> None:
        """There was nothing to do: how both sides were seen, and what is remembered."""

    def moved(self, view: View, state: State) -> None:
        """The same when something was done; the view has what was remembered before."""


class NoOnlooker:
    """Nobody goes along."""

    def spots(self) -> None:
        return None

    def settled(self, view: View, state: State) -> None:
        pass

    def moved(self, view: View, state: State) -> None:
        pass


class Request(Struct, frozen=True):
    """What the user asked for. ``only``: the one side that may change (push, pull), None: both."""

    only: Side | None = None
    message: str = ""
    dry_run: bool = False
    confirm_deletes: bool = False
    checksum: bool = False


@dataclass(frozen=True)
class Context:
    """One workspace and one of its remotes, during one command. ``memory``: the name under which
    lies what is remembered of it, if that is not its own.

    ``clock`` gives ns since the epoch, ``pause`` sleeps before the given retry. ``still_held``
    raises if the workspace's lock was lost (a machine that slept).
    """

    layout: Layout
    name: str
    remote: Remote
    identity: Identity
    clock: Callable[[], int]
    pause: Callable[[int], None]
    trusts_books: bool = False
    routing: Routing = field(default_factory=Routing)
    still_held: Callable[[], None] = unheld
    reporter: Reporter = field(default_factory=Silent)
    memory: str = ""
    arriving: Mapping[str, str] = field(default_factory=dict)
    """Of the files of rules that are about to arrive from other remotes, the texts."""
    stands: Stands = nowhere
    """Of the workspace's other remotes."""
    beside: Sequence[Plan] = ()
    """What is about to be done with the other remotes, where that matters to a safety stop."""

    @property
    def state_file(self) -> str:
        return self.layout.state(self.memory or self.name)

    @property
    def scratch(self) -> str:
        """A folder for notes about this remote."""
        return self.layout.scratch(self.memory or self.name)

    noticed: Callable[[tuple[str, ...], Tree], bool] = unnoticed
    """Told of the repositories that a scan met, and of what the remote has; whether files of the
    workspace changed by that, so that it has to be scanned again."""

    onlooker: Onlooker = field(default_factory=NoOnlooker)

    @property
    def root(self) -> str:
        return self.layout.root

    def policy(
        self,
        *,
        rules: IgnoreRules | None = None,
        blocked: frozenset[str] = frozenset(),
        folds: Callable[[str], str] | None = None,
    ) -> Policy:
        """What both sides can carry, and what is invisible or stuck just now."""
        from hubsync.core.policy import Policy, nothing_hidden

        carries = self.remote.capabilities
        return Policy(
            executable=carries.executable,
            symlinks=carries.symlinks,
            empty_directories=carries.empty_directories,
            blocked=blocked,
            hidden=rules.ignores_deep if rules is not None else nothing_hidden,
            local_folds=folds,
        )
