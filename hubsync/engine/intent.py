"""What this workspace was about to publish, noted before the first byte goes out (rule 13).

A run that is killed leaves objects on the remote that its memory does not know. Edited once more
before the next run, such a file would look changed on both sides, and its author would be in
conflict with himself. With the note, a content that this workspace itself meant to publish is what
the next edit was made on: the base.

What is new is hashed on its way out, and its digest written down there, in a file of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace as replace_fields

import msgspec
from msgspec.structs import replace

from hubsync.announcing import announced
from hubsync.engine.context import Context
from hubsync.engine.observe import View, over
from hubsync.local.state import replace_file
from hubsync.model import Entry, Kind, Tree
from hubsync.remotes.protocol import Change, Put

Intents = dict[str, list[bytes]]
"""By path, the digests that were to be published there."""


def noted(context: Context, changes: Iterable[Change]) -> list[Change]:
    """The changes, once it is written down, beside what earlier runs did not finish, that they are
    about to be published; where the digest is not known yet, it will be before anybody sees it."""
    intents = _read(context)
    before = len(intents)
    on_the_way = _on_the_way(context)
    found: list[Change] = []
    for change in changes:
        found.append(change)
        # Only what lies here itself: a merge or a conflict copy has never been on this disk at that
        # path, so that what stands here later was not made from it.
        if not isinstance(change, Put) or change.source != os.path.join(context.root, change.path):
            continue
        digest = change.entry.digest
        if digest is None:
            found[-1] = replace(change, announce=on_the_way)
        elif digest not in intents.setdefault(change.path, []):
            intents[change.path].append(digest)
            before = -1
    if len(intents) != before:
        replace_file(_path(context), [msgspec.msgpack.encode(intents)])
    return found


def forget(context: Context) -> None:
    """Everything that was noted is published and in the base."""
    for path in (_path(context), _on_the_way(context)):
        with suppress(FileNotFoundError):
            os.unlink(path)


def with_own_writes(context: Context, view: View) -> View:
    """The view whose base has what this workspace itself published without getting to note it."""
    rows: dict[str, Entry] = {}
    for path, digests in _read(context).items():
        there, before = view.remote.get(path), view.base.get(path)
        if (
            there is not None
            and there.kind is Kind.FILE
            and there.digest in digests
            and (before is None or before.digest != there.digest)
        ):
            rows[path] = replace(there, inode=0)
    if not rows:
        return view
    base = Tree(view.base.flat() | rows)
    return replace_fields(
        view, base=base, local=over(base, view.local), remote=over(base, view.remote)
    )


def _path(context: Context) -> str:
    return os.path.join(context.scratch, "intent")


def _on_the_way(context: Context) -> str:
    return os.path.join(context.scratch, "intent.read")


def _read(context: Context) -> Intents:
    intents: Intents = {}
    bad = (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError)
    with suppress(*bad), open(_path(context), "rb") as file:
        intents = msgspec.msgpack.decode(file.read(), type=Intents)
    for path, digest in announced(_on_the_way(context)):
        if digest not in intents.setdefault(path, []):
            intents[path].append(digest)
    return intents
