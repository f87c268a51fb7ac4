"""Files of ignore rules by the directory that each stands in; the nearest one decides."""

from __future__ import annotations

from collections.abc import Mapping

from hubsync.core.paths import ancestors
from hubsync.core.patterns import Pattern, PatternFile


class RuleFiles:
    """Immutable. So what is found above a directory is found once."""

    __slots__ = ("_above", "_files")

    def __init__(self, files: Mapping[str, PatternFile]) -> None:
        self._files = dict(files)
        self._above: dict[str, tuple[tuple[str, int, PatternFile], ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._files)

    def with_file(self, directory: str, file: PatternFile) -> RuleFiles:
        """These and ``file`` in ``directory`` (``""`` is the root), in place of one there."""
        return RuleFiles({**self._files, directory: file})

    def listed(self) -> list[tuple[str, PatternFile]]:
        """Each directory with its file, sorted."""
        return sorted(self._files.items())

    def deciding(self, path: str, name: str, is_dir: bool) -> tuple[str, Pattern] | None:
        """The pattern that decides on ``path``, whose last part is ``name``, in the nearest of the
        files above it, and the directory of that file."""
        if not self._files:
            return None
        directory = path[: -len(name) - 1]
        above = self._above.get(directory)
        if above is None:
            above = self._above[directory] = self._found_above(directory)
        for where, begin, file in above:
            pattern = file.deciding(path[begin:], name, is_dir)
            if pattern is not None:
                return where, pattern
        return None

    def _found_above(self, directory: str) -> tuple[tuple[str, int, PatternFile], ...]:
        """The files in and above a directory, the nearest first, each with where a path in it
        begins as seen from there."""
        places = (directory, *ancestors(directory), "") if directory else ("",)
        return tuple(
            (place, len(place) + 1 if place else 0, self._files[place])
            for place in places
            if place in self._files
        )
