"""The mark of a workspace in which there was nothing to do: what was so, then.

If all of it is so again, there is nothing to do again. So a mark never becomes wrong, only useless,
and one that is lost or damaged costs a scan.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import msgspec
from blake3 import blake3
from msgspec import Struct
from msgspec.structs import replace

from hubsync import __version__
from hubsync.errors import LocalError
from hubsync.local.layout import Layout
from hubsync.local.state import replace_file, seal

_NAME: Final = "quiet"
_FORMAT: Final = 4
MADE_BY: Final = f"{_FORMAT} {__version__}"
"""Other built-in rules hide other paths."""


class Mark(Struct, frozen=True):
    """``remote``: the one remote's name, which was at ``revision``. ``settings`` and ``state`` name
    the contents of the files in ``.hubsync/``, ``bearings`` what the remote's clone was like,
    ``seen`` what lay at the remote, and ``listing`` everything in the workspace, without what is in
    ``hidden`` directories, which the ignore rules hide."""

    remote: str
    revision: str
    settings: str
    state: str
    bearings: str
    listing: str
    seen: str = ""
    hidden: tuple[str, ...] = ()
    made_by: str = MADE_BY


def load(layout: Layout, remote: str) -> Mark | None:
    """The mark, if the workspace's own files are as they were when it was made."""
    try:
        with open(_path(layout, remote), "rb") as file:
            mark = msgspec.json.decode(file.read(), type=Mark)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None
    if mark.made_by != MADE_BY or mark.remote != remote:
        return None
    mark = replace(mark, hidden=names_of(mark.hidden))
    return mark if own_files(layout, remote) == (mark.settings, mark.state) else None


def save(layout: Layout, mark: Mark) -> None:
    """Where it cannot be written there is none."""
    written = replace(mark, hidden=texts_of(mark.hidden))
    with suppress(LocalError):
        replace_file(_path(layout, mark.remote), [msgspec.json.encode(written)])


def texts_of(names: Iterable[str]) -> tuple[str, ...]:
    """Names as they stand in JSON: a character for each byte, for what the rules hide may have a
    name that is no UTF-8."""
    return tuple(os.fsencode(name).decode("latin-1") for name in names)


def names_of(texts: Iterable[str]) -> tuple[str, ...]:
    """What `texts_of` was given; what it never gave is no name that anything has."""
    return tuple(os.fsdecode(text.encode("latin-1", "replace")) for text in texts)


def own_files(layout: Layout, remote: str) -> tuple[str, str]:
    """What `Mark.settings` and `Mark.state` are now; ``""`` for what cannot be read."""
    try:
        with open(layout.config, "rb") as file:
            settings = blake3(file.read()).hexdigest()
    except OSError:
        settings = ""
    return settings, seal(layout.state(remote))


def _path(layout: Layout, remote: str) -> str:
    return os.path.join(layout.scratch(remote), _NAME)
