"""What is said to somebody who may not push, or whom nobody knows."""

from __future__ import annotations

import pytest

from hubsync.credentials.repository import Repository, pull_request, repository_of, url_of
from hubsync.errors import AccessDenied, Unreachable
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.rights import fork_hint, login_hint, without_right


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("https://github.com/lab/work.git", "github.com", "lab/work"),
        ("https://github.com/lab/work", "github.com", "lab/work"),
        ("git+https://ada@ghe.example.org:8443/lab/work.git/", "ghe.example.org:8443", "lab/work"),
        ("git@github.com:lab/my.work.git", "github.com", "lab/my.work"),
        ("ssh://git@ssh.github.com:443/lab/work.git", "github.com", "lab/work"),
    ],
)
def test_a_repository_is_known_by_its_url(url: str, host: str, name: str) -> None:
    found = repository_of(url)
    assert found is not None
    assert (found.host, found.full_name) == (host, name)
    fork = Repository(host, "ada", "work-1")
    assert url_of(fork, url, found) == url.replace(name, "ada/work-1")


@pytest.mark.parametrize(
    "url",
    [
        "git+file:///lab/work.git",
        "https://example.org/work.git",
        "https://gitlab.com/a/b/c.git",
        "https://github.com/../work.git",
    ],
)
def test_what_cannot_be_at_a_github(url: str) -> None:
    assert repository_of(url) is None


def test_a_pull_request_names_the_fork_if_it_has_another_name() -> None:
    of = Repository("github.com", "lab", "work")
    page = "https://github.com/lab/work/compare/a/b..."
    assert (
        pull_request(Repository("github.com", "ada", "work"), of, "a/b")
        == f"{page}ada:a/b?expand=1"
    )
    assert (
        pull_request(Repository("github.com", "ada", "work-1"), of, "a/b")
        == f"{page}ada:work-1:a/b?expand=1"
    )


@pytest.mark.parametrize(
    ("url", "offered"),
    [
        ("https://github.com/lab/work.git", "hubsync sync --fork. Or"),
        ("git@github.com:lab/work.git", "hubsync sync --fork. Or"),
        ("https://lab.ghe.com/lab/work.git", "hubsync sync --fork. Or"),
        ("https://git.example.org/lab/work.git", "If git.example.org is a GitHub"),
        ("https://gitlab.com/lab/work.git", ""),
        ("git+file:///lab/work.git", ""),
    ],
)
def test_a_fork_is_offered_where_there_can_be_one(url: str, offered: str) -> None:
    hint = fork_hint(GitPlace(url))
    assert offered in hint
    assert ("--fork" in hint) is bool(offered)
    assert "--fork" not in fork_hint(GitPlace(url, upstream="https://github.com/a/b.git"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("unexpected http status code: 403", True),
        ("ERROR: Permission to lab/work.git denied to ada.", True),
        ("unexpected http status code: 401", False),
        ("failed to resolve address for github.com", False),
    ],
)
def test_who_may_not_push_is_told_so(said: str, told: bool) -> None:
    failed = Unreachable("it failed")
    error = without_right(GitPlace("https://github.com/lab/work.git"), failed, said)
    assert isinstance(error, AccessDenied) is told
    assert (error is failed) is not told


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https://github.com/lab/work.git", "Run 'hubsync login github', or set GITHUB_TOKEN."),
        ("https://gitlab.com/lab/work.git", "Store a token for it"),
        ("git@github.com:lab/work.git", "Add your key to ssh-agent"),
        ("https://git.example.org/a/b.git", "hubsync login github --host git.example.org"),
    ],
)
def test_the_hint_fits_the_host(url: str, hint: str) -> None:
    assert hint in login_hint(GitPlace(url))
