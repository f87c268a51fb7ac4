"""What came in lies in the staging area whole, and nobody else's bytes are written into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubsync.remotes.git.staging import write_staged


@pytest.mark.parametrize("data", [b"", b"some", b"x" * 3_000_000])
def test_the_file_holds_the_content(tmp_path: Path, data: bytes) -> None:
    write_staged(str(tmp_path / "digest"), data)
    assert (tmp_path / "digest").read_bytes() == data
    assert os.listdir(tmp_path) == ["digest"]


def test_a_file_that_shares_its_bytes_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "of the user").write_bytes(b"edited since")
    os.link(tmp_path / "of the user", tmp_path / "digest")
    write_staged(str(tmp_path / "digest"), b"fetched")
    assert (tmp_path / "of the user").read_bytes() == b"edited since"
    assert (tmp_path / "digest").read_bytes() == b"fetched"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "of the user").write_bytes(b"theirs")
    (tmp_path / "digest").symlink_to(tmp_path / "of the user")
    write_staged(str(tmp_path / "digest"), b"fetched")
    assert (tmp_path / "of the user").read_bytes() == b"theirs"
    assert (tmp_path / "digest").read_bytes() == b"fetched"
