"""Large files to S3 in parts, which an interrupted upload leaves and the next one goes on with.

No note is kept anywhere: an unfinished upload of the same key whose first part has the MD5 of this
file's first part is taken up, and of its parts those whose MD5 the file still has are not sent
again. The object appears when the parts are put together, in one request that carries the condition
(rule 12) and is made only after the source was checked to have stayed the same (rule 10).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any, Final

from hubsync.errors import (
    HubsyncError,
    ObjectNotFound,
    PreconditionFailed,
    SourceChanged,
    StoreError,
)
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_large import Note, unheard
from hubsync.stores.objects_native import check_key, identity_of
from hubsync.stores.objects_s3 import full_key, raw_client, raw_error
from hubsync.stores.objects_tags import Naming, Tagger, probed
from hubsync.stores.protocol import ABSENT, Passed, Transferred, Upload
from hubsync.stores.transfer import SourceStream, stream_source

_PART: Final = 8 << 20
_MOST_PARTS: Final = 9000
_MEMORY: Final = 72 << 20
_AT_ONCE: Final = 8
# A beginning and a putting together cost what a put costs.
_KINDS: Final = {
    "list_parts": "list",
    "list_multipart_uploads": "list",
    "abort_multipart_upload": "delete",
    "delete_object": "delete",
    "head_object": "head",
}


def part_size(size: int) -> int:
    """The size of the parts of a file of ``size`` bytes: the same in every run."""
    parts = -(-size // _MOST_PARTS)
    return max(_PART, -(-parts // _PART) * _PART)


class Multipart:
    """Multipart uploads to one bucket."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.note: Note = unheard
        self._settings = client.settings
        self._native: Any = None
        self._lock = Lock()
        self._naming: Naming | None = None
        self._probing = Lock()

    def upload(self, job: Upload, passed: Passed) -> Transferred:
        """Raises what `Store.upload` puts into a result."""
        check_key(job.key, self._settings.provider)
        with stream_source(job, part_size(job.size)) as source:
            one = _OneUpload(self, job, source, passed)
            try:
                identity = one.run()
            except (SourceChanged, PreconditionFailed):
                # These parts are of no use to a later run; those of a broken connection are.
                one.abort()
                raise
            finally:
                one.close()
            return Transferred(
                job.key,
                identity=identity,
                digest=source.digest,
                size=source.size,
                signature=source.signature,
            )

    def sweep(self, older_than: int) -> int:
        """Abort the unfinished uploads under the store's prefix that began before (ns)."""
        count = 0
        for upload in list(self.unfinished(full_key(self._settings, ""))):
            if upload["Initiated"].timestamp() * 1e9 < older_than:
                self.call("abort_multipart_upload", upload["Key"], UploadId=upload["UploadId"])
                count += 1
        return count

    def abort(self, key: str, token: str) -> bool:
        """Some servers say of an upload that is over that there is none, others nothing."""
        try:
            self.call("abort_multipart_upload", full_key(self._settings, key), UploadId=token)
        except ObjectNotFound:
            return False
        return True

    def unfinished(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Unfinished uploads of keys that begin with ``prefix``, which here are whole keys."""
        after: dict[str, str] = {}
        while True:
            try:
                page = self.call("list_multipart_uploads", None, Prefix=prefix, **after)
            except StoreError:
                # Some servers have no such listing, or none while there is no upload: nothing is
                # gone on with there. A lost connection or refused credentials are no StoreError.
                return
            yield from page.get("Uploads", [])
            if not page.get("IsTruncated"):
                return
            after = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def naming(self) -> Naming:
        """See `objects_tags`; found out once."""
        with self._probing:
            if self._naming is None:
                own = self._settings.endpoint() != ""
                root = full_key(self._settings, "")
                self._naming = probed(self.call, root) if own else Naming.PARTS
            return self._naming

    def call(self, operation: str, key: str | None, **arguments: Any) -> Any:
        """One request; ``key`` is a whole key."""
        if key is not None:
            arguments["Key"] = key
        native = self._connected()
        self._client.count(_KINDS.get(operation, "put"))
        try:
            return getattr(native, operation)(Bucket=self._settings.bucket, **arguments)
        except Exception as error:
            raise raw_error(error, key or "the listing of uploads", self._settings) from error

    def _connected(self) -> Any:
        with self._lock:
            if self._native is None:
                self._native = raw_client(self._settings)
            return self._native

    @property
    def client(self) -> Client:
        return self._client


class _OneUpload:
    """The upload of one file."""

    def __init__(
        self, multipart: Multipart, job: Upload, source: SourceStream, passed: Passed
    ) -> None:
        self._multipart = multipart
        self._job = job
        self._source = source
        self._passed = passed
        self._key = full_key(multipart.client.settings, job.key)
        self._upload_id = ""
        self._there: dict[int, str] = {}
        self._tagger = Tagger(multipart.naming())
        self._parts: dict[int, str] = {}

    def run(self) -> str:
        """The identity of the finished object."""
        at_once = max(1, min(_AT_ONCE, _MEMORY // part_size(self._job.size)))
        running: set[Future[int]] = set()
        with ThreadPoolExecutor(at_once, "hubsync-part") as pool:
            try:
                for number, data in enumerate(self._source, 1):
                    if not self._upload_id:
                        self._begin(data)
                    if len(running) >= at_once:
                        running = self._collect(running)
                    running.add(pool.submit(self._send, number, data))
                    self._tagger.update(data)
                    del data
                while running:
                    running = self._collect(running)
            finally:
                for future in running:
                    future.cancel()
        return self._complete()

    def _collect(self, running: set[Future[int]]) -> set[Future[int]]:
        done, left = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            sent = future.result()
            if sent:
                self._passed(sent)
        return left

    def _begin(self, first: bytes) -> None:
        wanted = _md5(first)
        ours = [one for one in self._multipart.unfinished(self._key) if one["Key"] == self._key]
        for one in sorted(ours, key=lambda one: one["Initiated"], reverse=True):
            there = self._list_parts(one["UploadId"])
            if there.get(1) == wanted:
                self._upload_id, self._there = one["UploadId"], there
                break
        else:
            made = self._multipart.call("create_multipart_upload", self._key)
            self._upload_id = made["UploadId"]
        self._multipart.note(self._job.key, self._upload_id)

    def _list_parts(self, upload_id: str) -> dict[int, str]:
        found: dict[int, str] = {}
        after = 0
        while True:
            page = self._multipart.call(
                "list_parts", self._key, UploadId=upload_id, PartNumberMarker=after
            )
            for part in page.get("Parts", []):
                found[part["PartNumber"]] = identity_of(part["ETag"])
            if not page.get("IsTruncated"):
                return found
            after = int(page["NextPartNumberMarker"])

    def _send(self, number: int, data: bytes) -> int:
        """How many bytes had to pass."""
        there = self._there.get(number)
        if there is not None and there == _md5(data):
            self._parts[number] = there
            return 0
        sent = self._multipart.call(
            "upload_part", self._key, UploadId=self._upload_id, PartNumber=number, Body=data
        )
        self._parts[number] = identity_of(sent["ETag"])
        return len(data)

    def _complete(self) -> str:
        condition: dict[str, str] = {}
        expected = self._job.expected
        if expected is not None and self._multipart.client.settings.conditional:
            condition = {"IfNoneMatch": "*"} if expected == ABSENT else {"IfMatch": expected}
        parts = [
            {"PartNumber": number, "ETag": self._parts[number]} for number in sorted(self._parts)
        ]
        done = self._multipart.call(
            "complete_multipart_upload",
            self._key,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": parts},
            **condition,
        )
        return self._tagger.identity(
            identity_of(done.get("ETag")),
            lambda: identity_of(self._multipart.call("head_object", self._key)["ETag"]),
        )

    def close(self) -> None:
        self._tagger.close()

    def abort(self) -> None:
        if not self._upload_id:
            return
        try:
            self._multipart.call("abort_multipart_upload", self._key, UploadId=self._upload_id)
        except HubsyncError:
            # What led here is what the user has to hear; `sweep` takes the parts away later.
            return


def _md5(data: bytes) -> str:
    return identity_of(hashlib.md5(data, usedforsecurity=False).hexdigest())
