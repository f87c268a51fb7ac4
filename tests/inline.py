"""Work that would go to threads, done where it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any


class Inline:
    """A pool of no threads: the order of events is the same in every run."""

    def __init__(self, *_: object, **__: object) -> None:
        return

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def shutdown(self, *_: object, **__: object) -> None:
        return

    def submit(self, work: Callable[..., Any], *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **named))
        except BaseException as error:
            future.set_exception(error)
        return future

    def map(self, work: Callable[..., Any], *given: Iterable[Any]) -> Iterator[Any]:
        return iter([self.submit(work, *args).result() for args in zip(*given, strict=False)])
