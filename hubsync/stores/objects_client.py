"""Single requests to one bucket through obstore: get, put with a condition, head, copy, delete.

Every call waits for its answer, and leaves the interpreter to other threads meanwhile: many
requests are in flight from many threads. The module is also what helper processes load: it imports
little.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, Final

import obstore
from msgspec.structs import replace
from obstore.exceptions import BaseError, NotModifiedError

from hubsync.errors import (
    ContentMismatch,
    HubsyncError,
    ObjectNotFound,
    PreconditionFailed,
    StoreError,
)
from hubsync.stores.objects_errors import is_not_found, is_transient, translated
from hubsync.stores.objects_native import TRIES, check_key, identity_of, info_of, open_native
from hubsync.stores.objects_settings import Settings
from hubsync.stores.protocol import ABSENT, ObjectInfo, too_large

_BACKOFF: Final = 0.2
_HEADS: Final = 64
FAILURES: Final = (BaseError, OSError, ValueError)


class NoRanges(StoreError):
    """The server sends something else than the part of an object that it was asked for."""


def other_size(key: str, size: int, wanted: int) -> ContentMismatch:
    return ContentMismatch(
        f"{key} is {size} bytes long where {wanted} were expected.",
        hint="Another tool may have replaced it; sync again.",
    )


Page = tuple[list[ObjectInfo], list[str]]
"""Some objects, and some common prefixes of deeper ones, of a listing."""


class Client:
    """Requests under one prefix of one bucket; ``requests`` counts them by kind.

    Puts are retried here and not by obstore, because only who knows of a retry may take an object
    that is there already for its own first try.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reader = open_native(settings, retries=True)
        self.requests: Counter[str] = Counter()
        self._counting = threading.Lock()
        self.serves_ranges: bool | None = None
        """Parts of objects as obstore wants them; None: nobody has asked for one yet."""
        self.plain_ranges = False
        """Parts of objects at least over plain HTTP (`objects_plain`)."""

    def count(self, kind: str) -> None:
        """Note a request that is made. From any thread."""
        with self._counting:
            self.requests[kind] += 1

    def add_count(self, requests: Mapping[str, int]) -> None:
        """Note requests that were made elsewhere."""
        with self._counting:
            self.requests.update(requests)

    def take_count(self) -> dict[str, int]:
        """The requests since the last time this was asked."""
        with self._counting:
            taken = dict(self.requests)
            self.requests.clear()
        return taken

    def failed(self, error: BaseException, key: str) -> HubsyncError:
        return translated(error, key, self.settings.bucket)

    def put(
        self, key: str, data: bytes, expected: str | None, *, again: bool = False
    ) -> ObjectInfo:
        """Write ``data`` whole; ``expected`` as in `protocol.Upload`. ``again``: an earlier try may
        have succeeded unheard. ``mtime`` of the result is 0: no provider tells it."""
        check_key(key, self.settings.provider)
        if expected is not None and not self.settings.conditional:
            self.check_expected(key, expected)
            expected = None
        for attempt in range(TRIES):
            mode = self._mode(key, expected)
            self.count("put")
            try:
                done = obstore.put(self._writer, key, data, mode=mode, use_multipart=False)
            except FAILURES as error:
                if is_transient(error) and attempt + 1 < TRIES:
                    time.sleep(_BACKOFF * 2**attempt * random.uniform(0.5, 1.5))
                    continue
                problem = self.failed(error, key)
                if (attempt or again) and isinstance(problem, PreconditionFailed):
                    mine = self._own_first_try(key, data)
                    if mine is not None:
                        return mine
                raise problem from error
            return ObjectInfo(key, len(data), identity_of(done["e_tag"]), 0)
        raise AssertionError("unreachable: the last try returns or raises")

    def check_expected(self, key: str, expected: str) -> None:
        """Look whether ``key`` is as expected: not atomic, for servers that ignore conditions."""
        info = self.head(key)
        if (info.identity if info is not None else ABSENT) != expected:
            raise PreconditionFailed(f"{key} is not what was expected there.")

    def _mode(self, key: str, expected: str | None) -> Any:
        if expected is None:
            return "overwrite"
        if expected == ABSENT:
            return "create"
        if self.settings.provider != "gcs":
            return {"e_tag": expected}
        # Google compares generations. The one looked up here belongs to the expected entity tag,
        # and the put succeeds on it alone, so that no write in between can be lost (rule 12).
        meta = self._meta(key)
        if meta is None or identity_of(meta["e_tag"]) != expected or not meta["version"]:
            raise PreconditionFailed(f"{key} is not what was expected there.")
        return {"version": meta["version"]}

    def _own_first_try(self, key: str, data: bytes) -> ObjectInfo | None:
        """The object, if it has exactly ``data``: a lost answer, not another writer."""
        info = self.head(key)
        if info is None or info.size != len(data):
            return None
        if info.identity == f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"':
            return info
        found, now = self.get(key)
        return now if found == data else None

    def get(
        self,
        key: str,
        *,
        unless: str | None = None,
        identity: str | None = None,
        size: int | None = None,
        limit: int | None = None,
    ) -> tuple[Any, ObjectInfo]:
        """The object's bytes (a buffer). ``identity``: raises PreconditionFailed for another one.
        ``unless``: raises NotModifiedError for this one. ``size``: raises ContentMismatch for
        another one, before the bytes are fetched. ``limit``: raises TooLarge for a larger one, as
        early."""
        check_key(key, self.settings.provider)
        options: Any = {}
        if unless:
            options["if_none_match"] = unless
        if identity:
            options["if_match"] = identity
        for attempt in range(TRIES):
            self.count("get")
            try:
                answer = obstore.get(self.reader, key, options=options or None)
            except NotModifiedError:
                raise
            except FAILURES as error:
                raise self.failed(error, key) from error
            info = info_of(answer.meta)
            # Not every server heeds If-Match.
            if identity and info.identity != identity:
                raise PreconditionFailed(f"{key} is not what was expected there.")
            if size is not None and info.size != size:
                raise other_size(key, info.size, size)
            if limit is not None and info.size > limit:
                raise too_large(key, info.size, limit)
            try:
                return answer.bytes(), info
            except FAILURES as error:
                # The answer broke off. obstore asks for the rest, which not every server gives.
                if attempt + 1 == TRIES:
                    raise self.failed(error, key) from error
            time.sleep(_BACKOFF * 2**attempt * random.uniform(0.5, 1.5))
        raise AssertionError("unreachable: the last try returns or raises")

    def get_range(self, info: ObjectInfo, start: int, end: int) -> Any:
        """Bytes ``start`` to ``end`` (exclusive) of the object, which must still be ``info``."""
        key = info.key
        check_key(key, self.settings.provider)
        self.count("get")
        options: Any = {"range": (start, end), "if_match": info.identity}
        try:
            answer = obstore.get(self.reader, key, options=options)
            if identity_of(answer.meta["e_tag"]) != info.identity:
                raise PreconditionFailed(f"{key} is not what was expected there.")
            if answer.meta["size"] != info.size:
                raise other_size(key, answer.meta["size"], info.size)
            data = answer.bytes()
        except FAILURES as error:
            if "non-partial" in str(error)[:200]:
                self.serves_ranges = False
                raise NoRanges(f"{key}: the storage serves no parts of objects.") from error
            raise self.failed(error, key) from error
        if answer.range != (start, end) or len(data) != end - start:
            raise StoreError(f"{key}: the storage sent another range than was asked for.")
        self.serves_ranges = True
        return data

    def stream(self, key: str, identity: str, chunk: int) -> Iterator[Any]:
        """The whole object in chunks of at least ``chunk`` bytes, but for the last. A chunk may
        raise what `failed` translates."""
        self.count("get")
        try:
            answer = obstore.get(self.reader, key, options={"if_match": identity})
            if identity_of(answer.meta["e_tag"]) != identity:
                raise PreconditionFailed(f"{key} is not what was expected there.")
            stream: Iterator[Any] = answer.stream(chunk)
        except FAILURES as error:
            raise self.failed(error, key) from error
        return stream

    def _meta(self, key: str) -> Any:
        self.count("head")
        try:
            return obstore.head(self.reader, key)
        except FAILURES as error:
            if is_not_found(error):
                return None
            raise self.failed(error, key) from error

    def head(self, key: str) -> ObjectInfo | None:
        check_key(key, self.settings.provider)
        meta = self._meta(key)
        return None if meta is None else info_of(meta)

    def heads(self, keys: Sequence[str]) -> list[ObjectInfo | None]:
        """`head` of several keys, many at a time."""
        if not keys:
            return []
        with ThreadPoolExecutor(min(_HEADS, len(keys)), "hubsync-head") as pool:
            return list(pool.map(self.head, keys))

    def copy(self, source: str, target: str) -> None:
        check_key(source, self.settings.provider)
        check_key(target, self.settings.provider)
        self.count("copy")
        try:
            obstore.copy(self.reader, source, target)
        except FAILURES as error:
            if is_not_found(error):
                raise ObjectNotFound(f"{source} is not there.") from error
            raise self.failed(error, source) from error

    def copy_new(self, source: str, target: str) -> None:
        """As `copy`; raises PreconditionFailed if there is a ``target``. Google and Azure refuse
        that themselves. Of S3 servers only some do, and nothing shows which: there it is looked
        first, and the condition sent all the same."""
        check_key(source, self.settings.provider)
        if not self.settings.conditional or self.settings.provider == "s3":
            self.check_expected(target, ABSENT)
        if not self.settings.conditional:
            self.copy(source, target)
            return
        check_key(target, self.settings.provider)
        self.count("copy")
        try:
            obstore.copy(self._creator, source, target, overwrite=False)
        except FAILURES as error:
            if is_not_found(error):
                raise ObjectNotFound(f"{source} is not there.") from error
            raise self.failed(error, target) from error

    @cached_property
    def _writer(self) -> Any:
        """Made when it is first needed: each client reads the system's certificates (12 ms)."""
        return open_native(self.settings, retries=False)

    @cached_property
    def _creator(self) -> Any:
        if self.settings.provider != "s3":
            return self._writer
        config = {**self.settings.config, "copy_if_not_exists": "header: If-None-Match: *"}
        return open_native(replace(self.settings, config=config), retries=False)

    def delete(self, key: str) -> None:
        """Remove the object; an absent one is no error."""
        check_key(key, self.settings.provider)
        self.count("delete")
        try:
            obstore.delete(self.reader, key)
        except FAILURES as error:
            if not is_not_found(error):
                raise self.failed(error, key) from error
