"""Keys for SSH that can be used without asking anybody."""

from __future__ import annotations

import base64
import os
import re
from typing import Final

from hubsync.credentials.places import Places

_NAMES: Final = ("id_ed25519", "id_ecdsa", "id_rsa")
_OPENSSH: Final = re.compile(
    rb"-----BEGIN OPENSSH PRIVATE KEY-----(.+?)-----END OPENSSH PRIVATE KEY-----", re.DOTALL
)
_OPEN: Final = b"openssh-key-v1\0\0\0\0\x04none"
"""How a key begins that no passphrase protects. Source: PROTOCOL.key of OpenSSH."""


def has_agent(places: Places) -> bool:
    return bool(places.env.get("SSH_AUTH_SOCK"))


def private_keys(places: Places) -> list[str]:
    """Paths of the usual keys in ``~/.ssh`` that have no passphrase; an agent serves the others."""
    paths = [places.in_home(".ssh", name) for name in _NAMES]
    return [path for path in paths if path is not None and _is_open(path)]


def _is_open(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            data = file.read(1 << 16)
    except OSError:
        return False  # no key that SSH could use either
    found = _OPENSSH.search(data)
    if found is not None:
        begun = b"".join(found[1].split())[:40]
        return len(begun) == 40 and base64.b64decode(begun).startswith(_OPEN)
    return b"PRIVATE KEY-----" in data and b"ENCRYPTED" not in data


def public_half(path: str) -> str | None:
    """None: the library takes it out of the private one."""
    return f"{path}.pub" if os.path.exists(f"{path}.pub") else None
