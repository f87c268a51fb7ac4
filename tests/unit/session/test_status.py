"""Which word a session is in, for facts and for errors."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hubsync import errors
from hubsync.errors import HubsyncError
from hubsync.results import ConflictCopy
from hubsync.session.agenda import Patience
from hubsync.session.status import (
    Facts,
    Kind,
    Outcome,
    Progress,
    State,
    Trouble,
    patience,
    status_of,
    trouble_of,
)

SYNCED = Facts(last=Outcome(ended=1))
OFFLINE = Trouble(Kind.OFFLINE, "unreachable", "It does not answer.")


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(), State.IDLE),
        (Facts(pending=2), State.PENDING),
        (SYNCED, State.SYNCED),
        (replace(SYNCED, pending=1), State.PENDING),
        (replace(SYNCED, progress=Progress("Uploading", 3)), State.SYNCING),
        (replace(SYNCED, trouble=OFFLINE, pending=3), State.OFFLINE),
        (replace(SYNCED, trouble=OFFLINE, paused=True), State.PAUSED),
        (replace(SYNCED, trouble=OFFLINE, progress=Progress()), State.SYNCING),
        (replace(SYNCED, paused=True, progress=Progress()), State.SYNCING),
        (replace(SYNCED, last=Outcome(ended=1, conflict_count=2)), State.CONFLICTS),
        (replace(SYNCED, last=Outcome(conflict_count=2), pending=1), State.PENDING),
    ],
)
def test_the_state_that_matters_most(facts: Facts, state: State) -> None:
    assert status_of(facts).state is state


@pytest.mark.parametrize(
    ("error", "state", "waits"),
    [
        (errors.AccessDenied("No."), State.NEEDS_LOGIN, Patience.LONGEST),
        (errors.Unreachable("Gone."), State.OFFLINE, Patience.BACK_OFF),
        (errors.RemoteUnavailable("Gone."), State.OFFLINE, Patience.BACK_OFF),
        (errors.SafetyStop("All gone."), State.STOPPED, Patience.FULL),
        (errors.SafetyStop("Gone.", code="remote-gone"), State.STOPPED, Patience.BACK_OFF),
        (errors.WorkspaceBusy("Held."), State.PENDING, Patience.BACK_OFF),
        (errors.DiskFull("Full."), State.FAILED, Patience.BACK_OFF),
        (errors.RemoteFormatError("Damaged."), State.FAILED, Patience.BACK_OFF),
    ],
)
def test_errors(error: HubsyncError, state: State, waits: Patience) -> None:
    trouble = trouble_of(error)
    assert (trouble.code, trouble.message) == (error.code, error.message)
    assert status_of(replace(SYNCED, trouble=trouble)).state is state
    assert patience(trouble) is waits


def test_nothing_done() -> None:
    assert Outcome(ended=1, conflict_count=3, problem_count=1).nothing_done
    assert not Outcome(up=1).nothing_done
    assert not Outcome(new_conflicts=(ConflictCopy("a", "b"),)).nothing_done
