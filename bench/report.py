"""The findings as a page: times, ratios and their targets, memory, requests and what they cost."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
from collections.abc import Iterable, Sequence

from bench.harness import Wrong
from bench.place import program
from bench.results import HUBSYNC, Finding, cost

_VERSIONS = {
    "rclone": ["version"],
    "s5cmd": ["version"],
    "unison": ["-version"],
    "git": ["--version"],
    HUBSYNC: ["--version"],
}


def page(findings: Sequence[Finding], arguments: Sequence[str], rounds: int) -> str:
    """Markdown."""
    return "\n".join(
        [
            "# Results",
            "",
            f"Command: `{shlex.join(['python', '-m', 'bench', *arguments])}`",
            "",
            *_machine(),
            "",
            f"Whole processes, wall clock; medians of {rounds} rounds in which the programs take"
            " turns. The S3 server is `rclone serve s3`, the Git server `git http-backend`, both on"
            " loopback.",
            "",
            *_table(
                ["job", "median times", "compared", "found", "at most", "met"], _times(findings)
            ),
            "",
            "## Memory",
            "",
            "The largest resident size of the process. The system counts it from before it becomes"
            " its program: what is smaller than the benchmark is told as that (40 MB or so).",
            "",
            *_table(["job", "program", "MB"], _memory(findings)),
            "",
            "## Requests of hubsync",
            "",
            "At the public prices of S3: $0.005 for 1,000 PUT, COPY or LIST, $0.0004 for 1,000 GET"
            " or HEAD.",
            "",
            *_table(["job", "requests", "cost"], _requests(findings)),
            "",
        ]
    )


def _machine() -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    rows = [
        f"- machine: {os.cpu_count()} cores, {memory / 1e9:.0f} GB of memory,"
        f" {platform.system()} {platform.release()} {platform.machine()}",
        f"- Python {platform.python_version()}",
    ]
    return rows + [f"- {_version(name, arguments)}" for name, arguments in _VERSIONS.items()]


def _version(name: str, arguments: list[str]) -> str:
    try:
        found = program(name)
    except Wrong:
        return f"{name}: not installed"
    answer = subprocess.run([found, *arguments], check=True, capture_output=True, text=True).stdout
    first = answer.splitlines()[0]
    return first if first.startswith(name) else f"{name} {first}"


def _times(findings: Iterable[Finding]) -> Iterable[list[str]]:
    for one in findings:
        times = "<br>".join(f"{name} {_seconds(value)}" for name, value in one.times.items())
        title = f"{one.title} (`{one.job}`)" + (f"; {one.note}" if one.note else "")
        for number, verdict in enumerate(one.verdicts):
            begin = ["", ""] if number else [title, times]
            met = {True: "yes", False: "**no**", None: ""}[verdict.met]
            yield [*begin, verdict.what, verdict.found, verdict.allowed, met]


def _memory(findings: Iterable[Finding]) -> Iterable[list[str]]:
    for one in findings:
        for name, peak in one.peaks.items():
            yield [one.job, name, f"{peak / 1e6:.0f}"]


def _requests(findings: Iterable[Finding]) -> Iterable[list[str]]:
    for one in findings:
        if one.requests is not None:
            kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(one.requests.items()))
            price = f"${cost(one.requests):.6f}" if one.priced else ""
            yield [one.job, kinds or "none", price]


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
