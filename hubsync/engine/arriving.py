"""Rules that a sync is about to bring: they hold from the same cycle on, a clone included, so that
what another hub ignores is neither sent nor deleted before its rules are here (rule 8).
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import parent
from hubsync.engine.context import Context
from hubsync.local.stage import Stage
from hubsync.merge.rules import merge_rules
from hubsync.model import Kind

if TYPE_CHECKING:
    from hubsync.engine.observe import Sight

_LARGEST: Final = 1 << 20
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def arriving(context: Context, seen: Sight) -> dict[str, str]:
    """Of the files of rules that the remote has otherwise than the base: by path, the text that
    counts meanwhile. Where the workspace has changed one too, that is both, in which nothing shows
    what either hides; what they are merged to is known, and is on the disk, one cycle later.

    Raises RemoteUnavailable.
    """
    names = seen.scan.rules.file_names
    coming = [
        (path, entry)
        for path, entry in seen.remote.changes_since(seen.base).items()
        if path.endswith(names)
        and entry is not None
        and entry.kind is Kind.FILE
        and entry.size <= _LARGEST
        and os.path.basename(path) in names
    ]
    if not coming:
        return {}
    texts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(dir=Stage(context.root).directory) as folder:
        for got in context.remote.fetch(
            sorted(coming), lambda name: os.path.join(folder, name), context.reporter
        ):
            if got.source:
                with open(got.source, encoding="utf-8", errors="replace") as file:
                    texts[got.path] = file.read()
    here = seen.scan.tree.changes_since(seen.base)
    return {
        path: united(context.root, path, text) if path in here else text
        for path, text in texts.items()
    }


def united(root: str, path: str, text: str) -> str:
    """The rules of ``text`` and those of the file that the workspace has at ``path``, if any."""
    here = _text_at(os.path.join(root, path))
    if here is None or here == text:
        return text
    both = merge_rules(b"", here.encode(), text.encode())
    return f"{here}\n{text}" if both is None else both.decode()


def with_arriving(rules: IgnoreRules, texts: Mapping[str, str]) -> IgnoreRules:
    """The rules on the disk, and those.

    A file that is ignored itself does not arrive, so it rules nothing here: by its rules a path
    would come down that the next scan, which has not got them, does not see.
    """
    for path in sorted(texts, key=lambda path: path.count("/")):
        with_it = rules.with_file(parent(path), texts[path], os.path.basename(path))
        if not with_it.ignores_deep(path):
            rules = with_it
    return rules


def _text_at(path: str) -> str | None:
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
