"""What the history tells, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync import Identity, Workspace

ME = Identity("ada", "hub-a")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("run", "text"):
        (folder / name).write_text(f"content of {name}")
    (folder / "run").chmod(0o755)
    return folder


def told(workspace: Workspace) -> list[list[tuple[str, str]]]:
    """The syncs of the log, newest first, without the first of all."""
    syncs = [[(one.path, one.change.value) for one in sync.changes] for sync in workspace.log()]
    return syncs[:-1]


def written_anew(path: Path) -> None:
    """Another tool puts the same bytes there, which is a new object."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)


def test_bytes_that_another_tool_writes_anew_are_no_change_in_the_log(
    work: Path, tmp_path: Path
) -> None:
    with Workspace.init(str(work), (tmp_path / "remote").as_uri()) as workspace:
        workspace.sync(identity=ME)
        for _ in range(2):
            written_anew(tmp_path / "remote/run")
            assert workspace.sync(identity=ME).nothing_done()
        assert told(workspace) == []
        assert len(workspace.log(1)) == 1
        written_anew(tmp_path / "remote/run")
        (work / "text").write_text("edited")
        workspace.sync(identity=ME)
        assert told(workspace) == [[("text", "edited")]]
        assert workspace.log(1)[0].changes[0].path == "text"


def test_a_changed_executable_bit_is_in_the_log(work: Path, tmp_path: Path) -> None:
    with Workspace.init(str(work), (tmp_path / "remote").as_uri()) as workspace:
        workspace.sync(identity=ME)
        (work / "run").chmod(0o644)
        workspace.sync(identity=ME)
        written_anew(tmp_path / "remote/run")
        workspace.sync(identity=ME)
        (work / "run").chmod(0o755)
        workspace.sync(identity=ME)
        assert told(workspace) == [[("run", "mode")], [("run", "mode")]]
