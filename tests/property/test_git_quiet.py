"""What is called quiet in a clone of a Git repository is so, whatever happens to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.git_hubs import GitSite, no_ones_settings
from tests.property.quiet_people import People
from tests.quiet import settled

BY_GIT = (
    ("add", "-A"),
    ("add", "-f", "x.log"),
    ("commit", "-qam", "by hand"),
    ("commit", "-q", "--allow-empty", "-m", "nothing"),
    ("stash", "-q"),
    ("stash", "pop", "-q"),
    ("checkout", "-q", "--", "."),
    ("reset", "-q", "--hard", "HEAD~1"),
    ("rm", "-q", "--cached", "a"),
    ("push", "-q", "origin", "HEAD:main"),
    ("fetch", "-q"),
    ("status",),
    ("update-index", "-q", "--refresh"),
    ("update-index", "--skip-worktree", "a"),
    ("update-index", "--assume-unchanged", "b.txt"),
    ("update-index", "--no-skip-worktree", "--no-assume-unchanged", "a", "b.txt"),
    ("config", "core.excludesFile", "../excluded"),
    ("config", "core.autocrlf", "true"),
    ("config", "--unset", "core.autocrlf"),
    ("gc", "-q"),
    ("pack-refs", "--all"),
)


class Developers(People):
    """They use git as well."""

    def meet(self, folder: Path, files: dict[str, str]) -> None:
        self.stack.enter_context(no_ones_settings(folder / "nobody"))
        site = GitSite(folder)
        self.hub = settled(site.hub("hub", dict(files)))
        self.other = site.clone("other")

    @rule(directory=st.sampled_from(["inner", "build", "d/inner", "__pycache__"]))
    def make_repository(self, directory: str) -> None:
        self.hub.git("init", "-q", directory, check=False)

    @rule(directory=st.sampled_from(["inner", "build", "d/inner", "__pycache__"]))
    def remove_directory(self, directory: str) -> None:
        shutil.rmtree(self.root / directory, ignore_errors=True)

    @rule(line=st.sampled_from(["a\n", "d/\n", "*.txt\n"]), place=st.booleans())
    def change_rules_outside(self, line: str, place: bool) -> None:
        file = self.root.parent / "excluded" if place else self.root / ".git/info/exclude"
        with file.open("a") as rules:
            rules.write(line)

    @rule(arguments=st.sampled_from(BY_GIT))
    def use_git(self, arguments: tuple[str, ...]) -> None:
        self.hub.git(*arguments, check=False)


def test_what_is_called_quiet_is_quiet() -> None:
    run_state_machine_as_test(Developers, settings=settings(settings(), max_examples=12))


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))
def test_what_is_called_quiet_is_quiet_at_length(part: int) -> None:
    run_state_machine_as_test(Developers)
