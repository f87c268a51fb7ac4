"""The state is remembered whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from hubsync.errors import LocalError
from hubsync.local.state import State, load, nothing, revision, save, touched
from hubsync.model import Entry, Kind

STATE = State(
    remote_id="id",
    revision="7",
    saved_at=1,
    last_sync=None,
    base={
        "a/ü.txt": Entry(Kind.FILE, 3, b"\x00" * 32, 5, True, "", 6, 7, "etag"),
        "l": Entry(Kind.LINK, target="a"),
        "d": Entry(Kind.DIR),
    },
    local={"gone": None, "edited": Entry(Kind.FILE, 1, b"\x01" * 32)},
    remote={"there": Entry(Kind.FILE, 1, None, identity="x")},
    rules_digest="r",
)


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "main.state")
    save(path, STATE)
    assert load(path) == (STATE, "")
    assert os.listdir(tmp_path / "state") == ["main.state"]
    assert os.stat(path).st_mode & 0o077 == 0


def test_missing(tmp_path: Path) -> None:
    assert load(str(tmp_path / "none")) == (None, "missing")


def test_every_truncation_is_no_state(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save(str(path), STATE)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert load(str(path)) == (None, "damaged")


def test_every_flipped_byte_is_no_state(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save(str(path), STATE)
    data = path.read_bytes()
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 0x10
        path.write_bytes(flipped)
        assert load(str(path))[0] is None


def test_another_version_is_told_apart_from_damage(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save(str(path), STATE)
    data = bytearray(path.read_bytes())
    data[7] += 1
    path.write_bytes(data)
    assert load(str(path)) == (None, "other-version")


def test_a_payload_of_another_shape_is_no_state(tmp_path: Path) -> None:
    from blake3 import blake3

    path = tmp_path / "state"
    payload = b"\x93\x01\x02\x03"
    path.write_bytes(b"hubsync\x01" + blake3(payload).digest() + payload)
    assert load(str(path)) == (None, "damaged")


def test_a_directory_in_its_place_is_unreadable(tmp_path: Path) -> None:
    state, why = load(str(tmp_path))
    assert state is None
    assert why.startswith("unreadable")


def test_a_failed_save_leaves_the_old_state_and_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir()
    (path / "in the way").touch()
    with pytest.raises(LocalError):
        save(str(path), STATE)
    assert os.listdir(tmp_path) == ["state"]


def test_the_revision_is_had_without_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "main.state"
    assert revision(str(path)) == ""
    save(str(path), STATE)
    assert revision(str(path)) == "7"
    path.write_bytes(path.read_bytes()[:60])
    assert revision(str(path)) == ""
    path.write_bytes(b"hubsync\x09" + path.read_bytes()[8:])
    assert revision(str(path)) == ""


def entries(**sizes: int) -> dict[str, Entry]:
    return {path: Entry(Kind.FILE, size) for path, size in sizes.items()}


def of(base: dict[str, Entry], local: dict[str, Entry | None] | None = None) -> State:
    return replace(nothing(), base=base, local=local or {})


def test_what_is_remembered_otherwise_is_touched() -> None:
    base = entries(a=1, b=2, c=3)
    assert touched(of(base), of(dict(base))) == set()
    assert touched(of(base), of({**base, "b": Entry(Kind.FILE, 2)})) == {"b"}
    assert touched(of(base), of({**base, "d": Entry(Kind.FILE, 2)})) == {"d"}
    assert touched(of(base), of({path: base[path] for path in "ac"})) == {"b"}
    assert touched(of(base), of({path: base[path] for path in "cab"})) == set()
    swapped = {"a": base["b"], "b": base["a"], "c": base["c"]}
    assert touched(of(base), of(swapped)) == {"a", "b"}
    assert touched(of(base), of({"d": base["a"], "b": base["b"], "c": base["c"]})) == {"a", "d"}
    local = {"x": Entry(Kind.DIR), "y": None}
    assert touched(of(base, {**local}), of(base, {**local})) == set()
    assert touched(of(base, {**local}), of(base, {"y": Entry(Kind.DIR)})) == {"x", "y"}
