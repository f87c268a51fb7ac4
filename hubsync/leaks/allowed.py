"""What `hubsync allow` let through, in ``.hubsync/allowed.toml``.

A finding is known by its path and its value: the same secret may move within its file, another one
in that file is found. The file holds no value, only marks, which are slow to guess from. It is not
synced and need not be: once published, a finding stands in what was there before.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from hubsync.errors import ConfigError
from hubsync.leaks.leak import Leak

FILE_NAME: Final = "allowed.toml"
_HEAD: Final = (
    "# Findings that 'hubsync allow' let through. No secret stands here: each mark is a digest.\n"
    "# Take an entry out, and its finding is held back again.\n"
)
_PRIVATE: Final = 0o600
_BYTES: Final = "surrogateescape"
"""A name may hold bytes that are not UTF-8; they are written as they are."""


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[allowed]]`` table."""

    path: str
    kind: str
    mark: str


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    allowed: tuple[Entry, ...] = ()


class Allowed(Struct, frozen=True):
    """The findings that may go out."""

    entries: frozenset[Entry] = frozenset()

    def covers(self, leak: Leak, digest: bytes) -> bool:
        """Whether this finding was let through; ``digest`` is its value's."""
        if all(one.path != leak.path for one in self.entries):
            return False  # a mark takes some milliseconds
        return _entry(leak, digest) in self.entries

    def with_all(self, found: Iterable[tuple[Leak, bytes]]) -> Allowed:
        """These findings let through as well."""
        return Allowed(self.entries | {_entry(leak, digest) for leak, digest in found})


def _entry(leak: Leak, digest: bytes) -> Entry:
    # A password that a person chose is guessed from a fast digest in no time.
    salt = leak.path.encode("utf-8", "surrogateescape")
    mark = hashlib.scrypt(digest, salt=salt, n=4096, r=8, p=1, dklen=16).hex()
    return Entry(leak.path, leak.kind, mark)


def load(path: str) -> Allowed:
    """What the file at ``path`` lets through. Raises ConfigError: a guess could let more through.

    No file lets nothing through.
    """
    try:
        with open(path, encoding="utf-8", errors=_BYTES) as file:
            read = msgspec.convert(tomllib.loads(file.read()), _File)
    except FileNotFoundError:
        return Allowed()
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.",
            "Mend the file by hand, or remove it and run 'hubsync allow' again.",
        ) from error
    return Allowed(frozenset(read.allowed))


def save(path: str, allowed: Allowed) -> None:
    """Write the file whole, for this user only."""
    import tomlkit

    tables = tomlkit.aot()
    for one in sorted(allowed.entries, key=lambda one: (one.path, one.kind, one.mark)):
        tables.append(tomlkit.item({"path": one.path, "kind": one.kind, "mark": one.mark}))
    document = tomlkit.document()
    document["allowed"] = tables
    partial = path + ".new"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with open(descriptor, "w", encoding="utf-8", errors=_BYTES) as file:
        file.write(_HEAD + "\n" + tomlkit.dumps(document))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
