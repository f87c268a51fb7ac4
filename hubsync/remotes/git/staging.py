"""A content into the staging area, with as few calls as are safe."""

from __future__ import annotations

import os
from typing import Final

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PUBLIC: Final = 0o666


def write_staged(target: str, data: bytes) -> None:
    """Write the file ``target``, whose name is its content's digest. Raises OSError.

    What an interrupted run left there is not written into: its bytes may have a second name, the
    user's own. Cut off by a kill, a new one is no danger: whoever finds it reads it against its
    name.
    """
    try:
        descriptor = os.open(target, _NEW, _PUBLIC)
    except FileExistsError:
        with open(target + ".part", "wb") as file:
            file.write(data)
        os.replace(target + ".part", target)
        return
    try:
        written = os.write(descriptor, data)
        while written < len(data):
            written += os.write(descriptor, memoryview(data)[written:])
    except BaseException:
        os.unlink(target)
        raise
    finally:
        os.close(descriptor)
