"""What a cycle does to both sides, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable

import pytest
from blake3 import blake3

from hubsync.core.conflicts import conflict_name
from hubsync.errors import Interrupted, LocalError, SafetyStop
from hubsync.results import ChangeKind
from tests.unit.engine.hubs import During, Hub, Site, StopIn, paths

BASE = "one\ntwo\nthree\nfour\nfive\n"
OURS = "ONE\ntwo\nthree\nfour\nfive\n"
THEIRS = "one\ntwo\nthree\nfour\nFIVE\n"
BOTH = "ONE\ntwo\nthree\nfour\nFIVE\n"


def copies(hub: Hub) -> dict[str, str]:
    return {path: text for path, text in hub.files().items() if ".conflict-" in path}


def about_to_merge(site: Site) -> tuple[Hub, Hub]:
    """Two hubs that edited different lines of a text: the first one's edit is on the remote."""
    one, two = site.pair({"notes.md": BASE})
    one.write({"notes.md": OURS})
    one.sync()
    two.write({"notes.md": THEIRS})
    return one, two


# -- one side changed ------------------------------------------------------------------------


def test_what_one_hub_writes_another_has(site: Site) -> None:
    one, two = site.hub("one", {"a": "1", "d/b": "2", "empty": ""}), site.hub("two")
    (one / "nothing").mkdir()
    result = one.sync()
    assert paths(result.up) == ["a", "d/b", "empty", "nothing"]
    assert two.sync().exit_status() == 0
    assert two.files() == one.files() == {"a": "1", "d/b": "2", "empty": "", "nothing": "/"}


def test_a_second_run_is_none(site: Site) -> None:
    hubs = site.pair({"a": "1", "d/b": "2"})
    before = site.identities()
    for hub in hubs:
        assert hub.sync().nothing_done()
        assert hub.push().nothing_done()
        assert hub.pull().nothing_done()
    assert site.identities() == before


@pytest.mark.parametrize("forwards", [True, False])
def test_the_executable_bit_travels_without_the_content(site: Site, forwards: bool) -> None:
    one, two = site.pair({"run.sh": "#!/bin/sh\n"})
    (one / "run.sh").chmod(0o755)
    if not forwards:
        one.sync(), two.sync()
        (one / "run.sh").chmod(0o644)
    up = one.sync()
    assert [(change.path, change.change) for change in up.up] == [("run.sh", ChangeKind.MODE)]
    down = two.sync()
    assert [change.change for change in down.down] == [ChangeKind.MODE]
    assert up.bytes == down.bytes == 0
    assert two.executable("run.sh") is forwards


@pytest.mark.parametrize("mode_here", [True, False])
def test_a_new_mode_here_and_a_new_content_there_are_both_carried(
    site: Site, mode_here: bool
) -> None:
    one, two = site.pair({"run": "old"})
    chmod, write = (one, two) if mode_here else (two, one)
    (chmod / "run").chmod(0o755)
    write.write({"run": "new content"})
    two.sync()
    assert one.sync().exit_status() == 0
    two.sync()
    for hub in (one, two):
        assert hub.files() == {"run": "new content"}
        assert hub.executable("run")
    assert one.sync().nothing_done()


def _file(path: str) -> Callable[[Hub], None]:
    return lambda hub: hub.write({path: "a file"})


def _link(hub: Hub) -> None:
    (hub / "x").symlink_to("other")


def _folder(hub: Hub) -> None:
    (hub / "x").mkdir()


KINDS: dict[str, Callable[[Hub], None]] = {
    "file": _file("x"),
    "link": _link,
    "folder": _folder,
    "below": _file("x/y"),
}


@pytest.mark.parametrize("after", KINDS)
@pytest.mark.parametrize("before", KINDS)
def test_a_path_becomes_another_kind_of_thing(site: Site, before: str, after: str) -> None:
    one, two = site.pair({"other": "stays"})
    KINDS[before](one)
    one.sync()
    two.sync()
    assert two.files() == one.files()
    one.write({"x": None})
    KINDS[after](one)
    for hub in (one, two):
        assert hub.sync().exit_status() == 0
    assert two.files() == one.files()
    assert set(one.files()) == ({"other", "x/y"} if after == "below" else {"other", "x"})


def test_a_rename_elsewhere_is_not_downloaded_again(site: Site) -> None:
    one, two = site.pair({"old": "much content", "keep": "k"})
    (one / "old").rename(one / "new")
    one.sync()
    result = two.sync()
    assert result.bytes == 0
    assert two.files() == {"new": "much content", "keep": "k"}


def test_one_content_under_many_names_arrives_under_all(site: Site) -> None:
    _, two = site.pair({"a": "same", "b/c": "same", "d": "same"})
    assert two.files() == {"a": "same", "b/c": "same", "d": "same"}


# -- both sides changed ----------------------------------------------------------------------


def test_edits_of_different_lines_are_merged_on_both_hubs(site: Site) -> None:
    one, two = site.pair({"notes.md": BASE})
    one.write({"notes.md": OURS})
    two.write({"notes.md": THEIRS})
    one.sync()
    result = two.sync()
    assert result.merged == ("notes.md",)
    assert not result.up
    assert not result.down
    one.sync()
    assert one.files() == two.files() == {"notes.md": BOTH}
    assert two.sync().nothing_done()


def test_a_pull_merges_here_and_a_push_carries_the_merge(site: Site) -> None:
    _, two = about_to_merge(site)
    assert two.pull().merged == ("notes.md",)
    assert two.files() == {"notes.md": BOTH}
    assert site.objects() == {"notes.md": OURS}
    assert paths(two.push().up) == ["notes.md"]
    assert site.objects() == {"notes.md": BOTH}


def test_a_save_during_a_pulls_merge_does_not_undo_the_other_hubs_edit(site: Site) -> None:
    """The pull could not write its merge, but took the remote's content for its base: the next sync
    carried the local file over it."""
    _, two = about_to_merge(site)
    saved = THEIRS + "six\n"

    class Saving(During):
        def stopping(self) -> bool:
            return "Writing" in self.phases

    with pytest.raises(Interrupted):
        two.pull(Saving("Writing", lambda: two.write({"notes.md": saved})))
    assert two.files() == {"notes.md": saved}
    two.sync()
    assert site.objects() == {"notes.md": BOTH + "six\n"}


@pytest.mark.parametrize(
    ("saved", "both"),
    [
        (THEIRS.replace("FIVE", "FIVE, and more"), BOTH.replace("FIVE", "FIVE, and more")),
        (BASE, OURS),
    ],
    ids=["typed on", "undone"],
)
@pytest.mark.parametrize("stopped", [False, True])
def test_what_is_saved_while_a_merge_is_published_goes_on_from_what_was_merged(
    site: Site, saved: str, both: str, stopped: bool
) -> None:
    """It was held against the version before all edits, so that a line that a person typed on met
    itself, and one that was undone came back."""
    one, two = about_to_merge(site)

    class Saving(During):
        def stopping(self) -> bool:
            return stopped and "Writing" in self.phases

    saving = Saving("Writing", lambda: two.write({"notes.md": saved}))
    if stopped:
        with pytest.raises(Interrupted):
            two.sync(saving)
        assert two.files() == {"notes.md": saved}
    assert two.sync(None if stopped else saving).exit_status() == 0
    one.sync()
    assert one.files() == two.files() == {"notes.md": both}
    assert two.sync().nothing_done()


def test_a_save_after_a_merge_whose_base_is_lost_is_kept_beside_it(site: Site) -> None:
    _, two = about_to_merge(site)
    saved = THEIRS.replace("FIVE", "FIVE, and more")

    class Saving(During):
        def stopping(self) -> bool:
            return "Writing" in self.phases

    with pytest.raises(Interrupted):
        two.sync(Saving("Writing", lambda: two.write({"notes.md": saved})))
    shutil.rmtree(two / ".hubsync" / "stage")
    assert two.sync().exit_status() == 3
    assert two.files()["notes.md"] == BOTH
    assert list(copies(two).values()) == [saved]


@pytest.mark.parametrize("command", ["sync", "pull"])
def test_edits_of_one_line_are_kept_twice(site: Site, command: str) -> None:
    one, two = site.pair({"notes.md": "one\n"})
    one.write({"notes.md": "from one\n"})
    one.sync()
    two.write({"notes.md": "from two\n"})
    result = getattr(two, command)()
    assert [(one.path, one.copy) for one in result.conflicts] == [("notes.md", *copies(two))]
    assert result.exit_status() == 3
    assert two.files()["notes.md"] == "from one\n"
    assert list(copies(two).values()) == ["from two\n"]
    if command == "sync":
        one.sync()
        assert one.files() == two.files()
        assert two.sync().nothing_done()
    else:
        assert site.objects() == {"notes.md": "from one\n"}
        assert paths(two.push().up) == list(copies(two))


def test_two_hubs_that_meet_one_conflict_make_one_copy(site: Site) -> None:
    one, two = site.pair({"a": "old"})
    one.write({"a": "from one"})
    one.sync()
    two.write({"a": "from two"})
    three = site.hub("three")
    three.sync()
    three.write({"a": "from two"})
    two.pull()
    two.push()
    three.sync()
    one.sync()
    assert len(copies(one)) == 1


@pytest.mark.parametrize("here", ["folder", "below"])
@pytest.mark.parametrize("command", ["sync", "pull"])
def test_a_file_against_a_directory_becomes_a_copy_beside_it(
    site: Site, here: str, command: str
) -> None:
    """Rule 5, with the file on either side."""
    one, two = site.pair({"other": "stays"})
    _file("x")(one)
    one.sync()
    KINDS[here](two)
    result = getattr(two, command)()
    assert result.exit_status() == 3
    assert list(copies(two).values()) == ["a file"]
    assert (two / "x").is_dir()
    if command == "sync":
        one.sync()
        assert one.files() == two.files()
        assert two.sync().exit_status() == 0
    else:
        assert site.objects()["x"] == "a file"


@pytest.mark.parametrize("there", ["folder", "below"])
@pytest.mark.parametrize("command", ["sync", "pull"])
def test_a_directory_against_a_file_here(site: Site, there: str, command: str) -> None:
    one, two = site.pair({"other": "stays"})
    KINDS[there](one)
    one.sync()
    _file("x")(two)
    assert getattr(two, command)().exit_status() == 3
    assert list(copies(two).values()) == ["a file"]
    assert (two / "x").is_dir()


def test_different_links_are_kept_twice(site: Site) -> None:
    one, two = site.pair({"other": "stays"})
    (one / "x").symlink_to("other")
    one.sync()
    (two / "x").symlink_to("elsewhere")
    two.sync()
    assert two.files()["x"] == "-> other"
    assert list(copies(two).values()) == ["-> elsewhere"]
    one.sync()
    assert one.files() == two.files()


def test_an_edit_survives_a_deletion_and_the_user_is_told(site: Site) -> None:
    one, two = site.pair({"a": "old", "b": "old"})
    one.write({"a": None, "b": "edited"})
    one.sync()
    two.write({"a": "edited", "b": None})
    result = two.sync()
    assert result.kept == ("a", "b")
    assert two.files() == {"a": "edited", "b": "edited"} == site.objects()


def test_a_copy_that_cannot_be_made_leaves_the_file_where_it_is(site: Site) -> None:
    """A pull replaced the file though its conflict copy had failed: only the trash had it."""
    one, two = site.pair({"a": "old", ".hubsyncignore": "*.log\n"})
    one.write({"a": "from one"})
    one.sync()
    two.write({"a": "from two"})
    in_the_way = conflict_name("a", blake3(b"from two").digest())
    two.write({f"{in_the_way}/ignored.log": ""})
    result = two.pull()
    assert [one.path for one in result.problems] == [in_the_way]
    assert not result.conflicts
    assert (two / "a").read_text() == "from two"
    two.write({in_the_way: None})
    assert len(two.pull().conflicts) == 1
    assert (two / "a").read_text() == "from one"
    assert (two / in_the_way).read_text() == "from two"


# -- one direction ---------------------------------------------------------------------------


def test_a_push_leaves_and_names_what_both_changed(site: Site) -> None:
    one, two = site.pair({"a": "old", "b": "old"})
    one.write({"a": "from one"})
    one.sync()
    two.write({"a": "from two", "b": "new"})
    result = two.push()
    assert result.unsynced == ("a",)
    assert result.exit_status() == 3
    assert paths(result.up) == ["b"]
    assert site.objects() == {"a": "from one", "b": "new"}
    assert two.files() == {"a": "from two", "b": "new"}


def test_a_pull_writes_nothing_to_the_remote(site: Site) -> None:
    one, two = site.pair({"a": "old"})
    one.write({"b": "new"})
    one.sync()
    two.write({"c": "mine", "a": None})
    before = site.identities()
    assert paths(two.pull().down) == ["b"]
    assert site.identities() == before
    assert two.files() == {"b": "new", "c": "mine"}
    two.push()
    assert site.objects() == {"b": "new", "c": "mine"}


# -- dry runs --------------------------------------------------------------------------------


def test_a_dry_run_tells_merges_from_conflicts_and_changes_nothing(site: Site) -> None:
    one, two = site.pair({"merges": BASE, "clashes": "old\n", "data": b"\0old".decode(), "x": "x"})
    one.write({"merges": OURS, "clashes": "from one\n", "data": "\0one", "new": "n"})
    one.sync()
    two.write({"merges": THEIRS, "clashes": "from two\n", "data": "\0two", "x": None})
    files, objects = two.files(), site.objects()
    foreseen = two.sync(dry_run=True)
    assert foreseen.dry_run
    assert two.files() == files
    assert site.objects() == objects
    done = two.sync()
    assert foreseen.merged == done.merged == ("merges",)
    assert foreseen.conflicts == done.conflicts
    assert foreseen.deleted_remotely == done.deleted_remotely == ("x",)
    assert "new" in paths(foreseen.down)


# -- things that change under way ------------------------------------------------------------


@pytest.mark.parametrize("phase", ["Uploading", "Writing"])
def test_a_save_under_way_is_never_overwritten(site: Site, phase: str) -> None:
    one, two = site.pair({"a": "old", "b": "old"})
    one.write({"a": "from one"})
    one.sync()
    two.write({"b": "mine"})
    saving = During(phase, lambda: two.write({"a": "saved just now"}))
    two.sync(saving)
    assert phase in saving.phases
    assert "saved just now" in two.files().values()
    assert "from one" in two.files().values()
    one.sync()
    assert one.files() == two.files()


def test_another_hub_that_publishes_under_way_is_not_overwritten(site: Site) -> None:
    one, two = site.pair({"a": "old"})
    one.write({"a": "from one"})
    two.write({"a": "from two"})
    result = two.sync(During("Uploading", one.sync))
    assert len(result.conflicts) == 1
    assert sorted(two.files().values()) == ["from one", "from two"]
    assert site.objects() == two.files()


def test_a_file_that_always_changes_is_a_problem_in_the_end(site: Site) -> None:
    one, two = site.pair({"a": "old"})
    one.write({"a": "from one"})
    one.sync()

    class Saving(During):
        def phase(self, name: str, files: int = 0, size: int = 0) -> None:
            super().phase(name, files, size)
            if name == "Writing":
                two.write({"a": f"saved {len(self.phases)}"})

    result = two.sync(Saving("never", lambda: None))
    assert [(one.path, one.code) for one in result.problems] == [("a", "still-changing")]
    assert site.objects()["a"] == "from one"
    last = two.files()["a"]
    assert last.startswith("saved")
    two.sync()
    assert {"from one", last} <= set(two.files().values())


def test_a_stop_between_two_steps_loses_nothing_and_the_next_run_goes_on(site: Site) -> None:
    files = {f"f{number}": str(number) for number in range(20)}
    one, two = site.hub("one", files), site.hub("two")
    one.sync()
    with pytest.raises(Interrupted):
        two.sync(StopIn("Writing", after=5))
    assert len(two.files()) == 5
    result = two.sync()
    assert len(result.down) == 15
    assert result.exit_status() == 0
    assert two.files() == files


@pytest.mark.parametrize("phase", ["Uploading", "Downloading", "Looking at both sides", "Reading"])
def test_a_stop_in_any_phase_loses_nothing(site: Site, phase: str) -> None:
    one, two = site.pair({f"f{number}": str(number) for number in range(5)})
    one.write({"f1": "one", "new": "n", "both": "1"})
    two.write({"f2": "two", "mine": "m", "both": "2", "f3": "3"})
    one.sync()
    with pytest.raises(Interrupted):
        two.sync(StopIn(phase))
    two.sync()
    one.sync()
    assert one.files() == two.files()
    assert {"one", "two", "n", "m", "1", "2"} <= set(one.files().values())


def test_what_a_failing_disk_did_not_make_durable_is_not_in_the_base(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = site.pair({"a": "old"})
    one.write({"b": "new"})
    one.sync()
    works, calls = os.fsync, iter([False])

    def fails_once(descriptor: int) -> None:
        if next(calls, True):
            return works(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails_once)
        with pytest.raises(LocalError):
            two.pull()
    assert "b" not in two.workspace.links.state("origin").base
    assert two.sync().exit_status() == 0
    assert two.files() == one.files()


# -- other tools -----------------------------------------------------------------------------


def test_another_workspace_s_mirror_inside_is_told_of_once_and_its_files_are_synced(
    site: Site,
) -> None:
    one = site.hub("one", {"a": "1"})
    one.sync()
    for name in ("b", ".hubsync/format.json", ".hubsync/index/head", ".hubsync/log/1"):
        site.other_tool(f"sub/{name}", "2")
    [problem] = one.sync().problems
    assert (problem.path, problem.code) == ("sub/.hubsync", "mirror-inside")
    assert one.files() == {"a": "1", "sub/b": "2"}


def test_what_another_tool_writes_is_a_change_like_any_other(site: Site) -> None:
    one, two = site.pair({"a": "old", "b": "old"})
    site.other_tool("a", "by another tool")
    site.other_tool("new/c", "by another tool")
    site.other_tool("b", None)
    result = one.sync()
    assert paths(result.down) == ["a", "new/c"]
    assert result.deleted_locally == ("b",)
    two.sync()
    assert two.files() == one.files() == site.objects()


def test_an_object_that_equals_the_local_file_is_recognised(site: Site) -> None:
    one = site.hub("one", {"a": "same"})
    site.other_tool("a", "same")
    result = one.sync()
    assert not result.conflicts
    assert result.nothing_done()
    assert one.sync().nothing_done()


def test_a_pull_of_another_tools_object_leaves_the_books_to_the_next_sync(site: Site) -> None:
    one, _ = site.pair({"a": "old"})
    site.other_tool("a", "by another tool")
    assert paths(one.pull().down) == ["a"]
    assert one.files() == {"a": "by another tool"}
    assert one.pull().nothing_done()
    assert one.sync().nothing_done()


def test_an_edit_of_what_was_pulled_from_another_tool_is_no_conflict(site: Site) -> None:
    one, two = site.pair({"a": "old"})
    site.other_tool("a", "by another tool")
    site.other_tool("new", "by another tool")
    one.pull()
    one.write({"a": "mine", "new": "mine too"})
    result = one.sync()
    assert not result.conflicts
    assert not result.down
    assert one.files() == {"a": "mine", "new": "mine too"} == site.objects()
    assert one.sync().nothing_done()
    two.sync()
    assert two.files() == one.files()


def test_another_tools_object_is_told_to_the_books_after_a_pull_and_a_deletion_here(
    site: Site,
) -> None:
    one, two = site.pair({"a": "old"})
    site.other_tool("new", "by another tool")
    one.pull()
    one.write({"new": None})
    assert one.sync().deleted_remotely == ("new",)
    assert "new" not in site.objects()
    two.sync()
    assert two.files() == {"a": "old"}


def test_an_object_that_another_tool_replaced_after_a_pull_comes_down(site: Site) -> None:
    one, _ = site.pair({"a": "old"})
    site.other_tool("a", "by another tool")
    one.pull()
    site.other_tool("a", "once more")
    assert paths(one.sync().down) == ["a"]
    assert one.files() == {"a": "once more"} == site.objects()


def test_another_tools_edit_and_ours_are_kept_twice(site: Site) -> None:
    one, two = site.pair({"a": "old"})
    site.other_tool("a", "by another tool")
    one.write({"a": "mine"})
    assert len(one.sync().conflicts) == 1
    assert sorted(one.files().values()) == ["by another tool", "mine"]
    two.sync()
    assert two.files() == one.files() == site.objects()


# -- memory ----------------------------------------------------------------------------------


def test_a_lost_memory_resurrects_and_deletes_nothing(site: Site) -> None:
    """Rule 6: what the history knows as an earlier version is unchanged since then."""
    one, two = site.pair({"deleted": "x", "edited": "old", "gone here": "y", "same": "z"})
    one.write({"deleted": None, "edited": "new"})
    one.sync()
    two.write({"gone here": None, "mine": "m"})
    two.forget()
    result = two.sync()
    assert not result.conflicts
    assert result.deleted_locally == ("deleted",)
    assert two.files() == {"edited": "new", "gone here": "y", "same": "z", "mine": "m"}
    assert site.objects() == two.files()


def test_a_cut_off_first_sync_keeps_the_base_it_had(site: Site) -> None:
    """A version from before, restored after an unfinished first sync, is an edit, whatever the
    history says of it."""
    one = site.hub("one", {f"f{number}": "first" for number in range(5)})
    one.sync()
    one.write({f"f{number}": "second" for number in range(5)})
    one.sync()
    two = site.hub("two")
    with pytest.raises(Interrupted):
        two.sync(StopIn("Writing", after=2))
    (name, *_) = sorted(two.files())
    two.write({name: "first"})
    two.sync()
    assert two.files()[name] == "first"
    assert site.objects()[name] == "first"


def test_a_lost_memory_with_links_and_folders(site: Site) -> None:
    one, two = site.pair({"a": "1"})
    (one / "link").symlink_to("a")
    (one / "empty").mkdir()
    one.sync(), two.sync()
    (one / "link").unlink()
    one.sync()
    two.forget()
    two.sync()
    assert two.files() == {"a": "1", "empty": "/"}


@pytest.mark.parametrize("side", ["here", "there"])
def test_an_emptied_side_is_a_safety_stop(site: Site, side: str) -> None:
    one, _ = site.pair({"a": "1", "b": "2"})
    for name in ("a", "b"):
        os.unlink(one / name) if side == "here" else site.other_tool(name, None)
    before = (one.files(), site.objects())
    for command in (one.sync, one.push if side == "here" else one.pull):
        with pytest.raises(SafetyStop):
            command()
    assert (one.files(), site.objects()) == before
    one.sync(confirm_deletes=True)
    assert one.files() == site.objects() == {}


def test_a_checksum_run_finds_what_the_times_hide(site: Site) -> None:
    one, _ = site.pair({"a": "old"})
    status = (one / "a").stat()
    one.write({"a": "new"})
    os.utime(one / "a", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert paths(one.sync(checksum=True).up) == ["a"]


def test_the_copy_is_named_after_its_content(site: Site) -> None:
    one, two = site.pair({"a.txt": "old"})
    one.write({"a.txt": "from one"})
    one.sync()
    two.write({"a.txt": "from two"})
    two.sync()
    assert list(copies(two)) == [conflict_name("a.txt", blake3(b"from two").digest())]


@pytest.mark.parametrize("verb", ["sync", "push"])
@pytest.mark.parametrize("met", ["changed by both", "deleted here", "first meeting"])
def test_what_the_other_hubs_rules_hide_is_not_sent_where_both_changed_the_rules(
    site: Site, met: str, verb: str
) -> None:
    """Nor is it deleted."""
    one = site.hub("one", {"a": "1", "old/1": "1"})
    two = site.hub("two")
    if met != "first meeting":
        one.write({".hubsyncignore": "*.tmp\n"})
        one.sync()
        two.sync()
    one.write({".hubsyncignore": "*.tmp\ndrafts/\nold/\n"})
    one.sync()
    two.write(
        {
            ".hubsyncignore": None if met == "deleted here" else "*.tmp\nscratch/\n",
            "drafts/letter": "private",
            "scratch/s": "s",
        }
        if met != "first meeting"
        else {".hubsyncignore": "scratch/\n", "drafts/letter": "private", "scratch/s": "s"}
    )
    if met != "first meeting":
        two.write({"old/1": None})
    getattr(two, verb)()
    hidden = {"drafts/letter"} | (set() if met == "deleted here" else {"scratch/s"})
    assert not hidden & site.objects().keys()
    for _ in range(2):
        two.sync()
    assert not hidden & site.objects().keys()
    assert ("old/1" in site.objects()) is (met != "first meeting")


def test_rules_arrive_where_an_empty_directory_has_their_name(site: Site) -> None:
    one, two = site.pair({"a": "1"})
    two.write({".hubsyncignore": "*.tmp\n"})
    two.sync()
    os.mkdir(one / ".hubsyncignore")
    one.sync()
    two.sync()
    assert one.files() == two.files()
    assert "*.tmp\n" in one.files().values()
