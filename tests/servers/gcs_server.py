"""A small, strict server of the part of Google Cloud Storage's XML API that hubsync uses.

What is not understood is refused with 400 rather than ignored, so that a client that leans on
something that Google does not have fails here too. Run as ``gcs_server.py PORT BUCKET TOKEN``.

Written from https://cloud.google.com/storage/docs/xml-api/reference-headers and …/xml-api/overview.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

_GENERATIONS = itertools.count(1_700_000_000_000_000, 7)
_PAGE = 1000
_REFUSED_KEY = re.compile(r"[\r\n]|^\.{1,2}$|^\.well-known/acme-challenge/")
_LIST_PARAMETERS = {
    "list-type", "prefix", "delimiter", "continuation-token", "max-keys", "start-after",
    "encoding-type",
}  # fmt: skip


class Stored(NamedTuple):
    data: bytes
    generation: int
    at: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.data).hexdigest()}"'


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


class Bucket:
    def __init__(self, name: str, token: str) -> None:
        self.name, self.token = name, token
        self.lock = threading.Lock()
        self.objects: dict[str, Stored] = {}

    def put(self, key: str, data: bytes, condition: str | None) -> Stored:
        if len(key.encode()) > 1024 or _REFUSED_KEY.search(key):
            raise Refused(400, "InvalidArgument")
        with self.lock:
            now = self.objects.get(key)
            if condition is not None and int(condition) != (now.generation if now else 0):
                raise Refused(412, "PreconditionFailed")
            stored = Stored(data, next(_GENERATIONS), datetime.now(UTC))
            self.objects[key] = stored
            return stored

    def get(self, key: str) -> Stored:
        found = self.objects.get(key)
        if found is None:
            raise Refused(404, "NoSuchKey")
        return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_PUT = do_DELETE = do_POST = do_GET

    def _answer(self) -> None:
        self.body_left = int(self.headers.get("Content-Length") or 0)
        try:
            url = urlsplit(self.path)
            bucket, _, key = unquote(url.path).lstrip("/").partition("/")
            if self.headers.get("Authorization") != f"Bearer {self.bucket.token}":
                raise Refused(401, "AuthenticationRequired")
            if bucket != self.bucket.name:
                raise Refused(404, "NoSuchBucket")
            query = {name: values[0] for name, values in parse_qs(url.query, True).items()}
            if key:
                if query:
                    raise Refused(400, "InvalidArgument")
                getattr(self, f"_{self.command.lower()}")(key)
            elif self.command == "GET":
                self._list(query)
            else:
                raise Refused(405, "MethodNotAllowed")
        except Refused as refused:
            # Nobody waits here for a body that is not wanted; the connection ends instead.
            self.close_connection = self.body_left > 0
            text = f"<?xml version='1.0'?><Error><Code>{refused.code}</Code></Error>"
            self._send(refused.status, text.encode(), {"Content-Type": "application/xml"})

    def _read(self) -> bytes:
        data = self.rfile.read(self.body_left)
        if len(data) < self.body_left:
            # The sender broke off: Google keeps nothing of such a request.
            self.close_connection = True
            raise Refused(400, "IncompleteBody")
        self.body_left = 0
        return data

    def _put(self, key: str) -> None:
        for name in ("If-Match", "If-None-Match"):
            if name in self.headers:
                raise Refused(400, "InvalidArgument")
        condition = self.headers.get("x-goog-if-generation-match")
        source = self.headers.get("x-goog-copy-source")
        if source is None:
            if "Content-Length" not in self.headers:
                raise Refused(411, "MissingContentLength")
            stored = self.bucket.put(key, self._read(), condition)
            self._send(200, b"", _told(stored))
            return
        bucket, _, origin = unquote(source).lstrip("/").partition("/")
        if bucket != self.bucket.name or self.body_left:
            raise Refused(400, "InvalidArgument")
        stored = self.bucket.put(key, self.bucket.get(origin).data, condition)
        text = f"<CopyObjectResult><ETag>{escape(stored.etag)}</ETag></CopyObjectResult>"
        self._send(200, text.encode(), _told(stored))

    def _get(self, key: str) -> None:
        stored = self.bucket.get(key)
        told = _told(stored)
        if self.headers.get("If-Match", stored.etag) != stored.etag:
            raise Refused(412, "PreconditionFailed")
        if self.headers.get("If-None-Match") == stored.etag:
            self._send(304, b"", told)
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._send(200, stored.data, told)
            return
        start, end = int(asked[1]), int(asked[2] or len(stored.data) - 1) + 1
        if start >= len(stored.data):
            raise Refused(416, "InvalidRange")
        part = stored.data[start:end]
        span = f"bytes {start}-{start + len(part) - 1}/{len(stored.data)}"
        self._send(206, part, {**told, "Content-Range": span})

    _head = _get

    def _delete(self, key: str) -> None:
        with self.bucket.lock:
            if self.bucket.objects.pop(key, None) is None:
                raise Refused(404, "NoSuchKey")
        self._send(204, b"", {})

    def _post(self, key: str) -> None:
        raise Refused(400, "InvalidArgument")

    def _list(self, query: dict[str, str]) -> None:
        if query.keys() - _LIST_PARAMETERS or query.get("list-type") != "2":
            raise Refused(400, "InvalidArgument")
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after") or ""
        names: list[str] = []
        for key in sorted(self.bucket.objects, key=str.encode):
            if not key.startswith(prefix):
                continue
            rest, mark, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            name = prefix + rest + mark if mark else key
            if name > after and (not names or names[-1] != name):
                names.append(name)
        page = names[: min(_PAGE, int(query.get("max-keys") or _PAGE))]
        self._send(200, self._page(query, page, len(names) > len(page)).encode(), {})

    def _page(self, query: dict[str, str], names: list[str], more: bool) -> str:
        encoded = query.get("encoding-type") == "url"
        rows = []
        for name in names:
            shown = quote(name, safe="/") if encoded else escape(name)
            stored = self.bucket.objects.get(name)
            if stored is None or (query.get("delimiter") and name.endswith("/")
                                  and name != query.get("prefix", "")):  # fmt: skip
                rows.append(f"<CommonPrefixes><Prefix>{shown}</Prefix></CommonPrefixes>")
                continue
            rows.append(
                f"<Contents><Key>{shown}</Key><Generation>{stored.generation}</Generation>"
                f"<LastModified>{stored.at:%Y-%m-%dT%H:%M:%S.%f}Z</LastModified>"
                f"<ETag>{escape(stored.etag)}</ETag><Size>{len(stored.data)}</Size></Contents>"
            )
        token = (
            f"<NextContinuationToken>{escape(names[-1])}</NextContinuationToken>" if more else ""
        )
        return (
            "<?xml version='1.0' encoding='UTF-8'?>"
            "<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
            f"<Name>{self.bucket.name}</Name><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{'<EncodingType>url</EncodingType>' if encoded else ''}{token}{''.join(rows)}"
            "</ListBucketResult>"
        )

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and status not in {204, 304}:
            self.wfile.write(body)


def _told(stored: Stored) -> dict[str, str]:
    return {
        "ETag": stored.etag,
        "x-goog-generation": str(stored.generation),
        "Last-Modified": format_datetime(stored.at, usegmt=True),
    }


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    Handler.bucket = Bucket(sys.argv[2], sys.argv[3])
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
