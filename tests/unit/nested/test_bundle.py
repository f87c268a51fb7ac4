"""Git's bundle and pack formats, read as Git writes them and written as Git reads them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from hubsync.errors import RemoteFormatError
from hubsync.nested import bundle, pack
from tests.git_hubs import git, write


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With objects that Git packs as changes to one another."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    lines = [f"line {number} of a file that hardly changes\n" for number in range(400)]
    for number in range(6):
        lines[number * 7] = f"changed {number}\n"
        write(folder, {"long.txt": "".join(lines), f"d/{number}": str(number), "empty": ""})
        git(folder, "add", ".")
        git(folder, "commit", "-qm", f"commit {number}")
    git(folder, "tag", "-a", "v1", "-m", "a tag")
    return folder


def test_what_git_packs_is_read_object_by_object(repository: Path) -> None:
    git(repository, "bundle", "create", "-q", "--version=2", "all.bundle", "main", "v1")
    data = (repository / "all.bundle").read_bytes()
    parsed = bundle.parsed(BytesIO(data))
    assert parsed.refs["refs/heads/main"] == git(repository, "rev-parse", "main")
    assert parsed.needs == ()
    found = {name.hex(): kind for name, (kind, _) in _objects(data, parsed.pack)}
    told = git(repository, "cat-file", "--batch-all-objects", "--batch-check")
    assert found == {line.split()[0]: line.split()[1] for line in told.splitlines()}


def test_what_a_bundle_needs(repository: Path) -> None:
    git(repository, "bundle", "create", "-q", "--version=2", "some.bundle", "main~2..main")
    parsed = bundle.parsed(BytesIO((repository / "some.bundle").read_bytes()))
    assert parsed.needs == (git(repository, "rev-parse", "main~2"),)


def test_objects_that_are_not_in_it_are_asked_for(repository: Path) -> None:
    """A thin pack, as `git bundle` makes it: changes to objects that the other side has."""
    git(repository, "bundle", "create", "-q", "--version=2", "some.bundle", "main~1..main")
    data = (repository / "some.bundle").read_bytes()
    start = bundle.parsed(BytesIO(data)).pack
    asked: list[str] = []

    def known(name: bytes) -> pack.Found | None:
        asked.append(name.hex())
        import subprocess

        kind = git(repository, "cat-file", "-t", name.hex())
        done = subprocess.run(
            ["git", "cat-file", kind, name.hex()], cwd=repository, capture_output=True, check=True
        )
        return kind, done.stdout

    found = {name.hex() for name, _ in pack.objects(BytesIO(data), start, known)}
    assert git(repository, "rev-parse", "main") in found
    assert asked
    with pytest.raises(RemoteFormatError):
        _objects(data, start)


@pytest.mark.parametrize("cut", [0, 10, 60, 200, -1, -21, -40])
def test_a_bundle_that_is_cut_off(repository: Path, cut: int) -> None:
    git(repository, "bundle", "create", "-q", "--version=2", "all.bundle", "main")
    data = (repository / "all.bundle").read_bytes()[:cut]
    with pytest.raises(RemoteFormatError):
        _objects(data, bundle.parsed(BytesIO(data)).pack)


def test_a_header_is_what_git_reads(repository: Path, tmp_path: Path) -> None:
    git(repository, "bundle", "create", "-q", "--version=2", "some.bundle", "main~1..main")
    data = (repository / "some.bundle").read_bytes()
    parsed = bundle.parsed(BytesIO(data))
    again = bundle.header({"refs/heads/other": parsed.refs["refs/heads/main"]}, parsed.needs)
    (repository / "mine.bundle").write_bytes(again + data[parsed.pack :])
    git(repository, "bundle", "verify", "-q", "mine.bundle")
    assert "refs/heads/other" in git(repository, "bundle", "list-heads", "mine.bundle")


def _objects(data: bytes, start: int, **bounds: int) -> list[tuple[bytes, pack.Found]]:
    return list(pack.objects(BytesIO(data), start, lambda name: None, **bounds))


def _all(repository: Path) -> tuple[bytes, int]:
    git(repository, "bundle", "create", "-q", "--version=2", "all.bundle", "main", "v1")
    data = (repository / "all.bundle").read_bytes()
    return data, bundle.parsed(BytesIO(data)).pack


def test_with_little_memory_the_same_is_read(repository: Path) -> None:
    data, start = _all(repository)
    assert _objects(data, start, kept=1) == _objects(data, start)


def test_more_than_may_be_unpacked_is_refused(repository: Path) -> None:
    data, start = _all(repository)
    size = sum(len(one) for _, (_, one) in _objects(data, start))
    _objects(data, start, most=size)
    with pytest.raises(RemoteFormatError):
        _objects(data, start, most=size - 1)
