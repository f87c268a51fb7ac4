"""The file of logins: private, whole, and refused when it is not."""

from __future__ import annotations

import os
import stat
import threading
import traceback
from pathlib import Path

import pytest

from hubsync.credentials.secret import Secret
from hubsync.credentials.stored import Stored, StoredLogin
from hubsync.errors import LocalError

ADA = StoredLogin("ada", Secret("ghu_ada"), "Iv1.1", 1_700_000_000, Secret("ghr_ada"))
BOB = StoredLogin("bob", Secret("ghp_bob"))


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(str(tmp_path / "share/hubsync/credentials/hubsync-logins.json"))


def put(stored: Stored, host: str, login: StoredLogin | None) -> None:
    with stored.held():
        stored.put(host, login)


def modes(stored: Stored) -> dict[str, int]:
    folder = Path(stored.path).parent
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.iterdir())}


def test_what_is_put_is_read(stored: Stored) -> None:
    put(stored, "github.com", ADA)
    put(stored, "ghe.example.org", BOB)
    assert stored.read() == {"github.com": ADA, "ghe.example.org": BOB}
    put(stored, "github.com", None)
    assert stored.read() == {"ghe.example.org": BOB}


def test_nothing_is_there_at_first_and_reading_makes_nothing(stored: Stored) -> None:
    assert stored.read() == {}
    assert not Path(stored.path).parent.exists()


def test_the_file_goes_with_the_last_login(stored: Stored) -> None:
    put(stored, "github.com", ADA)
    put(stored, "github.com", None)
    put(stored, "github.com", None)
    assert not Path(stored.path).exists()
    assert stored.read() == {}


def test_modes_whatever_the_umask(stored: Stored) -> None:
    before = os.umask(0)
    try:
        put(stored, "github.com", ADA)
    finally:
        os.umask(before)
    assert modes(stored) == {
        "credentials": 0o700,
        "hubsync-logins.json": 0o600,
        "hubsync-logins.json.lock": 0o600,
    }


def test_the_bits_of_the_group_are_taken_away_again(stored: Stored) -> None:
    put(stored, "github.com", ADA)
    os.chmod(stored.path, 0o660)
    os.chmod(Path(stored.path).parent, 0o2770)
    assert stored.read() == {"github.com": ADA}
    assert modes(stored)["hubsync-logins.json"] == 0o600
    assert modes(stored)["credentials"] & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_a_file_that_others_can_read_is_refused(stored: Stored, mode: int) -> None:
    put(stored, "github.com", ADA)
    os.chmod(stored.path, mode)
    with pytest.raises(LocalError, match="open to others") as raised:
        stored.read()
    assert raised.value.code == "exposed-credentials"
    assert raised.value.hint
    with pytest.raises(LocalError), stored.held():
        stored.put("ghe.example.org", BOB)


@pytest.mark.parametrize("mode", [0o701, 0o707, 0o755])
def test_a_folder_that_is_open_to_others_is_refused(stored: Stored, mode: int) -> None:
    put(stored, "github.com", ADA)
    Path(stored.path).parent.chmod(mode)
    with pytest.raises(LocalError, match="open to others"):
        stored.read()


def test_an_exposed_file_can_be_removed(stored: Stored) -> None:
    put(stored, "github.com", ADA)
    os.chmod(stored.path, 0o644)
    Path(stored.path).parent.chmod(0o755)
    assert stored.remove()
    assert stored.read() == {}
    put(stored, "github.com", BOB)
    assert stored.read() == {"github.com": BOB}


def test_a_link_is_not_followed(stored: Stored, tmp_path: Path) -> None:
    put(stored, "github.com", ADA)
    os.rename(stored.path, tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", stored.path)
    with pytest.raises(LocalError, match="symbolic links"):
        stored.read()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "logins": {}}',
        '{"version": 1, "logins": {"github.com": {"user": "ada", "secret": ""}}}',
        '{"version": 1, "logins": {"github.com": {"user": "ada", "secret": 5}}}',
        '{"version": 1, "logins": {"github.com": {"user": "ada", "secret": "ghu_\\nada"}}}',
        '{"version": 1, "logins": {"ghu_ada": "ghu_ada"}}',
    ],
)
def test_a_damaged_file_is_told_without_its_contents(stored: Stored, text: str) -> None:
    put(stored, "github.com", ADA)
    Path(stored.path).write_text(text)
    with pytest.raises(LocalError, match="damaged") as raised:
        stored.read()
    assert raised.value.code == "bad-credentials"
    assert "ghu" not in "".join(traceback.format_exception(raised.value))


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(stored: Stored) -> None:
    put(stored, "github.com", ADA)
    unwritable = StoredLogin("\udcff", Secret("ghp_bob"))
    with pytest.raises(UnicodeEncodeError):
        put(stored, "github.com", unwritable)
    assert stored.read() == {"github.com": ADA}
    assert len(modes(stored)) == 3


def test_two_at_once_both_arrive(stored: Stored) -> None:
    def add(number: int) -> None:
        put(stored, f"h{number}", BOB)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored.read()) == 12
