"""Results in plain words: summaries, lists that are cut, and what is left to a person."""

from __future__ import annotations

from hubsync.model import Notice, Problem
from hubsync.results import (
    ChangeKind,
    ConflictCopy,
    HistoryChange,
    HistoryRecord,
    NestedRepository,
    PathChange,
    PathVersion,
    RemoteInfo,
    Restored,
    Status,
    SyncResult,
)
from hubsync.session.status import Facts, Outcome, SessionStatus, State
from hubsync_cli import history_report, status_report, sync_report, watch_report
from hubsync_cli.view import View

NOW = 1_700_000_000_000_000_000
VIEW = View(now=NOW)
CREATED, EDITED, DELETED = ChangeKind.CREATED, ChangeKind.EDITED, ChangeKind.DELETED


def _changes(number: int) -> tuple[PathChange, ...]:
    return tuple(PathChange(f"f{n}", CREATED) for n in range(number))


def test_a_summary_is_one_line_in_plain_words() -> None:
    result = SyncResult(
        up=_changes(3),
        down=_changes(1),
        conflicts=(ConflictCopy("notes.md", "notes.conflict-1a2b3c4d.md"),),
    )
    assert sync_report.summary(result, "sync", VIEW) == (
        "3 up, 1 down, 1 conflict kept twice: notes.conflict-1a2b3c4d.md"
    )


def test_a_summary_counts_everything_that_happened() -> None:
    result = SyncResult(
        up=_changes(1200),
        merged=("m",),
        deleted_locally=("a",),
        deleted_remotely=("b", "c"),
        kept=("k",),
        unsynced=("u",),
        problems=(Problem("p", "c", "m"),),
    )
    assert sync_report.summary(result, "sync", VIEW) == (
        "1,200 up, 1 merged, 1 deleted here, 2 deleted on the remote, 1 edit kept, 1 left,"
        " 1 problem"
    )


def test_nothing_to_do_is_said() -> None:
    said = {d: sync_report.report(SyncResult(), d, VIEW) for d in ("sync", "push", "pull")}
    assert said["sync"] == ["Nothing to do: both sides are equal."]
    assert said["push"] == ["Nothing to push: nothing changed here since the last sync."]
    assert said["pull"] == ["Nothing to pull: this workspace has everything."]


def test_what_is_no_problem_is_told_below_the_summary_and_not_with_quiet() -> None:
    result = SyncResult(notices=(Notice("c", "It moved.", "git log"), Notice("d", "It went.")))
    assert sync_report.report(result, "sync", VIEW) == [
        "Nothing to do: both sides are equal.",
        "Good to know:",
        "  It moved.\n    git log",
        "  It went.",
    ]
    assert sync_report.report(result, "sync", VIEW, quiet=True) == []
    assert result.exit_status() == 0


def test_a_session_tells_of_it_once_even_where_nothing_was_done() -> None:
    done = Outcome(ended=1, notices=(Notice("c", "It moved.", "git log"),))
    status = SessionStatus(State.SYNCED, Facts(last=done))
    report = watch_report.Report(VIEW)
    said = [*report.lines(status, 1), *report.lines(status, 2)]
    assert [line.partition("  ")[2] for line in said] == ["good to know: It moved. git log"]
    assert list(watch_report.Report(VIEW, quiet=True).lines(status, 1)) == []
    (first,) = watch_report.Report(VIEW).documents(status, 1)
    notice = {"code": "c", "message": "It moved.", "hint": "git log"}
    assert first["done"]["notices"] == [notice]


def test_sides_with_a_problem_are_not_called_equal() -> None:
    result = SyncResult(problems=(Problem("p", "unreadable", "It cannot be read.", "chmod it"),))
    assert sync_report.report(result, "sync", VIEW) == [
        "Nothing transferred, 1 problem",
        "Problems (these paths are left as they are):",
        "  p: It cannot be read.\n    chmod it",
    ]


def test_a_dry_run_lists_what_it_would_do() -> None:
    result = SyncResult(up=_changes(1), deleted_locally=("old",), dry_run=True)
    assert sync_report.report(result, "sync", VIEW) == [
        "Dry run, nothing is changed. It would be: 1 up, 1 deleted here",
        "Up:",
        "  created  f0",
        "Deleted here:",
        "  old",
    ]


def test_long_lists_are_cut_at_ten_and_say_where_the_rest_is() -> None:
    problems = tuple(Problem(f"p{n}", "c", "m") for n in range(100))
    lines = sync_report.report(SyncResult(problems=problems), "sync", VIEW)
    assert lines[-1] == "  ... and 90 more (hubsync status shows all)"
    assert len(lines) == 13
    everything = View(everything=True)
    assert len(sync_report.report(SyncResult(problems=problems), "sync", everything)) == 103


def test_many_conflicts_are_named_below_the_summary() -> None:
    conflicts = tuple(ConflictCopy(f"f{n}", f"f{n}.conflict-00000000") for n in range(5))
    lines = sync_report.report(SyncResult(conflicts=conflicts), "sync", VIEW)
    assert lines[0].startswith("5 conflicts kept twice: f0.conflict-00000000, ")
    assert lines[0].endswith(", ...")
    assert "resolve PATH --keep mine|theirs|both" in lines[1]
    assert lines[2:] == [f"  f{n}, other version: f{n}.conflict-00000000" for n in range(5)]


def test_quiet_leaves_only_what_waits_for_a_person() -> None:
    result = SyncResult(up=_changes(3), kept=("k",), unsynced=("u",))
    assert sync_report.report(result, "push", VIEW, quiet=True) == [
        "Left, because both directions are needed (run: hubsync sync):",
        "  u",
    ]


def test_kept_edits_are_told() -> None:
    lines = sync_report.report(SyncResult(up=_changes(1), kept=("d/a",)), "sync", VIEW)
    assert lines[-1] == "  d/a"
    assert "edited on one side while the other deleted it" in lines[-2]


def test_verbose_tells_what_it_cost() -> None:
    result = SyncResult(up=_changes(1), bytes=3_400_000, seconds=1.25, requests={"put": 2})
    lines = sync_report.report(result, "sync", View(everything=True))
    assert lines[-1] == "3.4 MB; 1.2 s; requests: 2 put"


def test_paths_are_shown_relative_to_the_current_directory() -> None:
    view = View(prefix="data/run 1/")
    assert view.path("data/run 1/a.nc") == "a.nc"
    assert view.path("data/b.nc") == "../b.nc"
    assert view.path("notes.md") == "../../notes.md"


def _status() -> Status:
    remote = RemoteInfo("origin", "file:///r", "r1", NOW - 300 * 10**9)
    return Status(
        workspace="/home/ada/work",
        remotes=(remote, RemoteInfo("bulk", "s3://b", "", None)),
        local=(
            PathChange("new", CREATED),
            PathChange("both", EDITED),
            PathChange("to", ChangeKind.RENAMED, renamed_from="from"),
        ),
        remote=(PathChange("both", DELETED), PathChange("run.sh", ChangeKind.MODE)),
        conflicts=(ConflictCopy("x.md", "x.conflict-00000000.md"),),
        problems=(Problem("sock", "special", "It is a socket.", "Remove it."),),
        nested=("repo",),
        repositories=(NestedRepository("repo", "changed"),),
    )


def test_a_status_has_sections() -> None:
    assert status_report.report(_status(), VIEW) == [
        "Workspace /home/ada/work",
        "Remote origin: file:///r (synced 5 minutes ago)",
        "Remote bulk: s3://b (never synced)",
        "",
        "Local changes (a sync sends them):",
        "  created  new",
        "  edited   both (changed on both sides)",
        "  renamed  from -> to",
        "",
        "Remote changes (a sync fetches them):",
        "  deleted  both (changed on both sides)",
        "  mode     run.sh",
        "",
        "Conflicts (both versions are kept; choose: hubsync resolve PATH --keep mine|theirs|both):",
        "  x.md, other version: x.conflict-00000000.md",
        "",
        "Problems (these paths are left as they are):",
        "  sock: It is a socket.\n    Remove it.",
        "",
        "Git repositories in the workspace (they travel as repositories):",
        "  repo (changed since the last sync)",
    ]


def test_a_short_status_has_two_letters() -> None:
    assert status_report.short(_status(), VIEW) == [
        "L+ new",
        "L~ both",
        "L> from -> to",
        "R- both",
        "Rx run.sh",
        "C! x.md x.conflict-00000000.md",
        "P! sock",
    ]


def test_a_status_without_changes_says_so() -> None:
    lines = status_report.report(Status("/w", ()), VIEW)
    assert lines == ["Workspace /w", "", "Nothing to do: both sides are equal."]
    assert status_report.report(Status("/w", ()), VIEW, quiet=True) == []


def test_a_log_cannot_write_to_the_terminal() -> None:
    record = HistoryRecord(
        "v\x1b[1m",
        NOW - 10**12,
        "hub\r",
        "me\x07",
        "one\ntwo\x1b[2J",
        (HistoryChange("a\nb", EDITED),),
    )
    assert history_report.log([record], VIEW) == [
        r"version v\x1b[1m",
        r"2023-11-14 21:56:40 UTC (16 minutes ago) by me\x07 on hub\r",
        "    one",
        r"    two\x1b[2J",
        r'  edited   "a\nb"',
    ]


def test_a_log_is_cut_and_an_empty_one_says_so() -> None:
    changes = tuple(HistoryChange(f"f{n}", CREATED) for n in range(12))
    record = HistoryRecord("v", NOW, "h", "a", "", changes)
    assert history_report.log([record], VIEW)[-1] == "  ... and 2 more (-v shows all)"
    assert history_report.log([], VIEW) == ["No sync yet."]


def test_a_commit_made_with_git_is_of_no_hub() -> None:
    record = HistoryRecord("v", NOW, "", "Ada", "begin", ())
    assert history_report.log([record], VIEW)[1].endswith(") by Ada")
    version = PathVersion("v", NOW, "", "Ada", "ab", 1)
    assert history_report.versions([version], "n", VIEW)[1].endswith("  Ada")


def test_a_restored_directory_is_told_by_its_files() -> None:
    told = history_report.restored
    assert told(Restored("a", "v", 3), VIEW) == "Restored a: 3 B, version v."
    assert (
        told(Restored(".", "T", 3, 2), VIEW) == "Restored the workspace: 2 files, 3 B, version T."
    )
    assert told(Restored("d", "T", 0, 0), VIEW) == "Nothing to restore: d holds what it held at T."
    inside = Restored("d", "T", 3, 1, ("d/p", "d/q"), ("d/r",))
    assert told(inside, VIEW).splitlines() == [
        "Restored d: 1 file, 2 repositories, 3 B, version T.",
        "Left as it is, for it is there: the Git repository d/r. Bring it back beside it:"
        " hubsync restore d/r --at T --to d/r-before",
    ]


def test_versions_are_a_table() -> None:
    versions = [
        PathVersion("v2", NOW, "hub-a", "ada", "ab", 1500),
        PathVersion("v1", NOW, "", "", None, 0, "trash"),
    ]
    assert history_report.versions(versions, "n", VIEW) == [
        "VERSION  TIME                     SIZE     WHERE   BY",
        "v2       2023-11-14 22:13:20 UTC  1.5 kB   remote  ada on hub-a",
        "v1       2023-11-14 22:13:20 UTC  deleted  trash",
    ]
    assert history_report.versions([], "n", VIEW) == ["No version of n is known."]


def test_sides_are_not_called_equal_while_a_nested_repository_is_not() -> None:
    problem = Problem("r", "diverged", "Its branches went apart.", "git merge")
    stuck = Status("/w", (), repositories=(NestedRepository("r", "synced", (problem,)),))
    assert status_report.report(stuck, VIEW)[-1] == "Nothing to send or to fetch."
    moving = Status("/w", (), repositories=(NestedRepository("r", "changed"),))
    assert status_report.report(moving, VIEW)[-1] == "  r (changed since the last sync)"
    equal = Status("/w", (), repositories=(NestedRepository("r", "synced"),))
    assert status_report.report(equal, VIEW)[-1] == "Nothing to do: both sides are equal."


def test_submodules_are_one_line() -> None:
    lines = status_report.report(Status("/w", (), submodules=("lib", "sub")), VIEW)
    assert "Submodules, in which nothing is synced: lib, sub" in lines
