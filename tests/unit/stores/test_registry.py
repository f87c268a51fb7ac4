"""Which store serves which URL, and what is refused before anything is contacted."""

from __future__ import annotations

import pytest

from hubsync.errors import ConfigError
from hubsync.stores.addresses import folder_of
from hubsync.stores.folder import FolderStore
from hubsync.stores.fsspec import FsspecStore
from hubsync.stores.memory import MemoryStore
from hubsync.stores.options import is_secret
from hubsync.stores.registry import Backend, choose, open_store


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("file:///tmp/x", Backend.FOLDER),
        ("/tmp/x", Backend.FOLDER),
        ("memory://x", Backend.MEMORY),
        ("s3://bucket/prefix", Backend.OBJECTS),
        ("gs://bucket", Backend.OBJECTS),
        ("gcs://bucket", Backend.OBJECTS),
        ("az://container/x", Backend.OBJECTS),
        ("abfs://container/x", Backend.OBJECTS),
        ("sftp://someone@host/x", Backend.FSSPEC),
        ("sftp://host:2222/x", Backend.FSSPEC),
        ("webdav+https://host/x", Backend.FSSPEC),
        ("webdav+http://host:8080/x", Backend.FSSPEC),
        ("ftp://host/x", Backend.FSSPEC),
        ("S3://bucket", Backend.OBJECTS),
    ],
)
def test_each_protocol_has_its_backend_and_a_reason(url: str, backend: Backend) -> None:
    chosen, reason = choose(url, {})
    assert chosen is backend
    assert reason


def test_an_option_that_obstore_lacks_chooses_fsspec_and_says_so() -> None:
    backend, reason = choose("s3://bucket", {"endpoint": "http://x", "default_fill_cache": "false"})
    assert backend is Backend.FSSPEC
    assert "s3fs" in reason
    assert "default_fill_cache" in reason


def test_the_description_tells_the_reason() -> None:
    store = open_store("sftp://someone@host/x", {}, {})
    assert isinstance(store, FsspecStore)
    assert "paramiko" in store.description


def test_memory_is_shared_by_name() -> None:
    one = open_store("memory://registry-a", {}, {})
    assert isinstance(one, MemoryStore)
    assert open_store("memory://registry-a", {}, {}) is one
    assert open_store("memory://registry-b", {}, {}) is not one


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///a/b", "/a/b"),
        ("file:///a/b/", "/a/b"),
        ("file://localhost/a", "/a"),
        ("/a/b/", "/a/b"),
        ("file:///with%20space", "/with space"),
        ("file:///a#b?c", "/a#b?c"),
        ("/a%20b", "/a%20b"),
    ],
)
def test_a_folder_is_named_by_url_or_path(url: str, path: str) -> None:
    assert folder_of(url) == path
    assert isinstance(open_store(url, {}, {}), FolderStore)


@pytest.mark.parametrize(
    ("url", "options", "code"),
    [
        ("nonsense", {}, "bad-url"),
        ("relative/path", {}, "bad-url"),
        ("://x", {}, "bad-url"),
        ("file://host/x", {}, "bad-url"),
        ("no-such-protocol://x", {}, "unknown-protocol"),
        ("sftp://user:pass@host/x", {}, "password-in-url"),
        ("webdav+https://user:pass@host/x", {}, "password-in-url"),
        ("s3://key:secret@bucket/x", {}, "password-in-url"),
        ("sftp:///x", {}, "bad-url"),
        ("sftp://host:port/x", {}, "bad-url"),
        ("file:///x", {"endpoint": "y"}, "unknown-option"),
        ("memory://x", {"endpoint": "y"}, "unknown-option"),
        ("sftp://host/x", {"endpoint": "y"}, "unknown-option"),
        ("webdav+http://host/x", {"region": "y"}, "unknown-option"),
        ("s3://bucket/x", {"bogus": "1"}, "unknown-option"),
        ("gs://bucket/x", {"region": "1"}, "unknown-option"),
        ("az://bucket/x", {"bogus": "1"}, "unknown-option"),
        ("ftp://host/x", {"bogus": "1"}, "unknown-option"),
        ("s3://bucket/x", {"endpoint": "foo"}, "bad-option"),
        ("s3://bucket/x", {"endpoint": "http://host:99999"}, "bad-option"),
        ("gs://bucket/x", {"endpoint": "ftp://host"}, "bad-option"),
        ("az://bucket/x", {"account": "a", "endpoint": "foo"}, "bad-option"),
        ("s3://bucket/x", {"anonymous": "maybe"}, "bad-option"),
        ("s3://bucket/x", {"checksum_algorithm": "bogus"}, "bad-option"),
        ("s3://bucket/a/../b", {}, "bad-url"),
        ("s3://bucket/a/%2e%2e/b", {}, "bad-url"),
        ("s3://bucket//a", {}, "bad-url"),
        ("s3://bucket/./a", {}, "bad-url"),
        ("s3://bucket/a%00b", {}, "bad-url"),
        ("s3://buc ket/a", {}, "bad-url"),
        ("sftp://host/a//b", {}, "bad-url"),
        ("zip://x", {}, "not-writable"),
        ("tar://x", {}, "not-writable"),
        ("simplecache://x", {}, "not-writable"),
        ("github://owner/name", {}, "not-writable"),
        ("http://host/x", {}, "not-writable"),
        ("local:///x", {}, "not-writable"),
        ("ftp:///x", {}, "bad-option"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_a_hint(
    url: str, options: dict[str, str], code: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(url, options, {})
    assert caught.value.code == code
    assert caught.value.hint
    assert "pass@" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["s3://bucket/x", "gs://bucket/x", "az://bucket/x", "sftp://host/x"]
)
def test_the_hint_for_an_unknown_option_names_the_known_ones_and_no_refused_ones(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose(url, {"bogus": "1"})
    offered = caught.value.hint.removeprefix("It has: ").removesuffix(".").split(", ")
    assert {"endpoint", "user"} & set(offered)
    assert [name for name in offered if is_secret(name)] == []


def test_what_fsspec_has_no_library_for_says_what_to_install() -> None:
    with pytest.raises(ConfigError) as caught:
        choose("dask://host:1/x", {})
    assert caught.value.code == "missing-library"
    assert "Install dask" in caught.value.hint


@pytest.mark.parametrize("name", ["pass", "PWD", "tok", "my_token", "aws_secret_access_key", "sas"])
def test_a_credential_is_known_by_its_name(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["sse_kms_key_id", "key_file", "web_identity_token_file", "pattern"]
)
def test_what_only_sounds_like_a_credential_is_none(name: str) -> None:
    assert not is_secret(name)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "obstore" else found(name)
    )
    with pytest.raises(ConfigError) as caught:
        open_store("s3://bucket", {}, {})
    assert caught.value.code == "missing-library"
    assert "hubsync[s3]" in caught.value.hint


def test_a_password_given_as_an_option_shows_nowhere() -> None:
    store = open_store("webdav+https://host/x", {"user": "u", "password": "hidden-one"}, {})
    assert "hidden-one" not in repr(store)
    assert "hidden-one" not in store.description
