"""A nested repository's working directory, taken from one state to another, file by file.

Whatever is replaced or removed goes to the workspace's trash first (rules 10 and 11), and a file
that is neither as it was nor as it shall be stops everything before the first is touched.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pygit2
from pygit2.enums import CheckoutStrategy, FileMode, FilterMode

from hubsync.core.paths import ancestors
from hubsync.local.trash import Trash
from hubsync.nested import findings
from hubsync.nested.findings import Untold
from hubsync.nested.ground import Ground
from hubsync.nested.state import State
from hubsync.nested.trees import TreeRefused, Trees, folds_names
from hubsync.remotes.git import lfs
from hubsync.remotes.git.objects import EXECUTABLE, LINK, SUBMODULE

Files = Mapping[str, tuple[str, int]]
"""Path to the blob's name and the mode."""

_AS_COMMITTED: Final = (
    CheckoutStrategy.RECREATE_MISSING  # and nothing that a person has put there meanwhile
    | CheckoutStrategy.DISABLE_PATHSPEC_MATCH
    | CheckoutStrategy.DONT_UPDATE_INDEX
)


def files_of(repository: Any, commit: str) -> dict[str, tuple[str, int]]:
    """Every file of a commit; none for ``""``."""
    if not commit:
        return {}
    index = pygit2.Index()
    index.read_tree(repository[commit].tree)
    return {item.path: (str(item.id), item.mode) for item in index}


def files_in(repository: Any, state: State) -> dict[str, tuple[str, int]]:
    """What lies in the working directory in that state."""
    return files_of(repository, state.worktree or state.staged or state.commit)


def refuse_unsafe(path: str, repository: Any, state: State) -> None:
    """Raises Untold if a path in it could lead elsewhere, or into ``.git`` (rule 14)."""
    trees = Trees(repository, folds=folds_names(repository))
    try:
        for commit in (state.commit, state.staged, state.worktree):
            trees.check(commit)
    except TreeRefused as error:
        raise Untold(findings.refused(path, str(error))) from error


@dataclass(frozen=True)
class Mover:
    """``path``: the repository's, in the workspace; ``repository``: opened there."""

    path: str
    repository: Any
    trash: Trash

    def move(self, before: Files, after: Files, committed: Files) -> None:
        """Make ``after`` of what is ``before``; ``committed``: what HEAD will have, whose files are
        written as Git does, others byte for byte. Raises Untold, OSError."""
        todo = [name for name in _changed(before, after) if not self._lies(name, after.get(name))]
        going = {name for name in todo if name not in after}
        for name in todo:
            if not self._is_inside(name, going) or not self._lies(name, before.get(name)):
                if name not in before and os.path.isfile(self._file(name)):
                    raise Untold(findings.in_the_way(self.path, name))
                raise Untold(findings.changed_meanwhile(self.path, name))
        plain = []
        with self._ground() as ground:
            for name in todo:
                if name not in after:
                    self._put_aside(ground, name)
            for name in todo:
                if name in after:
                    self._put_aside(ground, name)
                    if after[name] == committed.get(name):
                        plain.append(name)
                    else:
                        self._write(ground, name, *after[name])
        if plain:
            self._check_out(plain, committed)

    def overlay(self, before: Files, after: Files) -> None:
        """As `move`, in a working directory that nobody has seen yet."""
        changed = _changed(before, after)
        with self._ground() as ground:
            for name in changed:
                spot = ground.file(name) if name in before else None
                if spot is not None:
                    spot.unlink()
                    ground.without_empty(name)
            for name in changed:
                if name in after:
                    self._write(ground, name, *after[name])

    def _ground(self) -> Ground:
        return Ground(self.path, self.repository.workdir)

    def _check_out(self, names: list[str], committed: Files) -> None:
        """As Git writes them, once nothing else is to be written."""
        for name in names:
            if not self._is_inside(name, set()):
                raise Untold(findings.changed_meanwhile(self.path, name))
        self.repository.checkout_tree(self._tree(committed), paths=names, strategy=_AS_COMMITTED)

    def _tree(self, files: Files) -> Any:
        index = pygit2.Index()
        for name, (blob, mode) in files.items():
            index.add(pygit2.IndexEntry(name, pygit2.Oid(hex=blob), FileMode(mode)))
        return self.repository[index.write_tree(self.repository)]

    def _file(self, name: str) -> str:
        return os.path.join(self.repository.workdir, name)

    def _is_inside(self, name: str, going: set[str]) -> bool:
        """Whether no link stands where a folder belongs, but for those that go first."""
        return not any(os.path.islink(self._file(one)) for one in {*ancestors(name)} - going)

    def _lies(self, name: str, entry: tuple[str, int] | None) -> bool:
        """Whether that is what lies on the disk."""
        return lies(self.repository, name, entry)

    def _put_aside(self, ground: Ground, name: str) -> None:
        spot = ground.file(name)
        if spot is not None:
            self.trash.put(f"{self.path}/{name}", spot)
        ground.without_empty(name)

    def _write(self, ground: Ground, name: str, blob: str, mode: int) -> None:
        found = self.repository[blob]
        if not isinstance(found, pygit2.Blob):
            raise Untold(findings.refused(self.path, f"{name!r} is no file"))
        data = found.data
        spot = ground.spot(name, create=True)
        if mode == LINK:
            os.symlink(os.fsdecode(data), spot.name, dir_fd=spot.directory)
            return
        descriptor, temporary = tempfile.mkstemp(dir=self.repository.path)
        with open(descriptor, "wb") as target:
            target.write(data)
            os.fchmod(target.fileno(), 0o755 if mode == EXECUTABLE else 0o644)
        os.rename(temporary, spot.name, dst_dir_fd=spot.directory)


def lies(repository: Any, name: str, entry: tuple[str, int] | None) -> bool:
    """Whether the entry is what lies in the working directory under that name."""
    file = os.path.join(repository.workdir, name)
    try:
        mode = os.lstat(file).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return entry is None
    if entry is None:
        return stat.S_ISDIR(mode)  # a folder that is left empty goes, any other is not touched
    blob, expected = entry
    if stat.S_ISLNK(mode):
        return expected == LINK and os.fsencode(os.readlink(file)) == repository[blob].data
    if not stat.S_ISREG(mode) or expected == LINK:
        return False
    if bool(mode & 0o100) != (expected == EXECUTABLE):
        return False
    return (
        str(pygit2.hashfile(file)) == blob
        or lfs.points_to(repository, name, file, pygit2.Oid(hex=blob))
        or _as_committed(repository, name, file) == blob
    )


def _as_committed(repository: Any, name: str, file: str) -> str:
    """What Git would call the content, after the conversions of gitattributes(5)."""
    filters = repository.load_filter_list(name, FilterMode.CLEAN)
    if filters is None:
        return ""
    with open(file, "rb") as source:
        return str(pygit2.hash(filters.apply_to_buffer(source.read())))


def _changed(before: Files, after: Files) -> list[str]:
    """The names of what differs, submodules apart: they are repositories of their own."""
    names = (name for name in {*before, *after} if before.get(name) != after.get(name))
    return sorted(
        name
        for name in names
        if not any(side[name][1] == SUBMODULE for side in (before, after) if name in side)
    )
