"""Errors a user may meet: what happened, what to do next (``hint``), and a stable ``code``.

::

    HubsyncError                 1   failed
    ├── UsageError               2   the request itself cannot be carried out as given
    │   ├── NotAWorkspace
    │   └── ConfigError
    ├── SafetyStop               4   nothing was changed (rule 9)
    ├── RemoteUnavailable        5   not reached, or credentials refused; nothing was changed
    │   ├── Unreachable
    │   └── AccessDenied
    ├── RemoteMoved                  another writer came first; the engine plans again
    ├── RemoteFormatError            the remote's own metadata cannot be read or trusted
    ├── LocalError                   disk full, read-only, permission
    │   └── DiskFull
    ├── WorkspaceBusy                another process holds the workspace
    ├── NoSuchVersion                nothing to restore
    └── Interrupted            130   stopped between files on request

The number is the exit status of the command. A store raises the narrower `StoreError` tree
(in `hubsync.stores.protocol`'s terms: not found, precondition failed), which never leaves a remote.
"""

from __future__ import annotations

from typing import Any, ClassVar


class HubsyncError(Exception):
    """An error for people: ``str(error)`` is the message, ``hint`` the next step. ``done``: what
    was done all the same, with other remotes; a `hubsync.results.SyncResult`."""

    exit_status: ClassVar[int] = 1
    default_code: ClassVar[str] = "failed"

    def __init__(self, message: str, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code
        self.done: Any = None


class UsageError(HubsyncError):
    exit_status = 2
    default_code = "usage"


class NotAWorkspace(UsageError):
    default_code = "not-a-workspace"


class ConfigError(UsageError):
    default_code = "bad-config"


class SafetyStop(HubsyncError):
    """Rule 9: something looks so wrong that nothing at all is changed."""

    exit_status = 4
    default_code = "safety-stop"


class RemoteUnavailable(HubsyncError):
    exit_status = 5
    default_code = "remote-unavailable"


class Unreachable(RemoteUnavailable):
    default_code = "unreachable"


class AccessDenied(RemoteUnavailable):
    default_code = "access-denied"


class RemoteMoved(HubsyncError):
    """Another writer published first; a new plan is needed (rule 12)."""

    default_code = "remote-moved"


class RemoteFormatError(HubsyncError):
    """The remote's metadata is damaged, of another version, or not hubsync's."""

    default_code = "remote-format"


class LocalError(HubsyncError):
    default_code = "local-error"


class DiskFull(LocalError):
    default_code = "disk-full"


class WorkspaceBusy(HubsyncError):
    default_code = "workspace-busy"


class NoSuchVersion(HubsyncError):
    default_code = "no-such-version"


class Interrupted(HubsyncError):
    exit_status = 130
    default_code = "interrupted"


class StoreError(HubsyncError):
    """What a store could not do. Remotes catch these; they reach no user unexplained."""

    default_code = "store-failed"


class ObjectNotFound(StoreError):
    default_code = "object-not-found"


class PreconditionFailed(StoreError):
    """The object is not (or no longer) what a conditional request expected."""

    default_code = "precondition-failed"


class SourceChanged(StoreError):
    """A local file is not, or did not stay, what the scan saw while it was read (rule 10)."""

    default_code = "source-changed"


class ContentMismatch(StoreError):
    """Downloaded bytes have another digest or size than the remote's index promises."""

    default_code = "content-mismatch"


class NameRefused(StoreError):
    """The store cannot hold an object of this name (rule 7)."""

    default_code = "name-refused"
