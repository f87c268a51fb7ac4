"""Servers for the tests, started when first asked for and shared by one test run; and the profiles
of Hypothesis: ``ci``, the same examples every time, and ``nightly``, many others.

``HYPOTHESIS_PROFILE=nightly pytest -m nightly`` runs the long one: 8 parts of so many examples.
What fails in ``ci`` is shown as it was found: making it smaller takes longer than a test may, where
an example starts programs.
Neither has a deadline for one example: the machine may be doing other things as well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.servers import GitSsh, Server, git_ssh, moto_s3, rclone_s3, rclone_sftp, rclone_webdav

os.environ.pop("PYTHONUNBUFFERED", None)  # it would hide what becomes of buffered output
# Hundreds of tests start Python: compiling everything each time takes longer than the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "ci",
    max_examples=150,
    stateful_step_count=18,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "nightly",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "300")),
    stateful_step_count=25,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=_SLOW,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def sftp() -> Iterator[Server]:
    with rclone_sftp() as server:
        yield server


@pytest.fixture(scope="session")
def webdav() -> Iterator[Server]:
    with rclone_webdav() as server:
        yield server


@pytest.fixture(scope="session")
def s3_with_conditions() -> Iterator[Server]:
    """moto: enforces If-Match and If-None-Match."""
    with moto_s3() as server:
        yield server


@pytest.fixture(scope="session")
def s3_for_throughput() -> Iterator[Server]:
    """rclone: fast, ignores conditions."""
    with rclone_s3() as server:
        yield server


@pytest.fixture(scope="session")
def ssh() -> Iterator[GitSsh]:
    """sshd, for Git."""
    with git_ssh() as server:
        yield server
