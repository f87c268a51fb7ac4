"""Which entity tag a server's listings give an object that came in parts.

Amazon's own always have the tag of the answer that completed the upload. Some others (``rclone
serve s3``) give in that answer a tag made of the parts', and in every later one the MD5 of the
whole, for which they read the object, each time. Asking them for it would cost as much as the
upload; so what they do is found out once with an object of a few bytes, before the first large one
goes out, and the MD5 is taken from the bytes as they are sent.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any

from hubsync.errors import HubsyncError
from hubsync.stores.objects_native import identity_of

_FOLDER = ".hubsync/tmp"

Call = Callable[..., Any]
"""``call(operation, key, **arguments)``: one request about a whole key."""


class Naming(Enum):
    """What a listing shows of an object that came in parts."""

    PARTS = "the tag of the answer that completed it"
    WHOLE = "the MD5 of its content"
    UNKNOWN = "what it is has to be asked"


class Tagger:
    """The identity of one object that is being sent. ``update`` takes its bytes, in order.

    Hashing has a thread of its own, because MD5 is slower than everything else that is done to the
    bytes.
    """

    def __init__(self, naming: Naming) -> None:
        self._hasher = hashlib.md5(usedforsecurity=False)
        self._threads = ThreadPoolExecutor(1, "hubsync-md5")
        self._naming = naming
        self._hashed: Future[None] | None = None

    def update(self, data: bytes) -> None:
        if self._naming is Naming.PARTS:
            return
        if self._hashed is not None:
            self._hashed.result()  # never more than one chunk behind: memory stays bounded
        self._hashed = self._threads.submit(self._hasher.update, data)

    def identity(self, completed: str, ask: Callable[[], str]) -> str:
        """``completed``: the tag of the answer. ``ask`` gives the tag that is shown now."""
        if self._naming is Naming.PARTS:
            return completed
        if self._hashed is not None:
            self._hashed.result()
        whole = identity_of(self._hasher.hexdigest())
        if self._naming is Naming.WHOLE:
            return whole
        # It is taken for ours if it is the file's MD5: anything else may be another writer's
        # object, and the one to tell that is who lists it next.
        return whole if ask() == whole else completed

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


def probed(call: Call, root: str) -> Naming:
    """Find out with a small object below ``root`` (``""`` or ending in ``/``), then remove it."""
    key, data = f"{root}{_FOLDER}/parts-{secrets.token_hex(8)}", secrets.token_bytes(16)
    try:
        upload = call("create_multipart_upload", key)["UploadId"]
        part = call("upload_part", key, UploadId=upload, PartNumber=1, Body=data)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        done = call("complete_multipart_upload", key, UploadId=upload, MultipartUpload=parts)
        shown = identity_of(call("head_object", key).get("ETag"))
        call("delete_object", key)
    except HubsyncError:
        return Naming.UNKNOWN  # a server that refuses this says so to the upload itself
    if shown == identity_of(done.get("ETag")):
        return Naming.PARTS
    whole = identity_of(hashlib.md5(data, usedforsecurity=False).hexdigest())
    return Naming.WHOLE if shown == whole else Naming.UNKNOWN
