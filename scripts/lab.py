"""JupyterLab with hubsync in it, ready to try: a small workspace, and a remote on this machine.

Everything lies in lab-out/, and nothing of the user's own Jupyter or hubsync is read or changed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

OUT: Final = Path(__file__).resolve().parent.parent / "lab-out"
WORK: Final = OUT / "work"
BIN: Final = Path(sys.prefix) / "bin"

NOTES: Final = """# Try it

Save this file, and look at the status bar below: a second later it is synced.

The panel with the two arrows on the left shows what was synced, and brings versions back.
"""


def notebook() -> str:
    cells = [
        {"id": "say", "cell_type": "markdown", "metadata": {}, "source": "# A notebook"},
        {
            "id": "sum",
            "cell_type": "code",
            "metadata": {},
            "source": "sum(range(10))",
            "outputs": [],
            "execution_count": None,
        },
    ]
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}, indent=1
    )


def environment() -> dict[str, str]:
    """That of this process, with homes of its own for hubsync and Jupyter."""
    own = {
        "XDG_DATA_HOME": OUT / "data",
        "JUPYTER_CONFIG_DIR": OUT / "jupyter" / "config",
        "JUPYTER_DATA_DIR": OUT / "jupyter" / "data",
        "JUPYTER_RUNTIME_DIR": OUT / "jupyter" / "runtime",
    }
    return {**os.environ, **{name: str(path) for name, path in own.items()}}


def prepare(env: dict[str, str]) -> None:
    """A workspace with two files, linked to an embedded remote; what is there already stays."""
    WORK.mkdir(parents=True, exist_ok=True)
    if (WORK / ".hubsync" / "config.toml").exists():
        return
    (WORK / "notes.md").write_text(NOTES)
    (WORK / "notebook.ipynb").write_text(notebook())
    subprocess.run([BIN / "hubsync", "init"], cwd=WORK, env=env, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    env = environment()
    prepare(env)
    command = [
        str(BIN / "jupyter"),
        "lab",
        f"--ServerApp.root_dir={WORK}",
        f"--port={given.port}",
        "--ip=127.0.0.1",
        *(["--no-browser"] if given.no_browser else []),
        *(["--allow-root"] if os.name == "posix" and os.geteuid() == 0 else []),
    ]
    os.execve(command[0], command, env)


if __name__ == "__main__":
    main()
