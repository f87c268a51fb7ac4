"""What other libraries raise, in the terms of a store (`hubsync.stores.fsspec_errors`)."""

from __future__ import annotations

import pytest

from hubsync.errors import ConfigError, HubsyncError, StoreError, Unreachable
from hubsync.stores.fsspec_errors import translate
from hubsync.stores.serving import BUSY, serving


def _named(name: str) -> Exception:
    """An exception of a library that need not be installed: they are known by name."""
    kind: type[Exception] = type(name, (Exception,), {})
    return kind("https://user:hunter2@host")


class Answered(Exception):
    """An HTTP error, as several libraries have it."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


@pytest.mark.parametrize("name", ["ConnectionError", "TransportError", "SSHException"])
def test_a_connection_that_fails_is_unreachable_and_repeats_no_address(name: str) -> None:
    error = translate(_named(name), "a", "s3://")
    assert isinstance(error, Unreachable)
    assert "hunter2" not in error.message + error.hint


def test_an_option_of_the_wrong_type_is_bad_configuration() -> None:
    error = translate(TypeError("x"), "a", "s3://")
    assert isinstance(error, ConfigError)
    assert error.code == "bad-option"


@pytest.mark.parametrize("status", [500, 503, 423, 429])
def test_a_storage_that_fails_at_one_object_is_out_of_reach_only_if_asked_by_itself(
    status: int,
) -> None:
    error = translate(Answered(status), "a", "s3://")
    assert isinstance(error, StoreError)
    assert error.code == BUSY
    with pytest.raises(Unreachable), serving():
        raise error


def test_another_failure_stays_what_it_is() -> None:
    error = translate(Answered(418), "a", "s3://")
    with pytest.raises(HubsyncError) as caught, serving():
        raise error
    assert caught.value is error
