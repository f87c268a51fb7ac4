"""Shadow mode: the working directory travels beside the branch, and the branch stays a person's."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import GitChoice, Identity, SyncRequest, Workspace
from hubsync.errors import HubsyncError, LocalError, SafetyStop, StoreError, UsageError
from tests.git_hubs import GitSite, Hub, git, no_ones_settings, write
from tests.git_kills import kill_at, steps
from tests.property.test_git_shadows import persons_own
from tests.servers import git_http
from tests.servers.git_bare import protect
from tests.unit.engine.hubs import During

LINES = "one\ntwo\nthree\nfour\nfive\n"
TOKEN = "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        site = GitSite(tmp_path / "site")
        site.begin({"notes.txt": LINES, "data/x.csv": "x\n", "gone": "g\n"})
        yield site


def side(site: GitSite, branch: str = "main") -> dict[str, str]:
    """What the side branch holds."""
    name = f"hubsync/ada.shadow/{branch}"
    names = git(site.repository, "ls-tree", "-rz", "--name-only", name).split("\0")
    return {path: git(site.repository, "show", f"{name}:{path}") for path in names if path}


def shadows(site: GitSite, branch: str = "main") -> list[str]:
    """What the shadow commits say, newest first."""
    name = f"hubsync/ada.shadow/{branch}"
    found = git(site.repository, "log", "--format=%s", "--grep=^Hubsync-Hub:", name)
    return found.splitlines()


def work(hub: Hub) -> str:
    """Edit, create and delete something, and commit nothing; what git says of it."""
    hub.write({"notes.txt": LINES.replace("two", "TWO"), "new.txt": "new\n", "gone": None})
    return hub.git("status", "--porcelain")


# -- a person's own -----------------------------------------------------------------------


def test_nothing_of_a_persons_own_is_touched_where_they_work(site: GitSite) -> None:
    one = site.person("one")
    one.write({"notes.txt": "stashed\n"})
    one.git("stash", "-q")
    one.git("switch", "-qc", "topic")
    one.git("switch", "-q", "main")
    one.write({"data/x.csv": "committed\n"})
    one.git("commit", "-qam", "mine, and not pushed")
    one.write({"staged": "s\n"})
    one.git("add", "staged")
    one.write({"staged": "edited on\n"})
    work(one)
    before = persons_own(one), one.git("reflog"), one.git("status", "--porcelain")
    for verb in (one.push, one.sync, one.pull, one.sync):
        verb()
        one.workspace.status()
        now = persons_own(one), one.git("reflog"), one.git("status", "--porcelain")
        assert now == before
    assert side(site)["staged"] == "edited on"
    assert "gone" not in side(site)
    assert site.subjects() == ["begin"]
    assert one.is_sound()


def test_a_clone_with_commits_is_in_shadow_mode_unless_asked_otherwise(site: GitSite) -> None:
    one = site.person("one")
    assert [remote.mode for remote in one.workspace.remotes()] == ["shadow"]
    git(site.folder, "clone", "-q", "remote.git", "two")
    two = site.link(site.folder / "two", mode="branch")
    assert [remote.mode for remote in two.remotes()] == ["branch"]


def test_a_clone_that_hubsync_made_stays_in_branch_mode(site: GitSite) -> None:
    one = site.clone("one")
    shutil.rmtree(one.directory / ".hubsync")
    again = site.link(one.directory)
    assert [remote.mode for remote in again.remotes()] == ["branch"]


# -- on another hub -----------------------------------------------------------------------


def test_a_clone_has_branch_commits_and_uncommitted_work_as_they_were(site: GitSite) -> None:
    one = site.person("one")
    one.write({"data/x.csv": "committed\n"})
    one.git("commit", "-qam", "not pushed")
    status = work(one)
    one.sync()
    two = site.clone("two", mode="shadow")
    assert two.files() == one.files()
    assert two.git("status", "--porcelain") == status
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert two.git("rev-parse", "--abbrev-ref", "main@{upstream}") == "origin/main"
    assert two.git("stash", "list") == ""
    assert two.sync().nothing_done()
    assert two.is_sound()


@pytest.mark.parametrize("verb", ["pull", "sync"])
def test_another_clone_of_the_person_is_brought_up(site: GitSite, verb: str) -> None:
    one, two = site.person("one"), site.person("two")
    one.sync()
    two.sync()
    one.write({"data/x.csv": "committed\n"})
    one.git("commit", "-qam", "not pushed")
    status = work(one)
    one.sync()
    getattr(two, verb)()
    assert two.files() == one.files()
    assert two.git("status", "--porcelain") == status
    assert two.git("log", "-1", "--format=%s") == "not pushed"
    assert two.git("reflog", "-1", "--format=%gs", "main") == "hubsync: sync"
    assert two.sync().nothing_done()
    assert one.sync().nothing_done()


def test_uncommitted_changes_are_merged_onto_a_branch_that_has_moved(site: GitSite) -> None:
    one = site.person("one")
    work(one)
    one.sync()
    site.begin({"notes.txt": LINES.replace("five", "FIVE"), "other": "o\n"})
    two = site.person("two")
    head = two.git("rev-parse", "HEAD")
    two.write({"mine": "m\n"})
    assert not two.pull().conflicts
    merged = LINES.replace("two", "TWO").replace("five", "FIVE").rstrip("\n")
    assert two.files() == {
        "data/x.csv": "x",
        "mine": "m",
        "new.txt": "new",
        "notes.txt": merged,
        "other": "o",
    }
    assert two.git("rev-parse", "HEAD") == head
    assert two.git("status", "--porcelain").splitlines() == [
        " D gone",
        " M notes.txt",
        "?? mine",
        "?? new.txt",
    ]


def test_a_clone_that_is_behind_keeps_its_own_work_and_comes_up(site: GitSite) -> None:
    two = site.person("two")
    site.begin({"notes.txt": LINES.replace("five", "FIVE"), "other": "o\n"})
    one = site.person("one")
    work(one)
    one.sync()
    two.write({"mine": "m\n"})
    two.sync()
    assert two.files() == {**one.files(), "mine": "m"}
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert "?? mine" in two.git("status", "--porcelain").splitlines()


def test_a_branch_with_commits_of_its_own_stays(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    one.sync()
    two.sync()
    two.write({"b": "two's\n"})
    two.git("add", "b")
    two.git("commit", "-qm", "two's")
    one.write({"a": "one's\n"})
    one.git("add", "a")
    one.git("commit", "-qm", "one's")
    heads = [hub.git("rev-parse", "HEAD") for hub in (one, two)]
    one.sync()
    two.sync()
    one.sync()
    assert [hub.git("rev-parse", "HEAD") for hub in (one, two)] == heads
    assert one.files() == two.files() == side(site)
    reached = git(site.repository, "rev-list", "hubsync/ada.shadow/main").splitlines()
    assert set(heads) <= set(reached)
    count = len(shadows(site))
    for hub in (one, two, one):
        assert hub.sync().nothing_done()
    assert len(shadows(site)) == count


def test_what_is_staged_keeps_the_branch_where_it_is(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    two.sync()
    one.write({"data/x.csv": "committed\n"})
    one.git("commit", "-qam", "not pushed")
    one.sync()
    two.write({"staged": "s\n"})
    two.git("add", "staged")
    before = persons_own(two)
    two.sync()
    assert persons_own(two) == before
    assert two.files() == {**one.files(), "staged": "s"}
    two.git("restore", "--staged", "staged")
    two.sync()
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert two.git("status", "--porcelain") == "?? staged"


def test_work_that_was_committed_and_pushed_makes_no_conflicts(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    work(one)
    one.sync()
    two.sync()
    one.git("add", "-A")
    one.git("commit", "-qm", "done")
    one.git("push", "-q")
    # The other hub takes it by git, as git wants it: without the uncommitted copy in its way.
    two.git("stash", "-qu")
    two.git("pull", "-q", "--ff-only")
    for hub in (two, one, two):
        result = hub.sync()
        assert not result.conflicts
        assert result.nothing_done()
        assert hub.is_clean()
    assert one.files() == two.files() == side(site) == site.files()


def test_what_the_branch_got_from_others_travels_with_the_next_sync(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.sync()
    site.begin({"other": "o\n", "notes.txt": LINES.replace("five", "FIVE")})
    one.git("pull", "-q")
    one.sync()
    two.write({"notes.txt": LINES.replace("one", "ONE")})
    two.sync()
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert two.git("status", "--porcelain") == " M notes.txt"
    assert two.git("diff", "--stat").splitlines()[-1].strip().startswith("1 file changed, 1 ins")


def test_edits_on_two_hubs_are_merged_and_conflicts_kept_twice(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    one.write({"notes.txt": LINES.replace("one", "ONE"), "new.txt": "mine\n"})
    two.write({"notes.txt": LINES.replace("five", "FIVE"), "new.txt": "theirs\n"})
    one.sync()
    (conflict,) = two.sync().conflicts
    one.sync()
    assert conflict.path == "new.txt"
    assert one.files() == two.files() == side(site)
    assert one.files()["notes.txt"] == LINES.replace("one", "ONE").replace("five", "FIVE").strip()


# -- branches -----------------------------------------------------------------------------


def test_each_branch_has_a_side_branch_and_a_memory_of_its_own(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    one.write({f"many/{number}": "m\n" for number in range(30)})
    one.git("add", "-A")
    one.git("commit", "-qm", "many")
    one.sync()
    one.git("switch", "-qc", "topic", "HEAD~1")
    one.write({"topic": "t\n"})
    result = one.sync()
    assert not result.deleted_remotely
    assert [change.path for change in result.up] == ["topic"]
    assert "many/0" in side(site)
    assert "many/0" not in side(site, "topic")
    two.git("fetch", "-q")
    two.sync()
    assert "many/0" in two.files()
    two.git("switch", "-qc", "topic", "main~1")
    two.sync()
    assert two.files() == one.files() == side(site, "topic")
    one.git("switch", "-q", "main")
    (one.directory / "topic").unlink()
    result = one.sync()
    assert [change.path for change in result.up] == []
    assert not result.deleted_remotely
    assert not result.down
    assert "many/0" in side(site)
    assert side(site, "topic")["topic"] == "t"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["switch", "-q", "--detach"], "detached-head"),
        (["switch", "-qc", "hubsync/ada/x"], "side-branch"),
        (["sparse-checkout", "set", "data"], "sparse-checkout"),
        (["update-index", "--split-index"], "split-index"),
    ],
)
def test_where_there_is_no_branch_to_keep_beside_nothing_is_done(
    site: GitSite, arguments: list[str], code: str
) -> None:
    one = site.person("one")
    one.sync()
    one.git(*arguments)
    one.write({"a": "1\n"})
    before = persons_own(one)
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == code
    assert caught.value.hint
    assert persons_own(one) == before
    assert "a" not in side(site)


def test_in_the_middle_of_a_merge_nothing_is_done(site: GitSite) -> None:
    one = site.person("one")
    one.git("switch", "-qc", "topic")
    one.write({"notes.txt": "topic\n"})
    one.git("commit", "-qam", "topic")
    one.git("switch", "-q", "main")
    one.write({"notes.txt": "main\n"})
    one.git("commit", "-qam", "main")
    one.sync()
    one.git("merge", "topic", check=False)
    before = persons_own(one)
    with pytest.raises(LocalError) as caught:
        one.sync()
    assert caught.value.code == "repository-busy"
    assert persons_own(one) == before
    one.git("merge", "--abort")
    assert one.sync().nothing_done()


def test_a_working_tree_beside_the_clone_is_synced_by_its_own_branch(site: GitSite) -> None:
    one = site.person("one")
    one.git("worktree", "add", "-q", "-b", "topic", "../beside")
    beside = Hub(site.folder / "beside", site.link(site.folder / "beside"))
    beside.write({"topic": "t\n"})
    before = beside.git("rev-parse", "HEAD"), beside.git("status", "--porcelain")
    beside.sync()
    assert (beside.git("rev-parse", "HEAD"), beside.git("status", "--porcelain")) == before
    assert before[1] == "?? topic"
    assert side(site, "topic")["topic"] == "t"
    one.sync()
    assert "topic" not in side(site)


def test_before_the_first_commit_the_files_travel_already(tmp_path: Path) -> None:
    with no_ones_settings(tmp_path / "nobody"):
        site = GitSite(tmp_path / "site")
        git(site.folder, "clone", "-q", "remote.git", "one")
        one = Hub(site.folder / "one", site.link(site.folder / "one", mode="shadow"))
        one.write({"a": "1\n"})
        one.sync()
        two = site.clone("two", mode="shadow")
        assert two.files() == {"a": "1"}
        assert two.git("status", "--porcelain") == "?? a"
        two.git("add", "a")
        two.git("commit", "-qm", "first")
        two.sync()
        one.sync()
        assert one.git("log", "--format=%s") == "first"
        assert one.is_clean()


# -- whose --------------------------------------------------------------------------------


def test_two_people_in_one_repository_do_not_meet(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    two.workspace.close()
    shutil.rmtree(two.directory / ".hubsync")
    two.git("config", "--unset", "remote.origin.hubsync-user")
    two.git("config", "user.name", "Bob B.")
    two.workspace = site.link(two.directory)
    one.write({"a": "ada's\n"})
    one.sync()
    two.write({"b": "bob's\n"})
    two.sync()
    assert two.files() == {"b": "bob's", "data/x.csv": "x", "gone": "g", "notes.txt": LINES.strip()}
    assert "hubsync/Bob-B.shadow/main" in git(
        site.repository, "branch", "--format=%(refname:short)"
    )


def test_nobody_gets_another_ones_work_by_a_machines_name(site: GitSite) -> None:
    one = site.person("one")
    one.sync()
    for name in ("jovyan", "uid 1000", "bob"):
        stranger = Identity(name, "binder")
        with pytest.raises(UsageError) as caught:
            Workspace.clone(
                site.url, str(site.folder / "two"), git=GitChoice("shadow"), identity=stranger
            )
        assert caught.value.code == "whose-shadow"
        assert "ada" in caught.value.message
        assert not (site.folder / "two").exists()
    workspace, _ = Workspace.clone(
        site.url, str(site.folder / "two"), git=GitChoice("shadow", user="ada"), identity=stranger
    )
    workspace.close()


def test_a_name_that_everybody_has_is_nobodys(site: GitSite) -> None:
    git(site.folder, "clone", "-q", "remote.git", "one")
    everybody = Identity("jovyan", "hub")
    with pytest.raises(UsageError) as caught:
        Workspace.init(str(site.folder / "one"), site.url, identity=everybody)
    assert caught.value.code == "whose-shadow"
    git(site.folder / "one", "config", "user.name", "Ada")
    Workspace.init(str(site.folder / "one"), site.url, identity=everybody).close()


def test_a_workspace_may_change_its_mode(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    work(one)
    one.sync()
    for hub, mode in ((one, "branch"), (two, "branch"), (one, "shadow")):
        config = hub.directory / ".hubsync" / "config.toml"
        was = "shadow" if mode == "branch" else "branch"
        text = config.read_text().replace(f'mode = "{was}"', f'mode = "{mode}"')
        config.write_text(text)
        hub.workspace.close()
        hub.workspace = Workspace.open(str(hub.directory))
        result = hub.sync()
        assert not result.conflicts
    assert one.files() == two.files() == site.files() == side(site)
    assert "new.txt" in two.files()


def test_a_branch_that_is_left_during_a_sync_gets_nothing_of_another_one(site: GitSite) -> None:
    one = site.person("one")
    work(one)
    leaving = During("Uploading", lambda: one.git("switch", "-qc", "topic"))
    with pytest.raises(LocalError) as caught:
        one.workspace.sync(identity=Identity("ada", "one"), reporter=leaving)
    assert caught.value.code == "other-branch"
    assert "checked out while 'main' was being synced" in caught.value.message
    one.sync()
    assert side(site, "topic") == one.files()
    assert not git(site.repository, "branch", "--list", "hubsync/ada.shadow/main")


def test_a_branch_that_is_not_checked_out_is_not_chosen_by_an_option(site: GitSite) -> None:
    git(site.folder, "clone", "-q", "remote.git", "one")
    with pytest.raises(LocalError) as caught:
        site.link(site.folder / "one", branch="topic")
    assert caught.value.code == "other-branch"
    assert not (site.folder / "one" / ".hubsync").exists()


# -- what fails ---------------------------------------------------------------------------


def test_all_of_hubsyncs_own_folder_may_be_lost(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.sync()
    one.write({"notes.txt": LINES.replace("one", "ONE"), "gone": None, "new": "n\n"})
    one.sync()
    two.workspace.close()
    shutil.rmtree(two.directory / ".hubsync")
    two.write({"notes.txt": LINES.replace("five", "FIVE")})
    (two.directory / "data/x.csv").unlink()
    two.workspace = site.link(two.directory)
    result = two.sync()
    assert not result.conflicts
    assert result.deleted_locally == ("gone",)
    assert result.deleted_remotely == ("data/x.csv",)
    assert result.merged == ("notes.txt",)
    one.sync()
    assert one.files() == two.files() == side(site)


def test_a_side_branch_that_somebody_deleted_comes_back_and_deletes_nothing(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.sync()
    work(one)
    one.sync()
    git(site.repository, "update-ref", "-d", "refs/heads/hubsync/ada.shadow/main")
    two.write({"two's": "t\n"})
    two.sync()
    assert not one.sync().deleted_locally
    two.sync()
    assert one.files() == two.files() == side(site)
    assert "new.txt" in one.files()
    assert "gone" not in one.files()


def test_two_hubs_at_once_lose_nothing(site: GitSite) -> None:
    hubs = [site.person("one"), site.person("two")]
    for number in range(5):
        for hub in hubs:
            hub.write({f"{hub.directory.name}-{number}": f"{number}\n"})
        together = [threading.Thread(target=hub.sync) for hub in hubs]
        for one in together:
            one.start()
        for one in together:
            one.join()
    for hub in (*hubs, hubs[0]):
        hub.sync()
    assert hubs[0].files() == hubs[1].files() == side(site)
    assert len(hubs[0].files()) == 3 + 10
    assert all(hub.is_sound() for hub in hubs)


@pytest.mark.parametrize("which", ["one", "two"])
def test_a_run_that_is_killed_is_gone_on_with(site: GitSite, which: str) -> None:
    """``one`` publishes, and ``two`` restores."""
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.sync()
    killed = {"one": one, "two": two}[which]
    for round_ in range(9):
        one.write({"notes.txt": LINES + f"{round_}\n", f"new-{round_}": f"{round_}\n"})
        if round_ % 2:
            one.git("add", "-A")
            one.git("commit", "-qm", f"round {round_}")
        if which == "two":
            one.sync()
        before = persons_own(one)
        if round_ == 0:
            count = steps(killed.directory, "sync")
            continue
        kill_at(killed.directory, "sync", 1 + (count - 1) * round_ // 8)
        assert persons_own(one) == before
        assert killed.is_sound()
        killed.sync()
        assert persons_own(one) == before
    for hub in (one, two, one):
        hub.sync()
    assert one.files() == two.files() == side(site)
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert two.git("status", "--porcelain") == one.git("status", "--porcelain")


@pytest.mark.parametrize(
    ("mode", "branch"), [("branch", "main"), ("shadow", "hubsync/ada.shadow/main")]
)
def test_syncs_that_could_not_push_pile_up_no_commits(
    site: GitSite, mode: str, branch: str
) -> None:
    """What was not pushed is committed anew with what came later: one commit for all."""
    one = site.clone("one", mode=mode)
    one.write({"notes.txt": "first\n"})
    one.sync()
    before = git(site.repository, "rev-list", "--count", branch)
    head = one.git("rev-parse", "HEAD")
    away = site.repository.rename(site.folder / "away")
    one.write({"notes.txt": "while the server is down\n"})
    with pytest.raises(SafetyStop):  # a folder that is gone looks like an unmounted disk
        one.sync()
    away.rename(site.repository)
    # As while another push is under way there, or was killed.
    lock = site.repository / "refs" / "heads" / f"{branch}.lock"
    lock.touch()
    for number in range(2):
        one.write({"notes.txt": f"{number}\n"})
        with pytest.raises(HubsyncError):
            one.sync()
        assert one.git("rev-parse", "HEAD") == head
    lock.unlink()
    one.sync()
    assert int(git(site.repository, "rev-list", "--count", branch)) == int(before) + 1
    assert one.git("for-each-ref", "refs/hubsync/outgoing") == ""


def test_a_refused_side_branch_is_an_error_that_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    with git_http(folder) as server, no_ones_settings(tmp_path / "nobody"):
        site = GitSite(folder, server.url("remote.git"))
        site.begin({"a": "1\n"})
        git(site.repository, "config", "http.receivepack", "true")
        one = site.person("one")
        protect(site.repository, "hubsync/ada.shadow/main")
        one.write({"a": "2\n"})
        with pytest.raises(StoreError) as caught:
            one.sync()
        assert caught.value.code == "push-refused"
        assert one.files() == {"a": "2"}
        for _ in range(2):
            with pytest.raises(StoreError):
                one.sync()
        shutil.rmtree(site.repository / "hooks")
        one.sync()
        assert len(shadows(site)) == 1


# -- what is held back, and history -------------------------------------------------------


def test_secrets_are_held_back_from_the_side_branch_too(site: GitSite) -> None:
    one = site.person("one")
    one.write({"settings.py": f"token = '{TOKEN}'\n", "a": "1\n"})
    (problem,) = one.sync().problems
    assert (problem.path, problem.code) == ("settings.py", "secret-found")
    assert "settings.py" not in side(site)
    assert side(site)["a"] == "1"
    one.git("add", "-A")
    one.git("commit", "-qm", "by hand")
    assert "secret-found" in {found.code for found in one.sync().problems}
    assert TOKEN not in git(site.repository, "log", "-p", "--all")
    one.workspace.allow("settings.py")
    assert not one.sync().problems
    assert "settings.py" in side(site)


def test_what_is_held_back_is_not_taken_for_deleted_elsewhere(site: GitSite) -> None:
    site.begin({".hubsyncignore": "*.log\n", "run.log": "log\n", "a": "1\n"})
    one, two = site.person("one"), site.person("two")
    one.write({"a": "2\n"})
    one.sync()
    two.sync()
    assert two.files()["run.log"] == "log"
    assert side(site)["run.log"] == "log"


def test_a_branch_waits_where_a_file_that_is_not_carried_would_stay_behind(site: GitSite) -> None:
    site.begin({".hubsyncignore": "*.log\n", "run.log": "log\n"})
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.sync()
    one.write({"run.log": "newer\n", "a": "1\n"})
    one.git("add", "-A")
    one.git("commit", "-qm", "a newer log")
    one.sync()
    before = two.git("rev-parse", "HEAD")
    two.sync()
    assert two.files()["a"] == "1"
    assert two.git("rev-parse", "HEAD") == before
    assert "run.log" not in two.git("status", "--porcelain")
    assert side(site)["run.log"] == "newer"


def test_a_submodule_stays_what_it_is(site: GitSite, tmp_path: Path) -> None:
    library = tmp_path / "library"
    write(library, {"code.py": "1"})
    git(library, "init", "-q", "-b", "main")
    git(library, "add", ".")
    git(library, "commit", "-qm", "library")
    one = site.person("one")
    one.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "sub")
    one.git("commit", "-qm", "with a submodule")
    one.write({"a": "2\n"})
    assert one.sync().exit_status() == 0
    assert one.workspace.status().submodules == ("sub",)
    assert git(site.repository, "ls-tree", "hubsync/ada.shadow/main", "sub").startswith(
        "160000 commit"
    )
    two = site.clone("two", mode="shadow")
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert list((two.directory / "sub").iterdir()) == []
    assert " D sub" not in two.git("status", "--porcelain")


def test_the_log_and_earlier_contents_are_those_of_the_work(site: GitSite) -> None:
    one = site.person("one")
    for text in ("first\n", "second\n"):
        one.write({"draft": text})
        one.workspace.sync(SyncRequest(message=text.strip()), identity=Identity("ada", "one"))
    newest, *_ = one.workspace.log()
    assert (newest.message, newest.hub) == ("second", "one")
    versions = one.workspace.versions("draft")
    assert [version.size for version in versions] == [7, 6]
    one.workspace.restore("draft", at=versions[-1].version)
    one.sync()
    assert side(site)["draft"] == "first"


def test_a_commit_alone_is_told_to_the_other_hub(site: GitSite) -> None:
    one, two = site.person("one"), site.person("two")
    work(one)
    for hub in (one, two):
        hub.sync()
    one.git("add", "-A")
    one.git("commit", "-qm", "no file differs")
    one.sync()
    two.sync()
    assert two.git("log", "-1", "--format=%s") == "no file differs"
    assert two.is_clean()
    assert shadows(site)[0].startswith("Follow the branch to ")


def test_line_ends_are_converted_as_gitattributes_say(site: GitSite) -> None:
    site.begin({".gitattributes": "*.bat text eol=crlf\n"})
    one = site.person("one")
    (one.directory / "run.bat").write_bytes(b"one\r\ntwo\r\n")
    one.sync()
    assert git(site.repository, "cat-file", "-s", "hubsync/ada.shadow/main:run.bat") == "8"
    two = site.clone("two", mode="shadow")
    assert (two.directory / "run.bat").read_bytes() == b"one\r\ntwo\r\n"
    assert two.git("status", "--porcelain") == "?? run.bat"


def test_a_path_that_cannot_be_brought_stops_nothing_and_is_not_deleted(site: GitSite) -> None:
    one = site.person("one")
    (one.directory / "link").symlink_to("/etc/hosts")
    one.git("add", "link")
    one.git("commit", "-qm", "a link")
    one.write({"notes.txt": "uncommitted\n"})
    one.sync()
    two = site.clone("two", mode="shadow")
    assert two.git("rev-parse", "HEAD") == one.git("rev-parse", "HEAD")
    assert two.git("status", "--porcelain") == " M notes.txt"
    shutil.rmtree(two.directory / ".hubsync")
    again = Hub(two.directory, site.link(two.directory, mode="shadow"))
    again.sync()
    two.git("commit", "-qam", "by hand")
    again.sync()
    assert "120000" in git(site.repository, "ls-tree", "hubsync/ada.shadow/main", "link")


@pytest.mark.parametrize(("first", "second"), [("feat", "feat/a"), ("feat/a", "feat")])
def test_a_branch_beside_which_there_can_be_none_of_that_name_is_told_and_may_go(
    site: GitSite, first: str, second: str
) -> None:
    """Git keeps a branch as a file or as a folder."""
    one, two = site.person("one"), site.person("two")
    for hub in (one, two):
        hub.git("switch", "-qc", first)
    work(one)
    one.sync()
    two.sync()
    for hub in (one, two):
        hub.git("stash", "-q")
        hub.git("switch", "-q", "main")
        hub.git("branch", "-qD", first)
        hub.git("switch", "-qc", second)
    one.git("stash", "pop", "-q")
    with pytest.raises(StoreError) as caught:
        one.sync()
    assert caught.value.code == "branch-in-the-way"
    one.git("push", "-q", "origin", "--delete", f"hubsync/ada.shadow/{first}")
    one.sync()
    assert side(site, second)["new.txt"].strip() == "new"
    two.sync()
    assert two.files() == one.files()
