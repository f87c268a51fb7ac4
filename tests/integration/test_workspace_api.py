"""The Python API as another program meets it: nothing here but what ``hubsync`` itself names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import hubsync
from hubsync import HubsyncError, Identity, Problem, Reporter, Silent, SyncRequest, Workspace

ADA = Identity(author="ada", hub="hub-a")
BOB = Identity(author="bob", hub="hub-b")
TEXT = "First.\n\nSecond.\n\nThird.\n"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return (tmp_path / "remote").as_uri()


@pytest.fixture
def here(tmp_path: Path, url: str) -> Iterator[Workspace]:
    """A workspace with one text, synced."""
    root = tmp_path / "a"
    root.mkdir()
    (root / "notes.md").write_text(TEXT)
    with Workspace.init(str(root), url) as workspace:
        workspace.sync(identity=ADA)
        yield workspace


@pytest.fixture
def there(tmp_path: Path, url: str, here: Workspace) -> Iterator[Workspace]:
    """A clone of it."""
    workspace, result = Workspace.clone(url, str(tmp_path / "b"), identity=BOB)
    assert [change.path for change in result.down] == ["notes.md"]
    with workspace:
        yield workspace


def _file(workspace: Workspace, name: str = "notes.md") -> Path:
    return Path(workspace.root) / name


class Recorder:
    """A reporter that remembers, and asks to stop once ``patience`` files are done."""

    def __init__(self, patience: int | None = None) -> None:
        self.phases: list[str] = []
        self.files = 0
        self._patience = patience

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        self.phases.append(name)

    def advance(self, files: int = 0, size: int = 0) -> None:
        self.files += files

    def stopping(self) -> bool:
        return self._patience is not None and self.files >= self._patience


def test_every_public_name_is_there() -> None:
    assert all(hasattr(hubsync, name) for name in hubsync.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Workspaces'"):
        _ = hubsync.Workspaces


def test_init_without_a_url_links_to_a_folder_under_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with Workspace.init(str(tmp_path / "work"), data_home=str(tmp_path / "data")) as workspace:
        [remote] = workspace.remotes()
    assert remote.url.startswith((tmp_path / "data").as_uri())


def test_open_finds_the_workspace_upwards(here: Workspace) -> None:
    _file(here, "deep/er").mkdir(parents=True)
    with Workspace.open(str(_file(here, "deep/er"))) as again:
        assert again.root == here.root


def test_open_outside_of_a_workspace_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(HubsyncError) as caught:
        Workspace.open(str(tmp_path))
    assert (caught.value.code, caught.value.exit_status) == ("not-a-workspace", 2)
    assert "hubsync init" in caught.value.hint
    assert caught.value.message == str(caught.value)


def test_status_says_what_a_sync_would_do_and_changes_nothing(here: Workspace) -> None:
    _file(here, "new.txt").write_text("new\n")
    for _ in range(2):
        status = here.status()
        assert [(one.path, one.change.value) for one in status.local] == [("new.txt", "created")]
        assert not any((status.remote, status.conflicts, status.problems, status.stops))


def test_sync_merges_what_both_sides_edited(here: Workspace, there: Workspace) -> None:
    _file(here).write_text(TEXT.replace("First", "First, by Ada"))
    _file(there).write_text(TEXT.replace("Third", "Third, by Bob"))
    here.sync(identity=ADA)
    assert there.sync(identity=BOB).merged == ("notes.md",)
    here.sync(identity=ADA)
    assert _file(here).read_text() == "First, by Ada.\n\nSecond.\n\nThird, by Bob.\n"
    assert here.sync(identity=ADA).nothing_done()


def test_push_and_pull_leave_what_needs_the_other_direction(
    here: Workspace, there: Workspace
) -> None:
    _file(here, "a.txt").write_text("a\n")
    assert [change.path for change in here.push(identity=ADA).up] == ["a.txt"]
    _file(there, "b.txt").write_text("b\n")
    pulled = there.pull(identity=BOB)
    assert [change.path for change in pulled.down] == ["a.txt"]
    assert not pulled.up
    _file(here).write_text("of Ada\n")
    here.push(identity=ADA)
    _file(there).write_text("of Bob\n")
    pushed = there.push(identity=BOB)
    assert pushed.unsynced == ("notes.md",)
    assert pushed.exit_status() == 3


def test_dry_run_says_what_would_be_done(here: Workspace) -> None:
    _file(here).unlink()
    _file(here, "other.txt").write_text("other\n")
    result = here.sync(SyncRequest(dry_run=True), identity=ADA)
    assert result.dry_run
    assert result.deleted_remotely == ("notes.md",)
    assert [one.path for one in here.status().local] == ["notes.md", "other.txt"]


def test_safety_stop_is_passed_by_the_request(here: Workspace) -> None:
    for number in range(20):
        _file(here, f"{number}.txt").write_text(f"{number}\n")
    here.sync(identity=ADA)
    for number in range(20):
        _file(here, f"{number}.txt").unlink()
    [stop] = here.status().stops
    with pytest.raises(HubsyncError) as caught:
        here.sync(identity=ADA)
    assert (caught.value.exit_status, caught.value.code) == (4, stop.code)
    assert len(here.sync(SyncRequest(confirm_deletes=True), identity=ADA).deleted_remotely) == 20


def test_log_and_restore_bring_a_version_back(here: Workspace, there: Workspace) -> None:
    _file(there).write_text("rewritten\n")
    there.sync(SyncRequest(message="anew"), identity=BOB)
    here.sync(identity=ADA)
    newest, oldest = here.log()
    assert (newest.author, newest.hub, newest.message) == ("bob", "hub-b", "anew")
    assert [(one.path, one.change.value) for one in oldest.changes] == [("notes.md", "created")]
    assert [one.version for one in here.log(limit=1)] == [newest.version]
    restored = here.restore("notes.md", at=here.versions("notes.md")[-1].version, to="old.md")
    assert (restored.path, restored.size) == ("old.md", len(TEXT))
    assert _file(here, "old.md").read_text() == TEXT
    assert _file(here).read_text() == "rewritten\n"


def test_restoring_what_never_was_is_an_error(here: Workspace) -> None:
    with pytest.raises(HubsyncError) as caught:
        here.restore("never.txt")
    assert caught.value.code == "no-such-version"


@pytest.mark.parametrize(
    ("keep", "kept", "copies"),
    [("mine", "of Bob\n", 0), ("theirs", "of Ada\n", 0), ("both", "of Ada\n", 1)],
)
def test_conflict_is_kept_twice_until_it_is_resolved(
    here: Workspace, there: Workspace, keep: str, kept: str, copies: int
) -> None:
    _file(here).write_text("of Ada\n")
    here.sync(identity=ADA)
    _file(there).write_text("of Bob\n")
    result = there.sync(identity=BOB)
    assert result.exit_status() == 3
    assert there.conflicts() == list(result.conflicts)
    assert there.resolve("notes.md", keep)
    assert there.conflicts() == []
    assert _file(there).read_text() == kept
    assert len(list(Path(there.root).glob("notes*.md"))) == 1 + copies


def test_the_last_version_of_a_conflict_is_not_resolved_away(
    here: Workspace, there: Workspace
) -> None:
    _file(here).write_text("of Ada\n")
    here.sync(identity=ADA)
    _file(there).write_text("of Bob\n")
    there.sync(identity=BOB)
    _file(there).unlink()
    there.sync(identity=BOB)
    with pytest.raises(HubsyncError) as caught:
        there.resolve("notes.md", "theirs")
    assert caught.value.code == "no-other-version"
    there.resolve("notes.md", "mine")
    assert _file(there).read_text() == "of Bob\n"


@pytest.mark.parametrize(
    ("keep", "kept"), [("mine", ["of Bob\n"]), ("both", ["of Ada\n", "of Bob\n"])]
)
def test_conflict_of_a_name_as_long_as_a_disk_takes_is_resolved_under_that_name(
    here: Workspace, there: Workspace, keep: str, kept: list[str]
) -> None:
    name = "l" * 252 + ".md"
    _file(here, name).write_text("of Ada\n")
    here.sync(identity=ADA)
    _file(there, name).write_text("of Bob\n")
    there.sync(identity=BOB)
    assert [one.path for one in there.conflicts()] == [name]
    there.resolve(name, keep)
    assert there.conflicts() == []
    left = sorted(Path(there.root).glob("l*.md"), key=lambda path: path.read_text())
    assert [path.read_text() for path in left] == kept
    assert name in [path.name for path in left]


def test_problem_of_a_path_is_named_and_stops_no_other(here: Workspace) -> None:
    _file(here, "outside").symlink_to("/etc/hostname")
    _file(here, "fine.txt").write_text("fine\n")
    result = here.sync(identity=ADA)
    [problem] = result.problems
    assert isinstance(problem, Problem)
    assert problem.path == "outside"
    assert problem.message
    assert [change.path for change in result.up] == ["fine.txt"]
    assert result.exit_status() == 3


def test_reporter_hears_of_phases_and_files(here: Workspace) -> None:
    _file(here, "a.txt").write_text("a\n")
    recorder = Recorder()
    reporter: Reporter = recorder
    here.sync(identity=ADA, reporter=reporter)
    assert recorder.phases[0] == "Looking at both sides"
    assert "Uploading" in recorder.phases
    assert recorder.files >= 1
    assert here.sync(identity=ADA, reporter=Silent()).nothing_done()


def test_reporter_can_stop_a_sync_and_the_next_goes_on(here: Workspace) -> None:
    for number in range(200):
        _file(here, f"{number}.txt").write_text(f"{number}\n")
    with pytest.raises(HubsyncError) as caught:
        here.sync(identity=ADA, reporter=Recorder(patience=5))
    assert caught.value.exit_status == 130
    here.sync(identity=ADA)
    assert here.sync(identity=ADA).nothing_done()
    assert not here.status().local


def test_gc_prunes_by_age_and_doctor_finds_nothing_wrong(here: Workspace) -> None:
    _file(here).write_text("again\n")
    here.sync(identity=ADA)
    pruned = here.gc(keep_days=30)
    assert (pruned.trash, pruned.remote) == (0, 0)
    assert not [check for check in here.doctor() if check.state == "failed"]


def test_settings_of_remotes_and_ignore_rules(here: Workspace, tmp_path: Path) -> None:
    here.add_remote("bulk", (tmp_path / "bulk").as_uri(), include=("data/**",))
    here.set_remote("bulk", exclusive=True)
    assert [(one.name, one.exclusive) for one in here.remotes()] == [
        ("origin", False),
        ("bulk", True),
    ]
    here.remove_remote("bulk")
    assert [one.name for one in here.remotes()] == ["origin"]
    assert here.ignore("scratch/")
    assert not here.ignore("scratch/")
    assert any(rule.pattern == "scratch/" and not rule.built_in for rule in here.ignore_rules())
    hidden = here.why_ignored("scratch/big.bin")
    assert hidden is not None
    assert hidden.pattern == "scratch/"
    assert here.why_ignored("notes.md") is None


def test_clone_of_nothing_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(HubsyncError) as caught:
        Workspace.clone((tmp_path / "none").as_uri(), str(tmp_path / "c"), identity=ADA)
    assert (caught.value.code, caught.value.exit_status) == ("no-mirror", 5)
    assert not (tmp_path / "c").exists()


def test_news_on_the_remote(here: Workspace, there: Workspace) -> None:
    assert not here.changed_remotely()
    (Path(there.root) / "new.md").write_text("x")
    assert not here.changed_remotely()
    there.sync(identity=BOB)
    assert here.changed_remotely()
    assert not there.changed_remotely()
    here.sync(identity=ADA)
    assert not here.changed_remotely()


def test_a_remote_that_does_not_answer_hides_no_news_of_another(
    here: Workspace, there: Workspace, tmp_path: Path
) -> None:
    here.add_remote("bulk", (tmp_path / "bulk").as_uri(), include=("*.bin",))
    (Path(here.root) / "a.bin").write_bytes(b"x")
    here.sync(identity=ADA)
    (tmp_path / "bulk").rename(tmp_path / "away")
    (Path(there.root) / "new.md").write_text("x")
    there.sync(identity=BOB)
    assert here.changed_remotely()


def test_what_another_command_has_set_counts_for_one_that_was_opened_before(
    here: Workspace, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    with Workspace.open(here.root) as other:
        other.set_remote("origin", url=new.as_uri(), create=True)
    (Path(here.root) / "later.md").write_text(TEXT)
    result = here.sync(identity=ADA)
    assert sorted(change.path for change in result.up) == ["later.md", "notes.md"]
    assert (new / "later.md").read_text() == TEXT
    assert not (tmp_path / "remote" / "later.md").exists()
    with Workspace.open(here.root) as other:
        assert other.sync(identity=ADA).up == ()


def test_a_pull_is_not_stopped_by_deletions_that_it_does_not_make(
    here: Workspace, there: Workspace
) -> None:
    for number in range(30):
        (Path(here.root) / f"{number}.txt").write_text(f"{number}\n")
    here.sync(identity=ADA)
    there.sync(identity=BOB)
    for number in range(30):
        (Path(here.root) / f"{number}.txt").unlink()
    (Path(there.root) / "new.md").write_text(TEXT)
    there.sync(identity=BOB)
    pulled = here.pull(identity=ADA)
    assert [change.path for change in pulled.down] == ["new.md"]
    assert pulled.deleted_remotely == ()
    for command in (here.push, here.sync):
        with pytest.raises(HubsyncError) as stopped:
            command(identity=ADA)
        assert stopped.value.code == "mass-deletion"
