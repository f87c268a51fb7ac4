"""What a job found: times, verdicts on its targets, and the requests that hubsync made."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from bench.harness import Timings, peak_of, seconds_of

HUBSYNC = "hubsync"

# US dollars for 1,000 requests: Amazon S3 Standard, us-east-1, public price list.
_DOLLARS = {"put": 0.005, "copy": 0.005, "list": 0.005, "get": 0.0004, "head": 0.0004}
_FREE = {"delete"}


class Verdict(Struct, frozen=True):
    """One target: what was compared, what came out, what was allowed."""

    what: str
    found: str
    allowed: str
    met: bool | None
    """None: there is no target."""


class Finding(Struct, frozen=True):
    """One line of the result. ``times``: medians in seconds; ``peaks``: bytes."""

    job: str
    title: str
    times: Mapping[str, float]
    peaks: Mapping[str, int]
    verdicts: tuple[Verdict, ...]
    requests: Mapping[str, int] | None = None
    note: str = ""
    priced: bool = True
    """Whether its requests have a price."""


def finding(
    job: str,
    title: str,
    timings: Timings,
    *verdicts: Verdict,
    requests: Mapping[str, int] | None = None,
    note: str = "",
    priced: bool = True,
) -> Finding:
    return Finding(
        job=job,
        title=title,
        times={name: seconds_of(timings, name) for name in timings},
        peaks={name: peak_of(timings, name) for name in timings},
        verdicts=verdicts,
        requests=requests,
        note=note,
        priced=priced,
    )


def at_most_times(timings: Timings, limit: float, *peers: str) -> Verdict:
    """The median of hubsync against that of the fastest of ``peers``, in the same run."""
    best = min(peers, key=lambda name: seconds_of(timings, name))
    ratio = seconds_of(timings, HUBSYNC) / seconds_of(timings, best)
    return Verdict(f"time / {best}", f"{ratio:.2f} x", f"{limit:g} x", ratio <= limit)


def for_information(timings: Timings, peer: str) -> Verdict:
    """The median of hubsync against that of one which does less; no target."""
    ratio = seconds_of(timings, HUBSYNC) / seconds_of(timings, peer)
    return Verdict(f"time / {peer}", f"{ratio:.2f} x", "", None)


def at_most_longer(timings: Timings, limit: float, name: str, baseline: str) -> Verdict:
    """How many seconds ``name`` takes more than ``baseline``."""
    extra = seconds_of(timings, name) - seconds_of(timings, baseline)
    found, allowed = f"{extra * 1000:+.0f} ms", f"{limit * 1000:+.0f} ms"
    return Verdict(f"{name} over {baseline}", found, allowed, extra <= limit)


def at_most(what: str, found: float, limit: float, unit: str) -> Verdict:
    return Verdict(what, f"{found:,.0f} {unit}", f"{limit:,.0f} {unit}", found <= limit)


def cost(requests: Mapping[str, int]) -> float:
    """US dollars. An unknown kind of request is an error, not a gift."""
    return sum(
        number * _DOLLARS[kind] / 1000 for kind, number in requests.items() if kind not in _FREE
    )
