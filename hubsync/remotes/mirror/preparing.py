"""Making one change of a publish ready: what has to be asked or copied before its bytes may go.

What is replaced is copied to the versions first (rule 11). Where the store cannot write on
condition, a look just before the write stands for that (rule 12).
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.paths import check_remote_name
from hubsync.errors import (
    HubsyncError,
    NameRefused,
    ObjectNotFound,
    PreconditionFailed,
    RemoteUnavailable,
)
from hubsync.model import Entry, Kind, Tree, same_content
from hubsync.remotes.mirror.books import is_object
from hubsync.remotes.mirror.journal import JournalWriter
from hubsync.remotes.mirror.place import (
    Place,
    check_absent,
    check_there,
    content_digest,
    keep_version,
)
from hubsync.remotes.protocol import Put
from hubsync.report import Reporter
from hubsync.stores.protocol import ABSENT, ChecksNames, Store, Upload


class Turn(Struct, frozen=True):
    """The right to write. ``still_ours``: false once the lease was lost. ``taken_over``: as in
    `Held`; where writes are conditional neither can be."""

    still_ours: Callable[[], bool] = lambda: True
    taken_over: bool = False


class Work(Struct, frozen=True):
    """What the changes are carried out with. ``tree``: the remote as the plan saw it.
    ``unchecked``: absent paths may not be taken for absent, because nobody has listed them."""

    place: Place
    tree: Tree
    unchecked: bool
    journal: JournalWriter
    reporter: Reporter
    turn: Turn = Turn()

    def stopping(self) -> bool:
        """Whether nothing new is begun: the user wants that, or somebody else writes by now."""
        return self.reporter.stopping() or not self.turn.still_ours()


class Ready(Struct, frozen=True):
    """A change after its preparation: to be uploaded, or done without, or not to be done."""

    change: Put
    before: bytes | None
    entry: Entry | None = None
    error: HubsyncError | None = None
    expected: str | None = None
    """The identity to replace, if it is not that of what the plan saw."""


def refused(store: Store, path: str, entry: Entry) -> HubsyncError | None:
    """Why nothing can be put at ``path``, as far as its name tells without a request."""
    problem = check_remote_name(path)
    if problem is not None:
        return NameRefused(problem.message, problem.hint, problem.code)
    if entry.kind is not Kind.DIR and isinstance(store, ChecksNames):
        try:
            store.check_name(path)
        except NameRefused as error:
            return error
    return None


def needs_care(work: Work, put: Put) -> bool:
    """Whether anything has to be asked of the store before the bytes may go."""
    return (
        put.expect is not None
        or put.moved_from is not None
        or put.entry.kind is not Kind.FILE
        or (work.unchecked and not work.place.conditional)
    )


def prepared(work: Work, put: Put, overwritten: frozenset[str]) -> Ready:
    """``overwritten``: paths that are no sources of copies. Raises RemoteUnavailable."""
    place, expect, entry = work.place, put.expect, put.entry
    before = content_digest(expect)
    problem = check_remote_name(put.path)
    if problem is not None:
        error = NameRefused(problem.message, problem.hint, problem.code)
        return Ready(put, before, error=error)
    if expect is not None and expect.identity and same_content(expect, entry):
        # Only the mode changed: the object stays, its row tells.
        return Ready(put, before, replace(entry, identity=expect.identity))
    try:
        if expect is not None and is_object(expect):
            before = keep_version(place, put.path, expect)
            if not place.conditional:
                check_there(place, put.path, expect.identity)
        elif not place.conditional and work.unchecked:
            check_absent(place, put.path)
        if entry.kind is Kind.DIR:
            if expect is not None and is_object(expect):
                delete_if(place, put.path, expect.identity)
            return Ready(put, before, entry)
        return _moved(work, put, before, overwritten)
    except ObjectNotFound as error:
        return Ready(put, before, error=PreconditionFailed(error.message))
    except RemoteUnavailable:
        raise
    except HubsyncError as error:
        return Ready(put, before, error=error)


def _moved(work: Work, put: Put, before: bytes | None, overwritten: frozenset[str]) -> Ready:
    """Copied within the store from where it was, if that can be done; else to be sent."""
    send = Ready(put, before)
    origin = put.moved_from
    source = work.tree.get(origin) if origin is not None else None
    if (
        origin is None
        or source is None
        or origin in overwritten
        or put.expect is not None
        or not source.identity
        or not same_content(source, put.entry)
    ):
        return send
    place = work.place
    try:
        copied = place.store.copy_new(origin, put.path)
    except ObjectNotFound:
        return send
    info = copied or place.store.head(put.path)
    if info is None:
        raise PreconditionFailed(f"{put.path} was removed by someone else meanwhile.")
    if info.identity != source.identity:
        try:
            check_there(place, origin, source.identity)
        except (ObjectNotFound, PreconditionFailed):
            # Other bytes were copied. Nobody else wrote here: ours go in their place.
            return replace(send, expected=info.identity)
    return replace(send, entry=replace(put.entry, identity=info.identity, size=info.size))


def delete_if(place: Place, path: str, identity: str) -> None:
    """Remove the object if it has that identity. Raises ObjectNotFound, PreconditionFailed."""
    store = place.store
    if store.capabilities.conditional_delete:
        store.delete(path, expected=identity)
        return
    check_there(place, path, identity)
    store.delete(path)


def upload_of(ready: Ready) -> Upload:
    put = ready.change
    entry, expect = put.entry, put.expect
    expected = ready.expected
    if expected is None:
        expected = expect.identity if expect is not None and is_object(expect) else ABSENT
    if entry.kind is Kind.LINK:
        target = entry.target.encode()
        return Upload(put.path, "", len(target), expected, data=target, mtime=entry.mtime)
    return Upload(
        put.path,
        put.source,
        entry.size,
        expected,
        put.signature,
        entry.digest,
        None,
        entry.mtime,
        entry.executable,
        put.announce,
    )
