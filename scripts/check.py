"""Run the project's checks, each named and timed; stop when one has failed.

``python scripts/check.py`` runs them all, ``python scripts/check.py lint types`` those named.
What takes one core runs beside the tests in the browser, and so do the tests that are held to no
time; the others come last and use all cores themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"
PYTHON = sys.executable

Step = tuple[str, list[str]]


def tool(name: str, *arguments: str) -> list[str]:
    """The command line of a program of this virtual environment."""
    return [str(BIN / name), *arguments]


CORES = os.cpu_count() or 2
QUICK = ("tests/unit", "tests/cli", "tests/docs")


def pytest(workers: int, *arguments: str) -> list[str]:
    """Neighbours stay together, for what modules share; who is done early takes from the others."""
    spread = ("-n", str(workers), "--dist", "worksteal") if workers else ()
    return tool("pytest", "-q", "--durations=20", "--durations-min=4", *spread, *arguments)


def without(*folders: str) -> list[str]:
    return [f"--ignore={folder}" for folder in folders]


CHECKS: dict[str, list[Step]] = {
    "build": [("Lab extension: build", [PYTHON, "scripts/frontend.py", "install"])],
    "format": [("formatting (ruff format)", tool("ruff", "format", "--check", "--quiet"))],
    "lint": [("lint (ruff check)", tool("ruff", "check", "--quiet"))],
    "types": [("types (mypy --strict)", tool("mypy"))],
    "layers": [("layers (import-linter)", tool("lint-imports"))],
    "reference": [
        ("reference pages (are those of the code)", [PYTHON, "scripts/reference.py", "--check"])
    ],
    "docs": [("docs (warnings are errors)", tool("zensical", "build", "--strict", "--clean"))],
    "frontend": [
        ("Lab extension: formatting and lint", [PYTHON, "scripts/frontend.py", "lint"]),
        ("Lab extension: tests of its model", [PYTHON, "scripts/frontend.py", "test"]),
    ],
    "wheel": [("built wheel in a clean environment", pytest(0, "tests/packaging"))],
    "browser": [("browser tests of JupyterLab", pytest(0, "tests/browser"))],
    "quick": [(f"tests: {', '.join(QUICK)}", pytest(CORES, *QUICK))],
    # Many of these wait, for a disk or a server: twice as many as there are cores keep these busy.
    "tests": [
        (
            "all other tests",
            pytest(
                min(8, 2 * CORES), *without(*QUICK, "tests/packaging", "tests/browser"), "tests"
            ),
        )
    ],
}

PHASES = (
    (("build",),),
    (
        ("format", "lint", "types", "layers", "reference", "docs", "frontend", "wheel", "quick"),
        ("browser",),
    ),
    (("tests",),),
)
"""One after the other; in each, lanes beside each other; in each of these, one after the other."""


class Run:
    """What was run, and whether to go on."""

    def __init__(self) -> None:
        self.times: list[tuple[str, float]] = []
        self._failed = Event()
        self._printing = Lock()

    def lanes(self, lanes: list[list[Step]]) -> None:
        """Run lanes beside each other; leave the process with a status if anything failed."""
        if len(lanes) == 1:
            self._lane(lanes[0], alone=True)
        else:
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._lane, lanes))
        if self._failed.is_set():
            sys.exit(1)

    def _lane(self, steps: list[Step], alone: bool = False) -> None:
        for title, command in steps:
            if self._failed.is_set():
                return
            self._step(title, command, alone)

    def _step(self, title: str, command: list[str], alone: bool) -> None:
        if alone:
            print(f"== {title}", flush=True)
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            check=False,
            stdout=None if alone else subprocess.PIPE,
            stderr=None if alone else subprocess.STDOUT,
        )
        seconds = time.monotonic() - began
        with self._printing:
            if not alone:
                print(f"== {title}", flush=True)
                sys.stdout.buffer.write(done.stdout)
                sys.stdout.flush()
            self.times.append((title, seconds))
            if done.returncode:
                print(f"\nFAILED after {seconds:.1f} s: {title}", file=sys.stderr)
                print(f"  run it alone: {' '.join(command)}", file=sys.stderr, flush=True)
                self._failed.set()


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.exit(f"no such check: {', '.join(unknown)} (there are: {', '.join(CHECKS)})")
    run = Run()
    for phase in PHASES:
        lanes = [
            [step for name in lane if name in (names or CHECKS) for step in CHECKS[name]]
            for lane in phase
        ]
        if any(lanes):
            run.lanes([lane for lane in lanes if lane])
    print("\nall passed")
    for title, seconds in run.times:
        print(f"  {seconds:7.1f} s  {title}")


if __name__ == "__main__":
    main(sys.argv[1:])
