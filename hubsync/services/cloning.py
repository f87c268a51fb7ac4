"""A clone that has begun and not come to its end: what was agreed to is noted, so that the next
command goes on (rule 13)."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from hubsync import services
from hubsync.links import Links
from hubsync.local.layout import Layout
from hubsync.local.state import replace_file
from hubsync.model import Problem

_ALL: Final = "all"
_ONLY_THIS: Final = "only-this"
_LINKED: Final = "linked"


def begin(layout: Layout, *, only_this: bool) -> None:
    """Whoever clones agrees to the remotes that `.hubsync.toml` will name, or to none of them."""
    _write(layout, _ONLY_THIS if only_this else _ALL)


def is_under_way(layout: Layout) -> bool:
    return bool(_read(layout))


def agree(links: Links) -> tuple[Problem, ...]:
    """Once the first remote has come: link what it names; why not, for the others. With the lock
    held."""
    agreed = _read(links.layout)
    if agreed not in (_ALL, _ONLY_THIS) or not links.ever_synced():
        return ()
    left: list[Problem] = []
    if agreed == _ALL:
        left = services.sharing.link_all(links)
    else:
        services.sharing.decline_all(links)
    _write(links.layout, _LINKED)
    return tuple(left)


def end(layout: Layout) -> None:
    """Everything is there, if it was a clone."""
    if _read(layout) == _LINKED:
        with suppress(FileNotFoundError):
            os.unlink(_place(layout))


def _place(layout: Layout) -> str:
    return os.path.join(layout.states, "cloning")


def _write(layout: Layout, text: str) -> None:
    replace_file(_place(layout), [text.encode()])


def _read(layout: Layout) -> str:
    try:
        with open(_place(layout), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
