"""What obstore does not offer of Azure Blob Storage, through azure-storage-blob.

A large file is sent in blocks. A block's name is its number and its MD5, so that an interrupted
upload is gone on with: blocks that are there already, uncommitted, are not sent again. The object
appears when the blocks are committed, in one request that carries the condition (rule 12). Azure
drops uncommitted blocks by itself after a week.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any, Final

from hubsync.errors import HubsyncError, ObjectNotFound, StoreError
from hubsync.stores.objects_client import Client, Page
from hubsync.stores.objects_errors import provider_error
from hubsync.stores.objects_large import Note, unheard
from hubsync.stores.objects_native import check_key, identity_of
from hubsync.stores.objects_settings import Settings
from hubsync.stores.protocol import ABSENT, ObjectInfo, Passed, Transferred, Upload
from hubsync.stores.transfer import SourceStream, stream_source

_BLOCK: Final = 8 << 20
_MOST_BLOCKS: Final = 45_000
_AT_ONCE: Final = 6
_EMULATOR: Final = "http://127.0.0.1:10000/devstoreaccount1"


class AzureUploads:
    """Large uploads to one container."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.note: Note = unheard
        self._container: Any = None
        self._lock = Lock()

    def upload(self, job: Upload, passed: Passed) -> Transferred:
        check_key(job.key, "azure")
        prefix = self._client.settings.prefix
        blob = self._connected().get_blob_client(f"{prefix}/{job.key}" if prefix else job.key)
        block = max(_BLOCK, -(-job.size // _MOST_BLOCKS))
        with stream_source(job, block) as source:
            try:
                blocks = self._send(blob, source, passed)
                identity = self._commit(blob, blocks, job)
            except HubsyncError:
                raise
            except Exception as error:
                raise _error(error, job.key, self._client.settings) from error
            return Transferred(
                job.key,
                identity=identity,
                digest=source.digest,
                size=source.size,
                signature=source.signature,
            )

    def sweep(self, older_than: int) -> int:
        """Uncommitted blocks cannot be removed by themselves, and expire."""
        return 0

    def abort(self, key: str, token: str) -> bool:
        return False

    def _connected(self) -> Any:
        with self._lock:
            if self._container is None:
                self._container = _container(self._client.settings)
            return self._container

    def _send(self, blob: Any, source: SourceStream, passed: Passed) -> list[str]:
        there = self._uncommitted(blob)
        names: list[str] = []
        running: set[Future[int]] = set()

        def send(name: str, data: bytes) -> int:
            self._client.count("put")
            blob.stage_block(name, data, length=len(data))
            return len(data)

        with ThreadPoolExecutor(_AT_ONCE, "hubsync-block") as pool:
            try:
                for number, data in enumerate(source):
                    name = _block_name(number, data)
                    names.append(name)
                    if name in there:
                        continue
                    if len(running) >= _AT_ONCE:
                        running = _collect(running, passed)
                    running.add(pool.submit(send, name, data))
                    del data
                while running:
                    running = _collect(running, passed)
            finally:
                for future in running:
                    future.cancel()
        return names

    def _uncommitted(self, blob: Any) -> set[str]:
        self._client.count("list")
        try:
            found = blob.get_block_list("uncommitted")[1]
        except Exception as error:
            problem = _error(error, blob.blob_name, self._client.settings)
            if isinstance(problem, ObjectNotFound):
                return set()
            raise problem from error
        return {block.id for block in found}

    def _commit(self, blob: Any, names: list[str], job: Upload) -> str:
        from azure.core import MatchConditions
        from azure.storage.blob import BlobBlock

        condition: dict[str, Any] = {}
        if job.expected == ABSENT:
            condition = {"match_condition": MatchConditions.IfMissing}
        elif job.expected is not None:
            condition = {"etag": job.expected, "match_condition": MatchConditions.IfNotModified}
        if not self._client.settings.conditional:
            condition = {}
        self._client.count("put")
        done = blob.commit_block_list([BlobBlock(name) for name in names], **condition)
        return identity_of(done["etag"])


def _collect(running: set[Future[int]], passed: Passed) -> set[Future[int]]:
    done, left = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        passed(future.result())
    return left


def _block_name(number: int, data: bytes) -> str:
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return base64.b64encode(number.to_bytes(4, "big") + md5).decode()


def raw_pages(client: Client, prefix: str, delimiter: str) -> Iterator[Page]:
    """See `objects_raw.raw_pages`."""
    settings = client.settings
    root = f"{settings.prefix}/" if settings.prefix else ""
    container = _container(settings)
    try:
        if delimiter:
            found = container.walk_blobs(name_starts_with=root + prefix, delimiter=delimiter)
        else:
            found = container.list_blobs(name_starts_with=root + prefix)
        for page in found.by_page():
            client.count("list")
            rows: list[ObjectInfo] = []
            deeper: list[str] = []
            for one in page:
                name = one.name.removeprefix(root)
                if getattr(one, "last_modified", None) is None:
                    deeper.append(name)
                    continue
                mtime = round(one.last_modified.timestamp() * 1_000_000) * 1000
                rows.append(ObjectInfo(name, one.size, identity_of(one.etag), mtime))
            yield rows, deeper
    except Exception as error:
        raise _error(error, "the listing", settings) from error


def _container(settings: Settings) -> Any:
    try:
        from azure.storage.blob import ContainerClient
    except ImportError as error:
        raise StoreError(
            "This needs azure-storage-blob, which is not installed.",
            "Install it: pip install 'hubsync[azure]'",
        ) from error
    config = settings.config
    account = config.get("account_name", "")
    url = str(config.get("endpoint") or f"https://{account}.blob.core.windows.net")
    credential: Any = None
    if config.get("use_emulator"):
        url = str(config.get("endpoint") or _EMULATOR)
    if config.get("account_key"):
        credential = {"account_name": account, "account_key": config["account_key"]}
    elif config.get("sas_key"):
        credential = str(config["sas_key"])
    elif not config.get("skip_signature"):
        from azure.identity import ClientSecretCredential, DefaultAzureCredential

        names = ("tenant_id", "client_id", "client_secret")
        if all(config.get(name) for name in names):
            credential = ClientSecretCredential(*(str(config[name]) for name in names))
        else:
            credential = DefaultAzureCredential()
    return ContainerClient(
        url, settings.bucket, credential=credential, connection_timeout=5, retry_total=3
    )


def _error(error: BaseException, key: str, settings: Settings) -> HubsyncError:
    """An exception of the library as one of ours. Other exceptions are defects, raised again."""
    from azure.core import exceptions as raised

    if isinstance(error, raised.HttpResponseError):
        code = str(getattr(error, "error_code", "") or "").rpartition(".")[2]
        status = error.status_code or 0
        return provider_error(key, settings.bucket, status=status, code=code)
    if isinstance(error, raised.ServiceRequestError | raised.ServiceResponseError):
        return provider_error(key, settings.bucket, status=0, code="", no_answer=True)
    if isinstance(error, raised.AzureError):
        return StoreError(f"{key}: the request failed ({type(error).__name__}).")
    raise error
