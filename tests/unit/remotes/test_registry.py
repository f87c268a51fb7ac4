"""Which URL names which remote."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.remotes.git.remote import GitRemote
from hubsync.remotes.protocol import Remote
from hubsync.remotes.registry import Home, names_git, open_remote


def opened(url: str, folder: Path) -> Remote:
    home = Home(str(folder), str(folder / "scratch"), "hub")
    return open_remote(url, {}, home, env={}, clock=lambda: 0, pause=lambda attempt: None)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/someone/repository",
        "https://git.example.org/x.git",
        "ssh://git@example.org/x.git",
        "git@github.com:someone/repository.git",
        "someone@example.org:path",
        "git+https://example.org/x",
        "git+file:///srv/x",
    ],
)
def test_git_urls_are_told_apart(url: str, tmp_path: Path) -> None:
    assert names_git(url)
    assert isinstance(opened(url, tmp_path), GitRemote)


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/prefix",
        "gs://bucket",
        "file:///srv/folder",
        "memory://name",
        "sftp://user@example.org/folder",
        "webdav+https://example.org/dav",
        "/srv/folder",
        "https://example.org/folder",
    ],
)
def test_other_urls_name_mirrors(url: str) -> None:
    assert not names_git(url)


def test_a_folder_is_a_mirror(tmp_path: Path) -> None:
    remote = opened(f"file://{tmp_path}/remote", tmp_path / "scratch")
    remote_id = remote.connect(create=True)
    assert opened(f"file://{tmp_path}/remote", tmp_path / "two").connect(create=False) == remote_id
    assert remote.requests
