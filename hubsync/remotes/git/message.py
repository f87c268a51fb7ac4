"""What a commit says: what changed, and trailers with the hub it was made on and the like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from hubsync.core.captures import repository_of

HUB: Final = "Hubsync-Hub"
HEAD: Final = "Hubsync-Head"
"""In shadow mode: the commit at which the person's own branch stood."""
_OURS: Final = (HUB, HEAD)
_NAMED: Final = 2
_LINE: Final = 72


def message_for(changes: Mapping[str, str], trailers: Mapping[str, str], said: str = "") -> str:
    """``changes``: path to what was done, one of Add, Update, Delete. ``said``: the user's own
    words, which come first."""
    subject = said.strip() or _subject(changes) or _without_changes(trailers)
    lines = [f"{key}: {_one_line(value)}" for key, value in trailers.items()]
    return f"{subject}\n\n" + "".join(f"{line}\n" for line in lines)


def trailer(message: str, key: str) -> str:
    """What a commit's message says under ``key``; ``""`` if nothing."""
    found = re.findall(rf"^{key}: (.*)$", message, re.M)
    return found[-1].strip() if found else ""


def hub_of(message: str) -> str:
    """The hub that a commit was made on; ``""`` for one that hubsync did not make."""
    return trailer(message, HUB)


def subject_of(message: str) -> str:
    """What a commit says, without the trailers."""
    return re.sub(rf"\n*^({'|'.join(_OURS)}): .*$\n?", "", message, flags=re.M).strip()


def _subject(changes: Mapping[str, str]) -> str:
    """``Update analysis.ipynb, add 3 files in data/``; ``""`` for no change."""
    files = {path: done for path, done in changes.items() if not repository_of(path)}
    repositories = _repositories(changes)
    parts: list[str] = []
    for verb in ("Update", "Add", "Delete"):
        paths = sorted(path for path, done in files.items() if done == verb)
        if paths:
            parts.append(_what(verb, paths))
        paths = sorted(path for path, done in repositories.items() if done == verb)
        if paths:
            parts.append(_what_of(verb, paths))
    text = ", ".join(part if place == 0 else _lower(part) for place, part in enumerate(parts))
    return text if len(text) <= _LINE else _in_short(files, repositories)


def _repositories(changes: Mapping[str, str]) -> dict[str, str]:
    """What was done to nested repositories: a new state of one is a file instead of another."""
    found: dict[str, str] = {}
    for path, done in changes.items():
        name = repository_of(path)
        if name:
            found[name] = done if found.get(name, done) == done else "Update"
    return found


def _what_of(verb: str, paths: Sequence[str]) -> str:
    if len(paths) > _NAMED:
        return f"{verb} {len(paths):,} repositories"
    names = " and ".join(_one_line(path) for path in paths)
    return f"{verb} the {'repository' if len(paths) == 1 else 'repositories'} {names}"


def _without_changes(trailers: Mapping[str, str]) -> str:
    if HEAD in trailers:
        return f"Follow the branch to {trailers[HEAD][:9]}"
    return "Merge what other hubs changed"


def _what(verb: str, paths: Sequence[str]) -> str:
    if len(paths) <= _NAMED:
        return f"{verb} {' and '.join(_one_line(path) for path in paths)}"
    folders = Counter(path.partition("/")[0] for path in paths if "/" in path)
    where = ""
    if folders and sum(folders.values()) == len(paths) and len(folders) == 1:
        where = f" in {_one_line(next(iter(folders)))}/"
    return f"{verb} {len(paths):,} files{where}"


def _in_short(files: Mapping[str, str], repositories: Mapping[str, str]) -> str:
    parts = []
    for verb in ("Update", "Add", "Delete"):
        for found, one, several in (
            (files, "file", "files"),
            (repositories, "repository", "repositories"),
        ):
            number = sum(done == verb for done in found.values())
            if number:
                parts.append(f"{verb.lower()} {number:,} {one if number == 1 else several}")
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text.encode("utf-8", "replace").decode())
