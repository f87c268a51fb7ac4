"""Trees and plans in a few characters, so that a case can be read at one glance.

Trees are words, separated by blanks:

=============  ====================================================================
``a=1``        a file ``a`` with the content ``1``
``a=1*``       the same, executable
``a=?3``       a file of three bytes that nobody has read
``a>b``        a link to ``b``
``d/``         an empty directory
``a=1@7``      with evidence 7: mtime and inode on the local side, identity on the remote
``a=1~2``      the conflict copy of ``a`` that is named after the content ``2``, with content ``1``
=============  ====================================================================

Plans are lines:

=======================================  =========================================================
``up a=1`` / ``down a=1``                carried to the remote / to the local side
``up -a``                                deleted there
``up b=1 from a``                        the remote may copy what it has at ``a``
``down a=1 survives``                    the edit that met a deletion
``merge a: 0 1 2``                       base, local and remote content (``-``: no base)
``keep a: remote, local 1 as a~1``       the remote keeps the name; the local content is copied
``keep a: directory, local 1 as a~1``    a directory has the name
``agree a=1`` / ``agree -a``             the base moves
``agree a=1@7/8``                        ... with local evidence 7 and remote evidence 8
``problem a code``
=======================================  =========================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from blake3 import blake3

from hubsync.core.conflicts import conflict_name
from hubsync.model import Carry, Entry, KeepBoth, Kind, Merge, Plan, Side, Tree

_CONTENTS = "0123456789"


def digest_of(content: str) -> bytes:
    return blake3(content.encode()).digest()


def path_of(word: str) -> str:
    """A path as written; ``a~2`` is a conflict copy's name."""
    name, tilde, content = word.partition("~")
    return conflict_name(name, digest_of(content)) if tilde else name


def entry_of(word: str) -> tuple[str, Entry]:
    """One word of a tree."""
    body, _, evidence = word.partition("@")
    number = int(evidence or 0)
    seen: dict[str, Any] = {"mtime": number, "inode": number, "identity": evidence}
    if body.endswith("/"):
        return body[:-1], Entry(Kind.DIR, **seen)
    if ">" in body:
        name, _, target = body.partition(">")
        return path_of(name), Entry(Kind.LINK, target=target, **seen)
    name, _, content = body.partition("=")
    content, _, copied = content.partition("~")
    path = path_of(f"{name}~{copied}" if copied else name)
    executable = content.endswith("*")
    content = content.rstrip("*")
    if content.startswith("?"):
        size = int(content[1:] or 1)
        return path, Entry(Kind.FILE, size=size, executable=executable, **seen)
    return path, Entry(
        Kind.FILE, size=len(content), digest=digest_of(content), executable=executable, **seen
    )


def rows_of(words: str) -> dict[str, Entry]:
    return dict(entry_of(word) for word in words.split())


def tree(words: str) -> Tree:
    return Tree(rows_of(words))


def tree_over(base: Tree, words: str) -> Tree:
    """The same tree, standing on the rows of ``base`` as a scan's does."""
    rows = rows_of(words)
    changes: dict[str, Entry | None] = {path: None for path in base if path not in rows}
    changes.update({path: entry for path, entry in rows.items() if base.get(path) != entry})
    return base.with_changes(changes)


def lines_of(plan: Plan) -> list[str]:
    """A plan as lines, sorted."""
    return sorted(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    for path, entry in plan.agreed.items():
        if entry is None:
            yield f"agree -{_short(path)}"
        else:
            seen = f"@{entry.mtime}/{entry.identity}" if entry.mtime or entry.identity else ""
            yield f"agree {_shown(path, entry)}{seen}"
    for carry in plan.carries:
        yield _carry(carry)
    for merge in plan.merges:
        yield _merge(merge)
    for keep in plan.keeps:
        yield _keep(keep)
    for problem in plan.problems:
        yield f"problem {_short(problem.path)} {problem.code}"


def _carry(carry: Carry) -> str:
    way = "up" if carry.to is Side.REMOTE else "down"
    if carry.entry is None:
        return f"{way} -{_short(carry.path)}"
    line = f"{way} {_shown(carry.path, carry.entry)}"
    line += f" from {_short(carry.moved_from)}" if carry.moved_from else ""
    return line + (" survives" if carry.survives else "")


def _merge(merge: Merge) -> str:
    contents = (_content(e) if e else "-" for e in (merge.base, merge.local, merge.remote))
    return f"merge {_short(merge.path)}: {' '.join(contents)}"


def _keep(keep: KeepBoth) -> str:
    keeper = keep.keeper.value if keep.keeper else "directory"
    copied = _content(keep.copied)
    return (
        f"keep {_short(keep.path)}: {keeper}, {keep.source.value} {copied} "
        f"as {_short(keep.copy_path)}"
    )


def _shown(path: str, entry: Entry) -> str:
    if entry.kind is Kind.DIR:
        return f"{path}/"
    if entry.kind is Kind.LINK:
        return f"{_short(path)}>{entry.target}"
    short, tilde, copied = _short(path).partition("~")
    return f"{short}={_content(entry)}{tilde}{copied}"


def _content(entry: Entry) -> str:
    if entry.kind is not Kind.FILE:
        return entry.target
    mark = "*" if entry.executable else ""
    if entry.digest is None:
        return f"?{entry.size}{mark}"
    known = [f"{c}" for c in _names() if digest_of(c) == entry.digest]
    return (known[0] if known else entry.digest.hex()[:8]) + mark


def _names() -> Iterator[str]:
    yield from _CONTENTS
    yield from ("11", "22", "33", "")


def _short(path: str) -> str:
    """A conflict copy's name as ``a~2``, every other as it is."""
    found = re.search(r"\.conflict-([0-9a-f]{8,64})", path)
    if found is None:
        return path
    for content in [*_names(), *"abcdx"]:
        digest = digest_of(content).hex()
        if digest.startswith(found.group(1)):
            extra = "" if len(found.group(1)) == 8 else f":{len(found.group(1))}"
            return f"{path.replace(found.group(), '')}~{content}{extra}"
    return path
