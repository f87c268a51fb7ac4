"""How long something takes, as a multiple of a plain piece of work over the same data: that holds
on slow machines, where seconds do not."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, process_time, sleep

_PATIENCE = 60.0


def times_as_long(
    work: Callable[[], object], yardstick: Callable[[], object], *, at_most: float
) -> float:
    """The best of many rounds of each, in turns, by the time of this process: until it is
    ``at_most`` so many times, or for a minute. A busy machine only makes that take longer, and
    what is slower than it may be stays so."""
    best = [float("inf"), float("inf")]
    end = monotonic() + _PATIENCE
    while True:
        for at, one in enumerate((work, yardstick)):
            start = process_time()
            one()
            best[at] = min(best[at], process_time() - start)
        if best[0] <= at_most * best[1] or monotonic() > end:
            return best[0] / best[1]
        sleep(0.01)  # another slice of time, perhaps another core
