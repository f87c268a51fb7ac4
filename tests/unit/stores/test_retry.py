"""Trying again: how often, how long between, and what is not tried again."""

from __future__ import annotations

import pytest

from hubsync.stores.retry import Patience, retrying


class Passing(Exception):
    pass


def test_three_tries_with_growing_jittered_waits() -> None:
    slept: list[float] = []
    tries: list[int] = []

    def call() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise Passing
        return "done"

    patience = Patience(first=1.0, sleep=slept.append, drawn=lambda: 0.5)
    assert retrying(call, lambda error: isinstance(error, Passing), patience) == "done"
    assert slept == [0.75, 1.5]


def test_the_last_error_is_raised() -> None:
    slept: list[float] = []
    patience = Patience(sleep=slept.append, drawn=lambda: 0.0)

    def call() -> None:
        raise Passing(str(len(slept)))

    with pytest.raises(Passing, match="2"):
        retrying(call, lambda _: True, patience)
    assert len(slept) == 2


def test_what_does_not_pass_is_not_tried_again() -> None:
    slept: list[float] = []

    def call() -> None:
        raise ValueError("of another kind")

    with pytest.raises(ValueError, match="of another kind"):
        retrying(call, lambda error: isinstance(error, Passing), Patience(sleep=slept.append))
    assert slept == []


def test_a_wait_has_a_limit() -> None:
    slept: list[float] = []
    patience = Patience(first=1.0, longest=2.0, sleep=slept.append, drawn=lambda: 1.0)
    for failed in (1, 2, 3, 9):
        patience.wait(failed)
    assert slept == [1.0, 2.0, 2.0, 2.0]
