"""Two hubs that send a file and a folder of one name at the same moment: object storage takes both,
and no disk can hold them. What either hub then deletes ends it (rules 5 and 7)."""

from __future__ import annotations

from hubsync.core.clearing import COLLISION
from tests.unit.engine.hubs import During, Hub, Site


def collided(site: Site) -> tuple[Hub, Hub]:
    """``one`` had the folder, ``two`` the file."""
    one, two = site.pair({"k1": "1", "k2": "2", "k3": "3", "k4": "4"})
    one.write({"y/z": "folder"})
    two.write({"y": "file"})
    one.sync(During("Uploading", two.sync))
    assert site.objects().items() >= {"y": "file", "y/z": "folder"}.items()
    for hub in (one, two):
        assert codes(hub) == {"y": COLLISION}
    return one, two


def codes(hub: Hub) -> dict[str, str]:
    return {one.path: one.code for one in hub.sync().problems}


def only_of(files: dict[str, str]) -> dict[str, str]:
    return {path: text for path, text in files.items() if path not in ("k1", "k2", "k3", "k4")}


def at_rest(site: Site, wanted: dict[str, str]) -> None:
    """Every hub and the remote have this, and no problem is left."""
    for _ in range(2):
        for hub in site.hubs:
            hub.sync()
    assert [codes(hub) for hub in site.hubs] == [{}, {}]
    assert only_of(site.objects()) == wanted
    assert [only_of(hub.files()) for hub in site.hubs] == [wanted, wanted]


def test_the_hub_of_the_file_ends_it_by_deleting_that(site: Site) -> None:
    _, two = collided(site)
    two.write({"y": None})
    assert two.workspace.status().problems == ()
    assert two.sync().deleted_remotely == ("y",)
    at_rest(site, {"y/z": "folder"})


def test_the_hub_of_the_folder_ends_it_by_deleting_that(site: Site) -> None:
    one, _ = collided(site)
    one.write({"y": None})
    assert one.workspace.status().problems == ()
    assert one.sync().deleted_remotely == ("y/z",)
    at_rest(site, {"y": "file"})


def test_a_folder_that_stays_empty_keeps_its_name(site: Site) -> None:
    one, _ = collided(site)
    one.write({"y/z": None})
    assert [(copy.path, copy.copy[:11]) for copy in one.sync().conflicts] == [("y", "y.conflict-")]
    for _ in range(2):
        assert [codes(hub) for hub in site.hubs] == [{}, {}]
    assert list(only_of(site.objects()).values()) == ["file"]


def test_both_end_it_by_moving_what_they_have(site: Site) -> None:
    one, two = collided(site)
    (one.directory / "y").rename(one.directory / "folder")
    (two.directory / "y").rename(two.directory / "file")
    at_rest(site, {"folder/z": "folder", "file": "file"})


def test_both_end_it_by_deleting_what_they_have(site: Site) -> None:
    for hub in collided(site):
        hub.write({"y": None})
    at_rest(site, {})


def test_both_end_it_at_the_same_moment(site: Site) -> None:
    one, two = collided(site)
    (one.directory / "y").rename(one.directory / "folder")
    (two.directory / "y").rename(two.directory / "file")
    one.sync(During("Uploading", two.sync))
    at_rest(site, {"folder/z": "folder", "file": "file"})


def test_a_folder_of_which_something_is_left_ends_nothing(site: Site) -> None:
    one, two = site.pair({"k1": "1", "k2": "2", "k3": "3", "k4": "4"})
    one.write({"y/z": "folder", "y/w": "more"})
    two.write({"y": "file"})
    one.sync(During("Uploading", two.sync))
    one.write({"y/z": None})
    before = site.objects()
    assert codes(one) == codes(two) == {"y": COLLISION}
    assert site.objects() == before


def test_what_another_tool_changed_meanwhile_is_deleted_by_nobody(site: Site) -> None:
    one, two = collided(site)
    site.other_tool("y", "edited")
    site.other_tool("y/z", "edited")
    two.write({"y": None})
    one.write({"y/z": None})
    assert codes(one) == codes(two) == {"y": COLLISION}
    assert only_of(site.objects()) == {"y": "edited", "y/z": "edited"}


def test_who_never_had_either_ends_nothing(site: Site) -> None:
    collided(site)
    third = site.hub("three")
    assert codes(third) == {"y": COLLISION}
    assert codes(third) == {"y": COLLISION}
    assert only_of(site.objects()) == {"y": "file", "y/z": "folder"}
