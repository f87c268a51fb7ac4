"""What goes through the pipes comes out as it was."""

from __future__ import annotations

import pytest

from hubsync.model import Problem
from hubsync.session import wire
from hubsync.session.status import Kind, Outcome, Progress, Trouble
from hubsync.session.wire import Cycle, Ended, Failed, Look, Looked, Open, Stop


@pytest.mark.parametrize("said", [Open("/w", "a", "h", {"A": "b\n"}), Look(), Cycle(True), Stop()])
def test_commands(said: wire.Command) -> None:
    data = wire.line(said)
    assert data.count(b"\n") == 1
    assert wire.command(data) == said


@pytest.mark.parametrize(
    "said",
    [
        Progress("Uploading", 3, 10, 1, 5),
        Looked(True),
        Ended(Outcome(up=3, sent=("a\nb",), problems=(Problem("x", "c", "m", "h"),))),
        Failed(Trouble(Kind.SAFETY, "c", "m", "h")),
        Failed(Trouble(Kind.OFFLINE, "c", "m", "h"), True, ("a\nb",)),
    ],
)
def test_reports(said: wire.Report) -> None:
    data = wire.line(said)
    assert data.count(b"\n") == 1
    assert wire.report(data) == said


def test_names_that_are_not_utf8_arrive_with_escapes() -> None:
    data = wire.line(Ended(Outcome(sent=("caf\udce9", "lone \ud800", "plain"))))
    arrived = wire.report(data)
    assert isinstance(arrived, Ended)
    assert arrived.outcome.sent == ("caf\\xe9", "lone ?", "plain")
