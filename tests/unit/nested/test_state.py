"""The value that says what a repository is."""

from __future__ import annotations

import pytest

from hubsync.core.references import is_reference
from hubsync.errors import RemoteFormatError
from hubsync.nested.state import Branch, Capture, State, decoded, encoded

TIP = "a" * 40


def test_a_capture_is_written_and_read() -> None:
    state = State("refs/heads/main", {"main": Branch(TIP, "origin/main")}, {"origin": "/srv/x"})
    capture = Capture(state, ("b" * 32,), "hub-a", 5)
    assert decoded(encoded(capture)) == capture


def test_equal_states_have_equal_names() -> None:
    one = State("refs/heads/a", {"a": Branch(TIP), "b": Branch(TIP)}, {"x": "/x", "y": "/y"})
    two = State("refs/heads/a", {"b": Branch(TIP), "a": Branch(TIP)}, {"y": "/y", "x": "/x"})
    assert one.name == two.name
    assert Capture(one, hub="p", time=1).name == Capture(two, ("c" * 32,)).name
    assert State("refs/heads/b", one.branches, one.remotes).name != one.name


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"state": {}}', '{"state": {"head": 1}}', "\ufffd"]
)
def test_what_is_no_capture(text: str) -> None:
    with pytest.raises(RemoteFormatError):
        decoded(text)


def test_another_format_is_refused() -> None:
    newer = encoded(Capture(State("refs/heads/main"), format=2))
    with pytest.raises(RemoteFormatError):
        decoded(newer)


@pytest.mark.parametrize("name", ["refs/heads/main", "refs/heads/a/b-c_d.e", "refs/tags/v1.0"])
def test_references(name: str) -> None:
    assert is_reference(name)


@pytest.mark.parametrize(
    "name",
    [
        "-x",
        "/x",
        "x/",
        "x//y",
        "x..y",
        "x/.y",
        ".x",
        "x.lock",
        "x.lock/y",
        "x y",
        "x~1",
        "x^",
        "x:y",
        "x?",
        "x*",
        "x[",
        "x\\y",
        "x@{1}",
        "x\n",
        "x\0",
        "x.",
        "x" * 600,
    ],
)
def test_no_references(name: str) -> None:
    assert not is_reference(name)
