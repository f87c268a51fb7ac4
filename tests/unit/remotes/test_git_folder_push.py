"""A push to a folder never undoes what somebody else pushed at the same instant (rule 12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from hubsync.remotes.git import folder
from tests.git_hubs import GitSite, Hub, git, no_ones_settings

MAIN = "refs/heads/main"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        yield GitSite(tmp_path / "site")


def committed(hub: Hub, name: str) -> str:
    hub.write({name: name})
    hub.git("add", "-A")
    hub.git("commit", "-qm", name)
    return hub.git("rev-parse", "HEAD")


def pushed(site: GitSite, hub: Hub, commit: str) -> str | None:
    def send(name: str) -> None:
        hub.git("push", "-q", str(site.repository), f"{commit}:{name}")

    return folder.push(str(site.repository), commit, MAIN, send)


def test_a_branch_that_moves_while_commits_are_sent_is_not_undone(site: GitSite) -> None:
    one = site.hub("one", {"a": "1"})
    one.sync()
    two = site.clone("two")
    mine, theirs = committed(one, "mine"), committed(two, "theirs")

    def send(name: str) -> None:
        one.git("push", "-q", str(site.repository), f"{mine}:{name}")
        two.git("push", "-q", "origin", "main")

    assert folder.push(str(site.repository), mine, MAIN, send) == folder.BEHIND
    assert git(site.repository, "rev-parse", "main") == theirs
    assert git(site.repository, "for-each-ref", "--format=%(refname)") == MAIN


def test_a_first_push_makes_the_branch_and_leaves_no_other_name(site: GitSite) -> None:
    one = site.hub("one")
    commit = committed(one, "a")
    assert pushed(site, one, commit) is None
    assert git(site.repository, "for-each-ref", "--format=%(refname)") == MAIN
    assert sorted(path.name for path in (site.repository / "refs").iterdir()) == ["heads", "tags"]


def test_somebody_who_holds_the_branch_is_waited_for_by_the_caller(site: GitSite) -> None:
    one = site.hub("one", {"a": "1"})
    one.sync()
    commit = committed(one, "b")
    (site.repository / "refs/heads/main.lock").touch()
    refused = pushed(site, one, commit)
    assert refused is not None
    assert "failed to lock" in refused
    (site.repository / "refs/heads/main.lock").unlink()
    assert pushed(site, one, commit) is None


def test_a_push_of_what_is_there_changes_nothing(site: GitSite) -> None:
    one = site.hub("one", {"a": "1"})
    one.sync()
    commit = one.git("rev-parse", "HEAD")
    assert pushed(site, one, commit) is None
    assert git(site.repository, "rev-parse", "main") == commit


def test_a_repository_that_is_gone_is_an_error_of_git(site: GitSite, tmp_path: Path) -> None:
    with pytest.raises(pygit2.GitError):
        folder.push(str(tmp_path / "absent"), "0" * 40, MAIN, lambda name: None)


def test_a_name_that_vanishes_while_all_are_looked_up_is_no_failure(site: GitSite) -> None:
    """A link to nothing stands in for what was listed and is gone."""
    one = site.hub("one", {"a": "1"})
    one.sync()
    there, here = pygit2.Repository(str(site.repository)), pygit2.Repository(str(one.directory))
    there.references.create(f"{folder.INCOMING}other", "refs/heads/gone")
    looks = 0

    def listed() -> list[str]:
        nonlocal looks
        looks += 1
        try:
            heads = here.remotes.create_anonymous(str(site.repository)).list_heads()
            return [str(head.name) for head in heads]
        finally:
            if looks == 2:
                there.references.delete(f"{folder.INCOMING}other")

    assert MAIN in folder.undisturbed(listed)
    assert looks == 3


def test_what_is_missing_for_good_is_told(site: GitSite) -> None:
    def missing() -> None:
        pygit2.Repository(str(site.repository)).references["refs/heads/gone"]

    with pytest.raises(KeyError, match="refs/heads/gone"):
        folder.undisturbed(missing)
