"""Signed requests to S3: Signature Version 4 in the query, in the fewest steps.

obstore needs 35 µs of a core to sign a URL, where the three hashes that it takes need 8. One URL of
obstore's is the pattern for a minute: how the server is addressed, for whom and for when it is
signed are read from it. If what is computed here for that URL is the very signature that obstore
gave it, the others are signed likewise; if not, or where the keys are not known here (a role, a
provider of credentials), obstore signs every single one.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import time
from datetime import timedelta
from typing import Any, Final, Literal
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

import obstore
from msgspec import Struct

from hubsync.stores.objects_client import Client

Method = Literal["GET", "PUT"]

_VALID: Final = timedelta(minutes=15)
_PATTERN_FOR: Final = 60.0
"""Seconds: a URL is good for at least 14 minutes when it is sent."""
_SAMPLE: Final = "any"
_SIGNATURE: Final = "&X-Amz-Signature="


class Pattern(Struct, frozen=True):
    """What all URLs of a minute have in common. ``before`` and ``query``: the target around the
    key, without the signature; ``inner`` and ``outer``: the two halves of the HMAC, keyed."""

    before: str
    query: str
    canonical: str
    signing: str
    inner: Any
    outer: Any

    def target(self, method: str, key: str) -> str:
        path = self.before + _quoted(key)
        signature = self._signed(f"{method}\n{path}{self.canonical}")
        return f"{path}?{self.query}{_SIGNATURE}{signature}"

    def listing(self, bucket: str, asked: dict[str, str]) -> str:
        """Path and query of a listing of all that is in ``bucket``, the path of which is given."""
        own = [f"{name}={quote(value, safe='')}" for name, value in asked.items()]
        query = "&".join(sorted([*self.query.split("&"), *own]))
        rest = self.canonical[self.canonical.index("\nhost:") :]
        signature = self._signed(f"GET\n{bucket}\n{query}{rest}")
        return f"{bucket}?{query}{_SIGNATURE}{signature}"

    def _signed(self, request: str) -> str:
        """The signature of a canonical request."""
        asked = hashlib.sha256(request.encode()).hexdigest()
        inner, outer = self.inner.copy(), self.outer.copy()
        inner.update((self.signing + asked).encode())
        outer.update(inner.digest())
        return str(outer.hexdigest())


class Signer:
    """Signs for one bucket. For one thread. Raises what obstore raises (`FAILURES`)."""

    def __init__(self, client: Client) -> None:
        self._reader = client.reader
        settings = client.settings
        self._prefix = settings.prefix
        secret = settings.config.get("secret_access_key") if settings.credentials is None else None
        self._secret = secret if isinstance(secret, str) else None
        self._pattern: Pattern | None = None
        self._made = 0.0
        self.where: SplitResult = urlsplit(self._by_obstore("GET", _SAMPLE))

    def target(self, method: Method, key: str) -> str:
        """Path and query of a request for an object."""
        pattern = self._fresh()
        if pattern is not None:
            return pattern.target(method, key)
        url = self._by_obstore(method, key)
        return url[len(self.where.scheme) + 3 + len(self.where.netloc) :]

    def listing(self, prefix: str, token: str) -> str | None:
        """Path and query of a request for a page of the bucket's objects whose key begins with
        ``prefix``; ``token``: from the page before, or empty. None where only obstore can sign."""
        pattern = self._fresh()
        own = _quoted(f"{self._prefix}/") if self._prefix else ""
        if pattern is None or not pattern.before.endswith(f"/{own}"):
            return None
        asked = {"list-type": "2", "prefix": prefix}
        if token:
            asked["continuation-token"] = token
        return pattern.listing(pattern.before.removesuffix(own), asked)

    def _fresh(self) -> Pattern | None:
        if self._secret is not None and time.monotonic() - self._made > _PATTERN_FOR:
            url = self._by_obstore("GET", _SAMPLE)
            self._pattern = pattern_of(url, self._secret)
            self._made = time.monotonic()
            if self._pattern is None:
                self._secret = None
        return self._pattern if self._secret is not None else None

    def _by_obstore(self, method: Method, key: str) -> str:
        return obstore.sign(self._reader, method, key, _VALID)


def pattern_of(url: str, secret: str) -> Pattern | None:
    """The pattern in obstore's signed URL of a GET of `_SAMPLE`; None if the same signature cannot
    be computed here."""
    where = urlsplit(url)
    query, found, signature = where.query.partition(_SIGNATURE)
    given = parse_qs(query)
    scope = given.get("X-Amz-Credential", [""])[0].partition("/")[2]
    date = given.get("X-Amz-Date", [""])[0]
    if not (found and where.path.endswith(_SAMPLE) and scope.count("/") == 3 and date):
        return None
    keyed = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        keyed = hmac.digest(keyed, part.encode(), "sha256")
    sorted_query = "&".join(sorted(query.split("&")))
    pattern = Pattern(
        where.path.removesuffix(_SAMPLE),
        query,
        f"\n{sorted_query}\nhost:{where.netloc}\n\nhost\nUNSIGNED-PAYLOAD",
        f"AWS4-HMAC-SHA256\n{date}\n{scope}\n",
        hashlib.sha256(bytes(byte ^ 0x36 for byte in keyed.ljust(64, b"\0"))),
        hashlib.sha256(bytes(byte ^ 0x5C for byte in keyed.ljust(64, b"\0"))),
    )
    mine = pattern.target("GET", _SAMPLE)
    return pattern if mine == f"{where.path}?{query}{_SIGNATURE}{signature}" else None


def _quoted(key: str) -> str:
    folder, slash, name = key.rpartition("/")
    return f"{_folder(folder)}{slash}{quote(name, safe='')}"


@functools.lru_cache(1024)
def _folder(path: str) -> str:
    return quote(path, safe="/")
