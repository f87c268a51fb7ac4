"""A home of its own, and a GitHub whose clock only moves when somebody waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync.credentials.places import Places
from tests.servers import FakeGitHub, fake_github
from tests.unit.credentials.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(clock: Clock) -> Iterator[FakeGitHub]:
    with fake_github(clock=clock) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def places(home: Path, tmp_path: Path) -> Places:
    """Nothing but what a test puts there; git is on PATH, and knows no system configuration."""
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"}
    return Places(env, scoped=str(tmp_path / "gh-scoped-creds"))
