"""What a nested repository would publish, looked through before a Git remote gets it: a bundle is
no text, so the check of ordinary files does not see into it."""

from __future__ import annotations

from typing import Any

import pygit2

from hubsync.leaks.allowed import Allowed
from hubsync.leaks.gate import secret_found
from hubsync.leaks.passages import LARGEST
from hubsync.nested import findings
from hubsync.nested.findings import Untold
from hubsync.nested.look import Looked
from hubsync.nested.packing import unpushed
from hubsync.remotes.git import objects


def refuse_secrets(path: str, seen: Looked, allowed: Allowed) -> None:
    """Raises Untold for the first secret in what is not committed, and in commits that none of the
    repository's own remotes has."""
    scratch = seen.scratch
    for name in unpushed(seen):
        commit = scratch[name]
        before = commit.parents[0].tree if commit.parent_ids else None
        for file, blob, mode in objects.changed(scratch, before, commit.tree):
            if mode not in (objects.FILE, objects.EXECUTABLE):
                continue
            if scratch.odb.read_header(blob)[1] > LARGEST:
                continue
            known = _content(before, file)
            found = secret_found(f"{path}/{file}", scratch[blob].data, allowed, known)
            if found is not None:
                raise Untold(findings.secret(path, file, found))


def _content(tree: Any, file: str) -> bytes | None:
    there = tree[file] if tree is not None and file in tree else None
    return bytes(there.data) if isinstance(there, pygit2.Blob) else None
