"""One hub takes back what another one goes on with: both are told, and nothing is undone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.git_hubs import no_ones_settings
from tests.nested_hubs import Hub, Repository, Site


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path / "nobody"):
        yield


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, f"file://{tmp_path}/remote")


def codes(hub: Hub) -> list[str]:
    return [one.code for one in hub.sync().problems]


def reset(repository: Repository) -> None:
    """To a commit that was never synced by itself."""
    repository.git("reset", "-q", "--hard", "HEAD~1")


def discard(repository: Repository) -> None:
    repository.git("checkout", "-q", "--", "open")


def drop_branch(repository: Repository) -> None:
    repository.git("branch", "-q", "-D", "topic")


def begun(site: Site) -> tuple[Hub, Hub]:
    """Both hubs have three commits, a branch, and a change that is not committed."""
    one = site.hub("one")
    here = one.new("p", {"f": "1\n", "open": "1\n"})
    here.git("branch", "topic")
    here.commit("second", {"f": "2\n"})
    here.commit("third", {"f": "3\n"})
    here.write({"open": "2\n"})
    one.sync()
    return one, site.clone("two")


TAKING_BACK = [reset, discard, drop_branch]


@pytest.mark.parametrize("take_back", TAKING_BACK)
@pytest.mark.parametrize("undone_first", [True, False])
def test_what_one_hub_takes_back_is_not_undone_in_silence(
    site: Site, take_back: Callable[[Repository], None], undone_first: bool
) -> None:
    one, two = begun(site)
    here, there = one.repository("p"), two.repository("p")
    take_back(here)
    there.git("add", "open")
    there.git("commit", "-qm", "going on")
    before = here.seen(), there.seen()
    first, second = (one, two) if undone_first else (two, one)
    assert codes(first) == []
    for hub in (second, first, second, first, second):
        assert codes(hub) == ["nested-diverged"]
    assert (here.seen(), there.seen()) == before


@pytest.mark.parametrize("take_back", TAKING_BACK)
@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_a_word_of_either_hub_ends_it(
    site: Site, take_back: Callable[[Repository], None], keep: str
) -> None:
    one, two = begun(site)
    here, there = one.repository("p"), two.repository("p")
    take_back(here)
    there.git("add", "open")
    there.git("commit", "-qm", "going on")
    one.sync()
    two.sync()
    wanted = (there if keep == "mine" else here).seen()
    two.workspace.resolve("p", keep)
    assert codes(two) == []
    assert codes(one) == []
    assert (here.seen(), there.seen()) == (wanted, wanted)
    assert one.sync().nothing_done()
    assert two.sync().nothing_done()


@pytest.mark.parametrize("keep", ["mine", "theirs", "neither"])
def test_two_people_who_say_the_opposite_are_told_again(site: Site, keep: str) -> None:
    one, two = begun(site)
    here, there = one.repository("p"), two.repository("p")
    here.commit("on one", {"one.txt": "1\n"})
    there.commit("on two", {"two.txt": "2\n"})
    for hub in (one, two, one):
        hub.sync()
    for hub in (one, two):
        if keep == "neither":
            hub.repository("p").git("update-ref", "-d", f"refs/hubsync/{other(hub)}/main")
            hub.repository("p").git("update-ref", "-d", f"refs/hubsync/{other(hub)}/worktree")
        else:
            hub.workspace.resolve("p", keep)
    before = here.seen(), there.seen()
    assert codes(one) == []
    for hub in (two, one, two):
        assert codes(hub) == ["nested-diverged"]
    assert (here.seen(), there.seen()) == before
    two.workspace.resolve("p", "mine")
    assert codes(two) == []
    assert codes(one) == []
    assert here.seen() == there.seen() == before[1]
    assert two.sync().nothing_done()


def other(hub: Hub) -> str:
    return {"one": "two", "two": "one"}[hub.directory.name]


def test_what_only_one_hub_took_back_is_followed(site: Site) -> None:
    one, two = begun(site)
    here, there = one.repository("p"), two.repository("p")
    for take_back in TAKING_BACK:
        take_back(here)
        assert codes(one) == []
        assert codes(two) == []
        assert there.seen() == here.seen()


def test_what_was_taken_back_and_made_again_is_followed_after_all(site: Site) -> None:
    """A state that has all that both had before hides nothing."""
    one, two = begun(site)
    here, there = one.repository("p"), two.repository("p")
    here.write({"open": "9\n"})
    one.sync()
    here.write({"open": "2\n"})
    one.sync()
    there.git("add", "open")
    there.git("commit", "-qm", "going on")
    assert codes(two) in ([], ["nested-diverged"])
    for hub in (one, two):
        hub.sync()
    assert there.git("log", "-1", "--format=%s") == "going on"


def test_commits_that_both_pushed_and_pulled_are_no_conflict(site: Site) -> None:
    """What one hub did is in what the other did, through where both were cloned from."""
    one = site.hub("one")
    here = one.clone_of(site.upstream("p"), "p")
    one.sync()
    two = site.clone("two")
    there = two.repository("p")
    for number in range(3):
        here.write({"a.txt": f"draft {number}\n"})
        one.sync()
    here.git("commit", "-qam", "done")
    here.git("push", "-q", "origin", "main")
    one.sync()
    there.git("pull", "-q", "origin", "main")
    there.commit("on top", {"b.txt": "b\n"})
    assert codes(two) == []
    assert codes(one) == []
    assert here.seen() == there.seen()


def test_without_the_state_of_either_hub_it_is_told_all_the_same(site: Site) -> None:
    one, two = begun(site)
    reset(one.repository("p"))
    one.sync()
    there = two.repository("p")
    there.git("add", "open")
    there.git("commit", "-qm", "going on")
    there.write({"open": "more\n"})
    two.sync()
    shutil.rmtree(two.directory / ".hubsync/state")
    before = one.repository("p").seen(), there.seen()
    two.sync()
    one.sync()
    assert (one.repository("p").seen(), there.seen()) == before
