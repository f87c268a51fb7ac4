"""Servers for the tests, started when first asked for and shared by one test run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Server, moto_s3, rclone_s3, rclone_sftp, rclone_webdav


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
