"""`.hubsync/config.toml`: what is written is read again, and a person's hand in it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync import config
from hubsync.config import RemoteSettings, Settings, checked
from hubsync.errors import ConfigError, UsageError

BY_HAND = """\
# my notes
keep_days = 10  # ten

# the first
[[remote]]
name = "origin"   # as everywhere
url = "file:///a"

# the bucket
[[remote]]
name = "data"
url = "s3://b/x"
include = ["data/**"]
[remote.options]
region = "eu" # where
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


FULL = RemoteSettings(
    name="data",
    url="s3://bucket/a b",
    exclusive=True,
    include=("data/**", 'odd"name', "ü\\*"),
    larger_than=20_000_000,
    mode="branch",
    branch="main",
    options={"endpoint": "http://127.0.0.1:9000", "region": "eu"},
)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings((RemoteSettings("origin", "file:///a"),)),
        Settings((FULL,), keep_days=7),
        Settings((RemoteSettings("origin", "file:///a"), FULL), keep_days=0),
    ],
)
def test_what_is_written_is_read_again(path: Path, settings: Settings) -> None:
    config.save(str(path), settings)
    assert config.load(str(path)) == settings
    config.save(str(path), settings)
    assert config.load(str(path)) == settings


def test_without_a_file_there_are_no_settings(path: Path) -> None:
    assert config.load(str(path)) == Settings()


def test_what_a_person_wrote_stays_as_it_is(path: Path) -> None:
    path.write_text(BY_HAND)
    settings = config.load(str(path))
    config.save(str(path), settings)
    assert path.read_text() == BY_HAND
    config.save(str(path), settings.with_remote(RemoteSettings("new", "file:///n")))
    assert path.read_text() == BY_HAND + '\n[[remote]]\nname = "new"\nurl = "file:///n"\n'


def test_a_change_is_made_where_the_table_stands(path: Path) -> None:
    path.write_text(BY_HAND)
    settings = config.load(str(path))
    config.save(str(path), settings.with_remote(RemoteSettings("origin", "file:///elsewhere")))
    assert path.read_text() == BY_HAND.replace("file:///a", "file:///elsewhere")


def test_remotes_that_come_and_go_leave_no_blank_lines(path: Path) -> None:
    path.write_text(BY_HAND)
    settings = config.load(str(path))
    for _ in range(5):
        settings = settings.with_remote(RemoteSettings("new", "file:///n", options={"a": "b"}))
        config.save(str(path), settings)
        assert "\n\n\n" not in path.read_text()
        settings = settings.without("new")
        config.save(str(path), settings)
    assert path.read_text() == BY_HAND


def test_remotes_written_in_one_line_are_kept(path: Path) -> None:
    path.write_text('remote = [{name = "a", url = "file:///x"}]\n')
    settings = config.load(str(path)).with_remote(RemoteSettings("b", "file:///y"))
    config.save(str(path), settings)
    assert config.load(str(path)) == settings


@pytest.mark.parametrize(
    "text",
    [
        "colour = 1",
        '[[remote]]\nname = "a"\nurl = "file:///a"\ncolour = 1',
        "keep_days = 'ten'",
        "keep_days = 1.5",
        "keep_days = true",
        "keep_days = -1",
        "remote = 1",
        "[remote]\nname = 'a'",
        '[[remote]]\nname = "a"',
        '[[remote]]\nurl = "file:///a"',
        '[[remote]]\nname = 1\nurl = "file:///a"',
        '[[remote]]\nname = ""\nurl = "file:///a"',
        '[[remote]]\nname = "../x"\nurl = "file:///a"',
        f'[[remote]]\nname = "{"a" * 100}"\nurl = "file:///a"',
        '[[remote]]\nname = "a"\nurl = "file:///a"\n[[remote]]\nname = "a"\nurl = "file:///b"',
        '[[remote]]\nname = "a"\nurl = "file:///a"\nlarger_than = -5',
        '[[remote]]\nname = "a"\nurl = "file:///a"\nlarger_than = "20MB"',
        '[[remote]]\nname = "a"\nurl = "file:///a"\nlarger_than = 99999999999999999999999999',
        '[[remote]]\nname = "a"\nurl = "file:///a"\ninclude = "x"',
        '[[remote]]\nname = "a"\nurl = "file:///a"\ninclude = ["["]',
        '[[remote]]\nname = "a"\nurl = "git+file:///a"\nmode = "Shadow"',
        '[[remote]]\nname = "a"\nurl = "git+file:///a"\nmode = ""',
        '[[remote]]\nname = "a"\nurl = "file:///a"\nexclusive = "yes"',
        '[[remote]]\nname = "a"\nurl = "file:///a"\n[remote.options]\nregion = 1',
        "[[[",
        "keep_days = 1\nkeep_days = 2",
    ],
)
def test_what_cannot_be_used_is_told_with_the_file(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(str(path))
    assert str(path) in caught.value.message
    assert caught.value.message.endswith(".")
    assert "by hand" in caught.value.hint


def test_bytes_that_are_no_text_are_told(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError):
        config.load(str(path))


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (RemoteSettings("a b", "file:///x"), "bad-remote-name"),
        (RemoteSettings("-a", "file:///x"), "bad-remote-name"),
        (RemoteSettings("a", "file:///x", larger_than=-1), "bad-size"),
        (RemoteSettings("a", "file:///x", larger_than=1 << 63), "bad-size"),
        (RemoteSettings("a", "file:///x", include=("a\nb",)), "bad-pattern"),
        (RemoteSettings("a", "git+file:///x", mode="foo"), "no-such-mode"),
        (RemoteSettings("a", "git+file:///x", branch="a..b"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch=".lock"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch="@{-1}"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch="HEAD"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch="-x"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch="refs/heads/main"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch="a b"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch="a.lock"), "bad-branch"),
        (RemoteSettings("a", "git+file:///x", branch=""), "bad-branch"),
        (RemoteSettings("a", "s3://x", options={"secret_key": "x"}), "secret-in-options"),
        (RemoteSettings("a", "s3://x", options={"pass": "x"}), "secret-in-options"),
        (RemoteSettings("a", "s3://x", options={"proxy_url": "http://u:p@h"}), "secret-in-options"),
    ],
)
def test_what_must_not_be_written_down_is_refused(settings: RemoteSettings, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked(settings)
    assert caught.value.code == code
    assert caught.value.hint
    assert "u:p" not in caught.value.message


def test_a_remote_takes_the_place_of_the_one_with_its_name() -> None:
    settings = Settings((RemoteSettings("a", "file:///a"), RemoteSettings("b", "file:///b")))
    changed = settings.with_remote(RemoteSettings("a", "file:///c"))
    assert [one.url for one in changed.remote] == ["file:///c", "file:///b"]
    with pytest.raises(UsageError):
        settings.without("c")


def test_odd_settings_are_doubted() -> None:
    odd = Settings(
        (RemoteSettings("a", "file:///a"), RemoteSettings("b", "file:///a")), keep_days=0
    )
    text = " ".join(message for message, _ in config.doubts(odd))
    assert "as another one is" in text
    assert "no new file goes to" in text
    assert "keep_days is 0" in text
