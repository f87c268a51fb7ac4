"""What this workspace was about to publish, noted before the first byte goes out (rule 13).

A run that is killed leaves objects on the remote that its memory does not know. Edited once more
before the next run, such a file would look changed on both sides, and its author would be in
conflict with himself. With the note, a content that this workspace itself meant to publish is what
the next edit was made on: the base.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace as replace_fields

import msgspec
from msgspec.structs import replace

from hubsync.engine.context import Context
from hubsync.engine.observe import View, over
from hubsync.local.state import replace_file
from hubsync.model import Entry, Kind, Tree
from hubsync.remotes.protocol import Change, Put

Intents = dict[str, list[bytes]]
"""By path, the digests that were to be published there."""


def note(context: Context, changes: Iterable[Change]) -> None:
    """Write down what is about to be published, beside what earlier runs did not finish."""
    intents = _read(context)
    before = len(intents)
    for change in changes:
        # Only what lies here itself: a merge or a conflict copy has never been on this disk at that
        # path, so that what stands here later was not made from it.
        if not isinstance(change, Put) or change.source != os.path.join(context.root, change.path):
            continue
        digest = change.entry.digest
        if digest is not None and digest not in intents.setdefault(change.path, []):
            intents[change.path].append(digest)
            before = -1
    if len(intents) != before:
        replace_file(_path(context), [msgspec.msgpack.encode(intents)])


def forget(context: Context) -> None:
    """Everything that was noted is published and in the base."""
    with suppress(FileNotFoundError):
        os.unlink(_path(context))


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


def _read(context: Context) -> Intents:
    try:
        with open(_path(context), "rb") as file:
            return msgspec.msgpack.decode(file.read(), type=Intents)
    except (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
        return {}
