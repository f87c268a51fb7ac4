"""A capture as a file: Git's bundle format, version 2, with a record of what it is.

Source of the format: gitformat-bundle(5): references, what has to be there already, and a pack.
libgit2 reads no bundle, so the objects are taken out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

import pygit2
from msgspec import Struct
from pygit2.enums import ObjectType

from hubsync.nested import pack
from hubsync.nested.pack import Found, damaged
from hubsync.nested.state import Capture, decoded
from hubsync.remotes.git.layout import common_folder
from hubsync.remotes.git.shallow import end_history, shallow_in

RECORD: Final = "refs/hubsync/record"
"""Names a commit whose message is the capture as JSON, so that ``git log`` shows it."""
_SIGNATURE: Final = b"# v2 git bundle\n"
_LONGEST_HEADER: Final = 64 << 20
_KINDS: Final = {
    "commit": ObjectType.COMMIT,
    "tree": ObjectType.TREE,
    "blob": ObjectType.BLOB,
    "tag": ObjectType.TAG,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_SUBMODULE: Final = b"160000"
_SHA1: Final = 20


class Header(Struct, frozen=True):
    """What stands before the pack. ``needs``: commits that have to be there; ``pack``: where the
    pack begins."""

    refs: dict[str, str]
    needs: tuple[str, ...]
    pack: int


class File(Struct, frozen=True):
    """A capture in the file ``path``. ``id``: its name there, without the ending."""

    id: str
    path: str
    capture: Capture
    header: Header

    @property
    def name(self) -> str:
        return self.capture.name


def header(refs: Mapping[str, str], needs: Sequence[str]) -> bytes:
    """What stands before the pack, as bytes."""
    lines = [f"-{name} \n" for name in sorted(needs)]
    lines += [f"{commit} {name}\n" for name, commit in sorted(refs.items())]
    return _SIGNATURE + "".join(lines).encode() + b"\n"


def parsed(file: BinaryIO) -> Header:
    """Raises RemoteFormatError."""
    file.seek(0)
    if file.readline(len(_SIGNATURE)) != _SIGNATURE:
        raise damaged("it is no bundle")
    refs: dict[str, str] = {}
    needs: list[str] = []
    while file.tell() < _LONGEST_HEADER:
        raw = file.readline(_LONGEST_HEADER)
        if raw == b"\n":
            return Header(refs, tuple(needs), file.tell())
        if not raw.endswith(b"\n"):
            break
        line = raw[:-1].decode("utf-8", "replace")
        if line.startswith("-"):
            needs.append(line[1:41])
        else:
            commit, _, name = line.partition(" ")
            refs[name] = commit
    raise damaged("it is no bundle")


def read(path: str, name: str) -> File:
    """The capture in the file ``path``. Raises RemoteFormatError, OSError."""
    with open(path, "rb") as file:
        head = parsed(file)
        record = head.refs.get(RECORD, "")
        # Commits come first in a pack, so that little of it is looked at.
        for name_of, (kind, content) in pack.objects(file, head.pack, lambda raw: None):
            if kind == "commit" and name_of.hex() == record:
                message = content.partition(b"\n\n")[2]
                return File(name, path, decoded(message.decode("utf-8", "replace")), head)
    raise damaged("it does not say what it is")


def missing(repository: Any, file: File) -> list[str]:
    """The commits that it needs and that are not in the repository."""
    return [name for name in file.header.needs if not _is_there(repository, name)]


def unpack(repository: Any, file: File) -> None:
    """Put its objects into the repository. Raises RemoteFormatError if they are not complete: then
    no reference may lead to them. Where history ends in it is seen once the repository is opened
    anew."""

    def known(raw: bytes) -> Found | None:
        name = pygit2.Oid(raw=raw)
        if name not in repository:
            return None
        kind, content = repository.odb.read(name)
        return _NAMES[ObjectType(kind)], content

    here: set[bytes] = set()
    ends = _ended(repository, file)
    named: set[bytes] = {bytes.fromhex(one) for one in file.capture.state.tips().values()}
    with open(file.path, "rb") as source:
        for name, (kind, content) in pack.objects(source, file.header.pack, known):
            repository.odb.write(_KINDS[kind], content)
            here.add(name)
            try:
                named.update(_named(kind, content, ended=name.hex() in ends))
            except ValueError as error:
                raise damaged(f"the {kind} {name.hex()[:9]} cannot be read") from error
    for name in named - here:
        if len(name) != _SHA1 or pygit2.Oid(raw=name) not in repository:
            raise damaged(f"the object {name.hex()[:9]} is not in it")


def _ended(repository: Any, file: File) -> frozenset[str]:
    """Where history ends in the capture; in the repository too, unless it has those commits."""
    folder = common_folder(repository)
    known = shallow_in(folder)
    new = {one for one in file.capture.shallow if not _is_there(repository, one)} - known
    if new:
        end_history(folder, known | new)
    return known | new


def _named(kind: str, content: bytes, *, ended: bool) -> Iterator[bytes]:
    """The objects that an object needs; of a commit where history has ``ended`` not the parents."""
    if kind == "tree":
        at = 0
        while at < len(content):
            mode = content.index(b" ", at)
            end = content.index(b"\0", mode) + 1
            if content[at:mode] != _SUBMODULE:
                yield content[end : end + _SHA1]
            at = end + _SHA1
    elif kind != "blob":
        for line in content.partition(b"\n\n")[0].split(b"\n"):
            word, _, name = line.partition(b" ")
            if word in (b"tree", b"object") or (word == b"parent" and not ended):
                yield bytes.fromhex(name.decode())


def _is_there(repository: Any, name: str) -> bool:
    try:
        return pygit2.Oid(hex=name) in repository
    except ValueError:
        return False
