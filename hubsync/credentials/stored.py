"""The file in which `hubsync login` keeps logins, by host.

It is 0600 in a folder that is 0700, and replaced as a whole. What others may read is refused. The
group's bits alone are taken away again: Kubernetes sets them on a whole volume (``fsGroup``) each
time that a server starts.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from hubsync.credentials.secret import Secret
from hubsync.errors import LocalError

_VERSION: Final = 1
_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


class StoredLogin(Struct, frozen=True, omit_defaults=True):
    """A login. ``client_id`` and ``refresh`` are there if GitHub renews it; ``expires`` in seconds
    since the epoch, None: it does not expire."""

    user: str
    secret: Secret
    client_id: str = ""
    expires: int | None = None
    refresh: Secret | None = None


class _File(Struct, frozen=True):
    version: int = _VERSION
    logins: dict[str, StoredLogin] = field(default_factory=dict)


class Stored:
    """The logins in the file ``path``."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._folder = os.path.dirname(path)

    def read(self) -> dict[str, StoredLogin]:
        """By host; nothing if there is no file. Raises LocalError."""
        try:
            with _told(self.path):
                self._check_folder()
                descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return {}
        with _told(self.path), open(descriptor, "rb") as file:
            _keep_private(descriptor, self.path, 0o600)
            data = file.read()
        try:
            found = msgspec.json.decode(data, type=_File, dec_hook=_secret)
        except (msgspec.DecodeError, ValueError):
            # Not chained: the decoder's own words may quote what it read.
            raise self._damaged() from None
        if found.version != _VERSION:
            raise self._damaged()
        return found.logins

    @contextmanager
    def held(self) -> Iterator[None]:
        """One process at a time changes the file: a refresh token can be used only once."""
        with _told(self._folder):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._check_folder()
            descriptor = os.open(
                f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
        try:
            with _told(self.path):
                _lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def put(self, host: str, login: StoredLogin | None) -> None:
        """Keep a login; None forgets it. Only while `held`."""
        logins = {name: one for name, one in self.read().items() if name != host}
        if login is not None:
            logins[host] = login
        if logins:
            with _told(self.path):
                self._replace(msgspec.json.encode(_File(logins=logins), enc_hook=_revealed))
        else:
            self.remove()

    def remove(self) -> bool:
        """Forget everything, also what `read` refuses. Whether there was anything."""
        there = os.path.lexists(self.path)
        if there:
            os.unlink(self.path)
            os.chmod(self._folder, 0o700)
        return there

    def _replace(self, data: bytes) -> None:
        descriptor, partial = tempfile.mkstemp(
            prefix=f"{os.path.basename(self.path)}.", dir=self._folder
        )  # 0600 from its first moment
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            os.replace(partial, self.path)
        except BaseException:
            os.unlink(partial)
            raise
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _check_folder(self) -> None:
        descriptor = os.open(
            self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        )
        try:
            _keep_private(descriptor, self._folder, 0o700)
        finally:
            os.close(descriptor)

    def _damaged(self) -> LocalError:
        return LocalError(
            f"{self.path} is damaged, or of another version of hubsync.",
            "Remove it and run 'hubsync login' again.",
            "bad-credentials",
        )


@contextmanager
def _told(path: str) -> Iterator[None]:
    """A disk's error as one of ours: what calls would take any other for the network's."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LocalError(
            f"The logins cannot be kept in {path}: {error.strerror}.",
            "Check the permissions and the free space of this place.",
        ) from error


def _lock(descriptor: int) -> None:
    """Where the file system has no locks, two at once cost one of them its login, no more."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def _keep_private(descriptor: int, path: str, mode: int) -> None:
    """Raises LocalError if somebody else owns it or could read it."""
    about = os.fstat(descriptor)
    if about.st_uid != os.geteuid() or about.st_mode & 0o007:
        whose = "belongs to another user" if about.st_uid != os.geteuid() else "is open to others"
        raise LocalError(
            f"{path} {whose}: what it holds is no secret.",
            "Run 'hubsync logout', revoke the token at its host, and log in again.",
            "exposed-credentials",
        )
    if stat.S_IMODE(about.st_mode) & 0o070:
        os.fchmod(descriptor, mode)


def _revealed(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} is not encoded")


def _secret(kind: type, value: Any) -> Secret:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"{kind.__name__} is not decoded")
