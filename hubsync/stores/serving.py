"""When a storage that keeps failing is out of reach, and when it is one object's problem."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hubsync.errors import StoreError, Unreachable

BUSY: Final = "busy"
"""The code of a `StoreError` for what the storage failed to do (HTTP 500, 503, …) at every try."""


@contextmanager
def serving() -> Iterator[None]:
    """Around a request that stands for itself: the storage, not an object, cannot be used now.

    A job of a batch is left as it is: one bad path never stops the others (rule 7).
    """
    try:
        yield
    except StoreError as error:
        if error.code == BUSY:
            raise cannot_serve() from error
        raise


def cannot_serve() -> Unreachable:
    """The error for a storage that answers, but not with what was asked for."""
    return Unreachable("The storage cannot serve requests now.", "Try again later.")
