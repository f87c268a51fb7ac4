"""Progress, told to whoever wants to show it."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Hears how a command goes on. Calls come from any thread and must return at once.

    A phase is one step with a name for people (``"Uploading"``); its totals may be unknown (0).
    """

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        """A new phase begins, with so many files and bytes ahead."""

    def advance(self, files: int = 0, size: int = 0) -> None:
        """So many more files are done and bytes have passed in the current phase."""

    def stopping(self) -> bool:
        """Whether the user asked to stop; asked between files."""


class Silent:
    """A reporter that shows nothing and never stops."""

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        return

    def advance(self, files: int = 0, size: int = 0) -> None:
        return

    def stopping(self) -> bool:
        return False
