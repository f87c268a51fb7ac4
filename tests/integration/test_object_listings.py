"""Listings of buckets that other tools wrote to: keys that are no paths, markers of folders."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from hubsync.stores.objects import ObjectsStore, open_objects
from tests.servers import Server
from tests.servers.objects_servers import TOKEN, azurite, strict_gcs

BAD_KEYS = ("a//b", "../x", "x/../../y", "/slash", "./dot", "tab\there")
Put = Callable[[str, bytes], None]


class Place:
    """A bucket with a way to put objects into it that knows nothing of paths."""

    def __init__(self, store: ObjectsStore, put: Put) -> None:
        self.store, self.put = store, put

    def keys(self, prefix: str = "") -> list[str]:
        """By either way to list."""
        one, other = (
            {info for batch in listed(prefix) for info in batch}
            for listed in (self.store.list, self.store.list_many)
        )
        assert one == other
        return sorted(info.key for info in one)


def s3_client(server: Server) -> Any:
    import botocore.session

    return botocore.session.Session().create_client(
        "s3",
        endpoint_url=server.options["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=server.env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.env["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="module")
def gcs() -> Iterator[Server]:
    with strict_gcs() as server:
        yield server


@pytest.fixture(scope="module")
def azure() -> Iterator[Server]:
    with azurite() as server:
        yield server


@pytest.fixture(params=["s3", "gcs", "azure"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    name = {"s3": "s3_with_conditions"}.get(request.param, request.param)
    server: Server = request.getfixturevalue(name)
    folder = uuid.uuid4().hex
    store = open_objects(f"{server.url}/{folder}", server.options, server.env)
    with_client: Put
    if request.param == "s3":
        client = s3_client(server)

        def with_client(key: str, data: bytes) -> None:
            client.put_object(Bucket="bucket", Key=f"{folder}/{key}", Body=data)

        yield Place(store, with_client)
        client.close()
    elif request.param == "gcs":

        def with_client(key: str, data: bytes) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            path = f"/bucket/{quote(f'{folder}/{key}')}"
            connection.request("PUT", path, data, {"Authorization": f"Bearer {TOKEN}"})
            assert connection.getresponse().status == 200
            connection.close()

        yield Place(store, with_client)
    else:
        from azure.storage.blob import ContainerClient

        connection = server.env["AZURE_STORAGE_CONNECTION_STRING"]
        with ContainerClient.from_connection_string(connection, "container") as container:

            def with_client(key: str, data: bytes) -> None:
                container.upload_blob(f"{folder}/{key}", data)

            yield Place(store, with_client)
    store.close()


def test_keys_that_are_no_paths_are_listed_and_hide_no_other(place: Place) -> None:
    names = BAD_KEYS
    if place.store.description.startswith("obstore (Azure"):
        # The SDK's own addressing resolves dots, as a browser would.
        names = tuple(name for name in BAD_KEYS if "./" not in name)
    for name in names:
        place.put(name, b"bad")
    for name in ("good", "folder/good", "zz/last"):
        place.store.write(name, b"good")
    assert place.keys() == sorted((*names, "good", "folder/good", "zz/last"))


def test_a_level_with_keys_that_are_no_paths_is_listed(place: Place) -> None:
    place.put("a//b", b"bad")
    place.put("/slash", b"bad")
    place.store.write("a/good", b"good")
    place.store.write("top", b"good")
    objects, deeper = place.store.list_level()
    assert [one.key for one in objects] == ["top"]
    assert sorted(deeper) == ["/", "a/"]
    objects, deeper = place.store.list_level("a/")
    assert [one.key for one in objects] == ["a/good"]
    assert deeper == ["a//"]
    assert place.keys("/") == ["/slash"]
    assert place.keys("a//") == ["a//b"]


def test_a_marker_of_a_folder_is_no_file(place: Place) -> None:
    place.put("folder/", b"")
    place.put("lone/", b"")
    place.store.write("folder/file", b"x")
    place.store.write("empty", b"")
    assert place.keys() == ["empty", "folder/file"]
    assert place.keys("folder/") == ["folder/file"]
    objects, deeper = place.store.list_level()
    assert [one.key for one in objects] == ["empty"]
    assert sorted(deeper) == ["folder/", "lone/"]


def test_a_marker_beside_a_file_of_the_same_name_is_left_out(place: Place) -> None:
    place.put("both/", b"")
    place.store.write("both", b"a file")
    place.put("none/", b"")
    place.store.write("none", b"")
    assert place.keys() == ["both", "none"]
    assert {one.key: one.size for batch in place.store.list() for one in batch} == {
        "both": 6,
        "none": 0,
    }


def test_empty_files_are_asked_for_once(place: Place) -> None:
    for number in range(5):
        place.store.write(f"empty-{number}", b"")
    assert len(place.keys()) == 5
    before = place.store.requests.get("head", 0)
    assert len(place.keys()) == 5
    assert place.store.requests.get("head", 0) == before
