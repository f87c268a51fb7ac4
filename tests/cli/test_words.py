"""Figures, times and names as people read them."""

from __future__ import annotations

import pytest

from hubsync_cli import words

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("notes.md", "notes.md"),
        ("data/run 1/a.nc", "data/run 1/a.nc"),
        ("Übung/数据.csv", "Übung/数据.csv"),
        ("a\nb", r'"a\nb"'),
        ("\x1b[31mred", r'"\x1b[31mred"'),
        ("caf\udce9", r'"caf\xe9"'),
        ("\udfff", r'"\udfff"'),
        ("exe\u202etxt", r'"exe\u202etxt"'),
        ("\u2028", r'"\u2028"'),
        ("zero\u200bwidth", r'"zero\u200bwidth"'),
        (" lead", '" lead"'),
        ("trail ", '"trail "'),
        ('"quoted"', r'"\"quoted\""'),
        ("back\\slash", "back\\slash"),
        ("back\\slash\t", r'"back\\slash\t"'),
        ("\x9b0m", r'"\x9b0m"'),
    ],
)
def test_names_are_safe_to_show(path: str, shown: str) -> None:
    assert words.name(path) == shown


def test_no_shown_name_holds_a_control_character() -> None:
    for code in [*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000, 97)]:
        assert words.name(f"a{chr(code)}b").encode().decode().isprintable()


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (123_456, "123 kB"),
        (999_700, "1.0 MB"),
        (3_400_000, "3.4 MB"),
        (10**12, "1.0 TB"),
        (10**16, "10000 TB"),
    ],
)
def test_sizes(octets: int, shown: str) -> None:
    assert words.size(octets) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.26, "0.3 s"), (42.4, "42 s"), (187, "3:07 min"), (7500, "2:05 h")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert words.duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"),
        (30, "30 seconds ago"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (3 * 86_400, "3 days ago"),
        (-60, "at 1970-01-12 13:47:40 UTC"),
    ],
)
def test_how_long_ago(seconds: int, shown: str) -> None:
    now = 1_000_000 * SECOND
    assert words.ago(now - seconds * SECOND, now) == shown


def test_iso_times_are_rounded_up() -> None:
    assert words.iso(1_700_000_000_123_456_001) == "2023-11-14T22:13:20.123457Z"
    assert words.iso(1_700_000_000_000_000_000) == "2023-11-14T22:13:20.000000Z"


@pytest.mark.parametrize("absurd", [10**30, -(10**30)])
def test_absurd_times_of_other_people_are_clamped(absurd: int) -> None:
    assert words.iso(absurd).endswith("Z")
    assert words.moment(absurd)
    assert words.ago(absurd, 0)
