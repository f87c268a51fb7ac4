"""Git over SSH: a real sshd on loopback, which lets one key of one user run Git and nothing else.

It runs as whoever runs the tests, whose account it serves: sshd(8) can change to another user as
root alone. Host key, user key and home are made for it and end with it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers.git_bare import bare, environment
from tests.servers.processes import program, serving

# What sshd asks for as root: an empty folder of root's into which it locks its unprivileged part.
_SEPARATION = Path("/run/sshd")
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")

_CONFIG = """\
ListenAddress 127.0.0.1
HostKey {keys}/host
AuthorizedKeysFile {keys}/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowTcpForwarding no
MaxStartups 100
SetEnv {environment}
"""


@dataclass(frozen=True)
class GitSsh:
    """A running server. ``home``: the home of somebody who may push, with ``.ssh/known_hosts`` and
    a key; ``folder``: where the bare repositories are; ``host_key``: the server's public key."""

    port: int
    folder: Path
    home: Path
    user: str
    host_key: Path

    @property
    def key(self) -> Path:
        """The private key; the public one lies beside it, with ``.pub``."""
        return self.home / ".ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        return self.home / ".ssh" / "known_hosts"

    def url(self, name: str, port: int = 0) -> str:
        """Where the repository ``name`` is; through another ``port``, if one is given."""
        return f"ssh://{self.user}@127.0.0.1:{port or self.port}{self.folder}/{name}"

    def repository(self, name: str) -> Path:
        """A new bare repository, into which may be pushed."""
        return bare(self.folder / name)


@contextlib.contextmanager
def git_ssh() -> Iterator[GitSsh]:
    """Serve a folder of bare repositories until the block ends."""
    sshd = _sshd()
    with tempfile.TemporaryDirectory(prefix="hubsync-ssh-") as base:
        folder, keys, home = Path(base, "repositories"), Path(base, "keys"), Path(base, "home")
        for directory in (folder, keys, home, home / ".ssh"):
            directory.mkdir(mode=0o700)
        new_key(keys / "host")
        new_key(home / ".ssh" / "id_ed25519")
        _authorise(keys, home)
        config = keys / "config"
        shown = " ".join(
            f'"{name}={value}"' for name, value in environment(home).items() if name != "PATH"
        )
        config.write_text(_CONFIG.format(keys=keys, environment=shown))
        with serving(
            lambda port: [sshd, "-D", "-e", "-f", str(config), "-p", str(port)], ready=_greets
        ) as port:
            user = pwd.getpwuid(os.geteuid()).pw_name
            server = GitSsh(port, folder, home, user, keys / "host.pub")
            trust(server.known_hosts, port, server.host_key)
            yield server


def new_key(path: Path) -> None:
    """A pair of keys: ``path`` and ``path.pub``."""
    subprocess.run(
        [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(path)],
        check=True,
    )


def trust(known_hosts: Path, port: int, public_key: Path) -> None:
    """Let known_hosts say that this is the key of the host on that port, and of no other host."""
    kind, key, *_ = public_key.read_text().split()
    known_hosts.write_text(f"[127.0.0.1]:{port} {kind} {key}\n")


def _authorise(keys: Path, home: Path) -> None:
    public = (home / ".ssh" / "id_ed25519.pub").read_text()
    shell = f'{program("git-shell")} -c \\"$SSH_ORIGINAL_COMMAND\\"'
    (keys / "authorized").write_text(f'restrict,command="{shell}" {public}')


def _sshd() -> str:
    """The absolute path of sshd, which it insists on; a missing one is a failure."""
    found = shutil.which("sshd", path=os.pathsep.join((os.environ.get("PATH", ""), *_PLACES)))
    if found is None:
        raise FileNotFoundError("the tests need the program sshd (Debian: openssh-server)")
    if os.geteuid() == 0:
        _SEPARATION.mkdir(mode=0o755, exist_ok=True)
    return os.path.abspath(found)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
