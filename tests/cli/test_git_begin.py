"""`init` and `clone` with a Git repository: what is linked is said, and a slip is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Hub
from tests.git_hubs import GitSite, git, no_ones_settings


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    with no_ones_settings(tmp_path / "nobody"):
        site = GitSite(tmp_path / "site")
        site.begin({"notes.txt": "one\n"})
        yield site


@pytest.fixture
def outside(outside: Hub) -> Hub:
    outside.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    return outside


def clone_of(site: GitSite, outside: Hub) -> Hub:
    """A clone that a person made with git."""
    git(site.folder, "clone", "-q", str(site.repository), str(outside / "work"))
    return Hub(outside / "work", outside.environ)


def test_a_mistyped_mode_publishes_nothing(site: GitSite, outside: Hub) -> None:
    outside.run("clone", "--mode", "shadow", "--user", "ada", site.url, "work").ok()
    work = Hub(outside / "work", outside.environ)
    config = work / ".hubsync/config.toml"
    config.write_text(config.read_text().replace('"shadow"', '"Shadow"'))
    work.write("notes.txt", "unfinished\n")
    ran = work.run("sync")
    assert ran.status == 2
    assert "no mode 'Shadow'" in ran.err
    assert site.files() == {"notes.txt": "one"}


def test_a_folder_inside_a_clone_becomes_a_repository_of_its_own_and_that_is_said(
    site: GitSite, outside: Hub
) -> None:
    work = clone_of(site, outside)
    (work / "sub").mkdir()
    ran = work.run("init", site.url, cwd=work / "sub").ok()
    assert f"inside the Git clone at {work.directory}" in ran.out
    made = {one.name for one in (work / "sub").iterdir()}
    assert made == {".git", ".hubsync"}
    sub = work.directory / "sub"
    assert f"rm -rf {sub}/.hubsync {sub}/.git, then 'hubsync init' in the clone's own" in ran.out
    assert "inside the Git clone" not in outside.run("clone", site.url, "beside").ok().out


@pytest.mark.parametrize("mode", ["branch", "shadow"])
def test_a_branch_that_is_not_there_is_not_cloned(site: GitSite, outside: Hub, mode: str) -> None:
    ran = outside.run("clone", "--mode", mode, "--branch", "mian", site.url, "work")
    assert ran.status == 2
    assert "no branch 'mian'" in ran.err
    assert "Its branches: main." in ran.err
    assert not (outside / "work").exists()


def test_a_branch_that_was_never_pushed_is_cloned_by_its_side_branch(
    site: GitSite, outside: Hub
) -> None:
    outside.run("clone", "--mode", "shadow", "--user", "ada", site.url, "one").ok()
    one = Hub(outside / "one", outside.environ)
    git(site.folder, "-C", str(one.directory), "switch", "-qc", "topic/a")
    one.write("new", "n\n")
    one.run("sync").ok()
    asked = ("--mode", "shadow", "--user", "ada", "--branch", "topic/a")
    outside.run("clone", *asked, site.url, "two").ok()
    assert (outside / "two/new").read_text() == "n\n"


def test_an_empty_repository_is_cloned_with_any_branch(tmp_path: Path, outside: Hub) -> None:
    with no_ones_settings(tmp_path / "nobody"):
        empty = GitSite(tmp_path / "empty")
        outside.run("clone", "--branch", "first", empty.url, "work").ok()


def test_a_new_repository_is_told_of(site: GitSite, outside: Hub) -> None:
    place = site.folder / "typo.git"
    ran = outside.run("init", f"git+file://{place}").ok()
    assert f"no repository at {place}: a new, empty one was made" in ran.out


def test_a_repository_that_is_there_is_not_told_of_as_new(site: GitSite, outside: Hub) -> None:
    work = clone_of(site, outside)
    assert "new, empty" not in work.run("init", site.url, "--user", "ada").ok().out


@pytest.mark.parametrize("mode", ["branch", "shadow"])
def test_a_clone_is_linked_to_its_origin_where_a_mode_is_asked_for(
    site: GitSite, outside: Hub, mode: str
) -> None:
    work = clone_of(site, outside)
    assert site.url in work.run("init", "--mode", mode, "--user", "ada").ok().out
    work.write("new", "n\n")
    work.run("sync").ok()
    assert ("new" in site.files()) == (mode == "branch")
    assert git(site.folder, "-C", str(work.directory), "remote") == "origin"


def test_a_mode_is_refused_where_there_is_no_origin(outside: Hub) -> None:
    ran = outside.run("init", "--mode", "shadow")
    assert ran.status == 2
    assert "for Git remotes" in ran.err


def test_an_origin_that_is_not_linked_is_told_of(site: GitSite, outside: Hub) -> None:
    work = clone_of(site, outside)
    said = work.run("init").ok().out
    assert "This clone's own origin is not linked." in said
    assert "rm -r .hubsync && hubsync init --mode shadow" in said
    assert "origin is not linked" not in outside.run("-C", str(site.folder), "init").ok().out


def test_without_a_branch_the_log_says_that_there_is_none(site: GitSite, outside: Hub) -> None:
    work = clone_of(site, outside)
    work.run("init", "--mode", "shadow", "--user", "ada").ok()
    work.run("sync").ok()
    assert " by Ada\n" in work.run("log").ok().out
    git(work.directory, "switch", "-q", "--detach")
    ran = work.run("log")
    assert ran.status == 1
    assert "detached HEAD" in ran.err


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://ada:PW@host/x.git", "credential helper of Git"),
        ("sftp://ada:PW@host/x", "HUBSYNC_PASSWORD"),
        ("s3://KEY:PW@bucket/x", "AWS_ACCESS_KEY_ID"),
        ("gs://KEY:PW@bucket/x", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("abfss://KEY:PW@container/x", "AZURE_STORAGE_ACCOUNT_KEY"),
    ],
)
def test_a_password_in_the_address_is_refused_with_what_helps_there(
    outside: Hub, url: str, hint: str
) -> None:
    ran = outside.run("init", url)
    assert ran.status == 2
    assert hint in ran.err
    assert ("HUBSYNC_PASSWORD" in ran.err) == (hint == "HUBSYNC_PASSWORD")
    assert "PW" not in ran.err


@pytest.mark.parametrize("below", ["", "/.git"])
def test_a_clone_is_not_linked_to_itself(site: GitSite, outside: Hub, below: str) -> None:
    work = clone_of(site, outside)
    ran = work.run("init", f"git+file://{work.directory}{below}", "--user", "ada")
    assert ran.status == 2
    assert "the workspace" in ran.err
    assert not (work / ".hubsync").exists()


def test_a_token_in_the_address_of_a_clones_origin_is_not_taken_over(
    site: GitSite, outside: Hub
) -> None:
    work = clone_of(site, outside)
    token = "Zq7Rk2Lw9Xv4" + "Bn8Mc3Td6Yf1"
    git(work.directory, "remote", "set-url", "origin", f"https://{token}@host.invalid/x.git")
    ran = work.run("init", "--mode", "branch")
    assert ran.status == 2
    assert "must not stand in the address" in ran.err
    assert token not in ran.out + ran.err
    assert not (work / ".hubsync").exists()
