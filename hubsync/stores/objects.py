"""Buckets of S3, Google and Azure through obstore: the store of a mirror in the cloud."""

from __future__ import annotations

import threading
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Sized,
)
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final, TypeVar
from weakref import WeakSet

from obstore.exceptions import BaseError, NotModifiedError

from hubsync.errors import ConfigError
from hubsync.stores.objects_batch import Batch, Queue
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_lanes import LARGE, MANY, HelperLane, StoreLanes, start_helpers
from hubsync.stores.objects_large import large_uploads
from hubsync.stores.objects_list import Lister
from hubsync.stores.objects_native import check_key
from hubsync.stores.objects_options import OBJECT_OPTIONS
from hubsync.stores.objects_ranges import download_large
from hubsync.stores.objects_settings import Settings, settings_for
from hubsync.stores.objects_small import Job, transfer
from hubsync.stores.protocol import (
    Download,
    ObjectInfo,
    Passed,
    StoreCapabilities,
    Transferred,
    Upload,
    Vouched,
)
from hubsync.stores.serving import serving
from hubsync.stores.transfer import passing

__all__ = ["OBJECT_OPTIONS", "ObjectsStore", "open_objects", "probe_conditional"]

T = TypeVar("T")
Infos = list[ObjectInfo]
Names = list[str]
Batches = Generator[Transferred, None, None]


def open_objects(url: str, options: Mapping[str, object], env: Mapping[str, str]) -> ObjectsStore:
    """The store for ``s3://bucket/prefix``, ``gs://…`` or ``az://…``. No request is made yet.

    Raises ConfigError.
    """
    settings = settings_for(url, options, env)
    try:
        return ObjectsStore(settings)
    except (BaseError, OSError, ValueError, TypeError) as error:
        # Its text may repeat a key; what could be said more clearly, `settings_for` has said.
        raise ConfigError(
            f"The bucket {settings.bucket!r} cannot be opened with these options.",
            "Check the name of the bucket, the options (-o), and the cloud's variables.",
            "bad-option",
        ) from error


_REQUESTS: Final = 8


class ObjectsStore:
    """A prefix of a bucket as a `protocol.Store`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = Client(settings)
        self._lister = Lister(self._client, self._heads)
        self._large = large_uploads(self._client)
        self._pool = ThreadPoolExecutor(_REQUESTS, "hubsync-request")
        self._batches: WeakSet[Batches] = WeakSet()
        self._ready: tuple[Queue, list[HelperLane]] = (SimpleQueue(), [])

    def __repr__(self) -> str:
        return f"ObjectsStore({self.description})"

    @property
    def requests(self) -> Mapping[str, int]:
        return self._client.requests

    def _run(self, work: Callable[..., T], *given: Any, **named: Any) -> T:
        """One request. The main thread does not make it itself: while it waits for another thread
        it hears signals, in a native call it would not."""
        if threading.current_thread() is not threading.main_thread():
            return work(*given, **named)
        return self._pool.submit(work, *given, **named).result()

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(
            conditional=self._settings.conditional,
            conditional_delete=False,
            server_copy=True,
            md5_identity=self._settings.provider != "azure",
            parallel_prefixes=True,
        )

    @property
    def description(self) -> str:
        cloud = {"s3": "S3", "gcs": "Google Cloud Storage", "azure": "Azure Blob Storage"}
        where = self._settings.endpoint()
        return (
            f"obstore ({cloud[self._settings.provider]}{f' at {where}' if where else ''}): "
            "it serves every option given"
        )

    def with_conditional(self, conditional: bool) -> ObjectsStore:
        from msgspec.structs import replace

        return ObjectsStore(replace(self._settings, conditional=conditional))

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Infos]:
        return self._lister.every(prefix, vouched)

    def list_many(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Infos]:
        """See `hubsync.remotes.mirror.listing.ListsMany`."""
        return self._lister.many(prefix, vouched)

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> tuple[Infos, Names]:
        return self._lister.level(prefix, vouched)

    @serving()
    def head(self, key: str) -> ObjectInfo | None:
        return self._run(self._client.head, key)

    @serving()
    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        try:
            data, info = self._run(self._client.get, key, unless=unless, limit=limit)
        except NotModifiedError:
            return None
        # Not every server heeds If-None-Match.
        return None if unless and info.identity == unless else (bytes(data), info)

    def _heads(self, keys: Sequence[str]) -> Sequence[ObjectInfo | None]:
        return self._run(self._client.heads, keys)

    @serving()
    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        return self._run(self._client.put, key, data, expected)

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        self._run(self._client.copy, source, target)
        return None

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        self._run(self._client.copy_new, source, target)
        return None

    def delete(self, key: str, *, expected: str | None = None) -> None:
        self._run(self._client.delete, key)

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        return self._begun(self._transfer(jobs, passed, self._upload_large))

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        return self._begun(self._transfer(jobs, passed, self._download_large))

    def prepare(self, count: int) -> None:
        queue, helpers = self._ready
        if count >= MANY and not helpers:
            helpers += start_helpers(self._client, queue)

    def _begun(self, batch: Batches) -> Batches:
        self._batches.add(batch)
        return batch

    def _transfer(self, jobs: Iterable[Any], passed: Passed, large: Any) -> Batches:
        queue, helpers = self._ready
        self._ready = (SimpleQueue(), [])
        expected = len(jobs) if isinstance(jobs, Sized) else 0

        def work(job: Job, stop: threading.Event) -> Transferred:
            done: Transferred = large(job, passing(passed, stop))
            return done

        lanes = StoreLanes(self._client, queue, work, expected, helpers)
        try:
            for done in Batch(lanes, queue).run(jobs):
                if done.error is None and done.size <= LARGE:
                    passed(done.size)
                yield done
        finally:
            lanes.close()

    def _upload_large(self, job: Upload, passed: Passed) -> Transferred:
        if job.data is not None:
            return transfer(self._client, job)
        # Looked at first, so that nobody waits for an upload that is refused at its end; what
        # counts is the condition of the request that makes the object visible (rule 12).
        if job.expected is not None:
            self._client.check_expected(job.key, job.expected)
        return self._large.upload(job, passed)

    def _download_large(self, job: Download, passed: Passed) -> Transferred:
        return download_large(self._client, job, passed, LARGE)

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        return self._large.sweep(older_than)

    def check_name(self, key: str) -> None:
        check_key(key, self._settings.provider)

    def note_uploads(self, note: Callable[[str, str], None]) -> None:
        self._large.note = note

    def abort(self, key: str, token: str) -> bool:
        return self._large.abort(key, token)

    def close(self) -> None:
        for batch in list(self._batches):
            batch.close()
        for helper in self._ready[1]:
            helper.close()
        self._lister.close()
        self._pool.shutdown()


def probe_conditional(store: ObjectsStore, key: str) -> bool:
    """Whether the server refuses to create what is there. ``key`` is made and removed."""
    import secrets

    from hubsync.errors import PreconditionFailed
    from hubsync.stores.protocol import ABSENT

    asking = store.with_conditional(True)
    try:
        try:
            asking.write(key, secrets.token_bytes(16), expected=ABSENT)
            asking.write(key, secrets.token_bytes(16), expected=ABSENT)
        except PreconditionFailed:
            return True
        return False
    finally:
        asking.delete(key)
        asking.close()
