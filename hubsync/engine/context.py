"""What a cycle is given: the workspace, one remote, and everything that is not a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import Struct

from hubsync.core.ignore import IgnoreRules
from hubsync.core.policy import Policy, nothing_hidden
from hubsync.engine.routing import Routing
from hubsync.local.layout import Layout
from hubsync.model import Identity, Side
from hubsync.remotes.protocol import Remote
from hubsync.report import Reporter, Silent


def unheld() -> None:
    """The check of a workspace's lock, for what only looks."""


class Request(Struct, frozen=True):
    """What the user asked for. ``only``: the one side that may change (push, pull), None: both."""

    only: Side | None = None
    message: str = ""
    dry_run: bool = False
    confirm_deletes: bool = False
    checksum: bool = False


@dataclass(frozen=True)
class Context:
    """One workspace and one of its remotes, during one command.

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

    @property
    def root(self) -> str:
        return self.layout.root

    def policy(
        self, *, rules: IgnoreRules | None = None, blocked: frozenset[str] = frozenset()
    ) -> Policy:
        """What both sides can carry, and what is invisible or stuck just now."""
        carries = self.remote.capabilities
        return Policy(
            executable=carries.executable,
            symlinks=carries.symlinks,
            empty_directories=carries.empty_directories,
            blocked=blocked,
            hidden=rules.ignores_deep if rules is not None else nothing_hidden,
        )
