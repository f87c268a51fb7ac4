"""Long listings of an S3 bucket in the fewest steps.

obstore needs 10 µs of a core for each object of a listing, before anything is done with it; to find
the same with one pattern in a page needs 2. A page that is not just as expected is nobody's here:
whoever asked asks again by the ordinary way, which knows of retries and of what an error means.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Final

from hubsync.stores.objects_client import FAILURES, Client
from hubsync.stores.objects_exchange import connect
from hubsync.stores.objects_quick import is_plain
from hubsync.stores.objects_sign import Signer
from hubsync.stores.protocol import ObjectInfo

_PATIENCE: Final = 120.0
_OBJECT: Final = re.compile(
    r"<Contents>\s*<Key>([^<]+)</Key>"
    r"\s*<LastModified>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)</LastModified>"
    r'\s*<ETag>"?([^<"/]+)"?</ETag>'
    r"(?:\s*<Checksum\w+>[^<]*</Checksum\w+>)*"
    r"\s*<Size>(\d{1,18})</Size>"
)
_MORE: Final = re.compile(r"<IsTruncated>(true|false)</IsTruncated>")
_TOKEN: Final = re.compile(r"<NextContinuationToken>([^<]+)</NextContinuationToken>")
_REFERENCE: Final = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

Infos = list[ObjectInfo]


class Unexpected(Exception):
    """This server, or this page of it, has to be asked by the ordinary way."""


class Pages:
    """Listings of one bucket, from any thread; each on a connection of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._idle: deque[HTTPConnection] = deque()

    def below(self, prefix: str) -> Iterator[Infos]:
        """All objects whose key begins with ``prefix``, a page at a time; the markers that some
        tools make for folders (empty, with a slash at the end) are none. Raises Unexpected."""
        if not is_plain(self._client):
            raise Unexpected
        inside = f"{self._client.settings.prefix}/" if self._client.settings.prefix else ""
        try:
            signer = Signer(self._client)
            token = ""
            while True:
                target = signer.listing(f"{inside}{prefix}", token)
                if target is None:
                    raise Unexpected
                self._client.count("list")
                rows, more = page(self._fetched(signer, target), inside)
                yield rows
                if not more:
                    return
                if more == token:
                    raise Unexpected
                token = more
        except (*FAILURES, HTTPException) as error:
            raise Unexpected from error

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _fetched(self, signer: Signer, target: str) -> str:
        """A page. A connection that lay idle may have been closed by now: then it is a new one."""
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._asked(_connection(signer), target)
        try:
            return self._asked(connection, target)
        except (OSError, HTTPException):
            return self._asked(_connection(signer), target)

    def _asked(self, connection: HTTPConnection, target: str) -> str:
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            if answer.status != 200:
                raise Unexpected
            text = answer.read().decode()
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:  # else the server has said that it closes it
            self._idle.append(connection)
        return text


def _connection(signer: Signer) -> HTTPConnection:
    connection = HTTPConnection(signer.where.netloc)
    connection.sock = connect(signer.where)
    connection.sock.settimeout(_PATIENCE)
    return connection


def page(text: str, inside: str) -> tuple[Infos, str]:
    """The objects of one page, keys without ``inside``, and what to ask the next page with (empty:
    there is none). Raises Unexpected."""
    more = _MORE.findall(text)
    if len(more) != 1 or "<!" in text or not text.rstrip().endswith("</ListBucketResult>"):
        raise Unexpected
    found = _OBJECT.findall(text.replace("&quot;", '"').replace("&#34;", '"'))
    if len(found) != text.count("<Contents"):
        raise Unexpected
    if "&" in text:
        found = [(_plain(key), *rest) for key, *rest in found]
    start = len(inside)
    # This runs once for each of 100,000 objects: hence no call to a function that is not needed.
    rows = [
        ObjectInfo(
            key[start:],
            int(size),
            f'"{tag}"',
            round(datetime.fromisoformat(changed).timestamp() * 1_000_000) * 1000,
        )
        for key, changed, tag, size in found
        if key.startswith(inside)
    ]
    if len(rows) != len(found):
        raise Unexpected
    token = _TOKEN.findall(text)
    if more == ["true"] and len(token) != 1:
        raise Unexpected
    return [row for row in rows if row.size or not _is_marker(row.key)], (
        _plain(token[0]) if more == ["true"] else ""
    )


def _is_marker(key: str) -> bool:
    return not key or key.endswith("/")


def _plain(text: str) -> str:
    """What stands in XML for ``text``, which may hold references (XML 1.0, 4.1)."""
    if "&" not in text:
        return text
    plain = _REFERENCE.sub(_referred, text)
    if "&" in _REFERENCE.sub("", text):
        raise Unexpected
    return plain


def _referred(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _NAMED[name]
    return chr(int(decimal) if decimal else int(hexadecimal, 16))
