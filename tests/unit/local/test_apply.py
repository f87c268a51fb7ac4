"""Changing the disk: what was asked for happens, and nothing that a person wrote is ever lost."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
import time
from pathlib import Path

import msgspec
import pytest

from hubsync.local.apply import Applier
from hubsync.local.renames import KernelRenames, Renames
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind
from tests.unit.local.disk import LONG_AGO, Disk
from tests.unit.local.faults import Meanwhile, MeanwhileUnsupported, Unsupported, meanwhile

DIR = Entry(Kind.DIR)


def link_to(target: str) -> Entry:
    return Entry(Kind.LINK, target=target)


@pytest.fixture(params=["kernel", "nfs"])
def renames(request: pytest.FixtureRequest) -> Renames:
    return KernelRenames() if request.param == "kernel" else Unsupported()


def only(outcomes: dict[str, object]) -> object:
    (outcome,) = outcomes.values()
    return outcome


def delete_between_two_saves(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is lost, and the newest has the name."""
    disk.write("f", "old")
    step = Step("f", None, disk.tree()["f"])
    meanwhile(monkeypatch, "rename", lambda: disk.write("f", "first save"))
    acts = Meanwhile(lambda: disk.write("f", "second save"))
    assert disk.apply(step, renames=acts)["f"].result is Result.CHANGED
    assert disk.read("f") == "second save"
    assert disk.trashed() == {"f": "first save"}


class TestEveryKindOfStep:
    def test_create(self, disk: Disk, renames: Renames) -> None:
        done = disk.apply(
            disk.create("a/b/file", "new"),
            disk.create("run", "#!", executable=True),
            Step("link", link_to("a/b/file"), None),
            Step("empty/dir", DIR, None),
            renames=renames,
        )
        assert {one.result for one in done.values()} == {Result.APPLIED}
        assert disk.read("a/b/file") == "new"
        assert (disk.path / "a/b/file").stat().st_mtime_ns == LONG_AGO
        assert os.access(disk.path / "run", os.X_OK)
        assert os.readlink(disk.path / "link") == "a/b/file"
        assert (disk.path / "empty/dir").is_dir()
        assert disk.staging() == []

    def test_replace(self, disk: Disk, renames: Renames) -> None:
        disk.write("f", "old").chmod(0o640)
        done = disk.apply(disk.replace("f", disk.tree()["f"], "new"), renames=renames)
        assert done["f"].result is Result.APPLIED
        assert disk.read("f") == "new"
        assert stat.S_IMODE((disk.path / "f").stat().st_mode) == 0o640
        assert disk.trashed() == {"f": "old"}
        assert disk.staging() == []

    def test_delete(self, disk: Disk, renames: Renames) -> None:
        disk.write("d/e/f", "old")
        disk.write("keep")
        done = disk.apply(Step("d/e/f", None, disk.tree()["d/e/f"]), renames=renames)
        assert done["d/e/f"].result is Result.APPLIED
        assert disk.names() == {"keep"}, "directories that became empty go too"
        assert disk.trashed() == {"d/e/f": "old"}

    @pytest.mark.parametrize("old", ["file", "link", "dir"])
    @pytest.mark.parametrize("new", ["file", "link", "dir"])
    def test_any_kind_replaces_any_kind(
        self, disk: Disk, renames: Renames, old: str, new: str
    ) -> None:
        if old == "file":
            disk.write("x", "old")
        elif old == "link":
            (disk.path / "x").symlink_to("old")
        else:
            (disk.path / "x").mkdir()
        expect = disk.tree()["x"]
        step = {
            "file": disk.replace("x", expect, "new"),
            "link": Step("x", link_to("new"), expect),
            "dir": Step("x", DIR, expect),
        }[new]
        assert disk.apply(step, renames=renames)["x"].result is Result.APPLIED
        tree = disk.tree()
        assert tree["x"].kind is {"file": Kind.FILE, "link": Kind.LINK, "dir": Kind.DIR}[new]
        assert disk.trashed() == ({"x": "old"} if old == "file" else {})

    def test_one_staged_content_serves_several_paths_that_share_nothing(self, disk: Disk) -> None:
        entry, slot = disk.staged("same")
        done = disk.apply(
            Step("a", entry, None, slot, keep_source=True),
            Step("b", entry, None, slot, keep_source=True),
        )
        assert {one.result for one in done.values()} == {Result.APPLIED}
        (disk.path / "a").write_text("edited")
        assert disk.read("b") == "same"
        assert disk.staging() == [os.path.basename(slot)]

    def test_what_it_says_of_a_path_is_what_the_next_scan_sees(
        self, disk: Disk, renames: Renames
    ) -> None:
        disk.write("old", "1")
        done = disk.apply(
            disk.create("f", "new"),
            disk.replace("old", disk.tree()["old"], "2"),
            Step("link", link_to("f"), None),
            Step("dir", DIR, None),
            renames=renames,
        )
        from hubsync.model import Tree

        known = Tree({path: one.entry for path, one in done.items() if one.entry})
        assert len(known) == 4
        assert disk.scan(known).tree.changes_since(known) == {}


class TestModes:
    def test_only_the_mode_changes(self, disk: Disk) -> None:
        disk.write("run", "#!").chmod(0o640)
        expect = disk.tree()["run"]
        inode = (disk.path / "run").stat().st_ino
        wanted = msgspec.structs.replace(expect, executable=True)
        done = disk.apply(Step("run", wanted, expect))
        status = (disk.path / "run").stat()
        assert stat.S_IMODE(status.st_mode) == 0o750, "x where r is, within the umask"
        assert status.st_ino == inode
        assert done["run"].entry is not None
        assert done["run"].entry.inode == inode
        assert disk.trashed() == {}

    def test_the_bit_is_taken_back(self, disk: Disk) -> None:
        disk.write("run").chmod(0o755)
        expect = disk.tree()["run"]
        disk.apply(Step("run", msgspec.structs.replace(expect, executable=False), expect))
        assert stat.S_IMODE((disk.path / "run").stat().st_mode) == 0o644

    def test_only_the_time_differs_and_nothing_is_touched(self, disk: Disk) -> None:
        disk.write("f")
        expect = disk.tree()["f"]
        before = (disk.path / "f").stat()
        done = disk.apply(Step("f", msgspec.structs.replace(expect, mtime=5), expect))
        assert done["f"].entry == expect
        assert (disk.path / "f").stat().st_ctime_ns == before.st_ctime_ns

    def test_an_edit_meanwhile_leaves_the_mode_alone(self, disk: Disk) -> None:
        disk.write("f", "old")
        expect = disk.tree()["f"]
        disk.write("f", "edited")
        done = disk.apply(Step("f", msgspec.structs.replace(expect, executable=True), expect))
        assert done["f"].result is Result.CHANGED
        assert stat.S_IMODE((disk.path / "f").stat().st_mode) == 0o644

    def test_a_private_file_stays_private_when_it_becomes_executable(self, disk: Disk) -> None:
        disk.write("f", "old").chmod(0o600)
        disk.apply(disk.replace("f", disk.tree()["f"], "new", executable=True))
        assert stat.S_IMODE((disk.path / "f").stat().st_mode) == 0o700


class TestRule10:
    """What is no longer what the scan saw stays."""

    def test_an_edit_after_the_scan_survives_a_replacement(
        self, disk: Disk, renames: Renames
    ) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")
        disk.write("f", "edited")
        assert disk.apply(step, renames=renames)["f"].result is Result.CHANGED
        assert disk.read("f") == "edited"
        assert disk.trashed() == {}

    def test_an_edit_after_the_scan_survives_a_deletion(self, disk: Disk) -> None:
        disk.write("f", "old")
        expect = disk.tree()["f"]
        disk.write("f", "edited")
        assert disk.apply(Step("f", None, expect))["f"].result is Result.CHANGED
        assert disk.read("f") == "edited"

    def test_a_file_that_appeared_survives_a_creation(self, disk: Disk, renames: Renames) -> None:
        step = disk.create("f", "new")
        disk.write("f", "mine")
        assert disk.apply(step, renames=renames)["f"].result is Result.CHANGED
        assert disk.read("f") == "mine"
        assert len(disk.staging()) == 1, "the new content stays staged for the next plan"

    def test_a_deletion_of_what_is_gone_is_done(self, disk: Disk) -> None:
        disk.write("d/f")
        expect = disk.tree()["d/f"]
        shutil.rmtree(disk.path / "d")
        assert disk.apply(Step("d/f", None, expect))["d/f"].result is Result.APPLIED

    def test_a_replacement_of_what_is_gone_is_planned_again(self, disk: Disk) -> None:
        disk.write("f")
        step = disk.replace("f", disk.tree()["f"], "new")
        (disk.path / "f").unlink()
        assert disk.apply(step)["f"].result is Result.CHANGED
        assert disk.names() == set()

    def test_a_file_known_by_digest_alone_is_read_again(self, disk: Disk) -> None:
        disk.write("same", "old")
        disk.write("other", "old")
        tree = disk.tree()
        steps = [
            disk.replace(path, msgspec.structs.replace(tree[path], inode=0, ctime=0), "new")
            for path in ("same", "other")
        ]
        disk.write("other", "OLD")
        done = disk.apply(*steps)
        assert done["same"].result is Result.APPLIED
        assert done["other"].result is Result.CHANGED
        assert disk.read("other") == "OLD"

    def test_a_save_just_before_the_exchange_is_put_back(self, disk: Disk) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")
        done = disk.apply(step, renames=Meanwhile(lambda: disk.write("f", "edited")))
        assert done["f"].result is Result.CHANGED
        assert disk.read("f") == "edited"
        assert len(disk.staging()) == 1

    def test_an_atomic_save_just_before_the_exchange_is_put_back(self, disk: Disk) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")

        def save() -> None:
            disk.write(".f.tmp", "edited").replace(disk.path / "f")

        assert disk.apply(step, renames=Meanwhile(save))["f"].result is Result.CHANGED
        assert disk.read("f") == "edited"

    def test_of_two_saves_around_the_exchange_the_newest_has_the_name(self, disk: Disk) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")

        def save(text: str) -> None:
            disk.write(".f.tmp", text).replace(disk.path / "f")

        acts = Meanwhile(lambda: save("first save"), lambda: save("second save"))
        assert disk.apply(step, renames=acts)["f"].result is Result.CHANGED
        assert disk.read("f") == "second save"
        assert disk.trashed() == {"f": "first save"}

    def test_a_save_then_a_removal_around_the_exchange_keeps_the_save(self, disk: Disk) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")
        acts = Meanwhile(lambda: disk.write("f", "saved"), (disk.path / "f").unlink)
        assert disk.apply(step, renames=acts)["f"].result is Result.CHANGED
        assert disk.read("f") == "saved"

    def test_a_removal_just_before_the_exchange_is_planned_again(self, disk: Disk) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")
        done = disk.apply(step, renames=Meanwhile((disk.path / "f").unlink))
        assert done["f"].result is Result.CHANGED
        assert disk.names() == set()
        assert len(disk.staging()) == 1

    def test_without_exchange_a_save_before_the_last_look_survives(self, disk: Disk) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")
        acts = MeanwhileUnsupported(lambda: disk.write(".t", "edited").replace(disk.path / "f"))
        assert disk.apply(step, renames=acts)["f"].result is Result.CHANGED
        assert disk.read("f") == "edited"

    @pytest.mark.parametrize("atomic", [True, False])
    def test_a_save_just_before_a_deletion_moves_the_file_aside_is_put_back(
        self, disk: Disk, renames: Renames, monkeypatch: pytest.MonkeyPatch, atomic: bool
    ) -> None:
        disk.write("d/f", "old")
        step = Step("d/f", None, disk.tree()["d/f"])

        def save() -> None:
            if atomic:
                disk.write("d/.f.tmp", "edited").replace(disk.path / "d/f")
            else:
                disk.write("d/f", "edited")

        meanwhile(monkeypatch, "rename", save)
        assert disk.apply(step, renames=renames)["d/f"].result is Result.CHANGED
        assert disk.read("d/f") == "edited"
        assert disk.trashed() == {}

    def test_of_two_saves_around_a_deletion_the_newest_has_the_name(
        self, disk: Disk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        delete_between_two_saves(disk, monkeypatch)

    @pytest.mark.parametrize("links", [True, False])
    def test_without_exchange_an_atomic_save_after_the_old_content_was_kept_survives(
        self, disk: Disk, monkeypatch: pytest.MonkeyPatch, links: bool
    ) -> None:
        disk.write("f", "old")
        step = disk.replace("f", disk.tree()["f"], "new")

        def save() -> None:
            disk.write(".f.tmp", "edited").replace(disk.path / "f")

        if links:
            meanwhile(monkeypatch, "link", save, after=True)
        else:

            def no_links(*_: object, **__: object) -> None:
                raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

            monkeypatch.setattr(os, "link", no_links)
            meanwhile(monkeypatch, "fsync", save, after=True)
        assert disk.apply(step, renames=Unsupported())["f"].result is Result.CHANGED
        assert disk.read("f") == "edited"
        assert disk.trashed() == {}
        assert len(disk.staging()) == 1, "the new content stays staged for the next plan"

    def test_a_folder_with_unsynced_files_is_not_replaced_by_a_file(
        self, disk: Disk, renames: Renames
    ) -> None:
        (disk.path / "d").mkdir()
        step = disk.replace("d", disk.tree()["d"], "new")
        disk.write("d/__pycache__/x")
        done = disk.apply(step, renames=renames)["d"]
        assert done.problem is not None
        assert done.problem.code == "folder-in-the-way"
        assert disk.names() == {"d", "d/__pycache__", "d/__pycache__/x"}

    def test_a_folder_that_is_no_longer_empty_survives_its_deletion(self, disk: Disk) -> None:
        (disk.path / "d").mkdir()
        expect = disk.tree()["d"]
        disk.write("d/f", "mine")
        assert disk.apply(Step("d", None, expect))["d"].result is Result.APPLIED
        assert disk.read("d/f") == "mine"

    def test_writes_into_a_file_that_was_replaced_come_back_as_a_conflict_copy(
        self, disk: Disk
    ) -> None:
        place = disk.write("run.log", "old\n")
        disk.write("gone.log", "old\n")
        tree = disk.tree()
        with (
            open(place, "a") as running,
            open(disk.path / "gone.log", "a") as other,
            Applier(disk.root, Trash(disk.root)) as applier,
        ):
            steps = [
                disk.replace("run.log", tree["run.log"], "new"),
                Step("gone.log", None, tree["gone.log"]),
            ]
            assert {one.result for one in applier.apply(steps)} == {Result.APPLIED}
            running.write("written late\n")
            running.flush()
            other.write("so was this\n")
            other.flush()
            applier.flush()
        assert disk.read("run.log") == "new"
        copies = {disk.read(path) for path in disk.names() if ".conflict-" in path}
        assert copies == {"old\nwritten late\n", "old\nso was this\n"}


class TestOrder:
    def test_a_file_becomes_a_directory(self, disk: Disk) -> None:
        disk.write("x", "file")
        done = disk.apply(disk.create("x/inside", "new"), Step("x", None, disk.tree()["x"]))
        assert {one.result for one in done.values()} == {Result.APPLIED}
        assert disk.read("x/inside") == "new"
        assert disk.trashed() == {"x": "file"}

    def test_a_directory_becomes_a_file(self, disk: Disk) -> None:
        disk.write("x/a/b", "1")
        disk.write("x/c", "2")
        tree = disk.tree()
        done = disk.apply(
            disk.create("x", "new"),
            Step("x/a/b", None, tree["x/a/b"]),
            Step("x/c", None, tree["x/c"]),
        )
        assert {one.result for one in done.values()} == {Result.APPLIED}
        assert disk.read("x") == "new"
        assert disk.trashed() == {"x/a/b": "1", "x/c": "2"}

    def test_a_link_does_not_take_the_place_of_ignored_files(self, disk: Disk) -> None:
        disk.write("x/__pycache__/m", "cache")
        done = disk.apply(Step("x", Entry(Kind.LINK, target="y"), None))
        assert done["x"].problem is not None
        assert done["x"].problem.code == "folder-in-the-way"
        assert (disk.path / "x/__pycache__/m").exists()

    def test_a_directory_with_ignored_files_does_not_become_a_file(self, disk: Disk) -> None:
        disk.write("x/a", "1")
        disk.write("x/__pycache__/m", "cache")
        done = disk.apply(disk.create("x", "new"), Step("x/a", None, disk.tree()["x/a"]))
        assert done["x"].problem is not None
        assert done["x"].problem.code == "folder-in-the-way"
        assert (disk.path / "x/__pycache__/m").exists()

    @pytest.mark.parametrize("entry", [None, Entry(Kind.LINK, target="y")], ids=["file", "link"])
    def test_a_folder_of_empty_folders_gives_way(self, disk: Disk, entry: Entry | None) -> None:
        (disk.path / "x/a/b").mkdir(parents=True)
        (disk.path / "x/c").mkdir()
        step = disk.create("x", "new") if entry is None else Step("x", entry, None)
        assert disk.apply(step)["x"].result is Result.APPLIED
        assert not (disk.path / "x").is_dir()

    @pytest.mark.parametrize("inside", ["file", "link"])
    def test_a_folder_with_anything_deep_in_it_stays_whole(self, disk: Disk, inside: str) -> None:
        (disk.path / "x/a").mkdir(parents=True)
        (disk.path / "x/c/d").mkdir(parents=True)
        if inside == "file":
            disk.write("x/c/d/f", "")
        else:
            (disk.path / "x/c/d/f").symlink_to("../../a")
        before = disk.names()
        done = disk.apply(disk.create("x", "new"))
        assert done["x"].problem is not None
        assert done["x"].problem.code == "folder-in-the-way"
        assert disk.names() == before

    def test_renames_create_before_they_delete(self, disk: Disk) -> None:
        disk.write("old", "1")
        steps = [Step("old", None, disk.tree()["old"]), disk.create("new", "1")]
        with Applier(disk.root, Trash(disk.root)) as applier:
            assert [one.path for one in applier.apply(steps)] == ["new", "old"]

    def test_a_directory_that_a_step_wants_stays_when_its_files_go(self, disk: Disk) -> None:
        disk.write("d/f")
        done = disk.apply(Step("d/f", None, disk.tree()["d/f"]), Step("d", DIR, None))
        assert {one.result for one in done.values()} == {Result.APPLIED}
        assert disk.names() == {"d"}

    def test_a_directory_that_the_caller_wants_stays(self, disk: Disk) -> None:
        disk.write("d/f")
        step = Step("d/f", None, disk.tree()["d/f"])
        with Applier(disk.root, Trash(disk.root), wanted=lambda path: path == "d") as applier:
            assert [one.result for one in applier.apply([step])] == [Result.APPLIED]
        assert disk.names() == {"d"}

    def test_the_root_stays_when_everything_goes(self, disk: Disk) -> None:
        disk.write("f")
        disk.apply(Step("f", None, disk.tree()["f"]))
        assert disk.path.is_dir()

    def test_stops_between_two_steps_when_the_caller_does(self, disk: Disk) -> None:
        with Applier(disk.root, Trash(disk.root)) as applier:
            outcomes = applier.apply([disk.create("a", "1"), disk.create("b", "2")])
            assert next(outcomes).path == "a"
            outcomes.close()
        assert disk.names() == {"a"}


class TestRule14:
    """Nothing is written outside the workspace."""

    @pytest.mark.parametrize(
        "path",
        ["../x", "/tmp/x", "a//b", ".git/config", "sub/.git/hooks/post-checkout", ".hubsync/lock",
         "a/../../x", "", ".", "..", "a\0b", ".GIT/config", "git~1/config"],
    )  # fmt: skip
    def test_names_that_lead_elsewhere_are_refused(
        self, disk: Disk, tmp_path: Path, path: str
    ) -> None:
        before = sorted(str(one) for one in tmp_path.rglob("*"))
        step = disk.create("placeholder", "evil")
        step = msgspec.structs.replace(step, path=path)
        done = disk.apply(step)[path]
        assert done.result is Result.FAILED
        assert done.problem is not None
        os.unlink(step.source or "")
        assert sorted(str(one) for one in tmp_path.rglob("*")) == before

    @pytest.mark.parametrize("target", ["/etc/passwd", "../x", "a/../../x"])
    def test_links_that_lead_out_are_refused(self, disk: Disk, target: str) -> None:
        done = disk.apply(Step("link", link_to(target), None))["link"]
        assert done.problem is not None
        assert done.problem.code == "link-outside"

    def test_a_symlink_in_the_path_is_not_walked(self, disk: Disk, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/victim").write_text("precious")
        disk.write("d/victim", "old")
        expect = disk.tree()["d/victim"]
        shutil.rmtree(disk.path / "d")
        (disk.path / "d").symlink_to(tmp_path / "outside")
        done = disk.apply(
            disk.create("d/new", "x"),
            Step("d/dir", DIR, None),
            Step("d/link", link_to("new"), None),
            disk.replace("d/victim", expect, "y"),
        )
        assert {one.result for one in done.values()} == {Result.CHANGED}
        done = disk.apply(Step("d/victim", None, expect))
        assert done["d/victim"].result is Result.CHANGED
        assert [one.name for one in (tmp_path / "outside").iterdir()] == ["victim"]
        assert (tmp_path / "outside/victim").read_text() == "precious"

    def test_a_directory_swapped_for_a_symlink_at_any_moment_lets_nothing_out(
        self, disk: Disk, tmp_path: Path
    ) -> None:
        """A thread swaps ``d`` for a link to the outside and back as fast as it can."""
        outside = tmp_path / "outside"
        outside.mkdir()
        (disk.path / "d").mkdir()
        over = threading.Event()

        def swap() -> None:
            real, link = disk.path / "d.real", disk.path / "d.link"
            link.symlink_to(outside)
            renames = KernelRenames()
            from hubsync.local.renames import Spot

            real.symlink_to(outside)
            while not over.is_set():
                renames.exchange(Spot(None, str(disk.path / "d")), Spot(None, str(real)))
                time.sleep(0.0002)

        thread = threading.Thread(target=swap)
        thread.start()
        results = []
        try:
            for number in range(500):
                step = disk.create(f"d/f{number}", str(number))
                results += [one.result for one in disk.apply(step).values()]
        finally:
            over.set()
            thread.join()
        assert list(outside.iterdir()) == []
        assert set(results) <= {Result.APPLIED, Result.CHANGED}
        assert Result.APPLIED in results
        assert Result.CHANGED in results


class TestOtherFileSystems:
    def test_a_mounted_folder_is_changed_by_copying_and_its_contents_reach_the_trash(
        self, elsewhere: Disk, renames: Renames
    ) -> None:
        elsewhere.write("replaced", "old 1")
        elsewhere.write("deleted", "old 2")
        elsewhere.write("edited", "old 3")
        tree = elsewhere.tree()
        steps = [
            elsewhere.create("new", "content"),
            Step("link", link_to("new"), None),
            elsewhere.replace("replaced", tree["replaced"], "newer"),
            Step("deleted", None, tree["deleted"]),
            elsewhere.replace("edited", tree["edited"], "theirs"),
        ]
        elsewhere.write("edited", "mine")
        done = elsewhere.apply(*steps, renames=renames)
        changed = [path for path, one in done.items() if one.result is not Result.APPLIED]
        assert changed == ["edited"]
        assert elsewhere.read("replaced") == "newer"
        assert elsewhere.read("new") == "content"
        assert elsewhere.read("edited") == "mine"
        assert elsewhere.names() == {"replaced", "new", "link", "edited"}
        assert elsewhere.trashed() == {"replaced": "old 1", "deleted": "old 2"}

    def test_of_two_saves_around_a_deletion_on_a_mounted_folder_neither_is_lost(
        self, elsewhere: Disk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        delete_between_two_saves(elsewhere, monkeypatch)
        assert elsewhere.names() == {"f"}


class TestProblems:
    def test_content_that_was_not_staged_is_a_problem_of_its_path_alone(self, disk: Disk) -> None:
        disk.write("f", "old")
        entry, slot = disk.staged("gone")
        os.unlink(slot)
        done = disk.apply(
            disk.create("good", "1"),
            Step("bad", entry, None, slot),
            Step("worse", entry, None),
            Step("f", entry, disk.tree()["f"]),
        )
        assert done["good"].result is Result.APPLIED
        assert {done[path].result for path in ("bad", "worse", "f")} == {Result.FAILED}
        assert disk.names() == {"good", "f"}
        assert disk.read("f") == "old"

    def test_a_staged_file_of_another_size_is_refused(self, disk: Disk) -> None:
        step = disk.create("f", "whole content")
        os.truncate(step.source or "", 3)
        assert disk.apply(step)["f"].result is Result.FAILED
        assert disk.names() == set()

    def test_a_name_too_long_is_a_problem(self, disk: Disk) -> None:
        step = disk.create("x" * 300, "1")
        done = disk.apply(step)[step.path]
        assert done.problem is not None
        assert done.problem.code == "name-too-long"
