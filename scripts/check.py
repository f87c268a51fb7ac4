"""Run the project's checks one after the other, each named and timed; stop at the first failure.

``python scripts/check.py`` runs them all, ``python scripts/check.py lint types`` those named.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
PYTHON = sys.executable

Step = tuple[str, list[str]]


def tool(name: str, *arguments: str) -> list[str]:
    """The command line of a program of this virtual environment."""
    return [str(BIN / name), *arguments]


PYTEST = tool("pytest", "-q", "-n", str(max(2, min(4, os.cpu_count() or 2))))

CHECKS: dict[str, list[Step]] = {
    "format": [("formatting (ruff format)", tool("ruff", "format", "--check", "--quiet"))],
    "lint": [("lint (ruff check)", tool("ruff", "check", "--quiet"))],
    "types": [("types (mypy --strict)", tool("mypy"))],
    "layers": [("layers (import-linter)", tool("lint-imports"))],
    "reference": [
        ("reference pages (are those of the code)", [PYTHON, "scripts/reference.py", "--check"])
    ],
    "docs": [("docs (warnings are errors)", tool("zensical", "build", "--strict", "--clean"))],
    "wheel": [("built wheel in a clean environment", [*PYTEST, "-n0", "tests/packaging"])],
    "tests": [("tests", [*PYTEST, "--ignore=tests/packaging"])],
}


def run(title: str, command: list[str]) -> float:
    """Run one step; seconds. Leaves the process with its status if it fails."""
    print(f"== {title}", flush=True)
    began = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    seconds = time.monotonic() - began
    if status:
        print(f"\nFAILED after {seconds:.1f} s: {title}", file=sys.stderr)
        print(f"  run it alone: {' '.join(command)}", file=sys.stderr)
        sys.exit(1)
    return seconds


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.exit(f"no such check: {', '.join(unknown)} (there are: {', '.join(CHECKS)})")
    steps = [step for name in names or CHECKS for step in CHECKS[name]]
    times = [(title, run(title, command)) for title, command in steps]
    print("\nall passed")
    for title, seconds in times:
        print(f"  {seconds:7.1f} s  {title}")


if __name__ == "__main__":
    main(sys.argv[1:])
