"""What a ledger tells of another listing, and when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hubsync.local import ledger, state
from hubsync.local.layout import Layout
from hubsync.local.ledger import Ledger
from hubsync.local.listing import joined, named, path_of
from hubsync.local.mark import own_files
from hubsync.model import Entry, Kind

_ROW = b"f 1 2.0000000000 3.0000000000 %d %s"


def row(path: str, size: int = 1) -> bytes:
    return _ROW % (size, path.encode())


FILES = [row(f"d/{number:05}") for number in range(3000)]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(str(tmp_path))
    (tmp_path / ".hubsync").mkdir()
    (tmp_path / ".hubsync/config.toml").write_text("")
    state.save(made.state("origin"), state.nothing())
    return made


def begun(layout: Layout, rows: list[bytes], *touched: str) -> Ledger:
    settings, sealed = own_files(layout, "origin")
    made = Ledger(
        "origin",
        "r1",
        settings,
        sealed,
        named(joined(rows)),
        hidden=("build",),
        hidden_files=("x.log",),
        touched=touched,
        ruled=("", "d"),
    )
    ledger.begin(layout, made, joined(rows))
    return made


def paths(layout: Layout, rows: list[bytes]) -> set[str] | None:
    kept = ledger.load(layout, "origin")
    assert kept is not None
    found = ledger.spots(layout, kept, joined(rows))
    return None if found is None else set(found.paths)


def test_what_is_kept_is_found_again(layout: Layout) -> None:
    made = begun(layout, FILES, "t")
    assert ledger.load(layout, "origin") == made
    found = ledger.spots(layout, made, joined(FILES))
    assert found is not None
    assert (found.paths, found.hidden, found.ruled) == ({"t", "x.log"}, ("build",), ("", "d"))


@pytest.mark.parametrize("at", [0, 1, 700, 1500, 2998, 2999])
@pytest.mark.parametrize("size", [2, 1_000_000])
def test_a_row_that_is_another_one(layout: Layout, at: int, size: int) -> None:
    begun(layout, FILES)
    edited = [*FILES[:at], row(f"d/{at:05}", size), *FILES[at + 1 :]]
    assert paths(layout, edited) == {f"d/{at:05}", "x.log"}


@pytest.mark.parametrize("at", [0, 1, 1500, 2999])
def test_a_row_that_is_gone_and_one_that_came(layout: Layout, at: int) -> None:
    begun(layout, FILES)
    assert paths(layout, [*FILES[:at], *FILES[at + 1 :]]) == {f"d/{at:05}", "x.log"}
    assert paths(layout, [*FILES[:at], row("new"), *FILES[at:]]) == {"new", "x.log"}


def test_the_same_in_another_order(layout: Layout) -> None:
    begun(layout, FILES)
    assert paths(layout, FILES[::-1]) == {"x.log"}


_LISTINGS = st.lists(
    st.builds(row, st.sampled_from(["a", "b", "d/a" * 20_000, "e"]), st.integers(0, 2)),
    max_size=8,
    unique=True,
)


@given(before=_LISTINGS, now=_LISTINGS)
def test_every_difference_is_found(before: list[bytes], now: list[bytes]) -> None:
    expected = {path_of(one)[0] for one in {*before} ^ {*now}}
    assert ledger.different(joined(before), joined(now)) == expected


def test_directories_that_came_are_left_to_a_whole_scan(layout: Layout) -> None:
    begun(layout, FILES)
    assert paths(layout, [*FILES, b"d new"]) is None


def test_so_are_many_changes(layout: Layout) -> None:
    begun(layout, FILES)
    assert paths(layout, [row(f"d/{number:05}", 2) for number in range(3000)]) is None


def test_so_are_changes_with_much_between_them(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_LARGEST", 70_000)
    begun(layout, FILES)
    assert paths(layout, [row("d/00000", 2), *FILES[1:]]) == {"d/00000", "x.log"}
    assert paths(layout, [row("d/00000", 2), *FILES[1:-1], row("d/02999", 2)]) is None


def test_a_damaged_listing_tells_nothing(layout: Layout) -> None:
    begun(layout, FILES)
    kept = Path(layout.scratch("origin"), "listing")
    kept.write_bytes(kept.read_bytes().replace(b"d/00007", b"d/00008"))
    assert paths(layout, FILES) is None
    kept.unlink()
    assert paths(layout, FILES) is None


def test_one_of_another_state_is_none(layout: Layout) -> None:
    begun(layout, FILES)
    other = replace(state.nothing(), base={"a": Entry(Kind.FILE)})
    state.save(layout.state("origin"), other)
    assert ledger.load(layout, "origin") is None


def test_nor_one_under_other_settings_or_of_another_remote(layout: Layout) -> None:
    begun(layout, FILES)
    assert ledger.load(layout, "other") is None
    Path(layout.config).write_text("# other")
    assert ledger.load(layout, "origin") is None


def test_nor_one_of_another_version_or_a_damaged_one(layout: Layout) -> None:
    made = begun(layout, FILES)
    ledger.save(layout, replace(made, made_by="0 0"))
    assert ledger.load(layout, "origin") is None
    Path(layout.scratch("origin"), "ledger").write_bytes(b"{")
    assert ledger.load(layout, "origin") is None


def test_with_many_paths_to_look_at_there_is_none(layout: Layout) -> None:
    made = begun(layout, FILES)
    many = tuple(map(str, range(2000)))
    ledger.save(layout, replace(made, touched=many))
    assert ledger.load(layout, "origin") == made
