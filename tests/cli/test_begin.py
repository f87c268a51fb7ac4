"""`init` and `clone`."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.errors import UsageError
from hubsync_cli.commands.start import directory_of
from tests.cli.running import Hub
from tests.git_hubs import git


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".hubsync" not in path.parts
    }


def test_init_links_a_directory_and_changes_no_file(outside: Hub, remote: Path) -> None:
    outside.write("a.txt", "a")
    before = _files(outside.directory)
    ran = outside.run("init", remote.as_uri()).ok()
    assert remote.as_uri() in ran.out
    assert "hubsync sync" in ran.out
    assert ran.err == ""
    assert _files(outside.directory) == before


def test_init_without_url_links_to_an_embedded_remote(outside: Hub, tmp_path: Path) -> None:
    outside.write("a.txt", "a")
    document = outside.run("init", "--json").ok().json()
    assert document["workspace"] == str(outside.directory)
    url = document["remotes"][0]["url"]
    assert url.startswith((tmp_path / "share" / "hubsync").as_uri())
    outside.run("sync").ok()
    assert (Path(url.removeprefix("file://")) / "a.txt").read_bytes() == b"a"


def test_init_refuses_inside_another_workspace(hub_a: Hub, remote: Path) -> None:
    ran = hub_a.run("init", remote.as_uri(), cwd=hub_a / "data")
    assert ran.status == 2
    assert ran.err.startswith("error: ")
    assert "hint: " in ran.err
    assert not (hub_a / "data" / ".hubsync").exists()


@pytest.mark.parametrize("place", ["bare.git", "bare.git/hooks", "clone/.git"])
def test_init_refuses_what_git_keeps_a_repository_in(
    outside: Hub, remote: Path, place: str
) -> None:
    git(outside.directory, "init", "-q", "--bare", "bare.git")
    git(outside.directory, "init", "-q", "clone")
    directory = outside.directory / place
    directory.mkdir(exist_ok=True)
    ran = outside.run("init", remote.as_uri(), cwd=directory)
    assert ran.status == 2
    assert "is what Git keeps a repository in" in ran.err
    assert not (directory / ".hubsync").exists()


def test_init_unites_files_on_both_sides(hub_a: Hub, outside: Hub, remote: Path) -> None:
    outside.write("mine.txt", "mine")
    outside.run("init", remote.as_uri()).ok()
    outside.run("sync").ok()
    assert set(_files(outside.directory)) == {"mine.txt", "notes.md", "data/table.csv"}
    assert (remote / "mine.txt").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "key", ["aws_secret_access_key", "password", "TOKEN", "account_key", "key"]
)
def test_init_takes_no_secret_on_the_command_line(outside: Hub, key: str) -> None:
    ran = outside.run("init", "s3://bucket/me", "-o", f"{key}=hunter2")
    assert ran.status == 2
    assert "hunter2" not in ran.out + ran.err
    assert "environment" in ran.err
    assert not (outside / ".hubsync").exists()


def test_init_refuses_credentials_in_the_url(outside: Hub) -> None:
    ran = outside.run("init", "s3://user:hunter2@bucket/me")
    assert ran.status == 2
    assert "hunter2" not in ran.out + ran.err
    assert not (outside / ".hubsync").exists()


def test_an_option_without_a_value_is_wrong_usage(outside: Hub, remote: Path) -> None:
    ran = outside.run("init", remote.as_uri(), "-o", "endpoint")
    assert ran.status == 2
    assert "KEY=VALUE" in ran.err


def test_clone_makes_a_workspace_named_after_the_remote(
    hub_a: Hub, outside: Hub, remote: Path
) -> None:
    ran = outside.run("clone", remote.as_uri()).ok()
    assert "2 down" in ran.out.lower()
    assert _files(outside / "remote") == _files(hub_a.directory)
    outside.run("-C", "remote", "sync").ok()


def test_clone_as_json(hub_a: Hub, outside: Hub, remote: Path) -> None:
    document = outside.run("clone", remote.as_uri(), "here", "--json").ok().json()
    assert document["workspace"] == str(outside / "here")
    paths = sorted(change["path"] for change in document["down"])
    assert paths == ["data/table.csv", "notes.md"]


def test_clone_refuses_a_folder_that_is_not_empty(hub_a: Hub, outside: Hub, remote: Path) -> None:
    outside.write("here/mine.txt", "mine")
    ran = outside.run("clone", remote.as_uri(), "here")
    assert ran.status == 2
    assert "not empty" in ran.err
    assert _files(outside / "here") == {"mine.txt": b"mine"}
    assert not (outside / "here" / ".hubsync").exists()


def test_clone_into_an_empty_folder(hub_a: Hub, outside: Hub, remote: Path) -> None:
    (outside / "here").mkdir()
    outside.run("clone", remote.as_uri(), "here").ok()
    assert _files(outside / "here") == _files(hub_a.directory)


@pytest.mark.parametrize(
    ("url", "directory"),
    [
        ("s3://bucket/me", "me"),
        ("s3://bucket/me/", "me"),
        ("s3://bucket", "bucket"),
        ("https://example.org/ada/work.git", "work"),
        ("ada@example.org:work.git", "work"),
        ("file:///shared/ada", "ada"),
        ("gs://bucket/me?versions=1", "me"),
        ("file:///shared/a%20b%25", "a b%"),
        ("./a%20b", "a%20b"),
        ("s3://bucket/a%2Fb", "b"),
    ],
)
def test_the_directory_is_the_last_part_of_the_url(url: str, directory: str) -> None:
    assert directory_of(url) == directory


@pytest.mark.parametrize(
    "url", ["file:///", "dropbox:///", "file:///a/..", "s3://bucket/%2e%2e", ""]
)
def test_a_url_that_names_no_directory_asks_for_one(url: str) -> None:
    with pytest.raises(UsageError, match="names no directory"):
        directory_of(url)
