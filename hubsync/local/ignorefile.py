"""The ignore rules that a scan meets on its way, directory by directory."""

from __future__ import annotations

import os
import stat
from typing import Final

from blake3 import blake3

from hubsync.core.ignore import IgnoreRules
from hubsync.local.findings import rules_unreadable
from hubsync.model import IGNORE_FILE, Problem

_LARGEST: Final = 1 << 24
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RulesOnDisk:
    """``rules``: those of the beginning and of every ignore file that was read since."""

    def __init__(self, rules: IgnoreRules) -> None:
        self.rules = rules
        self._texts = blake3(repr(rules.rules()).encode())

    @property
    def digest(self) -> str:
        """Another one whenever one of the files changes."""
        return self._texts.hexdigest()

    def read(self, directory: str, descriptor: int) -> Problem | None:
        """Take in the ignore file of the open ``directory``; the problem why that cannot be.

        Without its rules everything that it hides would be uploaded, so a file that cannot be
        read makes a problem of the whole directory (rules 7 and 8). Raises LocalError if that is
        the root, and OSError if it is the directory that cannot be looked into.
        """
        try:
            file = os.open(IGNORE_FILE, _READ, dir_fd=descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            # If not even its status can be had, it is the directory's fault.
            os.stat(IGNORE_FILE, dir_fd=descriptor, follow_symlinks=False)
            return rules_unreadable(directory, error)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return None
            text = os.read(file, _LARGEST)
        finally:
            os.close(file)
        self._texts.update(repr((directory, text)).encode())
        self.rules = self.rules.with_file(directory, text.decode("utf-8", "replace"))
        return None
