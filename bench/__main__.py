"""``python -m bench [--only job,job] [--runs N] [--scale F] [--place DIR] [--out FILE]
[--notebooks DIR]``"""

from __future__ import annotations

import argparse
import compileall
import sys
from pathlib import Path

import hubsync
import hubsync_cli
import hubsync_jupyter
from bench.harness import LeftOut, Wrong
from bench.jobs import JOBS
from bench.place import Place, Scale
from bench.report import page
from bench.results import Finding

_HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """0; 1 where a target is missed or a contender did not do its job."""
    options = _options(arguments)
    for package in (hubsync, hubsync_cli, hubsync_jupyter):  # as an installation does
        compileall.compile_dir(package.__path__[0], quiet=2)
    place = Place(options.place, Scale.of(options.scale), options.notebooks)
    findings: list[Finding] = []
    wrong = False
    for name in options.only:
        print(f"== {name}: {JOBS[name].__doc__}", flush=True)
        try:
            findings.append(JOBS[name](place, options.runs))
        except LeftOut as reason:
            print(f"   left out: {reason}")
            continue
        except Wrong as error:
            print(f"not measured: {error}", file=sys.stderr)
            wrong = True
            continue
        finally:
            place.forget()
        _say(findings[-1])
    place.close()
    options.out.write_text(page(findings, arguments, options.runs))
    print(f"\nwritten to {options.out}")
    missed = [one.job for one in findings if any(one.met is False for one in one.verdicts)]
    if missed:
        print(f"targets missed: {', '.join(missed)}")
    return int(wrong or bool(missed))


def _say(finding: Finding) -> None:
    for name, seconds in finding.times.items():
        peak = f", {finding.peaks[name] / 1e6:.0f} MB" if name in finding.peaks else ""
        print(f"   {name}: {seconds:.3f} s{peak}")
    for verdict in finding.verdicts:
        met = "met" if verdict.met else "MISSED"
        target = "" if verdict.met is None else f", at most {verdict.allowed}: {met}"
        print(f"   {verdict.what}: {verdict.found}{target}")
    if finding.requests is not None:
        print(f"   requests: {dict(finding.requests)}")
    sys.stdout.flush()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=f"Jobs: {', '.join(JOBS)}")
    parser.add_argument("--only", type=_jobs, default=list(JOBS), metavar="JOB,JOB")
    parser.add_argument("--runs", type=int, default=5, help="rounds of each job")
    parser.add_argument("--scale", type=float, default=1.0, help="a fraction of the sizes, to try")
    parser.add_argument("--place", type=Path, default=Path("build/bench").resolve())
    parser.add_argument("--notebooks", type=Path, help="DIR/NN/{base,ours,theirs}.ipynb to merge")
    parser.add_argument("--out", type=Path, default=_HERE / "RESULTS.md")
    return parser.parse_args(arguments)


def _jobs(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in JOBS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such job: {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
