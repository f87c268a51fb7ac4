"""The journal of an interrupted publish: what of it survives a kill, and when."""

from __future__ import annotations

from pathlib import Path

from hubsync.model import Entry, Kind
from hubsync.remotes.mirror.journal import Journal

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
