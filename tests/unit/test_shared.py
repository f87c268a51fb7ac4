"""`.hubsync.toml`: what is written, and what is taken from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from hubsync import shared
from hubsync.config import RemoteSettings, Settings
from hubsync.core.routing import SHARED_FILE
from hubsync.errors import ConfigError
from hubsync.services.sharing import adopted
from hubsync.shared import Shared

DATA = RemoteSettings(
    "data",
    "s3://bucket/data",
    include=("data/**",),
    larger_than=20_000_000,
    options={"endpoint": "https://s3.example.org", "region": "eu", "profile": "work"},
)


def told(settings: RemoteSettings, identity: str = "abc") -> Shared:
    return shared.told_of(settings, identity, first=False)


def test_what_is_written_is_read_again_without_what_one_machine_knows() -> None:
    text = shared.with_remote(None, told(DATA))
    (read,) = shared.parsed(text)
    assert read == told(DATA)
    assert read.id == "abc"
    assert "profile" not in text
    assert read.is_at(DATA)
    assert read.agrees(DATA)


def test_another_server_is_another_place_and_another_region_is_none() -> None:
    text = shared.with_remote(None, told(DATA))
    (read,) = shared.parsed(text)
    elsewhere = {**DATA.options, "endpoint": "https://other.example.org"}
    assert read.is_at(replace(DATA, options={**DATA.options, "region": "us", "profile": "x"}))
    assert not read.is_at(replace(DATA, options=elsewhere))
    assert not read.is_at(replace(DATA, url="s3://bucket/other"))


def test_a_persons_comments_and_other_tables_stay() -> None:
    text = shared.with_remote(
        "# mine\n[[remote]] # this too\nname = 'a'\nurl = 's3://b/a'\n", told(DATA)
    )
    text = shared.with_remote(text, told(RemoteSettings("data", DATA.url, include=("*.nc",))))
    assert "# mine\n[[remote]] # this too" in text
    assert [one.name for one in shared.parsed(text)] == ["a", "data"]
    assert shared.parsed(text)[1].include == ("*.nc",)
    assert [one.name for one in shared.parsed(shared.without(text, "a"))] == ["data"]


def test_an_id_is_kept_where_none_is_told() -> None:
    text = shared.with_remote(shared.with_remote(None, told(DATA)), told(DATA, ""))
    assert shared.parsed(text)[0].id == "abc"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[remote\n", "line 1"),
        ("x = 1", "unknown field"),
        ("[[remote]]\nname = 3\n", "(line 1)"),
        (
            "[[remote]]\nname='a'\nurl='s3://b'\n[[remote]]\nname='../x'\nurl='s3://b/c'\n",
            "(line 4)",
        ),
        ("\n[[remote]]\nname='a'\nurl='s3://u:p@b/c'\n", "(line 2)"),
        ("[[remote]]\nname='a'\nurl='../x'\n", "no URL"),
        ("[[remote]]\nname='a'\nurl='memory://x'\n", "one process"),
        ("[[remote]]\nname='a'\nurl='s3://b/c'\n[remote.options]\nprofile='x'\n", "'profile'"),
        (
            "[[remote]]\nname='a'\nurl='s3://b/c'\n[remote.options]\nsecret_key='x'\n",
            "'secret_key'",
        ),
        ("[[remote]]\nname='a'\nurl='s3://b/c'\nlarger_than=-1\n", "no size"),
        ("[[remote]]\nname='a'\nurl='s3://b/c'\nmode='branch'\n", "unknown field"),
        ("[[remote]]\nname='a'\nurl='s3://b/c'\n[[remote]]\nname='a'\nurl='s3://b/d'\n", "twice"),
    ],
)
def test_what_cannot_be_taken_is_an_error_that_says_where(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        shared.parsed(text)
    assert says in error.value.message
    assert error.value.code == "bad-shared-file"
    assert "u:p" not in error.value.message


@pytest.mark.parametrize("odd", ["link", "folder", "binary", "pipe", "huge"])
def test_what_is_no_file_of_text_is_an_error_and_never_followed(tmp_path: Path, odd: str) -> None:
    place = tmp_path / SHARED_FILE
    if odd == "link":
        (tmp_path / "other").write_text("")
        place.symlink_to("other")
    elif odd == "folder":
        place.mkdir()
    elif odd == "pipe":
        os.mkfifo(place)
    else:
        place.write_bytes(b"\xff\xfe" if odd == "binary" else b"#" * (1 << 21))
    with pytest.raises(ConfigError):
        shared.text(str(tmp_path))


def test_rules_follow_where_they_were_not_changed_here() -> None:
    origin = RemoteSettings("origin", "git+file:///r.git")
    before = (told(DATA),)
    now = (told(RemoteSettings("data", DATA.url, larger_than=5, options=dict(DATA.options))),)
    settings = Settings((origin, DATA))
    after = adopted(settings, before, now)
    assert after.remote[1].include == ()
    assert after.remote[1].larger_than == 5
    assert after.remote[1].options == DATA.options
    edited = settings.with_remote(RemoteSettings("data", DATA.url, options=dict(DATA.options)))
    assert adopted(edited, before, now) == edited
    assert adopted(settings, (), now) == settings  # nothing is remembered: what is here holds
    gone = adopted(settings, before, ())
    assert gone == settings.with_remote(replace(DATA, withdrawn=True))  # it is told, and stays
    assert adopted(gone, (), before) == settings


def test_rules_of_the_first_remote_travel_without_its_address() -> None:
    origin = RemoteSettings("origin", "git+file:///r.git", include=("*.md",), exclusive=True)
    text = shared.with_remote(None, shared.told_of(origin, "", first=True))
    assert "r.git" not in text
    bare = RemoteSettings("mine", "s3://elsewhere/x", exclusive=True)
    after = adopted(Settings((bare,)), (), shared.parsed(text))
    assert after.remote[0].include == ("*.md",)
    assert after.remote[0].exclusive is True
    back = adopted(after, shared.parsed(text), ())
    assert back.remote[0].include == ()
