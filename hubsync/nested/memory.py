"""What a workspace remembers of its nested repositories: an accelerator, as all state is.

Without it every repository is looked at anew, and which of two states came first is told by their
commits alone.
"""

from __future__ import annotations

import os
from typing import Final

import msgspec
from msgspec import Struct, field

from hubsync.local.layout import Layout
from hubsync.local.state import replace_file
from hubsync.model import Problem

_NAME: Final = ".nested"
"""No remote's state can have the name: theirs begin with a letter or a digit."""


class Known(Struct, frozen=True):
    """One repository.

    ``firm``: nothing was so new when the ``signature`` was taken that a later change could hide
    behind it. ``own``: the name of its state when it was last looked at, and ``at`` that of the
    capture which says the same (they differ where only URLs do, or with ``since``, as in Capture).
    ``before``: what led there; ``holds``: as in Capture.
    ``files``: the captures that were there at the end of the run. ``kept``: it was deleted on
    another hub. ``coming``: the capture that was being brought in when the run ended. ``offered``:
    captures whose commits were put beside its own, with the references. ``held``: the size of the
    capture that no remote would have taken, in bytes.
    """

    signature: str = ""
    firm: bool = False
    own: str = ""
    at: str = ""
    before: tuple[str, ...] = ()
    since: str = ""
    holds: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    kept: bool = False
    coming: str = ""
    offered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    held: int = 0


class _Memory(Struct, frozen=True):
    format: int = 1
    repositories: dict[str, Known] = {}


def load(layout: Layout) -> dict[str, Known]:
    """What is known, by path; nothing if it cannot be read."""
    try:
        with open(os.path.join(layout.states, _NAME), "rb") as file:
            memory = msgspec.json.decode(file.read(), type=_Memory)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return {}
    return dict(memory.repositories) if memory.format == 1 else {}


def save(layout: Layout, known: dict[str, Known]) -> None:
    """Raises LocalError."""
    data = msgspec.json.encode(_Memory(repositories=known))
    replace_file(os.path.join(layout.states, _NAME), [data])
