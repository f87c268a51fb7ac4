"""Work that a protected branch refuses: what several hubs have put aside is all there."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_hubs import GitSite, Hub, git, no_ones_settings
from tests.servers import git_http
from tests.servers.git_bare import protect

LINES = "one\ntwo\nthree\n"
EARLIER, SHADOW = "hubsync/ada/main", "hubsync/ada.shadow/main"
"""Where shadow mode of earlier versions kept its work, and where it is kept."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitSite]:
    folder = tmp_path / "served"
    folder.mkdir()
    with git_http(folder) as server, no_ones_settings(tmp_path / "nobody"):
        site = GitSite(folder, server.url("remote.git"))
        site.begin({"notes.txt": LINES, "old.txt": "old\n"})
        git(site.repository, "config", "http.receivepack", "true")
        protect(site.repository, "main")
        yield site


def put_aside(site: GitSite, branch: str = "hubsync/ada/main") -> dict[str, str]:
    names = git(site.repository, "ls-tree", "-rz", "--name-only", branch).split("\0")
    return {name: git(site.repository, "show", f"{branch}:{name}") for name in names if name}


def as_earlier(site: GitSite, *hubs: Hub) -> None:
    """Repository and clones as an earlier version left them."""
    for folder, place in [
        (site.repository, "heads"),
        *((h.directory, "remotes/origin") for h in hubs),
    ]:
        tip = git(folder, "rev-parse", f"refs/{place}/{SHADOW}")
        git(folder, "update-ref", f"refs/{place}/{EARLIER}", tip)
        git(folder, "update-ref", "-d", f"refs/{place}/{SHADOW}")
    for hub in hubs:
        for state in (hub.directory / ".hubsync/state").glob("origin@*"):
            shutil.rmtree(state) if state.is_dir() else state.unlink()


def test_the_work_of_two_hubs_is_united(site: GitSite) -> None:
    a, b = site.clone("a"), site.clone("b")
    a.write({"fromA": "A\n", "old.txt": None})
    a.sync()
    b.write({"fromB": "B\n"})
    b.sync()
    both = {"notes.txt": LINES.strip(), "fromA": "A", "fromB": "B"}
    assert put_aside(site) == both
    tip = git(site.repository, "rev-parse", "hubsync/ada/main")
    for hub in (a, b):
        hub.sync()
    assert git(site.repository, "rev-parse", "hubsync/ada/main") == tip
    a.write({"fromA": "more\n"})
    a.sync()
    assert put_aside(site) == {**both, "fromA": "more"}
    assert a.files() == {"notes.txt": LINES.strip(), "fromA": "more"}


def test_of_a_path_that_two_hubs_changed_both_contents_are_there(site: GitSite) -> None:
    a, b = site.clone("a"), site.clone("b")
    a.write({"notes.txt": "A\n"})
    a.sync()
    b.write({"notes.txt": "B\n", "old.txt": "B\n"})
    b.sync()
    found = put_aside(site)
    assert len(found) == 3
    assert found["notes.txt"] == "B"
    assert sorted(found.values()) == ["A", "B", "B"]
    a.write({"old.txt": None, "fromA": "A\n"})
    a.sync()
    assert put_aside(site) == {**found, "fromA": "A"}


def test_a_file_and_a_folder_of_one_name_are_both_there(site: GitSite) -> None:
    a, b, c = (site.clone(name) for name in "abc")
    a.write({"x": "file\n", "y/1": "in a folder\n"})
    a.sync()
    b.write({"x/1/2": "in a folder\n", "y": "file\n"})
    b.sync()
    found = put_aside(site)
    assert sorted(found.values()).count("file") == 2
    assert found["x/1/2"] == found["y/1"] == "in a folder"
    c.write({"z": "c\n"})
    c.sync()
    assert put_aside(site) == {**found, "z": "c"}


def test_a_hub_that_lost_what_it_knew_loses_nothing(site: GitSite) -> None:
    a, b = site.clone("a"), site.clone("b")
    for turn, hub in enumerate((a, b, a)):
        hub.write({f"{turn}": f"{turn}\n", "notes.txt": f"{turn}\n"})
        hub.sync()
        name = hub.git("for-each-ref", "--format=%(refname)", "refs/hubsync/aside/")
        hub.git("update-ref", "-d", name)
    found = put_aside(site)
    assert found["notes.txt"] == "2"
    assert {"0", "1", "2"} <= found.keys()
    assert sorted(found.values()) == sorted(["0", "0", "1", "1", "2", "2", "old"])


@pytest.mark.parametrize("first", ["shadow", "refused"])
def test_shadow_mode_and_refused_work_of_one_name_do_not_meet(site: GitSite, first: str) -> None:
    shadow, hub = site.clone("shadow", mode="shadow"), site.clone("hub")
    shadow.write({"shadow.txt": "1\n"})
    hub.write({"old.txt": None, "fromHub": "1\n"})
    for one in (shadow, hub) if first == "shadow" else (hub, shadow):
        one.sync()
    for one in (shadow, hub):
        one.write({"more.txt": f"{one.directory.name}\n"})
        one.sync()
    assert put_aside(site) == {
        "notes.txt": LINES.strip(),
        "fromHub": "1",
        "more.txt": "hub",
    }
    kept = {"notes.txt": LINES.strip(), "old.txt": "old", "shadow.txt": "1", "more.txt": "shadow"}
    assert put_aside(site, SHADOW) == kept == shadow.files()


def test_a_branch_that_an_earlier_version_kept_in_shadow_mode_is_left_alone(site: GitSite) -> None:
    shadow = site.clone("shadow", mode="shadow")
    shadow.write({"shadow.txt": "1\n"})
    shadow.sync()
    as_earlier(site)
    kept = git(site.repository, "rev-parse", EARLIER)
    hub = site.clone("hub")
    hub.write({"old.txt": None, "fromHub": "1\n"})
    hub.sync()
    assert git(site.repository, "rev-parse", EARLIER) == kept
    assert put_aside(site, f"{EARLIER}.refused").keys() == {"notes.txt", "fromHub"}


def test_shadow_mode_goes_on_with_the_branch_of_an_earlier_version(site: GitSite) -> None:
    one, two = site.clone("one", mode="shadow"), site.clone("two", mode="shadow")
    one.write({"draft": "1\n", "gone": "1\n"})
    for hub in (one, two):
        hub.sync()
    as_earlier(site, one, two)
    one.write({"draft": "2\n", "gone": None})
    assert one.sync().deleted_remotely == ("gone",)
    two.write({"mine": "1\n"})
    result = two.sync()
    assert (result.deleted_locally, result.conflicts) == (("gone",), ())
    kept = {"notes.txt": LINES.strip(), "old.txt": "old", "draft": "2", "mine": "1"}
    assert put_aside(site, SHADOW) == kept == two.files()
    assert two.sync().nothing_done()
    history = git(site.repository, "rev-list", SHADOW).splitlines()
    assert git(site.repository, "rev-parse", EARLIER) in history
    three = site.clone("three", mode="shadow")
    assert three.files() == kept


def test_a_new_clone_gets_what_an_earlier_version_kept(site: GitSite) -> None:
    one = site.clone("one", mode="shadow")
    one.write({"draft": "1\n"})
    one.sync()
    as_earlier(site, one)
    two = site.clone("two", mode="shadow")
    assert two.files() == one.files()


def test_work_that_a_hub_of_an_earlier_version_goes_on_to_send_is_told_of_once(
    site: GitSite,
) -> None:
    one, two = site.clone("one", mode="shadow"), site.clone("two", mode="shadow")
    one.write({"draft": "1\n"})
    one.sync()
    earlier = git(site.repository, "rev-parse", SHADOW)
    one.write({"draft": "2\n"})
    one.sync()
    git(site.repository, "update-ref", f"refs/heads/{EARLIER}", earlier)
    assert two.sync().notices == ()
    tree = git(site.repository, "rev-parse", f"{earlier}^{{tree}}")
    said = git(site.repository, "log", "-1", "--format=%B", earlier)
    more = git(site.repository, "commit-tree", tree, "-p", earlier, "-m", said)
    git(site.repository, "update-ref", f"refs/heads/{EARLIER}", more)
    assert [one.code for one in two.sync().notices] == ["earlier-version"]
    assert two.sync().notices == ()


def test_a_side_branch_is_named_as_in_shadow_mode(site: GitSite) -> None:
    hub = site.clone("hub")
    hub.git("config", "user.name", "Grace Hopper")
    hub.write({"a": "1\n"})
    hub.sync()
    assert put_aside(site, "hubsync/Grace-Hopper/main")["a"] == "1"


def test_random_work_of_three_hubs_is_all_there(site: GitSite) -> None:
    chance = random.Random(7)
    hubs = [site.clone(name) for name in "abc"]
    written: set[str] = set()
    for turn in range(12):
        hub = chance.choice(hubs)
        content = f"{hub.directory.name}{turn}"
        hub.write({chance.choice(["p", "q", f"d/{turn}"]): f"{content}\n"})
        hub.sync()
        written.add(content)
        log = git(site.repository, "log", "-p", "--all", "-m", "--format=")
        assert all(f"+{one}\n" in f"{log}\n" for one in written)
    there = put_aside(site)
    for hub in hubs:
        assert set(hub.files().values()) <= set(there.values())
