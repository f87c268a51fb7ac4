"""What is too large of a repository is told before anything is written, and all else travels."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync.errors import LocalError
from hubsync.leaks.gate import LIMIT, TOO_LARGE
from hubsync.nested.pack import LARGEST
from tests.git_hubs import no_ones_settings
from tests.nested_hubs import Hub, Site


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path / "nobody"):
        yield


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, f"file://{tmp_path}/remote")


def told(hub: Hub, **asked: bool) -> list[tuple[str, str]]:
    return [(one.path, one.code) for one in hub.sync(**asked).problems]


def test_a_capture_over_the_limit_of_git_is_held_back_before_it_is_written(tmp_path: Path) -> None:
    site = Site(tmp_path, f"git+file://{tmp_path}/remote.git")
    one = site.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    before = one.captures()
    (here.folder / "data").write_bytes(os.urandom(LIMIT))
    time.sleep(2.5)  # from then on what was found of it holds: it is compressed once, not each time
    expected = [("p", TOO_LARGE)]
    assert told(one, dry_run=True) == expected
    (one.directory / "notes.md").write_text("n\n")
    result = one.sync()
    assert [(one.path, one.code) for one in result.problems] == expected
    assert [change.path for change in result.up] == ["notes.md"]
    assert told(one) == expected  # also when nothing has changed since
    assert one.captures() == before
    (found,) = [one for one in one.workspace.status().problems if one.path == "p"]
    assert found.code == TOO_LARGE
    assert "the limit is 50.0 MB" in found.message
    assert "--larger-than 50MB" in found.hint
    one.workspace.add_remote("data", f"file://{tmp_path}/data", larger_than=LIMIT)
    assert told(one) == []
    assert one.captures() != before
    assert one.sync().nothing_done()


def test_a_word_for_what_cannot_be_sent_is_refused_with_the_reason(tmp_path: Path) -> None:
    site = Site(tmp_path, f"git+file://{tmp_path}/remote.git")
    one = site.hub("one")
    here = one.new("p", {"f": "1\n"})
    one.sync()
    two = site.clone("two")
    two.repository("p").commit("of two", {"g": "2\n"})
    two.sync()
    (here.folder / "data").write_bytes(os.urandom(LIMIT))
    here.git("-c", "core.bigFileThreshold=1m", "add", "data")
    here.git("commit", "-qm", "large")
    assert ("p", TOO_LARGE) in told(one)
    with pytest.raises(LocalError) as refused:
        one.workspace.resolve("p", "mine")
    assert refused.value.code == TOO_LARGE
    assert two.repository("p").git("log", "-1", "--format=%s") == "of two"


def test_a_new_file_that_is_too_large_stays_and_all_else_travels(site: Site) -> None:
    one = site.hub("one")
    here = one.new("p", {"f": "1\n"})
    here.write({"small": "s\n"})
    with (here.folder / "large").open("wb") as file:
        file.truncate(LARGEST + 1)
    expected = [("p/large", "nested-too-large")]
    assert told(one) == expected
    assert told(one) == expected
    assert [(one.path, one.code) for one in one.workspace.status().problems] == expected
    two = site.clone("two")
    there = two.repository("p")
    assert there.status() == ["?? small"]
    there.commit("more", {"g": "2\n"})
    two.sync()
    assert told(one) == expected
    assert here.git("log", "-1", "--format=%s") == "more"
    assert (here.folder / "large").stat().st_size == LARGEST + 1


@pytest.mark.parametrize("how", ["committed", "edited"])
def test_a_tracked_file_that_is_too_large_keeps_the_repository(site: Site, how: str) -> None:
    one = site.hub("one")
    here = one.new("p", {"f": "1\n", "large": "1\n"})
    one.sync()
    before = one.captures()
    with (here.folder / "large").open("wb") as file:
        file.truncate(LARGEST + 1)
    if how == "committed":
        here.git("-c", "core.bigFileThreshold=1m", "commit", "-qam", "large")
    (problem,) = one.sync().problems
    assert (problem.path, problem.code) == ("p", "nested-too-large")
    assert "large" in problem.message
    assert one.captures() == before
    here.git("reset", "-q", "--hard")
    if how == "committed":
        here.git("reset", "-q", "--hard", "HEAD~1")
    assert told(one) == []


def test_a_repository_that_became_too_large_and_was_deleted_is_not_brought_back(site: Site) -> None:
    one = site.hub("one")
    here = one.new("p", {"f": "1\n"})
    (one.directory / "notes.md").write_text("n\n")
    one.sync()
    with (here.folder / "large").open("wb") as file:
        file.truncate(LARGEST + 1)
    here.git("-c", "core.bigFileThreshold=1m", "add", "large")
    here.git("commit", "-qm", "large")
    assert told(one) == [("p", "nested-too-large")]
    shutil.rmtree(here.folder)
    assert told(one) == []
    assert not here.folder.exists()
    assert not one.captures()


_LARGE = 16 << 20
_MEASURED = """
import resource, sys
from hubsync import Identity, Workspace
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
import pygit2, hubsync.nested.visiting
before = peak()
result = Workspace.open(sys.argv[1]).sync(identity=Identity("a", "b"))
assert not result.problems, result.problems
print(peak() - before)
"""


def test_a_large_repository_is_never_in_memory_whole(site: Site) -> None:
    one, two = site.hub("one"), site.hub("two")
    here = one.new("p")
    for number in range(4):
        (here.folder / str(number)).write_bytes(os.urandom(_LARGE))
    here.git("add", ".")
    here.git("commit", "-qm", "first")
    for hub in (one, two):
        grown = subprocess.run(
            [sys.executable, "-c", _MEASURED, str(hub.directory)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(grown.stdout) < 64  # MB, which is what the capture has
    assert two.repository("p").seen() == here.seen()
