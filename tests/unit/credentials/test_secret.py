"""A secret shows itself to nobody by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hubsync.credentials.login import Login
from hubsync.credentials.secret import Secret

TEXT = "ghp_hunter2hunter2"
LOGIN = Login("ada", Secret(TEXT), "a test")


@pytest.mark.parametrize(
    "show",
    [str, repr, "{}".format, "{!r}".format, "%s".__mod__, ascii, lambda one: f"{[one]} {(one,)}"],
)
@pytest.mark.parametrize("one", [LOGIN, LOGIN.secret])
def test_it_is_not_printed(show: Callable[[Any], str], one: object) -> None:
    assert "hunter2" not in show(one)
    assert "hidden" in show(one)


def test_it_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").error("failed with %s and %r", LOGIN.secret, LOGIN)
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    "encode",
    [
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
        json.dumps,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
    ],
)
@pytest.mark.parametrize("one", [LOGIN.secret, [LOGIN.secret]])
def test_it_is_not_serialised(encode: Callable[[Any], object], one: object) -> None:
    if encode is copy.copy and isinstance(one, list):
        one = LOGIN.secret
    with pytest.raises(TypeError) as raised:
        encode(one)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode, pickle.dumps])
def test_what_holds_it_is_not_serialised(encode: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        encode(LOGIN)


def test_a_catch_all_encoder_writes_no_secret() -> None:
    assert "hunter2" not in json.dumps({"a": LOGIN.secret}, default=str)


@pytest.mark.parametrize("text", ["", "a\nb", "a\0", "\x1b[2J", "a\r"])
def test_it_is_one_line_of_text(text: str) -> None:
    with pytest.raises(ValueError, match="one line") as raised:
        Secret(text)
    assert not text or repr(text) not in "".join(traceback.format_exception(raised.value))


def test_equal_ones_are_equal() -> None:
    assert Secret(TEXT) == Secret(TEXT) != Secret("other")
    assert len({Secret(TEXT), Secret(TEXT)}) == 1
    assert Secret(TEXT) != TEXT
    assert Secret(TEXT).reveal() == TEXT
