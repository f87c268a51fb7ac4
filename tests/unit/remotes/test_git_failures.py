"""What libgit2 fails at is told in words, also while an answer is gone through."""

from __future__ import annotations

from collections.abc import Iterator

import pygit2
import pytest

from hubsync.errors import DiskFull, HubsyncError
from hubsync.remotes.git.failures import in_words

SAID = {
    "failed to write out file: No space left on device": "disk-full",
    "failed to write: Disk quota exceeded": "disk-full",
    "failed to open '.git/x' for writing: Permission denied": "repository-not-writable",
    "failed to lock file '.git/HEAD.lock' for writing": "repository-busy",
    "object not found - no match for id (1234)": "git-failed",
}


@in_words
class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def call(self) -> None:
        raise self.error

    def rows(self) -> Iterator[int]:
        yield 1
        raise self.error

    def _private(self) -> None:
        raise self.error


@pytest.mark.parametrize(("said", "code"), SAID.items(), ids=SAID.values())
@pytest.mark.parametrize("kind", [pygit2.GitError, OSError])
def test_a_failure_has_a_code_and_a_hint(kind: type[Exception], said: str, code: str) -> None:
    failing = Failing(kind(said))
    with pytest.raises(HubsyncError) as caught:
        failing.call()
    assert caught.value.code == code
    assert caught.value.hint
    rows = failing.rows()
    assert next(rows) == 1
    with pytest.raises(HubsyncError):
        next(rows)


def test_what_is_no_failure_of_git_stays_what_it_is() -> None:
    with pytest.raises(KeyError):
        Failing(KeyError("x")).call()
    with pytest.raises(DiskFull):
        Failing(DiskFull("full", "free some")).call()
    with pytest.raises(OSError, match="raw"):
        Failing(OSError("raw"))._private()
