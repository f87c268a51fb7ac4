"""The ignore rules that a scan meets on its way, directory by directory."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from typing import Final

from blake3 import blake3

from hubsync.core.ignore import IgnoreRules
from hubsync.local.findings import rules_unreadable
from hubsync.model import IGNORE_FILE, Problem

_LARGEST: Final = 1 << 24
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RulesOnDisk:
    """``rules``: those of the beginning and of every ignore file that was read since; ``places``:
    the directories of these."""

    def __init__(self, rules: IgnoreRules) -> None:
        self.rules = rules
        self.places: dict[str, None] = {}
        self._texts = blake3(repr(rules.rules()).encode())

    @property
    def digest(self) -> str:
        """Another one whenever one of the files changes."""
        return self._texts.hexdigest()

    def hide(self, directories: Sequence[str]) -> None:
        """These directories are no part of what is synced file by file."""
        if directories:
            self._texts.update(repr(sorted(directories)).encode())
            self.rules = self.rules.with_hidden(directories)

    def read(self, directory: str, descriptor: int) -> Problem | None:
        """Take in the ignore files of the open ``directory``; the problem why that cannot be.

        Without its rules everything that it hides would be uploaded, so a file that cannot be
        read makes a problem of the whole directory (rules 7 and 8). Raises LocalError if that is
        the root, and OSError if it is the directory that cannot be looked into.
        """
        for name in self.rules.file_names:
            try:
                text = _read(name, descriptor)
            except OSError as error:
                if error.errno == errno.ELOOP and name != IGNORE_FILE:
                    continue  # Git follows no such link either (gitignore(5))
                # If not even its status can be had, it is the directory's fault.
                os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                return rules_unreadable(directory, name, error)
            if text is not None:
                self.places[directory] = None
                self._texts.update(repr((directory, name, text)).encode())
                self.rules = self.rules.with_file(directory, text.decode("utf-8", "replace"), name)
        return None


def _read(name: str, descriptor: int) -> bytes | None:
    """The bytes of a file of rules; None if there is no file of that name."""
    try:
        file = os.open(name, _READ, dir_fd=descriptor)
    except FileNotFoundError:
        return None
    try:
        return os.read(file, _LARGEST) if stat.S_ISREG(os.fstat(file).st_mode) else None
    finally:
        os.close(file)
