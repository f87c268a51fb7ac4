"""One SFTP connection that knows its hosts, as OpenSSH's ``accept-new`` does, and ends when the
server does not answer."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

_SILENCE: Final = 120.0
"""Seconds without a sign of the server after which it is unreachable, as at object stores."""
_CONNECTING: Final = 20.0
"""The same until the first request can be made."""


class _Remember(paramiko.MissingHostKeyPolicy):
    """Accepts an unknown host's key and appends it to the file, leaving its other lines alone."""

    def __init__(self, known_hosts: str) -> None:
        self._known_hosts = known_hosts

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        if not os.path.isdir(os.path.dirname(self._known_hosts)):
            return
        with open(self._known_hosts, "a", encoding="utf-8") as lines:
            lines.write(f"{hostname} {key.get_name()} {key.get_base64()}\n")


class KnownHosts(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's own remembers no host key, so that it would accept another machine's at any time.

    The first key that a host shows is accepted and written to ``known_hosts`` (if there is such a
    file name); any other one later is refused.
    """

    def __init__(self, host: str, *, known_hosts: str, **arguments: Any) -> None:
        self._known_hosts = known_hosts
        super().__init__(host, **arguments)

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(_Remember(self._known_hosts))
        if self._known_hosts:
            with contextlib.suppress(FileNotFoundError):
                self.client.load_system_host_keys(self._known_hosts)
        begun = time.monotonic()
        try:
            self.client.connect(self.host, **self.ssh_kwargs)
            transport = self.client.get_transport()
            if transport is None:
                raise paramiko.SSHException("The connection has ended.")
            _tune(transport.sock)
            self.ftp = _opened(transport)
        except BaseException as error:
            self.client.close()
            # paramiko calls a server that does not answer by many names, refused access among them.
            late = time.monotonic() - begun >= _CONNECTING
            if late and isinstance(error, (paramiko.SSHException, EOFError)):
                raise TimeoutError("The server does not answer.") from error
            raise


class _Channel:
    """A channel that ends the whole connection when nothing moves for `_SILENCE` seconds: else each
    file that is closed, and each that is removed for that, would wait as long again."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        channel.settimeout(_SILENCE)

    def recv(self, size: int) -> bytes:
        with self._ending():
            return self._channel.recv(size)

    def send(self, data: bytes) -> int:
        with self._ending():
            return self._channel.send(data)

    def get_name(self) -> str:
        return self._channel.get_name()

    def recv_ready(self) -> bool:
        return self._channel.recv_ready()

    def close(self) -> None:
        self._channel.close()

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            self._channel.get_transport().close()
            raise


def _opened(transport: paramiko.Transport) -> paramiko.SFTPClient:
    """SFTP on an authenticated connection. paramiko waits for some of the answers without limit;
    they come to an end when the connection does."""
    limit = threading.Timer(_CONNECTING, transport.close)
    limit.daemon = True
    limit.start()
    try:
        channel = transport.open_session(timeout=_CONNECTING)
        channel.invoke_subsystem("sftp")
        return paramiko.SFTPClient(_Channel(channel))  # type: ignore[arg-type]
    finally:
        limit.cancel()


def _tune(sock: Any) -> None:
    """Every request is small and waits for its answer: with Nagle's algorithm each takes 40 ms.

    paramiko waits without limit for room to write, so the kernel has to give up, where it can be
    told when.
    """
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(_SILENCE * 1000))


def connect(host: str, known_hosts: str, arguments: dict[str, Any]) -> KnownHosts:
    """A new connection. Raises what paramiko raises."""
    return KnownHosts(host, known_hosts=known_hosts, skip_instance_cache=True, **arguments)
