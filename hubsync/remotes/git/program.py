"""The git program itself, for what libgit2 cannot do: the person's own filters, other encodings and
Git LFS."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from hubsync.errors import LocalError

_OF_ANOTHER: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")
"""Variables that would have git work in another repository, such as in a hook."""
_TOLD: Final = 500


def is_there(name: str) -> bool:
    """Whether a program is on PATH."""
    return shutil.which(name, path=_path()) is not None


def run(
    arguments: Sequence[str], folder: str, data: bytes = b"", env: Mapping[str, str] | None = None
) -> bytes:
    """What a program says in that folder, given ``data``. Raises LocalError (``git-program``)."""
    variables = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    variables |= {"GIT_TERMINAL_PROMPT": "0", "PATH": _path(), **(env or {})}
    try:
        done = subprocess.run(
            arguments, cwd=folder, env=variables, input=data, capture_output=True, check=False
        )
    except OSError as error:
        raise LocalError(
            f"{arguments[0]} cannot be started: {error.strerror}.",
            f"Install {arguments[0]}, or put it on PATH.",
            "git-program",
        ) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-_TOLD:]
        raise LocalError(
            f"'{' '.join(arguments[:3])}' failed: {said or f'exit status {done.returncode}'}",
            "Run it by hand to see what it needs.",
            "git-program",
        )
    return done.stdout


def _path() -> str:
    """Where programs are, but never in a folder that what is synced comes to: there an empty
    element of PATH, or a ``.``, would find them."""
    return os.pathsep.join(filter(os.path.isabs, os.get_exec_path())) or os.defpath
