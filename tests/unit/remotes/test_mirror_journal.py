"""The journal of an interrupted publish: what of it survives a kill, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from hubsync.errors import (
    AccessDenied,
    HubsyncError,
    LocalError,
    NameRefused,
    StoreError,
    Unreachable,
)
from hubsync.model import Entry, Kind
from hubsync.remotes.mirror.journal import Journal
from hubsync.remotes.protocol import Done
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import Passed, Transferred, Upload
from tests.unit.remotes.faulty import WrappedStore
from tests.unit.remotes.hubs import Hub, on

FILE = Entry(Kind.FILE, 3, b"d" * 32, identity='"one"')
LINK = Entry(Kind.LINK, 4, target="file")


def test_what_was_written_is_there_after_the_writer_is_closed(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), "mirror")
    with journal.writer() as writer:
        for number in range(100):
            writer.add(f"file-{number}", FILE)
    assert journal.entries().keys() == {f"file-{number}" for number in range(100)}
    assert journal.entries()["file-7"].identity == '"one"'


def test_the_first_record_survives_a_kill_right_after_it(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), "mirror")
    with journal.writer() as writer:
        writer.add("first", FILE)
        assert journal.entries().keys() == {"first"}


def test_an_intention_survives_a_kill_right_after_it_with_all_before_it(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), "mirror")
    with journal.writer() as writer:
        writer.add("first", FILE)
        writer.add("second", FILE)
        writer.intend("link", LINK)
        assert journal.entries().keys() == {"first", "second", "link"}


def test_a_torn_record_is_ignored_and_the_next_writer_goes_on_before_it(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), "mirror")
    with journal.writer() as writer:
        writer.add("whole", FILE)
    with (tmp_path / "publish.journal").open("ab") as file:
        file.write(b"\x40\x00\x00\x00torn")
    assert journal.entries().keys() == {"whole"}
    with journal.writer() as writer:
        writer.add("after", FILE)
    assert journal.entries().keys() == {"whole", "after"}


def test_another_mirrors_records_are_not_ours(tmp_path: Path) -> None:
    with Journal(str(tmp_path), "other").writer() as writer:
        writer.add("theirs", FILE)
    assert Journal(str(tmp_path), "mirror").entries() == {}


def test_the_journal_is_there_before_the_first_record(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path), "mirror")
    with journal.writer():
        assert journal.exists()


def test_where_something_may_be_written_that_no_record_has_the_journal_stays(
    tmp_path: Path,
) -> None:
    journal = Journal(str(tmp_path), "mirror")
    with journal.writer() as writer:
        writer.add("recorded", FILE)
    journal.finish(certain=False)
    assert journal.exists()
    assert journal.entries() == {}
    journal.finish(certain=True)
    assert not journal.exists()


class Failing(WrappedStore):
    """Uploads of ``f`` end in ``error``."""

    def __init__(self, error: HubsyncError) -> None:
        super().__init__(MemoryStore())
        self._error = error
        self.listings = 0

    def before(self, call: str, key: str) -> None:
        self.listings += call == "list_level"

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        for job in jobs:
            if job.key == "f":
                yield Transferred("f", self._error)
            else:
                yield from super().upload([job], passed)


@pytest.mark.parametrize(
    ("error", "listed"),
    [
        (NameRefused("The storage cannot hold this name."), False),
        (LocalError("f cannot be read."), False),
        (StoreError("The storage failed to serve it (HTTP 503)."), True),
        (Unreachable("The connection was lost."), True),
        (AccessDenied("The storage refused the credentials."), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_after_failures_that_may_have_left_an_object_everything_is_listed(
    tmp_path: Path, error: HubsyncError, listed: bool
) -> None:
    store = Failing(error)
    hub = Hub(on(store), tmp_path)
    hub.look(listing=False)
    for other in ("g", "h"):
        done = hub.publish(hub.put("f", b"1"), hub.put(other, b"2"))
        assert (done["f"].done, done[other].done) == (Done.FAILED, Done.DONE)
        store.listings = 0
        hub.look(listing=False)
        assert (store.listings > 0) is listed
