"""One spelling for each place, and clear refusals (`hubsync.remotes.urls`)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubsync.errors import HubsyncError, UsageError
from hubsync.remotes.urls import canonical_url, contains, names_git, refuse_own_folder
from hubsync.stores.addresses import folder_of


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("s3://bucket/me/", "s3://bucket/me"),
        ("s3://bucket/me//", "s3://bucket/me"),
        ("dropbox:///folder/", "dropbox:///folder"),
        ("S3://bucket/me", "s3://bucket/me"),
        ("file:///shared/./ada", "file:///shared/ada"),
        ("sftp://ada@host:2222/srv/ada", "sftp://ada@host:2222/srv/ada"),
    ],
)
def test_a_place_has_one_spelling(given: str, written: str) -> None:
    assert canonical_url(given, "/somewhere") == written


def test_a_plain_path_is_a_folder(tmp_path: Path) -> None:
    assert canonical_url("remote", str(tmp_path)) == f"file://{os.path.realpath(tmp_path)}/remote"


@pytest.mark.parametrize("name", ["50%", "a%20b", "a b", "q?x#y", "ü", "a%2fb"])
def test_a_folder_of_any_name_is_found_again(tmp_path: Path, name: str) -> None:
    url = canonical_url(f"./{name}", str(tmp_path))
    assert folder_of(url) == f"{os.path.realpath(tmp_path)}/{name}"
    assert canonical_url(url, "/somewhere") == url


def test_a_folder_whose_name_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        canonical_url("./caf\udce9", str(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "file:rel",
        "data:,x",
        "local::x",
        "simplecache::s3://b/x",
        "file://rel",
        "http://[::1",
        "https://[x/y.git",
        "s3://[b",
        "/a\0b",
    ],
)
def test_what_is_neither_url_nor_path_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        canonical_url(url, "/somewhere")


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(HubsyncError) as caught:
        canonical_url("sftp://ada:hunter2@host/x", "/somewhere")
    assert "hunter2" not in str(caught.value) + caught.value.hint


TOKENS = (
    "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4",
    "glpat-" + "Zq7Rk2Lw9Xv4Bn8Mc3Td",
    "0123456789abcdef" * 2 + "01234567",
    "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1",
    "ATBB" + "Zq7Rk2Lw9Xv4Bn8Mc3Td",
)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/ada/x.git?token={}",
        "https://github.com/ada/x.git#{}",
        "ssh://git@host/x.git?token={}",
        "https://{}@github.com/ada/x.git",
        "git+https://{}@host/ada/x",
        "http://{}@[::1/x.git",
        "http://x:{}@[::1/x.git",
        "local::http://x:{}@host/x",
    ],
)
def test_a_token_in_a_url_is_refused_and_not_repeated(url: str, token: str) -> None:
    with pytest.raises(HubsyncError) as caught:
        canonical_url(url.format(token), "/somewhere")
    assert token not in str(caught.value) + caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "user",
    [
        "ada",
        "git",
        "oauth2",
        "x-access-token",
        "x-token-auth",
        "gitlab-ci-token",
        "ada.lovelace1815%40some-university.example.org",
        "ada-lovelace-at-123456789012",
        "some-really-long-name-of-a-robot-2",
        "countess-of-lovelace1815",
        "glenn-gould",
    ],
)
def test_an_account_in_the_url_of_a_repository_is_fine(user: str) -> None:
    url = f"https://{user}@host/ada/x.git"
    assert canonical_url(url, "/somewhere") == url


@pytest.mark.parametrize(
    "url",
    [
        "ssh://APKAEIBAERJR2EXAMPLE0@git-codecommit.eu-west-1.amazonaws.com/v1/repos/x",
        "git@host:c#/x.git",
        "git+file:///folder/what?.git",
    ],
)
def test_what_only_looks_like_a_token_or_a_query_is_fine(url: str) -> None:
    assert canonical_url(url, "/somewhere") == url


@pytest.mark.parametrize(
    "url", ["git@github.com:me/x.git", "https://github.com/me/x", "git+file:///x", "ssh://h/x"]
)
def test_git_is_recognised(url: str) -> None:
    assert names_git(url)


@pytest.mark.parametrize("place", ["", "/below", "/.."])
def test_a_workspace_is_no_remote_of_its_own(tmp_path: Path, place: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(UsageError):
        refuse_own_folder(f"file://{work}{place}", str(work))


@pytest.mark.parametrize("place", ["", "/.git", "/below.git", "/../a%20link"])
def test_a_repository_in_the_workspace_is_no_remote_of_it(tmp_path: Path, place: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "a link").symlink_to(work)
    with pytest.raises(UsageError) as caught:
        refuse_own_folder(f"git+file://{work}{place}", str(work))
    assert caught.value.code == "remote-is-workspace"


@pytest.mark.parametrize("place", ["", "/..", "-remote.git"])
def test_a_repository_around_the_workspace_or_beside_it_is_fine(tmp_path: Path, place: str) -> None:
    work = tmp_path / "clone/work"
    work.mkdir(parents=True)
    there = f"{tmp_path}/clone" if not place else f"{work}{place}"
    refuse_own_folder(f"git+file://{there}", str(work))


def test_a_folder_beside_the_workspace_is_fine(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    refuse_own_folder(f"file://{tmp_path}/work-remote", str(tmp_path / "work"))
    refuse_own_folder("s3://bucket/work", str(tmp_path / "work"))


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("file:///r", "file:///r/inner"),
        ("file:///r", "file:///r"),
        ("file:///", "file:///r"),
        ("file:///a b", "file:///a%20b/c"),
        ("s3://bucket", "s3://bucket/me"),
        ("s3://bucket/me", "s3://bucket/me/too/deep"),
        ("sftp://ada@Host/srv", "sftp://host/srv/ada"),
        ("dropbox:///folder", "dropbox:///folder/in"),
        ("az://one@account/a", "az://one@account/a/b"),
        ("s3://bucket/a b", "s3://bucket/a%20b/c"),
        ("memory://a", "memory://a"),
    ],
)
def test_a_place_in_another_one_is_recognised(outer: str, inner: str) -> None:
    assert contains(outer, inner)
    assert outer == inner or not contains(inner, outer)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("file:///r", "file:///r2"),
        ("file:///r/a", "file:///r/b"),
        ("s3://bucket", "s3://bucket2/me"),
        ("s3://bucket/me", "s3://bucket/me2"),
        ("s3://bucket/me", "gs://bucket/me/too"),
        ("s3://bucket/Me", "s3://bucket/me/too"),
        ("memory://a", "memory://a/b"),
        ("az://one@account", "az://two@account/a"),
        ("git+file:///r", "git+file:///r/b"),
    ],
)
def test_places_beside_one_another_hold_neither_the_other(one: str, other: str) -> None:
    assert not contains(one, other)
    assert not contains(other, one)
