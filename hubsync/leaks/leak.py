"""A finding, told without the value that was found."""

from __future__ import annotations

from msgspec import Struct


class Leak(Struct, frozen=True):
    """What looks like a secret: where it stands and of what kind it is, never its value.

    In a notebook ``cell`` counts from 1, and ``line`` is that of the cell's source, or of its text
    outputs where ``output`` is set; elsewhere ``line`` is that of the file.
    """

    path: str
    line: int
    kind: str
    cell: int | None = None
    output: bool = False

    @property
    def place(self) -> str:
        """Where in the file, in words."""
        if self.cell is None:
            return f"line {self.line}"
        return f"cell {self.cell}, {'output, ' if self.output else ''}line {self.line}"
