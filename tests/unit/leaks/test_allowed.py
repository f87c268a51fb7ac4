"""What was let through is remembered, readable, and holds no secret."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hubsync.errors import ConfigError
from hubsync.leaks.allowed import Allowed, load, save
from hubsync.leaks.search import search
from tests.unit.leaks.made_up import github, password


def _allowing(path: str, *secrets: str) -> Allowed:
    text = "\n".join(f"password = '{one}'" for one in secrets)
    return Allowed().with_all(search(path, text.encode()))


def test_it_survives_being_written(tmp_path: Path) -> None:
    place = str(tmp_path / "allowed.toml")
    allowed = _allowing("a.py", password(1), password(2)).with_all(
        search("é/b c.py", github().encode())
    )
    save(place, allowed)
    assert load(place) == allowed
    assert len(allowed.entries) == 3


@pytest.mark.parametrize("path", ["caf\udce9.py", 'q"uo\\te.py', "new\nline.py", "tab\t%41.py"])
def test_odd_names_survive(tmp_path: Path, path: str) -> None:
    place = str(tmp_path / "allowed.toml")
    save(place, _allowing(path, password()))
    assert load(place) == _allowing(path, password())


def test_a_person_can_read_it_and_finds_no_secret_in_it(tmp_path: Path) -> None:
    place = tmp_path / "allowed.toml"
    save(str(place), _allowing("src/a.py", password()))
    text = place.read_text()
    assert 'path = "src/a.py"' in text
    assert 'kind = "password"' in text
    assert text.startswith("# Findings that 'hubsync allow' let through.")
    assert password() not in text
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_the_same_is_written_in_the_same_way(tmp_path: Path) -> None:
    for name, order in (("one", (1, 2, 3)), ("two", (3, 1, 2))):
        save(str(tmp_path / name), _allowing("a.py", *map(password, order)))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_marks_of_one_secret_in_two_files_differ() -> None:
    (one,) = _allowing("a.py", password()).entries
    (other,) = _allowing("b.py", password()).entries
    assert one.mark != other.mark


def test_without_a_file_nothing_is_let_through(tmp_path: Path) -> None:
    assert load(str(tmp_path / "none.toml")) == Allowed()


@pytest.mark.parametrize(
    "text", ["[[allowed]", "[[allowed]]\npath = 3\n", "allowed = 1\n", "x = 1\n"]
)
def test_a_damaged_file_is_an_error_and_no_guess(tmp_path: Path, text: str) -> None:
    place = tmp_path / "allowed.toml"
    place.write_text(text)
    with pytest.raises(ConfigError, match=r"allowed\.toml cannot be read"):
        load(str(place))
