"""One hub of the demonstration: a folder in which the real command runs and people edit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from demo_trees import digest_of

DONE, LEFT_TO_A_PERSON = 0, 3


class Failed(Exception):
    """The demonstration showed that something is wrong."""


class Hub:
    """A hub called ``name`` with the workspace ``root``; embedded remotes lie under ``data``.

    ``written`` collects the digest of every content that a person wrote here.
    """

    def __init__(self, name: str, author: str, root: Path, data: Path) -> None:
        self.name = name
        self.root = root
        self.written: set[str] = set()
        self._environment = {
            **os.environ,
            "HUBSYNC_HUB": name,
            "HUBSYNC_AUTHOR": author,
            "XDG_DATA_HOME": os.fspath(data),
        }

    def run(self, *arguments: str, into: Path | None = None) -> int:
        """Show a command and run it, its output as it comes; the exit status (0 or 3)."""
        shown = " ".join(_quoted(word) for word in arguments)
        print(f"{self.name}$ hubsync {shown}", flush=True)
        status = subprocess.run(
            [_program(), *arguments], cwd=into or self.root, env=self._environment, check=False
        ).returncode
        print(flush=True)
        if status not in (DONE, LEFT_TO_A_PERSON):
            raise Failed(f"on {self.name}, 'hubsync {shown}' ended with exit status {status}")
        return status

    def ask(self, *arguments: str) -> bytes:
        """The JSON document that a command gives; nothing is shown."""
        return subprocess.run(
            [_program(), *arguments, "--json"],
            cwd=self.root,
            env=self._environment,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout

    def write(self, path: str, text: str | bytes, said: str) -> None:
        """A person writes a file."""
        print(f"{self.name}: {said} {path!r}")
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        self.written.add(digest_of(file))

    def edit(self, path: str, line: int, text: str) -> None:
        """A person replaces a line of a text (counted from 0; -1: adds one at the end)."""
        lines = (self.root / path).read_bytes().decode().split("\n")
        text += "\r" if lines[0].endswith("\r") else ""
        if line == -1:
            lines.insert(len(lines) - (lines[-1] == ""), text)
        else:
            lines[line] = text
        where = "the end" if line == -1 else f"line {line + 1}"
        self.write(path, "\n".join(lines), f"edits {where} of")

    def delete(self, path: str) -> None:
        print(f"{self.name}: deletes {path!r}")
        (self.root / path).unlink()


def _program() -> str:
    return os.fspath(Path(sys.executable).with_name("hubsync"))


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)
