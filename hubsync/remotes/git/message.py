"""What a commit says: what changed, and a trailer with the hub it was made on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

HUB: Final = "Hubsync-Hub"
_NAMED: Final = 2
_LINE: Final = 72


def message_for(changes: Mapping[str, str], hub: str, said: str = "") -> str:
    """``changes``: path to what was done, one of Add, Update, Delete. ``said``: the user's own
    words, which come first."""
    subject = said.strip() or _subject(changes)
    return f"{subject}\n\n{HUB}: {_one_line(hub)}\n"


def hub_of(message: str) -> str:
    """The hub that a commit was made on; ``""`` for one that hubsync did not make."""
    found = re.findall(rf"^{HUB}: (.*)$", message, re.M)
    return found[-1].strip() if found else ""


def subject_of(message: str) -> str:
    """What a commit says, without the trailer."""
    return re.sub(rf"\n*^{HUB}: .*$\n?", "", message, flags=re.M).strip()


def _subject(changes: Mapping[str, str]) -> str:
    """``Update analysis.ipynb, add 3 files in data/``."""
    parts: list[str] = []
    for verb in ("Update", "Add", "Delete"):
        paths = sorted(path for path, done in changes.items() if done == verb)
        if paths:
            parts.append(_what(verb, paths))
    text = ", ".join(part if place == 0 else _lower(part) for place, part in enumerate(parts))
    if not text:
        return "Merge what other hubs changed"
    return text if len(text) <= _LINE else _in_short(changes)


def _what(verb: str, paths: Sequence[str]) -> str:
    if len(paths) <= _NAMED:
        return f"{verb} {' and '.join(_one_line(path) for path in paths)}"
    folders = Counter(path.partition("/")[0] for path in paths if "/" in path)
    where = ""
    if folders and sum(folders.values()) == len(paths) and len(folders) == 1:
        where = f" in {_one_line(next(iter(folders)))}/"
    return f"{verb} {len(paths):,} files{where}"


def _in_short(changes: Mapping[str, str]) -> str:
    counts = Counter(changes.values())
    parts = [
        f"{verb.lower()} {counts[verb]:,} file{'s' if counts[verb] > 1 else ''}"
        for verb in ("Update", "Add", "Delete")
        if counts[verb]
    ]
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text.encode("utf-8", "replace").decode())
