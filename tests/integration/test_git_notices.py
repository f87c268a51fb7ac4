"""What happens in a clone and is no problem is told once; the exit status is that of success."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from hubsync.owner import this_process
from hubsync.remotes.git.locks import Note
from hubsync.results import SyncResult
from tests.git_hubs import GitSite, Hub, git, no_ones_settings

NO_PROCESS = 2**22 + 1  # above the largest that Linux gives, see proc(5), pid_max


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


def codes(result: SyncResult) -> list[str]:
    return [one.code for one in result.notices]


def pair(site: GitSite) -> tuple[Hub, Hub]:
    one = site.hub("one", {"a": "1", "b": "1"})
    one.sync()
    return one, site.clone("two")


def rewrite(hub: Hub, said: str = "rewritten") -> None:
    hub.git("commit", "-q", "--amend", "--allow-empty", "-m", said)
    hub.git("push", "-qf", "origin", "main")


def test_a_rewritten_remote_is_told_of_with_the_reference_that_keeps_what_was_here(
    site: GitSite,
) -> None:
    one, two = pair(site)
    old = two.git("rev-parse", "HEAD")
    rewrite(one)
    result = two.sync()
    assert codes(result) == ["remote-rewritten"]
    (notice,) = result.notices
    (kept,) = two.git("for-each-ref", "--format=%(refname)", "refs/hubsync/backup").splitlines()
    assert kept in notice.message
    assert two.git("rev-parse", kept) == old
    command = notice.hint.partition("git log ")[2].partition(".")[0]
    assert old in two.git("log", "--format=%H", command)
    assert result.exit_status() == 0
    assert codes(two.sync()) == []
    assert two.git("log", "-1", "--format=%s") == "rewritten"


def test_the_command_prints_it_after_the_summary_and_in_json(site: GitSite) -> None:
    one, two = pair(site)
    two.workspace.close()

    def said(*arguments: str) -> str:
        home = {"HOME": os.devnull, "PATH": os.environ["PATH"], "HUBSYNC_AUTHOR": "ada"}
        command = [sys.executable, "-m", "hubsync_cli", "-C", str(two.directory), *arguments]
        return subprocess.run(command, env=home, check=True, capture_output=True, text=True).stdout

    rewrite(one)
    lines = said("sync").splitlines()
    assert lines[0].startswith("Nothing to do")
    assert lines[1] == "Good to know:"
    assert "was rewritten on the remote" in lines[2]
    assert lines[3].startswith("    Look at them: git log refs/hubsync/backup/main-")
    rewrite(one, "once more")
    (notice,) = json.loads(said("sync", "--json"))["notices"]
    assert notice.keys() == {"code", "message", "hint"}
    assert said("sync") == "Nothing to do: both sides are equal.\n"


def test_what_was_staged_and_is_nowhere_else_is_told_of(site: GitSite) -> None:
    one, two = pair(site)
    two.write({"a": "staged"})
    two.git("add", "a")
    two.write({"a": "later"})
    one.write({"b": "2"})
    one.sync()
    result = two.sync()
    assert codes(result) == ["staged-kept"]
    kept = result.notices[0].hint.rpartition(" ")[2]
    assert two.git("show", f"{kept}:a") == "staged"
    assert codes(two.sync()) == []


def test_a_deleted_clone_that_was_made_again_is_told_of(site: GitSite) -> None:
    one, _ = pair(site)
    one.workspace.close()
    shutil.rmtree(one.directory / ".git")
    assert codes(one.sync()) == ["clone-made-again"]
    assert codes(one.sync()) == []


def test_a_lock_that_a_killed_run_left_is_told_of(site: GitSite) -> None:
    one, _ = pair(site)
    one.workspace.close()
    dead = replace(this_process(), pid=NO_PROCESS, nonce="dead")
    note = one.directory / ".git/hubsync/note-dead"
    note.parent.mkdir(exist_ok=True)
    note.write_bytes(msgspec.json.encode(Note(dead)))
    lock = one.directory / ".git/refs/heads/main.lock"
    lock.touch()
    for path, age in ((note, 60), (lock, 50)):
        os.utime(path, (time.time() - age, time.time() - age))
    result = one.sync()
    assert codes(result) == ["lock-removed"]
    assert str(lock) in result.notices[0].message


def test_submodules_are_told_of_when_they_come(site: GitSite) -> None:
    one, two = pair(site)
    head = one.git("rev-parse", "HEAD")
    one.write({".gitmodules": '[submodule "sub"]\n\tpath = sub\n\turl = ../sub.git\n'})
    one.git("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    one.git("add", ".gitmodules")
    one.git("commit", "-qm", "a submodule")
    one.git("push", "-q", "origin", "main")
    assert codes(two.sync()) == ["submodules"]
    assert codes(two.sync()) == []
    assert (two.directory / "sub").is_dir()
    assert two.git("ls-files", "-s", "sub").startswith("160000")
    assert two.is_clean()


def test_a_branch_that_moved_in_shadow_mode_is_told_of(site: GitSite) -> None:
    site.begin({"a": "1"})
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.sync()
    one.write({"b": "1"})
    one.git("add", "b")
    one.git("commit", "-qm", "more")
    assert codes(one.sync()) == []
    result = two.sync()
    assert codes(result) == ["branch-moved"]
    assert "1 commit," in result.notices[0].message
    assert codes(two.sync()) == []


@pytest.mark.parametrize("why", ["branch-stays", "branch-waits"])
def test_a_branch_that_stays_in_shadow_mode_is_told_of_once(site: GitSite, why: str) -> None:
    site.begin({"a": "1"})
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.sync()
    for hub in (one, two):
        hub.write({hub.directory.name: "1"})
        hub.git("add", "-A")
    one.git("commit", "-qm", "one")
    if why == "branch-stays":
        two.git("commit", "-qm", "two")
    one.sync()
    assert codes(two.sync()) == [why]
    two.write({"more": "1"})
    assert codes(two.sync()) == []


def test_a_branch_that_waits_for_what_is_not_synced_is_moved_by_what_is_named(
    site: GitSite,
) -> None:
    site.begin({"a.csv": "1\n", "b.txt": "1\n"})
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.write({".hubsyncignore": "b.txt\n"})
        hub.sync()
    one.git("rm", "-q", "--cached", "a.csv")
    one.write({".gitignore": "*.csv\n", "b.txt": "2\n"})
    one.git("add", ".gitignore", "b.txt")
    one.git("commit", "-qm", "not the data")
    one.sync()
    result = two.sync()
    assert codes(result) == ["branch-waits"]
    named = re.findall("'(git [^']+)'", result.notices[0].hint)
    assert named[:2] == [
        f"git reset {one.git('rev-parse', '--short=9', 'HEAD')}",
        "git restore b.txt",
    ]
    for command in named[:2]:
        two.git(*command.split()[1:])
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert two.files()["b.txt"] == "2"
    assert two.files()["a.csv"] == "1"
    assert two.git("status", "--porcelain") == "?? .hubsyncignore"
    assert codes(two.sync()) == []


def test_a_side_branch_that_was_begun_again_is_told_of(site: GitSite) -> None:
    site.begin({"a": "1"})
    one, two = site.person("one"), site.person("two")
    one.write({"draft": "1"})
    two.sync()
    one.sync()
    git(site.repository, "update-ref", "-d", "refs/heads/hubsync/ada.shadow/main")
    two.write({"other": "1"})
    two.sync()
    assert codes(one.sync()) == ["side-branch-anew"]
    assert codes(one.sync()) == []
