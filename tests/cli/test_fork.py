"""Working on a repository to which one may not push: `sync --fork`, at a strict GitHub."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Hub
from tests.cli.test_json import validate
from tests.cli.test_login import TOO_MANY
from tests.git_hubs import git, no_ones_settings
from tests.servers import FakeGitHub, fake_github
from tests.servers.git_bare import bare, protect

AGAIN = "hubsync sync --fork"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    """With the repository lab/work, which ada may read."""
    folder = tmp_path / "repositories"
    bare_one = folder / "lab/work.git"
    bare_one.parent.mkdir(parents=True)
    bare(bare_one)
    git(folder, "clone", "-q", str(bare_one), "first")
    (folder / "first/notes.md").write_text("one\ntwo\nthree\n")
    git(folder / "first", "add", "-A")
    git(folder / "first", "commit", "-qm", "Begin")
    git(folder / "first", "push", "-q", "origin", "HEAD:main")
    with fake_github(repositories=folder, user="ada", read_only={"lab/work"}) as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A clone of lab/work with an edit in it, and a token."""
    for variable in TOO_MANY:
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    environ = {"HOME": str(home), "USER": "ada", "GITHUB_TOKEN": github.give_token()}
    outside = Hub(tmp_path, {**environ, **github.env})
    with no_ones_settings(home):
        outside.run("clone", f"git+http://{github.host}/lab/work.git").ok()
        inside = Hub(tmp_path / "work", outside.environ)
        inside.write("notes.md", "ONE\ntwo\nthree\n")
        yield inside


def files(github: FakeGitHub, name: str) -> str:
    assert github.repositories is not None
    return git(github.repositories / f"{name}.git", "show", "main:notes.md")


def test_who_may_not_push_is_offered_a_fork(hub: Hub, github: FakeGitHub) -> None:
    ran = hub.run("sync")
    assert ran.status == 5
    assert "You may not push to" in ran.err
    assert ran.err.count("hint:") == 1
    assert AGAIN in ran.err
    assert (hub / "notes.md").read_text().startswith("ONE")


def test_the_work_goes_to_a_fork_and_the_link_proposes_it(hub: Hub, github: FakeGitHub) -> None:
    ran = hub.run("sync", "--fork").ok()
    assert ran.out.splitlines() == [
        "1 up",
        f"Your work goes to the fork git+http://{github.host}/ada/work.git now.",
        f"To propose it, open a pull request:"
        f" http://{github.host}/lab/work/compare/main...ada:main?expand=1",
    ]
    assert files(github, "ada/work").startswith("ONE")
    assert files(github, "lab/work").startswith("one")
    assert hub.run("sync").ok().out == "Nothing to do: both sides are equal.\n"
    hub.write("notes.md", "ONE\ntwo\nTHREE\n")
    assert hub.run("sync").ok().out == "1 up\n"
    assert files(github, "ada/work").endswith("THREE")


def test_it_waits_until_the_contents_are_there(hub: Hub, github: FakeGitHub) -> None:
    github.copies_after = 2
    hub.run("sync", "--fork").ok()
    assert len([one for one in github.requests if "/branches/" in one]) == 3
    assert files(github, "ada/work").startswith("ONE")


def test_a_fork_that_exists_is_used(hub: Hub, github: FakeGitHub, tmp_path: Path) -> None:
    hub.run("sync", "--fork").ok()
    again = hub.run("sync", "--fork", "--json").ok().json()
    validate(again, "sync")
    assert again["fork"]["upstream"] == f"git+http://{github.host}/lab/work.git"
    outside = Hub(tmp_path, hub.environ)
    outside.run("clone", f"git+http://{github.host}/lab/work.git", "other").ok()
    other = Hub(tmp_path / "other", hub.environ)
    assert other.run("sync", "--fork").ok().out.startswith("1 down")
    assert (other / "notes.md").read_text().startswith("ONE")
    assert set(github.forks.values()) == {"ada/work"}


def test_plain_git_pulls_from_the_original_and_pushes_to_the_fork(
    hub: Hub, github: FakeGitHub
) -> None:
    hub.run("sync", "--fork").ok()
    assert git(hub.directory, "remote").split() == ["fork", "origin"]
    assert git(hub.directory, "rev-parse", "--abbrev-ref", "@{upstream}") == "origin/main"
    assert github.repositories is not None
    first = github.repositories / "first"
    (first / "new.md").write_text("by others")
    git(first, "add", "-A")
    git(first, "commit", "-qm", "Others")
    git(first, "push", "-q", "origin", "HEAD:main")
    token = hub.environ["GITHUB_TOKEN"]
    helper = f"!printf 'username=x\\npassword={token}\\n'; true"
    login = ("-c", f"credential.helper={helper}")
    git(hub.directory, *login, "pull", "-q", "--no-rebase")
    git(hub.directory, *login, "push", "-q")
    assert git(github.repositories / "ada/work.git", "show", "main:new.md") == "by others"
    assert hub.run("sync").ok().out == "Nothing to do: both sides are equal.\n"


def test_in_shadow_mode_the_link_proposes_the_branch_that_has_the_work(
    hub: Hub, github: FakeGitHub
) -> None:
    plain = Hub(hub.directory.parent, hub.environ)
    plain.run("clone", "--mode", "shadow", f"git+http://{github.host}/lab/work.git", "other").ok()
    other = Hub(hub.directory.parent / "other", hub.environ)
    git(other.directory, "switch", "-qc", "feature")
    for branch in ("feature", "main"):
        git(other.directory, "switch", "-q", branch)
        other.write("notes.md", f"{branch}\n")
        out = other.run("sync", "--fork").ok().out
        git(other.directory, "checkout", "-q", ".")
        link = out.split("pull request: ")[1].split()[0]
        side = f"hubsync/{link.partition('...')[2].split('/')[1]}/{branch}"
        assert link.endswith(f"/lab/work/compare/{branch}...ada:{side}?expand=1")
        assert github.repositories is not None
        assert git(github.repositories / "ada/work.git", "show", f"{side}:notes.md") == branch


def test_one_can_go_back_to_the_original_and_to_the_fork_again(
    hub: Hub, github: FakeGitHub
) -> None:
    hub.run("sync", "--fork").ok()
    original = f"git+http://{github.host}/lab/work.git"
    hub.run("remote", "set", "origin", "--url", original).ok()
    assert "upstream" not in (hub / ".hubsync/config.toml").read_text()
    hub.write("notes.md", "again\n")
    assert hub.run("sync").status == 5
    assert hub.run("sync", "--fork").ok().out.startswith("1 up")
    assert files(github, "ada/work") == "again"
    assert git(hub.directory, "remote").split() == ["fork", "origin"]


def test_a_repository_of_that_name_that_is_no_fork_is_left_alone(
    hub: Hub, github: FakeGitHub
) -> None:
    assert github.repositories is not None
    bare_one = github.repositories / "ada/work.git"
    bare_one.parent.mkdir()
    bare(bare_one)
    ran = hub.run("sync", "--fork").ok()
    assert "/ada/work-1.git now" in ran.out
    assert "compare/main...ada:work-1:main" in ran.out
    assert git(bare_one, "branch") == ""


@pytest.mark.parametrize(
    ("breaks", "status", "says"),
    [
        ("token", 5, "needs a login there"),
        ("forbidden", 5, "allows no fork of lab/work: Forking is disabled"),
        ("gone", 5, "knows no repository lab/work"),
    ],
)
def test_a_fork_that_is_refused_changes_nothing(
    hub: Hub, github: FakeGitHub, breaks: str, status: int, says: str
) -> None:
    config = (hub / ".hubsync/config.toml").read_text()
    if breaks == "token":
        github.revoke(hub.environ["GITHUB_TOKEN"])
    elif breaks == "forbidden":
        github.forbids = "Forking is disabled."
    else:
        assert github.repositories is not None
        (github.repositories / "lab/work.git").rename(github.repositories / "lab/moved.git")
    asked = len(github.requests)
    ran = hub.run("sync", "--fork")
    assert ran.status == status
    assert says in ran.err
    assert ran.err.count("hint:") == 1
    assert len(github.requests) - asked < 4
    assert (hub / ".hubsync/config.toml").read_text() == config


def test_no_output_and_no_argument_shows_the_token(hub: Hub, github: FakeGitHub) -> None:
    github.forbids = "Forking is disabled."
    ran = [hub.run("-vv", "sync"), hub.run("-vv", "sync", "--fork")]
    github.forbids = ""
    ran.append(hub.run("-vv", "sync", "--fork").ok())
    github.revoke(hub.environ["GITHUB_TOKEN"])
    hub.write("notes.md", "other\n")
    ran.append(hub.run("-vv", "sync"))
    held = [path for path in hub.directory.rglob("*") if path.is_file()]
    text = "".join(one.out + one.err for one in ran)
    text += "".join(path.read_text(errors="replace") for path in held)
    text += "".join(github.requests)
    assert hub.environ["GITHUB_TOKEN"] not in text


def test_what_cannot_be_forked_is_told(tmp_path: Path) -> None:
    folder = Hub(tmp_path / "folder")
    folder.directory.mkdir()
    folder.run("init", (tmp_path / "remote").as_uri()).ok()
    ran = folder.run("sync", "--fork")
    assert ran.status == 2
    assert "no Git repository" in ran.err
    assert folder.run("sync", "--fork", "--dry-run").status == 2


def test_a_branch_that_is_protected_still_gets_one_beside_it(hub: Hub, github: FakeGitHub) -> None:
    github.read_only.clear()
    assert github.repositories is not None
    protect(github.repositories / "lab/work.git", "main")
    ran = hub.run("sync")
    assert ran.status == 3
    assert "hubsync/" in ran.out
    branches = subprocess.run(
        ["git", "branch", "--format=%(refname:short)"],
        cwd=github.repositories / "lab/work.git",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert len(branches) == 2
