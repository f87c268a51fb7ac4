"""Counters that any thread advances, and the bar that shows them."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time

import pytest

from hubsync_cli.progress import Counters, Meter, Pace, Progress, figures


def _never() -> bool:
    return False


def test_threads_lose_no_count() -> None:
    progress = Progress(_never, draw=False)
    progress.phase("Uploading", 40_000, 80_000)

    def work() -> None:
        for _ in range(10_000):
            progress.advance(1, 2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert progress.now() == Counters(1, "Uploading", 40_000, 80_000, 40_000, 80_000)


def test_a_new_phase_begins_at_zero() -> None:
    progress = Progress(_never, draw=False)
    progress.phase("Uploading", 3, 300)
    progress.advance(2, 200)
    progress.phase("Downloading")
    assert progress.now() == Counters(2, "Downloading", 0, 0, 0, 0)


def test_figures_name_files_bytes_rate_and_remaining_time() -> None:
    counters = Counters(1, "Uploading", 120, 3_400_000, 10_000, 40_000_000)
    assert figures(counters, Pace(3_600, 12e6)) == (
        "120 of 10,000 files, 3.4 MB of 40.0 MB, 12.0 MB/s, 2.8 s left"
    )


def test_figures_without_totals_tell_what_passed() -> None:
    assert figures(Counters(1, "Scanning", 5, 0, 0, 0), Pace()) == "5 files"
    assert figures(Counters(1, "Scanning", 0, 0, 0, 0), Pace()) == ""


def test_files_are_the_measure_where_no_bytes_are_counted() -> None:
    counters = Counters(1, "Deleting", 50, 0, 100, 0)
    assert figures(counters, Pace(10)) == "50 of 100 files, 10 files/s, 5.0 s left"


def test_the_rate_is_of_the_last_seconds() -> None:
    meter = Meter()
    assert meter.pace(0.0, Counters(1, "Uploading", 0, 0, 9, 10**9)) == Pace()
    assert meter.pace(10.0, Counters(1, "Uploading", 5, 1000, 9, 10**9)) == Pace(0.5, 100)
    assert meter.pace(20.0, Counters(1, "Uploading", 5, 11_000, 9, 10**9)) == Pace(0, 1000)
    assert meter.pace(20.5, Counters(2, "Downloading", 0, 0, 9, 10**9)) == Pace()


def test_remaining_time_counts_files_and_bytes_whichever_come_first() -> None:
    """3,000 small files and one of 300 MB: neither the start nor the end looks like the whole."""
    small_first = Counters(1, "Uploading", 1000, 10**6, 3001, 303 * 10**6)
    assert 5 < Pace(500, 500_000).left(small_first) < 20
    large_first = Counters(1, "Uploading", 1, 300 * 10**6, 3001, 303 * 10**6)
    assert 1 < Pace(0, 100 * 10**6).left(large_first) < 5


def test_phases_are_named_where_no_bar_can_be_drawn() -> None:
    said: list[str] = []
    progress = Progress(_never, draw=False, say=said.append)
    progress.phase("Scanning")
    progress.phase("Uploading", 2, 3_000_000)
    assert said == ["Scanning", "Uploading: 2 files, 3.0 MB"]


_LONG = """
import sys, time
from hubsync_cli.progress import Progress
progress = Progress(lambda: False, draw=True)
progress.phase("Uploading", 100, 10**8)
until = time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    progress.advance(1, 10**6)
    time.sleep(0.05)
progress.close()
print("ended")
"""


@pytest.mark.parametrize(("seconds", "shown"), [(0.2, False), (1.6, True)])
def test_a_bar_appears_only_after_a_second_and_goes_away(seconds: float, shown: bool) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _LONG, str(seconds)],
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(follower)
    screen = _read_all(leader)
    assert process.wait(timeout=30) == 0
    assert ("Uploading" in screen) is shown
    assert ("100 MB" in screen) is shown
    assert ("MB/s" in screen) is shown
    assert "ended" in screen.splitlines()[-1]


def _read_all(leader: int) -> str:
    parts: list[bytes] = []
    until = time.monotonic() + 30
    while time.monotonic() < until:
        ready, _, _ = select.select([leader], [], [], 1)
        if not ready:
            continue
        try:
            data = os.read(leader, 65_536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        parts.append(data)
    os.close(leader)
    return b"".join(parts).decode()


_STUBBORN = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run without it
from hubsync_cli.signals import Interruptions
def told():
    os.write(1, b"told" + os.linesep.encode())  # print may be at work when the signal comes
with Interruptions() as interruptions, interruptions.between_files(told):
    os.write(1, b"ready" + os.linesep.encode())
    while True:
        time.sleep(0.01)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_stops_at_once(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "told\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err == "Stopped at once.\n"
