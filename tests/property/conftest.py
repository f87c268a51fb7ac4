"""Hypothesis profiles: ``ci``, the same examples every time, and ``nightly``, many others.

``HYPOTHESIS_PROFILE=nightly pytest -m nightly`` runs the long one: 8 parts of so many examples.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile(
    "ci",
    max_examples=250,
    stateful_step_count=18,
    derandomize=True,
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
