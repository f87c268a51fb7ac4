"""What stores say when a server refuses or is not there; and what they never say."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

import paramiko
import pytest

from hubsync.errors import AccessDenied, HubsyncError, Unreachable
from hubsync.stores import fsspec_places, sftp_connection
from hubsync.stores.protocol import ABSENT, Download, Store, Upload
from hubsync.stores.registry import open_store
from tests.servers import Server
from tests.servers.cutting import Dam, wire_to
from tests.servers.processes import free_port
from tests.servers.rclone import PASSWORD, USER

WRONG = "wrong-horse-battery"


def calls(store: Store, file: Path) -> list[HubsyncError]:
    """The error of each kind of call on a store of which none can succeed."""
    found: list[HubsyncError] = []
    for call in (
        lambda: list(store.list()),
        store.list_level,
        lambda: store.head("a"),
        lambda: store.read("a"),
        lambda: store.write("a", b"x"),
        lambda: store.copy("a", "b"),
        lambda: store.delete("a"),
        lambda: _results(store, file),
    ):
        with pytest.raises(HubsyncError) as caught:
            call()
        found.append(caught.value)
    return found


def _results(store: Store, file: Path) -> None:
    for result in store.upload(
        [Upload("a", str(file), file.stat().st_size, ABSENT)], lambda _: None
    ):
        if result.error:
            raise result.error
    for result in store.download([Download("a", str(file) + ".down")], lambda _: None):
        if result.error:
            raise result.error


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f"
    path.write_bytes(b"x")
    return path


@pytest.mark.parametrize("kind", ["sftp", "webdav"])
def test_a_wrong_password_is_access_denied_and_never_repeated(
    kind: str, request: pytest.FixtureRequest, file: Path
) -> None:
    server: Server = request.getfixturevalue(kind)
    store = open_store(server.url, {**server.options, "password": WRONG}, {})
    for error in calls(store, file):
        assert isinstance(error, AccessDenied)
        assert error.hint
        assert WRONG not in f"{error} {error.hint} {error!r}"
    assert WRONG not in store.description
    assert WRONG not in repr(store)
    store.close()


@pytest.mark.parametrize(
    "url", ["sftp://{user}@127.0.0.1:{port}/x", "webdav+http://127.0.0.1:{port}/x"]
)
def test_a_dead_port_is_unreachable_within_seconds(url: str, file: Path) -> None:
    address = url.format(user=USER, port=free_port())
    store = open_store(address, {}, {"HUBSYNC_PASSWORD": PASSWORD})
    begun = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        store.head("a")
    assert time.monotonic() - begun < 5
    assert "127.0.0.1" in str(caught.value)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(Unreachable):
        list(store.list())
    with pytest.raises(Unreachable):
        list(store.upload([Upload("a", str(file), 1, ABSENT)], lambda _: None))


def test_a_changed_host_key_is_refused(sftp: Server, tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    options = {**sftp.options, "known_hosts": str(known_hosts)}
    first = open_store(sftp.url, options, sftp.env)
    assert first.head("no such file") is None
    first.close()
    lines = known_hosts.read_text()
    assert lines.startswith(f"[127.0.0.1]:{sftp.port} ")
    again = open_store(sftp.url, options, sftp.env)
    assert again.head("no such file") is None
    assert known_hosts.read_text() == lines
    again.close()

    other = paramiko.RSAKey.generate(2048).get_base64()
    known_hosts.write_text(f"# a comment\n{lines.split()[0]} ssh-rsa {other}\n")
    store = open_store(sftp.url, options, sftp.env)
    with pytest.raises(AccessDenied) as caught:
        store.head("a")
    assert caught.value.code == "host-key-changed"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fsspec_places, "_TIMEOUT", 1.0)
    monkeypatch.setattr(sftp_connection, "_CONNECTING", 1.0)
    monkeypatch.setattr(sftp_connection, "_SILENCE", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.timeout(60)
def test_an_sftp_server_that_stops_answering_is_unreachable(
    sftp: Server, tmp_path: Path, file: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(9 << 20))
    with wire_to(sftp.port) as wire:
        for call in (
            lambda store: store.head("large"),
            lambda store: store.copy("large", "copy"),
            lambda store: store.write("new", b"x"),
            lambda store: _results(store, file),
            lambda store: _results(store, large),
        ):
            wire.dam = dam = Dam(1 << 40)
            options = {**sftp.options, "known_hosts": str(tmp_path / "known_hosts")}
            url = f"sftp://{USER}@127.0.0.1:{wire.port}/silent"
            store = open_store(url, options, sftp.env)
            sent = store.upload([Upload("large", str(large), 9 << 20, None)], lambda _: None)
            assert [one.error for one in sent] == [None]
            dam.shut()
            with pytest.raises(Unreachable):
                call(store)
            dam.open()
            store.close()


@pytest.mark.usefixtures("impatient")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("missing", [1, 60, 120, 200])
def test_an_sftp_server_that_stops_while_it_is_connected_is_unreachable(
    sftp: Server, tmp_path: Path, missing: int
) -> None:
    """``missing``: of the bytes that it sends until the first request can be made."""
    arguments = {"username": USER, "port": 0, "password": PASSWORD, "banner_timeout": 1.0}
    known_hosts = str(tmp_path / "known_hosts")
    with wire_to(sftp.port) as wire:
        arguments["port"] = wire.port
        wire.dam = whole = Dam(1 << 40)
        sftp_connection.connect("127.0.0.1", known_hosts, arguments).client.close()
        wire.dam = short = Dam(whole.passed_so_far - missing)
        with pytest.raises(TimeoutError):
            sftp_connection.connect("127.0.0.1", known_hosts, arguments)
        short.open()
