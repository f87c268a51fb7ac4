"""URLs signed here are the very ones that obstore signs, or obstore signs them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import obstore
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from hubsync.stores import objects_sign
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_settings import settings_for
from hubsync.stores.objects_sign import Method, Signer, pattern_of

KEYS = {
    "access_key_id": "an-access-key",
    "secret_access_key": "a/secret+key=",
    "region": "eu-central-1",
    "endpoint": "http://127.0.0.1:9",
}
NAMES = [
    "plain.txt",
    "a folder/b+c d%20.dat",
    "ü/日本.bin",
    "x=1&y#?;~!*'().csv",
    "deep/er/and/deeper",
]


def client(url: str = "s3://bucket/prefix", **options: object) -> Client:
    return Client(settings_for(url, {**KEYS, **options}, {}))


T = TypeVar("T")


def same_second(make: Callable[[], tuple[T, T]]) -> tuple[T, T]:
    """Both sign for the time that it is; a second may end between the two."""
    for _ in range(20):
        mine, theirs = make()
        if mine == theirs:
            break
    return mine, theirs


@pytest.mark.parametrize("key", NAMES)
@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"session_token": "a+token/with=signs&"},
        {"endpoint": "https://s3.example.org", "virtual_hosted_style_request": "true"},
    ],
    ids=["keys", "session", "virtual-hosted"],
)
def test_the_url_is_the_one_that_obstore_signs(
    key: str, method: Method, options: dict[str, object]
) -> None:
    asked = client(**options)

    def both() -> tuple[str, str]:
        signer = Signer(asked)
        mine = f"{signer.where.scheme}://{signer.where.netloc}{signer.target(method, key)}"
        return mine, obstore.sign(asked.reader, method, key, timedelta(minutes=15))

    mine, theirs = same_second(both)
    assert mine == theirs


def test_one_url_of_obstore_is_enough_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    signer, asked = Signer(client()), 0
    sign = obstore.sign

    def counted(*given: Any) -> Any:
        nonlocal asked
        asked += 1
        return sign(*given)

    monkeypatch.setattr(objects_sign.obstore, "sign", counted)
    assert len({signer.target("GET", f"k{number}") for number in range(100)}) == 100
    assert asked == 1


def test_a_signature_that_cannot_be_reproduced_is_no_pattern() -> None:
    url = obstore.sign(client().reader, "GET", "any", timedelta(minutes=15))
    assert pattern_of(url, "a/secret+key=") is not None
    assert pattern_of(url, "another secret") is None
    assert pattern_of("http://127.0.0.1:9/bucket/any", "a/secret+key=") is None


def test_where_the_secret_is_not_the_one_that_signs_obstore_signs_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A provider that gave the keys: what the settings say is not what is signed with."""
    asked = client()
    signer = Signer(asked)
    monkeypatch.setattr(signer, "_secret", "an older secret")

    def both() -> tuple[str, str]:
        url = obstore.sign(asked.reader, "GET", "a b", timedelta(minutes=15))
        where = urlsplit(url)
        return signer.target("GET", "a b"), f"{where.path}?{where.query}"

    mine, theirs = same_second(both)
    assert mine == theirs


@pytest.mark.parametrize("token", ["", "1/aB+c=="])
@pytest.mark.parametrize("prefix", ["", "prefix/", "prefix/a b+ü/x&y=z"])
@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({}, "http://127.0.0.1:9/bucket/"),
        ({"session_token": "a+token/with=signs&"}, "http://127.0.0.1:9/bucket/"),
        (
            {"endpoint": "https://s3.example.org", "virtual_hosted_style_request": "true"},
            "https://s3.example.org/",
        ),
    ],
    ids=["keys", "session", "virtual-hosted"],
)
@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/prefix", "s3://bucket/a b/ü"])
def test_a_listing_is_signed_as_amazons_library_signs_it(
    url: str, prefix: str, token: str, options: dict[str, str], address: str
) -> None:
    keys = Credentials("an-access-key", "a/secret+key=", options.get("session_token"))
    asked = {"list-type": "2", "prefix": prefix} | ({"continuation-token": token} if token else {})

    def both() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        signer = Signer(client(url, **options))
        target = signer.listing(prefix, token)
        assert target is not None
        assert f"{signer.where.scheme}://{signer.where.netloc}{target}".startswith(address)
        mine = urlsplit(target)
        request = AWSRequest("GET", address, params=asked)
        S3SigV4QueryAuth(keys, "s3", "eu-central-1", expires=900).add_auth(request)
        theirs = urlsplit(request.url)
        return parse_qs(mine.query), parse_qs(theirs.query)

    mine, theirs = same_second(both)
    assert mine == theirs


def test_a_listing_can_only_be_signed_with_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(client())
    monkeypatch.setattr(signer, "_secret", "an older secret")
    assert signer.listing("", "") is None
