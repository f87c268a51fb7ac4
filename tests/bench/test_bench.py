"""The benchmark works: every job on tiny data. Its times are not looked at here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.jobs import JOBS
from bench.results import cost

ROOT = Path(__file__).resolve().parents[2]
NEEDS_NOTEBOOKS = "notebooks"
NEEDS_UNISON = "folder-100k"
"""The one job with a peer that is not on the package index; `make bench` installs it."""


def _bench(tmp_path: Path, *arguments: str) -> tuple[str, str]:
    page = tmp_path / "RESULTS.md"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench",
            f"--place={tmp_path / 'place'}",
            f"--out={page}",
            *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "not measured" not in done.stderr, done.stderr
    assert done.returncode in (0, 1), done.stderr  # 1: a target is missed, as it may on tiny data
    return done.stdout, page.read_text()


def _jobs() -> list[Any]:
    """Those that start JupyterLab several times, for its browser tests do as well, by night."""
    names = sorted(JOBS.keys() - {NEEDS_NOTEBOOKS, NEEDS_UNISON})
    marks = {True: [pytest.mark.nightly], False: []}
    return [pytest.param(one, marks=marks[one.startswith("lab-")]) for one in names]


@pytest.mark.parametrize("job", _jobs())
def test_job_measures_on_tiny_data(job: str, tmp_path: Path) -> None:
    told, page = _bench(tmp_path, "--scale=0.001", "--runs=1", f"--only={job}")
    assert "at most" in told
    assert f"`{job}`" in page
    assert f"{os.cpu_count()} cores" in page


def test_notebooks_are_merged_beside_other_programs(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "01"
    folder.mkdir(parents=True)
    cells = [{"cell_type": "raw", "metadata": {}, "source": name} for name in "abc"]
    for name, at in (("base", None), ("ours", 0), ("theirs", 2)):
        changed = [{**cell, "source": name} if at == n else cell for n, cell in enumerate(cells)]
        top = {"cells": changed, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        (folder / f"{name}.ipynb").write_text(json.dumps(top, indent=1))
    told, page = _bench(
        tmp_path, "--runs=1", "--only=notebooks", f"--notebooks={tmp_path / 'set'}", "--scale=0.001"
    )
    assert "lines of a side missing: 0 lines, at most 0 lines: met" in told
    assert "changed, 1 of them" in page


def test_without_notebooks_that_job_says_how_to_get_some(tmp_path: Path) -> None:
    told, _ = _bench(tmp_path, "--runs=1", "--only=notebooks", "--scale=0.001")
    assert "left out: it needs --notebooks DIR" in told


def test_unknown_job_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--only=nothing"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no such job: nothing" in done.stderr


def test_requests_cost_what_the_price_list_says() -> None:
    assert cost({"put": 1000, "copy": 1000, "list": 1000}) == pytest.approx(0.015)
    assert cost({"get": 10_000, "delete": 1_000_000}) == pytest.approx(0.004)


def test_unknown_kind_of_request_has_no_price() -> None:
    with pytest.raises(KeyError):
        cost({"teleport": 1})
