"""Which paths of a workspace with several remotes are whose."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hubsync.core.routing import Rule
from hubsync.engine.routing import Routing, given_up, in_turn, routings
from hubsync.model import Entry, Kind, Tree

FILE = Entry(Kind.FILE, size=5, digest=b"x" * 32)
BIG = Entry(Kind.FILE, size=5_000, digest=b"y" * 32)
FOLDER = Entry(Kind.DIR)
RULES = (Rule("code"), Rule("bulk", ("data/**",), 1_000))


def seen_by(name: str, **others: dict[str, Entry]) -> Routing:
    return Routing(name, RULES, tuple(others.items()))


def local_part(routing: Routing, local: dict[str, Entry], **known: dict[str, Entry]) -> set[str]:
    base, remote = Tree(known.get("base", {})), Tree(known.get("remote", {}))
    return set(routing.local_part(base, base.with_changes(Tree(local).changes_since(base)), remote))


def test_new_paths_go_where_the_rules_say() -> None:
    local = {"a.py": FILE, "data/x": FILE, "big": BIG}
    assert local_part(seen_by("code", bulk={}), local) == {"a.py"}
    assert local_part(seen_by("bulk", code={}), local) == {"data/x", "big"}


def test_a_path_stays_where_it_is_known() -> None:
    local = {"a.py": BIG, "data/x": FILE}
    bulk = seen_by("bulk", code={"data/x": FILE})
    assert local_part(bulk, local) == {"a.py"}
    assert local_part(bulk, local, base={"a.py": FILE, "data/x": FILE}) == {"a.py", "data/x"}


def test_a_new_path_that_a_remote_has_already_is_its_own_whatever_the_rules_say() -> None:
    assert local_part(seen_by("bulk", code={}), {"a.py": FILE}, remote={"a.py": FILE}) == {"a.py"}


@pytest.mark.parametrize("known", ["others", "later"])
def test_what_is_below_a_directory_here_is_sent_wherever_a_file_of_its_name_is(known: str) -> None:
    """A file that became a directory of another remote's: somebody takes what is in it."""
    local, code = {"f/big": BIG}, (("code", {"f": FILE}),)
    assert local_part(replace(Routing("bulk", RULES), **{known: code}), local) == {"f/big"}
    assert local_part(seen_by("code", bulk={}), local, base={"f": FILE}) == set()


def test_what_is_gone_here_is_gone_for_the_remote_that_knows_it() -> None:
    assert local_part(seen_by("bulk", code={}), {}, base={"data/x": FILE}) == set()


def test_one_remote_takes_everything() -> None:
    local, base = Tree({"a": FILE}), Tree({})
    assert Routing("code").local_part(base, local, Tree({})) is local
    assert Routing("code").strangers(base, local) == ([], set())


def test_paths_of_another_remote_are_left_out_of_the_tree_for_good() -> None:
    """So that a second run finds the side as it was remembered."""
    base = Tree({})
    mine = seen_by("code", bulk={}).local_part(base, base.with_changes({"data/x": FILE}), Tree({}))
    assert mine.on_rows_of(base) == {}


@pytest.mark.parametrize(
    ("there", "owned", "stranger"),
    [
        ("a", {"a": FILE}, True),
        ("a/b", {"a": FILE}, True),
        ("a/b", {"a": FOLDER}, False),
        ("a/b", {"a/c": FILE}, False),
        ("b", {"a": FILE}, False),
    ],
)
def test_a_new_path_in_the_place_of_another_remotes_is_a_problem(
    there: str, owned: dict[str, Entry], stranger: bool
) -> None:
    problems, twins = seen_by("bulk", code=owned).strangers(Tree({}), Tree({there: BIG}))
    assert twins == set()
    assert [one.path for one in problems] == ([there] if stranger else [])
    assert all(
        one.code == "owned-by-another-remote" and "'code'" in one.message for one in problems
    )


@pytest.mark.parametrize(
    ("disk", "told"),
    [
        ({"a/b": BIG}, True),  # new, and the other remote's by the rules
        ({"a/known": FILE}, True),
        ({"a/freed": FILE}, False),
        ({"a/mine": FILE, "a/known": FILE}, False),  # rule 5 of this remote
        ({"a/small": FILE, "a/known": FILE}, False),
        ({"b": FILE}, False),
    ],
)
def test_a_new_file_in_the_place_of_a_folder_of_another_remotes_is_a_problem(
    disk: dict[str, Entry], told: bool
) -> None:
    known = {"a/known": FILE, "a/freed": FILE}
    code = replace(seen_by("code", bulk=known), freed={"bulk": frozenset({"a/freed"})})
    base = Tree({"a/mine": FILE})
    new = base.with_changes({"a": FILE})
    problems = code.in_place_of_folders(base, Tree(disk), new, lambda path: path == "a")
    assert [(one.path, one.code) for one in problems] == (
        [("a", "owned-by-another-remote")] if told else []
    )


def test_a_path_that_a_remote_has_always_had_is_no_stranger() -> None:
    base = Tree({"a": FILE})
    routing = seen_by("bulk", code={"a": FILE})
    assert routing.strangers(base, base.with_changes({"a": BIG})) == ([], set())
    assert routing.strangers(base, base.with_changes({"a": None})) == ([], set())


def test_the_same_file_on_two_remotes_is_no_problem() -> None:
    twin = seen_by("bulk", code={"a": FILE}).strangers(Tree({}), Tree({"a": FILE}))
    assert twin == ([], {"a"})
    unread = replace(FILE, digest=None)
    assert seen_by("bulk", code={"a": FILE}).strangers(Tree({}), Tree({"a": unread})).problems


def test_of_a_path_that_is_new_on_two_remotes_the_first_has_it() -> None:
    bases: dict[str, dict[str, Entry]] = {"code": {}, "bulk": {}}
    seen = {"code": Tree({"a": FILE}), "bulk": Tree({"a": BIG, "b": BIG})}
    made = routings(RULES, bases, seen)
    new = {"a": FILE, "b": FILE, "data/x": FILE}
    assert local_part(made["code"], new, remote={"a": FILE}) == {"a"}
    assert local_part(made["bulk"], new, remote={"a": BIG, "b": BIG}) == {"b", "data/x"}
    assert [one.path for one in made["bulk"].strangers(Tree({}), seen["bulk"]).problems] == ["a"]
    assert made["code"].strangers(Tree({}), seen["code"]) == ([], set())


@pytest.mark.parametrize(
    ("here", "there", "free"),
    [
        (FILE, None, True),
        (None, None, True),
        (BIG, None, False),  # the edit survives
        (replace(FILE, digest=None), None, True),  # too young to be known without reading it
        (replace(FILE, digest=None, mtime=FILE.mtime + 1), None, False),
        (None, FILE, False),
        (FILE, FILE, False),
    ],
)
def test_a_remote_gives_a_path_up_if_nothing_brings_it_back(
    here: Entry | None, there: Entry | None, free: bool
) -> None:
    base = Tree({"a": FILE})
    local, remote = (base.with_changes({"a": entry}) for entry in (here, there))
    assert given_up(base, local, remote) == ({"a"} if free else set())


def test_what_another_remote_gives_up_is_nobodys() -> None:
    freed = {"code": frozenset({"a"})}
    bulk = replace(seen_by("bulk", code={"a": FILE, "b": FILE}), freed=freed)
    new = Tree({"a": BIG, "b": BIG, "a/below": BIG, "b/below": BIG})
    assert [one.path for one in bulk.strangers(Tree({}), new).problems] == ["b", "b/below"]
    # What is at that path here is still the other one's, which deletes it.
    assert local_part(bulk, {"a": FILE}, remote={"a": BIG}) == set()


@pytest.mark.parametrize(
    ("freed", "new"), [("a", "a"), ("a", "a/b"), ("a/b/c", "a"), ("a/b/c", "a/b")]
)
def test_who_gives_up_a_path_goes_before_who_has_something_new_in_its_place(
    freed: str, new: str
) -> None:
    nothing = frozenset[str]()
    assert in_turn({"1": [new], "2": []}, {"1": nothing, "2": frozenset({freed})}) == ["2", "1"]
    assert in_turn({"1": [new], "2": []}, {"1": frozenset({freed}), "2": nothing}) == ["1", "2"]
    assert in_turn({"1": ["other"], "2": []}, {"1": nothing, "2": frozenset({freed})}) == ["1", "2"]
    mutual = {"1": frozenset({"x"}), "2": frozenset({freed}), "3": nothing}
    assert in_turn({"1": [new], "2": ["x"], "3": ["x"]}, mutual) == ["1", "2", "3"]
