"""What is held back before anything is committed, and how it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.leaks.allowed import Allowed
from hubsync.leaks.gate import LIMIT, held_back, too_large
from hubsync.leaks.passages import LARGEST
from hubsync.leaks.search import search
from hubsync.model import Problem
from hubsync_cli.commands.remote import Size
from tests.unit.leaks.made_up import github, notebook, password

NOTHING = Allowed()


def test_a_secret_is_held_back_and_named_by_file_line_and_kind() -> None:
    assert held_back("src/a.py", f"\nx = '{github()}'".encode(), NOTHING) == Problem(
        "src/a.py",
        "secret-found",
        "held back: GitHub token in line 2",
        "Take it out of the file; or, if it may be published: hubsync allow src/a.py",
    )


def test_a_secret_in_a_notebook_is_named_by_its_cell() -> None:
    problem = held_back("n.ipynb", notebook(("1", ""), ("2", f"{github()}")), NOTHING)
    assert problem is not None
    assert problem.message == "held back: GitHub token in cell 2, output, line 1"


def test_many_findings_are_counted_and_none_is_shown() -> None:
    secrets = [password(n) for n in range(5)]
    text = "\n".join(f"password = '{one}'" for one in secrets)
    problem = held_back("a.py", text.encode(), NOTHING)
    assert problem is not None
    assert problem.message == (
        "held back: password in line 1; password in line 2; password in line 3; and 2 more"
    )
    assert not any(one in repr(problem) for one in secrets)


@pytest.mark.parametrize(
    ("path", "argument"),
    [("my file.py", "'my file.py'"), ("-x.py", "-- -x.py"), ("a'b.py", "'a'\"'\"'b.py'")],
)
def test_the_hint_can_be_pasted_into_a_shell(path: str, argument: str) -> None:
    problem = held_back(path, github().encode(), NOTHING)
    assert problem is not None
    assert problem.hint.endswith(f"hubsync allow {argument}")


def test_what_was_let_through_or_committed_goes_out() -> None:
    data = f"x = '{github()}'".encode()
    allowed = NOTHING.with_all(search("a.py", data))
    assert held_back("a.py", data, allowed) is None
    assert held_back("b.py", data, allowed) is not None
    assert held_back("a.py", data, NOTHING, before=data) is None
    more = data + f"\ny = '{github(2)}'".encode()
    problem = held_back("a.py", more, allowed)
    assert problem is not None
    assert problem.message == "held back: GitHub token in line 2"


def test_an_ordinary_file_goes_out() -> None:
    assert held_back("a.py", b"x = 1\n", NOTHING) is None
    assert held_back("empty", b"", NOTHING) is None


def test_a_file_on_the_disk_is_checked_as_its_bytes_are(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(f"x = '{github()}'")
    problem = held_back("a.py", str(file), NOTHING)
    assert problem == held_back("a.py", file.read_bytes(), NOTHING)
    assert problem is not None


def test_a_large_file_is_held_back_with_the_command_that_routes_it(tmp_path: Path) -> None:
    file = tmp_path / "big.nc"
    with file.open("wb") as sparse:
        sparse.truncate(LIMIT + 1)
    assert held_back("big.nc", str(file), NOTHING) == Problem(
        "big.nc",
        "file-too-large-for-git",
        "too large for Git: 50.0 MB; the limit is 50.0 MB",
        "Send large files to a second remote: hubsync remote add data s3://BUCKET/FOLDER"
        " --larger-than 50MB",
    )
    with file.open("wb") as sparse:
        sparse.truncate(LIMIT)
    assert held_back("big.nc", str(file), NOTHING) is None


@pytest.mark.parametrize("limit", [0, 1, 999, 1_000_000, 1_500_000, 50_000_000, 2 * 1024**3])
def test_the_hint_routes_what_is_above_the_very_limit(limit: int) -> None:
    assert too_large("a", limit, limit) is None
    problem = too_large("a", limit + 1, limit)
    assert problem is not None
    assert Size().convert(problem.hint.rpartition(" ")[2], None, None) == limit


def test_a_file_between_the_sizes_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "middle.csv"
    with file.open("wb") as sparse:
        sparse.truncate(LARGEST + 1)
    file.chmod(0)
    assert held_back("middle.csv", str(file), NOTHING) is None
