"""What one nested repository is, as a value: its name is the digest of what it says.

The value is written as JSON: it is the message of a commit in the bundle, under the reference
``refs/hubsync/record``, so that ``git log`` shows it.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from blake3 import blake3
from msgspec import Struct, field

from hubsync.core.references import is_reference
from hubsync.errors import RemoteFormatError
from hubsync.nested.addresses import is_safe

FORMAT: Final = 1
REMEMBERED: Final = 500
"""So many earlier states are named by a capture."""
_SHA: Final = re.compile(r"[0-9a-f]{40}")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_REMOTE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
HEADS: Final = "refs/heads/"


class Branch(Struct, frozen=True, forbid_unknown_fields=True):
    """``upstream``: ``remote/branch``, or empty."""

    tip: str
    upstream: str = ""


class Stash(Struct, frozen=True, forbid_unknown_fields=True):
    commit: str
    message: str = ""


class State(Struct, frozen=True, forbid_unknown_fields=True):
    """A repository at one instant.

    ``head``: the reference that HEAD names, or a commit that is on no branch. ``remotes``: URL by
    name. ``refs``: tags and notes that no remote has, by their full name. ``stashes``: newest
    first. ``staged`` and ``worktree``: commits with the tree of the index and of the working
    directory, where they differ from HEAD's, on top of HEAD; files are in ``worktree`` as they lie
    on the disk.
    """

    head: str
    branches: dict[str, Branch] = {}
    remotes: dict[str, str] = {}
    refs: dict[str, str] = {}
    stashes: tuple[Stash, ...] = ()
    staged: str = ""
    worktree: str = ""

    @property
    def name(self) -> str:
        """Equal states have equal names, on every hub."""
        text = msgspec.json.encode(self, order="deterministic")
        return blake3(text).hexdigest()[:32]

    @property
    def commit(self) -> str:
        """The commit that is checked out; ``""`` before the first."""
        if self.head.startswith(HEADS):
            branch = self.branches.get(self.head.removeprefix(HEADS))
            return branch.tip if branch is not None else ""
        return self.head

    @property
    def is_clean(self) -> bool:
        return not (self.staged or self.worktree or self.stashes)

    def tips(self) -> dict[str, str]:
        """Every commit (or tag) that it needs, by reference."""
        found = {HEADS + name: branch.tip for name, branch in self.branches.items()}
        found |= self.refs
        if not self.head.startswith(HEADS):
            found["HEAD"] = self.head
        for number, stash in enumerate(self.stashes):
            found[f"refs/hubsync/stash/{number}"] = stash.commit
        if self.staged:
            found["refs/hubsync/staged"] = self.staged
        if self.worktree:
            found["refs/hubsync/worktree"] = self.worktree
        return found


class Capture(Struct, frozen=True, forbid_unknown_fields=True):
    """A state and where it comes from. ``before``: the names of the states that led to it, newest
    first, and of those that were merged into it. ``time`` in ns. ``since``: where a person came
    back to a state that is among them (undid an edit, say), the one that was left for it: so that
    the later occurrence has a name of its own. ``holds``: those of ``before`` that had nothing
    uncommitted, and of which this one is known to have every commit; of others something may have
    been taken back. ``shallow``: commits in the file whose parents are nowhere, since the
    repository is a shallow clone."""

    state: State
    before: tuple[str, ...] = ()
    hub: str = ""
    time: int = 0
    format: int = field(default=FORMAT)
    since: str = ""
    holds: tuple[str, ...] = ()
    shallow: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of this occurrence of the state."""
        own = self.state.name
        return blake3(f"{own} {self.since}".encode()).hexdigest()[:32] if self.since else own

    @property
    def line(self) -> tuple[str, ...]:
        """Its name and those before it."""
        return (self.name, *self.before)

    def follows(self, name: str) -> bool:
        """Whether it was made from that state, which it replaces."""
        return name in self.line


def encoded(capture: Capture) -> str:
    text = msgspec.json.encode(capture, order="deterministic")
    return msgspec.json.format(text, indent=1).decode() + "\n"


def decoded(text: str) -> Capture:
    """Raises RemoteFormatError for what is none, or names what must not be named (rule 14)."""
    try:
        capture = msgspec.json.decode(text, type=Capture)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError) as error:
        raise RemoteFormatError(
            "A captured repository cannot be read.",
            "A newer hubsync may have written it: upgrade this one.",
            "capture-format",
        ) from error
    fault = _fault(capture)
    if fault:
        raise RemoteFormatError(
            f"A captured repository names {fault}, which is refused.",
            "It was not written by hubsync. Remove it on the remote.",
            "capture-unsafe",
        )
    return capture


def _fault(capture: Capture) -> str:
    """What is wrong with it, if anything."""
    state = capture.state
    names = [HEADS + one for one in state.branches] + list(state.refs)
    if state.head.startswith("refs/"):
        names.append(state.head)
    commits = [
        *(branch.tip for branch in state.branches.values()),
        *state.refs.values(),
        *(stash.commit for stash in state.stashes),
        *filter(None, (state.staged, state.worktree)),
        *capture.shallow,
    ]
    if not state.head.startswith(HEADS):
        commits.append(state.head)
    named = (*capture.before, *capture.holds, *filter(None, [capture.since]))
    upstreams = [branch.upstream for branch in state.branches.values() if branch.upstream]
    checks = (
        ("another format", capture.format == FORMAT),
        ("an odd reference", all(map(is_reference, names))),
        ("a reference that is no tag and no note", all(map(_may_travel, state.refs))),
        ("an odd commit", all(map(_SHA.fullmatch, commits))),
        ("an odd remote", all(_REMOTE.fullmatch(one) for one in state.remotes)),
        ("an unsafe address", all(map(is_safe, state.remotes.values()))),
        ("an odd upstream", all(is_reference(HEADS + one) for one in upstreams)),
        ("an odd state", all(map(_ID.fullmatch, named))),
        ("an odd stash", not any("\n" in one.message for one in state.stashes)),
    )
    return next((what for what, good in checks if not good), "")


def _may_travel(name: str) -> bool:
    return name.startswith(("refs/tags/", "refs/notes/"))


def is_remote(name: str) -> bool:
    """Whether a remote of that name travels."""
    return _REMOTE.fullmatch(name) is not None and is_reference("refs/remotes/" + name)
