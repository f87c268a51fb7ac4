"""Bare repositories for the tests' Git servers, and Git as nobody's settings make it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.servers.processes import program

_PROTECTED = """\
#!/bin/sh
# Declines a branch in the words of a forge that protects it.
while read -r _ _ name; do
    if [ "$name" = "refs/heads/{branch}" ]; then
        echo "error: GH006: Protected branch update failed for $name."
        echo "error: Changes must be made through a pull request."
        exit 1
    fi
done
"""


def environment(home: Path) -> dict[str, str]:
    """For a program of Git that must not see the settings of this machine."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }


def bare(path: Path) -> Path:
    """A new bare repository, whose HEAD names the branch main."""
    subprocess.run(
        [program("git"), "init", "--quiet", "--bare", "--initial-branch=main", str(path)],
        env=environment(path.parent),
        check=True,
    )
    return path


def protect(repository: Path, branch: str) -> None:
    """Decline every push to ``branch`` by a hook, as GitHub does for a protected one."""
    hook = repository / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_PROTECTED.format(branch=branch))
    hook.chmod(0o755)
