"""Byte access to one kind of storage: what a mirror needs of it, and nothing more.

Keys are ``str`` relative to the store's root, ``/`` between the parts, never beginning with one.
``identity`` is an opaque, non-empty token that changes whenever an object is written (etag,
generation, rev, or a stat signature); two equal identities of one key mean the same bytes.

Duties of an implementer
- Every method may be called from several threads at once.
- Transient failures are retried inside (three tries, back-off with jitter); what is raised then is
  final for this run: `Unreachable`, `AccessDenied`, `ObjectNotFound`, `PreconditionFailed`,
  `NameRefused`, or else a plain `StoreError`. An error's text never holds a credential.
- `list` yields everything there is or raises. A page that fails is an error, never an end.
- A write is all or nothing: a reader sees the old object or the whole new one. A store that
  cannot do that by itself writes aside (under ``.hubsync/tmp/``) and renames.
- A conditional write that a store with ``conditional`` cannot do atomically must not pretend.
- After a retry, a create may find its own first try: if the object there has the bytes that were
  sent, that is success.
- `upload` and `download` yield one result per job in any order, begin to work when iterated, keep
  only a bounded number of jobs in flight, and stop starting new ones when the generator is closed.
  A job's failure is a result, never an exception; only what ends the whole batch is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from hubsync.errors import HubsyncError, StoreError

ABSENT: Final = ""
"""As an expected identity: the object must not exist (If-None-Match: *)."""


class TooLarge(StoreError):
    """An object is larger than the one who reads it will have it."""


def too_large(key: str, size: int, limit: int) -> TooLarge:
    return TooLarge(
        f"{key} has {size} bytes, where no more than {limit} can be right.",
        "Another tool may have written it; look at it there.",
        "too-large",
    )


class StoreCapabilities(Struct, frozen=True):
    """What a store can promise."""

    conditional: bool
    """Creates and replacements are refused atomically unless the expected identity is there."""
    conditional_delete: bool = False
    server_copy: bool = True
    """`copy` moves no bytes through this machine."""
    md5_identity: bool = False
    """An identity of the form ``"<32 hex digits>"`` is the MD5 of the content (S3 single part)."""
    parallel_prefixes: bool = True
    """Listing several prefixes at once is faster than one listing."""


class ObjectInfo(Struct, frozen=True, array_like=True, gc=False):
    """One object as a listing shows it. ``mtime``: last modification, ns since the epoch.

    ``size`` -1: something that is no object has this name (in a folder: a link, a pipe, a directory
    that cannot be read), so that nothing is known of what is at it and below it (rule 7).
    """

    key: str
    size: int
    identity: str
    mtime: int


class Upload(Struct, frozen=True):
    """One file to send.

    The file at ``source`` (absolute path; a symlink is never followed) is read once and hashed
    on the way. If ``signature`` (size, mtime ns, ctime ns, inode) is given, the file must have it
    before and after the reading, else the result is `SourceChanged` and nothing became visible;
    likewise if ``digest`` is given and differs. ``data`` stands for the file's bytes where there is
    no file (a link's target). ``expected``: identity that the object must have; `ABSENT`: none may
    exist; None: whatever is there is replaced. ``announce``: a file to which a file's key and
    digest are appended (see `hubsync.announcing`) before anybody can see the object.
    """

    key: str
    source: str
    size: int
    expected: str | None
    signature: tuple[int, int, int, int] | None = None
    digest: bytes | None = None
    data: bytes | None = None
    mtime: int = 0
    executable: bool = False
    announce: str = ""


class Download(Struct, frozen=True):
    """One object to fetch into the file ``target`` (absolute path).

    The bytes are hashed on the way and must have ``size`` and ``digest`` where given, else the
    result is `ContentMismatch`. ``identity``: the object must still be this one, else
    `PreconditionFailed`. ``target`` appears only when complete, or, if ``digest`` is given, such
    that a killed process may leave the beginning of it: whoever finds it there holds it against the
    digest. Large objects go on from ``target + ".part"`` where the store serves ranges and the
    identity still holds. More than
    ``size`` bytes are never written. ``mtime`` (ns): what a small object's target may be given as
    its time at once; whoever needs it looks.
    """

    key: str
    target: str
    size: int | None = None
    digest: bytes | None = None
    identity: str | None = None
    mtime: int | None = None


class Transferred(Struct, frozen=True):
    """How one upload or download ended. ``error`` None: done, the rest is what is there now.

    ``signature`` of an upload is that of the source as it was read.
    """

    key: str
    error: HubsyncError | None = None
    identity: str = ""
    digest: bytes | None = None
    size: int = 0
    mtime: int = 0
    signature: tuple[int, int, int, int] | None = None

    @classmethod
    def of(
        cls, key: str, info: ObjectInfo, digest: bytes, signature: tuple[int, int, int, int] | None
    ) -> Transferred:
        """An upload that left ``info``, of a source that was read with ``signature``."""
        return cls(key, None, info.identity, digest, info.size, info.mtime, signature)


Passed = Callable[[int], None]
"""Told how many more bytes passed."""


AnyJob = TypeVar("AnyJob", Upload, Download)


class Expected(Generic[AnyJob]):
    """Jobs that become ready one by one, and how many there will be, or a few less. A store that
    knows prepares for many before the first."""

    def __init__(self, jobs: Iterable[AnyJob], count: int) -> None:
        self._jobs: Iterable[AnyJob] = jobs
        self._count = count

    def __iter__(self) -> Iterator[AnyJob]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return self._count


Vouched = Callable[[ObjectInfo], bool]
"""Whether an empty object that a listing shows is known to be one, and not a folder's marker."""


Level = tuple[list[ObjectInfo], list[str]]
"""The objects directly under a prefix, and the common prefixes of the deeper ones."""


class Store(Protocol):
    """See the module's docstring for the duties."""

    @property
    def capabilities(self) -> StoreCapabilities: ...

    @property
    def description(self) -> str:
        """One line for `doctor`: which library serves this, and why (no credential in it)."""

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[list[ObjectInfo]]:
        """Every object whose key begins with ``prefix``, in batches, in no promised order.

        A store that cannot tell an empty object from the marker of a folder asks for each that
        ``vouched`` (called from any thread) does not know.
        """

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> Level:
        """The objects directly under ``prefix`` (which is empty or ends in ``/``) and the common
        prefixes (each ending in ``/``) of the deeper ones. ``vouched`` as in `list`."""

    def head(self, key: str) -> ObjectInfo | None:
        """The object as it is now, or None."""

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        """A small object's bytes; None if its identity is still ``unless``. Raises ObjectNotFound,
        and TooLarge, before they are in memory, for more than ``limit`` bytes."""

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        """Write a small object; ``expected`` as in `Upload`. Raises PreconditionFailed."""

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        """Copy within the store, replacing ``target``; its info if that costs no further
        request."""

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        """As `copy`, but raises PreconditionFailed if there is a ``target``: atomically where the
        store can, else by a look just before."""

    def delete(self, key: str, *, expected: str | None = None) -> None:
        """Remove an object; an absent one is no error. ``expected`` as far as the store can."""

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        """Send files, many at a time."""

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        """Fetch objects, many at a time."""

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        """Abort this store's unfinished uploads (and temporary objects) begun before the time
        ``older_than`` (ns since the epoch); how many there were. ``alone``: nobody else is writing,
        so that temporary objects, which nobody goes on with, are removed whatever their age."""

    def close(self) -> None: ...


@runtime_checkable
class Prepares(Protocol):
    """A store that does much at once better when it knows of it beforehand."""

    def prepare(self, count: int) -> None:
        """About so many objects will probably be fetched soon: what takes time to be ready may
        begin. No request is made."""


@runtime_checkable
class ChecksNames(Protocol):
    """A store that takes fewer names than a disk."""

    def check_name(self, key: str) -> None:
        """Raises NameRefused, as an upload would. No request is made."""


@runtime_checkable
class LeavesUploads(Protocol):
    """A store whose unfinished uploads outlive the process, so that a later one can go on."""

    def note_uploads(self, note: Callable[[str, str], None]) -> None:
        """Tell ``note``, from any thread, the key and a token of each such upload, before its first
        byte is sent."""

    def abort(self, key: str, token: str) -> bool:
        """Abort the upload with this token, whatever its age; False if there is none any more."""
