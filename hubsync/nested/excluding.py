"""Where the workspace is a clone itself: there ``git status`` is not to name the repositories
inside as untracked, nor ``git add .`` to take them for submodules."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from hubsync.local.state import replace_file
from hubsync.model import NESTED_DIR
from hubsync.nested.signature import shared_folder

_BEGIN: Final = "# Git repositories inside, kept up to date by hubsync:\n"
_END: Final = "# end of these\n"


def exclude(root: str, paths: Iterable[str]) -> None:
    """Name them in this clone's own ``.git/info/exclude``, and no other ones: a folder that is a
    repository no more is carried as any folder. The user's .gitignore stays as it is.

    Does nothing where the workspace is no repository.
    """
    lines = [f"/{_escaped(path)}/" for path in sorted(paths) if "\n" not in path]

    def with_section(text: str) -> str:
        before, found, rest = text.partition(_BEGIN)
        after = rest.partition(_END)[2] if found else ""
        section = "".join(f"{line}\n" for line in lines)
        before += "" if not before or before.endswith("\n") else "\n"
        return f"{before}{_BEGIN}{section}{_END}{after}" if lines else before + after

    _edit(root, with_section)


def exclude_captures(root: str) -> None:
    """The same for the captures, where no commit on the person's own branch carries them. They
    travel all the same: no pattern hides them."""
    line = f"/{NESTED_DIR}/"

    def with_line(text: str) -> str:
        if line in text.splitlines():
            return text
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"

    _edit(root, with_line)


def _edit(root: str, change: Callable[[str], str]) -> None:
    shared = shared_folder(root)
    if not os.path.isdir(os.path.join(shared, "objects")):
        return
    file = os.path.realpath(os.path.join(shared, "info", "exclude"))
    text, mode = "", 0o644
    with (
        suppress(FileNotFoundError),
        open(file, encoding="utf-8", errors="surrogateescape", newline="") as found,
    ):
        text, mode = found.read(), stat.S_IMODE(os.fstat(found.fileno()).st_mode)
    changed = change(text)
    if changed != text:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        replace_file(file, [changed.encode("utf-8", "surrogateescape")])
        os.chmod(file, mode)


def _escaped(path: str) -> str:
    return re.sub(r"([\\*?\[ ])", r"\\\1", path)
