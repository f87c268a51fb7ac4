"""The build backend: hatchling, with the Lab extension built before a wheel or an sdist.

An editable install has no need of it, and stays as quick as it was: see
docs/decisions/0023-lab-extension.md. The interface is that of PEP 517 and PEP 660.
"""

from __future__ import annotations

from typing import Any

import frontend
from hatchling import build as hatchling
from hatchling.build import (
    build_editable as build_editable,
)
from hatchling.build import (
    get_requires_for_build_editable as get_requires_for_build_editable,
)

Settings = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    return [*hatchling.get_requires_for_build_wheel(config_settings), *_node()]


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    return [*hatchling.get_requires_for_build_sdist(config_settings), *_node()]


def build_wheel(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    frontend.build()
    return hatchling.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    frontend.build()
    return hatchling.build_sdist(sdist_directory, config_settings)


def _node() -> list[str]:
    """A Node, where the machine has none and one is needed."""
    needed = not frontend.is_current() and frontend.find_npm() is None
    return [frontend.NODE] if needed else []
