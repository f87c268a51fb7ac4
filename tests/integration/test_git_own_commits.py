"""A person's own commits go out as they are, or not at all where they hold what Git must not have
for good; whoever asks is told before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import Identity, SyncRequest
from hubsync.errors import UsageError
from tests.git_hubs import GitSite, Hub, git, no_ones_settings
from tests.servers import git_http

TOO_LARGE = "file-too-large-for-git"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


@pytest.fixture(params=["branch", "shadow"])
def ada(request: pytest.FixtureRequest, site: GitSite) -> Hub:
    """A clone that was synced, in either mode."""
    site.begin({"a": "1\n", "load.py": "one\ntwo\n"})
    hub = site.clone("ada", mode=request.param)
    hub.write({"b": "1\n"})
    hub.sync()
    return hub


def enlarge(hub: Hub, name: str = "big.bin", size: int = 50_000_001) -> None:
    with (hub.directory / name).open("wb") as file:
        file.truncate(size)


def commit(hub: Hub, message: str, *names: str) -> str:
    """The commit that a person makes of all of those files."""
    hub.git("add", *names)
    hub.git("commit", "-qm", message)
    return hub.git("rev-parse", "--short=9", "HEAD")


def told(hub: Hub) -> list[tuple[str, str]]:
    """The paths and codes of which a sync, its dry run and a status tell alike."""
    status, foretold, done = hub.workspace.status(), hub.sync(dry_run=True), hub.sync()
    problems = (status.problems, foretold.problems, done.problems)
    first, *others = [sorted((one.path, one.code) for one in found) for found in problems]
    assert all(one == first for one in others)
    assert [one.path for one in foretold.up] == [one.path for one in done.up]
    pulled = hub.workspace.pull(SyncRequest(dry_run=True), identity=Identity("ada", "hub-a"))
    assert pulled.exit_status() == hub.pull().exit_status()
    assert all(answer.exit_status() == (3 if first else 0) for answer in (foretold, done))
    return first


def everything(site: GitSite) -> str:
    """All that any branch of the repository ever held, by path."""
    return git(site.repository, "log", "--all", "--format=%s", "--name-only")


def test_a_commit_with_a_file_too_large_for_git_is_not_pushed(site: GitSite, ada: Hub) -> None:
    enlarge(ada)
    made = commit(ada, "My data", "big.bin")
    ada.write({"a": "2\n"})
    assert told(ada) == [("big.bin", TOO_LARGE)]
    (problem,) = ada.sync().problems
    assert f"in your commit {made}; nothing is pushed" in problem.message
    assert "git rebase" in problem.hint
    assert "git push" in problem.hint
    assert "big.bin" not in everything(site)
    assert ada.git("rev-parse", "--short=9", "HEAD") == made


def test_a_large_file_that_a_later_commit_took_out_is_told_by_its_commit(
    site: GitSite, ada: Hub
) -> None:
    enlarge(ada)
    made = commit(ada, "My data", "big.bin")
    ada.git("rm", "-q", "--cached", "big.bin")
    ada.git("commit", "-qm", "Not that")
    (ada.directory / "big.bin").unlink()
    assert told(ada) == [("big.bin", TOO_LARGE)]
    assert made in ada.sync().problems[0].message
    ada.git("reset", "-q", "--soft", "HEAD~2")
    assert told(ada) == []
    assert "big.bin" not in everything(site)


def test_every_path_that_keeps_a_commit_here_is_named(ada: Hub) -> None:
    for number, name in enumerate(("one.bin", "two.bin"), 1):
        enlarge(ada, name, 50_000_000 + number)
        commit(ada, f"Add {name}", name)
    enlarge(ada, "one.bin", 50_000_003)
    commit(ada, "Longer", "one.bin")
    assert told(ada) == [("one.bin", TOO_LARGE), ("two.bin", TOO_LARGE)]
    first = ada.git("log", "-1", "--format=%h", "--abbrev=9", "--grep=Add one.bin")
    (problem,) = [one for one in ada.sync().problems if one.path == "one.bin"]
    assert first in problem.message


def test_what_a_person_pushed_is_no_longer_asked_about(site: GitSite, ada: Hub) -> None:
    enlarge(ada)
    commit(ada, "My data", "big.bin")
    assert told(ada) == [("big.bin", TOO_LARGE)]
    ada.git("push", "-q", "origin", "HEAD:main")
    ada.write({"a": "2\n"})
    assert not ada.sync().problems
    assert told(ada) == []
    ada.git("mv", "big.bin", "large.bin")
    ada.git("commit", "-qm", "Another name")
    ada.sync()
    ada.write({"a": "3\n"})
    commit(ada, "Work goes on", "a")
    ada.sync()
    assert "Delete" not in everything(site)


def test_a_merge_of_what_others_pushed_is_not_asked_about(site: GitSite, ada: Hub) -> None:
    other = site.folder / "other"
    git(site.folder, "clone", "-q", str(site.repository), other.name)
    with (other / "big.bin").open("wb") as file:
        file.truncate(50_000_001)
    (other / "key.py").write_text(f"key = 'AKIA{'QWERTYUIOPASDFGH'}'\n")
    git(other, "add", ".")
    git(other, "commit", "-qm", "by hand")
    git(other, "push", "-q")
    ada.write({"a": "2\n"})
    commit(ada, "Mine", "a")
    ada.git("fetch", "-q")
    ada.git("merge", "-q", "--no-edit", "origin/main")
    assert ada.git("rev-list", "--merges", "HEAD")
    assert told(ada) == []


def test_what_was_committed_stays_where_a_later_edit_is_held_back(site: GitSite, ada: Hub) -> None:
    ada.write({"load.py": "ONE\ntwo\n"})
    commit(ada, "Louder", "load.py")
    secret = f"key = 'AKIA{'QWERTYUIOPASDFGH'}'\n"
    ada.write({"load.py": f"ONE\ntwo\n{secret}", "a": "2\n"})
    assert [one.path for one in ada.sync().problems] == ["load.py"]
    branches = git(site.repository, "for-each-ref", "--format=%(refname)", "--sort=-committerdate")
    synced = [
        one for one in branches.splitlines() if git(site.repository, "show", f"{one}:a") == "2"
    ]
    assert [git(site.repository, "show", f"{one}:load.py") for one in synced] == ["ONE\ntwo"]
    ada.write({"load.py": "ONE\ntwo\nthree\n"})
    assert not ada.sync().problems
    assert git(site.repository, "show", f"{synced[0]}:load.py") == "ONE\ntwo\nthree"
    assert (ada.directory / "load.py").read_text() == "ONE\ntwo\nthree\n"


SECRET = f"key = 'AKIA{'QWERTYUIOPASDFGH'}'\n"


@pytest.mark.parametrize("now", [None, "key = ask()\n"], ids=["gone", "taken-out"])
def test_a_secret_that_only_a_commit_holds_is_told_and_let_through(
    site: GitSite, ada: Hub, now: str | None
) -> None:
    ada.write({"cfg.py": SECRET})
    commit(ada, "With it", "cfg.py")
    ada.git("rm", "-q", "cfg.py")
    ada.git("commit", "-qm", "Without it")
    ada.write({"a": "2\n"} | ({} if now is None else {"cfg.py": now}))
    assert told(ada) == [("cfg.py", "secret-found")]
    assert "With it" not in everything(site)
    (found,) = ada.workspace.allow("cfg.py")
    assert (found.path, found.line, found.kind) == ("cfg.py", 1, "AWS key")
    assert told(ada) == []
    assert "With it" in everything(site)


def test_another_secret_in_a_commit_is_not_let_through_with_the_first(ada: Hub) -> None:
    ada.write({"cfg.py": SECRET})
    commit(ada, "With it", "cfg.py")
    assert len(ada.workspace.allow("cfg.py")) == 1
    ada.write({"cfg.py": SECRET + SECRET.replace("QWERTY", "ASDFGH")})
    commit(ada, "With another", "cfg.py")
    ada.write({"cfg.py": ""})
    commit(ada, "Without", "cfg.py")
    assert told(ada) == [("cfg.py", "secret-found")]


def test_a_file_that_no_commit_holds_is_not_let_through(ada: Hub) -> None:
    ada.write({"cfg.py": SECRET})
    commit(ada, "With it", "cfg.py")
    with pytest.raises(UsageError):
        ada.workspace.allow("nope.py")


_LARGE_REFUSED = """\
#!/bin/sh
# Declines large files in the words of GitHub.
while read -r old new name; do
    if git rev-list --objects "$new" --not --all | grep -q big.bin; then
        echo "error: GH001: Large files detected. You may want to try Git Large File Storage."
        exit 1
    fi
done
"""


def test_a_server_that_refuses_large_files_is_not_even_asked(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    with git_http(folder) as server, no_ones_settings(tmp_path / "nobody"):
        site = GitSite(folder, server.url("remote.git"))
        git(site.repository, "config", "http.receivepack", "true")
        one = site.hub("one", {"a": "1\n"})
        one.sync()
        hook = site.repository / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_LARGE_REFUSED)
        hook.chmod(0o755)
        enlarge(one, size=100_000_001)
        commit(one, "My data", "big.bin")
        one.write({"a": "2\n"})
        assert told(one) == [("big.bin", TOO_LARGE)]
        one.git("rm", "-q", "--cached", "big.bin")
        one.git("commit", "-qm", "Not that")
        (problem,) = one.sync().problems
        assert "in your commit" in problem.message
        assert "git rebase" in problem.hint
        one.git("reset", "-q", "--mixed", "HEAD~2")
        (problem,) = one.sync().problems
        assert "commit" not in problem.message
        assert site.files() == {"a": "2"}
