"""Property tests in every folder run under the profiles of ``tests/conftest.py``."""

from __future__ import annotations

import os

from hypothesis import settings


def test_no_example_fails_because_the_machine_is_busy() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    if os.environ.get("HYPOTHESIS_PROFILE", "ci") == "ci":
        assert settings.default.derandomize
