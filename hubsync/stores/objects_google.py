"""What obstore does not offer of Google Cloud Storage, through its XML API and google-auth.

A large file is sent as one stream that names the generation it may replace. The object appears only
when the last byte has come, and that one is held back until the source was checked to have stayed
the same (rule 10). An interrupted upload leaves nothing behind and begins anew.
"""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree

from hubsync.errors import HubsyncError, PreconditionFailed, StoreError, Unreachable
from hubsync.stores.objects_client import Client, Page
from hubsync.stores.objects_errors import TRANSIENT_STATUS, provider_error
from hubsync.stores.objects_large import Note, unheard
from hubsync.stores.objects_native import check_key, identity_of
from hubsync.stores.objects_settings import Settings
from hubsync.stores.protocol import ABSENT, ObjectInfo, Passed, Transferred, Upload
from hubsync.stores.transfer import SourceStream, stream_source

_CHUNK: Final = 4 << 20
_TRIES: Final = 3
_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_write"
_BROKEN: Final = (OSError, http.client.HTTPException)


class GoogleUploads:
    """Large uploads to one bucket."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.note: Note = unheard
        self._api = _Api(client.settings)

    def upload(self, job: Upload, passed: Passed) -> Transferred:
        check_key(job.key, "gcs")
        for attempt in range(_TRIES):
            condition = self._condition(job)
            with stream_source(job, _CHUNK) as source:
                body = _HeldBack(source, passed)
                self._client.count("put")
                try:
                    status, headers, answer = self._api.put(job.key, body, source.size, condition)
                except _BROKEN as error:
                    if attempt + 1 < _TRIES:
                        continue
                    raise Unreachable(
                        "The storage could not be reached.", "Check the network."
                    ) from error
                if status in TRANSIENT_STATUS and attempt + 1 < _TRIES:
                    time.sleep(0.2 * 2**attempt)
                    continue
                identity = identity_of(headers.get("etag"))
                if status == 412 and attempt:
                    identity = self._own_first_try(job.key, body.md5(), source.size)
                if status not in {200, 201} and not (status == 412 and identity):
                    raise self._api.error(job.key, status, answer)
                return Transferred(
                    job.key,
                    identity=identity,
                    digest=source.digest,
                    size=source.size,
                    signature=source.signature,
                )
        raise AssertionError("unreachable: the last try returns or raises")

    def sweep(self, older_than: int) -> int:
        """Nothing is ever left behind."""
        return 0

    def abort(self, key: str, token: str) -> bool:
        return False

    def _condition(self, job: Upload) -> dict[str, str]:
        if job.expected is None or not self._client.settings.conditional:
            return {}
        if job.expected == ABSENT:
            return {"x-goog-if-generation-match": "0"}
        self._client.count("head")
        _, headers, _ = self._api.send("HEAD", job.key)
        generation = headers.get("x-goog-generation", "")
        if identity_of(headers.get("etag")) != job.expected or not generation:
            raise PreconditionFailed(f"{job.key} is not what was expected there.")
        return {"x-goog-if-generation-match": generation}

    def _own_first_try(self, key: str, md5: str, size: int) -> str:
        _, headers, _ = self._api.send("HEAD", key)
        found = identity_of(headers.get("etag"))
        same = found == identity_of(md5) and headers.get("content-length") == str(size)
        return found if same else ""


class _HeldBack(Iterator[bytes]):
    """A source's chunks, the last of which is given out only after the source was verified."""

    def __init__(self, source: SourceStream, passed: Passed) -> None:
        self._source = source
        self._passed = passed
        self._hasher = hashlib.md5(usedforsecurity=False)
        self._next: bytes | None = next(source, None)

    def __next__(self) -> bytes:
        if self._next is None:
            raise StopIteration
        # Reading on raises SourceChanged here if this was the last chunk of a changed file.
        data, self._next = self._next, next(self._source, None)
        self._hasher.update(data)
        self._passed(len(data))
        return data

    def md5(self) -> str:
        return self._hasher.hexdigest()


def raw_pages(client: Client, prefix: str, delimiter: str) -> Iterator[Page]:
    """See `objects_raw.raw_pages`."""
    settings = client.settings
    api = _Api(settings)
    root = f"{settings.prefix}/" if settings.prefix else ""
    asked = {"list-type": "2", "prefix": root + prefix, "encoding-type": "url"}
    if delimiter:
        asked["delimiter"] = delimiter
    while True:
        client.count("list")
        try:
            status, _, answer = api.send("GET", None, asked)
        except _BROKEN as error:
            raise Unreachable("The storage could not be reached.", "Check the network.") from error
        if status != 200:
            raise api.error("the listing", status, answer)
        page = ElementTree.fromstring(answer)
        for element in page.iter():
            element.tag = element.tag.rpartition("}")[2]
        encoded = page.findtext("EncodingType") == "url"

        def named(text: str | None, encoded: bool = encoded) -> str:
            return (unquote(text or "") if encoded else text or "").removeprefix(root)

        yield (
            [_info(row, named(row.findtext("Key"))) for row in page.iter("Contents")],
            [named(row.findtext("Prefix")) for row in page.iter("CommonPrefixes")],
        )
        if page.findtext("IsTruncated") != "true":
            return
        token = page.findtext("NextContinuationToken")
        if not token:
            raise Unreachable("The storage broke off its listing.")
        asked["continuation-token"] = token


def _info(row: Any, key: str) -> ObjectInfo:
    from datetime import datetime

    at = datetime.fromisoformat(row.findtext("LastModified"))
    mtime = round(at.timestamp() * 1_000_000) * 1000
    return ObjectInfo(key, int(row.findtext("Size")), identity_of(row.findtext("ETag")), mtime)


class _Api:
    """Requests to the XML API."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._base = urlsplit(settings.endpoint() or "https://storage.googleapis.com")
        self._credentials: Any = None

    def put(
        self, key: str, body: Iterator[bytes], size: int, condition: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        headers = {
            "Content-Length": str(size),
            "Content-Type": "application/octet-stream",
            **condition,
        }
        return self.send("PUT", key, headers=headers, body=body)

    def send(
        self,
        method: str,
        key: str | None,
        query: dict[str, str] | None = None,
        *,
        headers: dict[str, str] | None = None,
        body: Iterator[bytes] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of the answer."""
        connection = self._connection()
        try:
            connection.request(
                method,
                self._target(key, query),
                body=body,
                headers={**self._authorization(), **(headers or {})},
            )
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read()
        finally:
            connection.close()

    def error(self, key: str, status: int, answer: bytes) -> HubsyncError:
        text = answer[:4000].decode("utf-8", "replace")
        code = text.partition("<Code>")[2].partition("</Code>")[0]
        code = code if code.isalnum() else ""
        return provider_error(key, self._settings.bucket, status=status, code=code)

    def _target(self, key: str | None, query: dict[str, str] | None) -> str:
        path = f"{self._base.path.rstrip('/')}/{quote(self._settings.bucket)}"
        if key is not None:
            prefix = self._settings.prefix
            path += "/" + quote(f"{prefix}/{key}" if prefix else key, safe="/~")
        return f"{path}?{urlencode(query)}" if query else path

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._base.hostname or "", self._base.port
        if self._base.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=120)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=120, context=context)

    def _authorization(self) -> dict[str, str]:
        config = self._settings.config
        if config.get("skip_signature"):
            return {}
        if config.get("bearer_token"):
            return {"Authorization": f"Bearer {config['bearer_token']}"}
        if self._credentials is None:
            self._credentials = _credentials(config)
        if not self._credentials.valid:
            from google.auth.transport.requests import Request

            self._credentials.refresh(Request())
        return {"Authorization": f"Bearer {self._credentials.token}"}


def _credentials(config: Any) -> Any:
    try:
        import google.auth
        from google.oauth2 import service_account
    except ImportError as error:
        raise StoreError(
            "Large files need google-auth, which is not installed.",
            "Install it: pip install 'hubsync[gcs]'",
        ) from error
    import json

    if config.get("service_account_key"):
        told = json.loads(str(config["service_account_key"]))
        made: Any = service_account.Credentials
        return made.from_service_account_info(told, scopes=[_SCOPE])
    path = config.get("service_account") or config.get("application_credentials")
    load: Any = google.auth
    if path:
        return load.load_credentials_from_file(str(path), scopes=[_SCOPE])[0]
    return load.default(scopes=[_SCOPE])[0]
