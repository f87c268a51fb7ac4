"""One SFTP connection that knows its hosts, as OpenSSH's ``accept-new`` does."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem


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
        try:
            self.client.connect(self.host, **self.ssh_kwargs)
            _answer_at_once(self.client)
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise


def _answer_at_once(client: paramiko.SSHClient) -> None:
    """Every request is small and waits for its answer: with Nagle's algorithm each takes 40 ms."""
    transport = client.get_transport()
    if transport is not None and isinstance(transport.sock, socket.socket):
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def connect(host: str, known_hosts: str, arguments: dict[str, Any]) -> KnownHosts:
    """A new connection. Raises what paramiko raises."""
    return KnownHosts(host, known_hosts=known_hosts, skip_instance_cache=True, **arguments)
