"""The documents that describe what the extension says: its events and its routes."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

from msgspec import json

EVENTS: Final = "https://events.hubsync.org/session/v1"


def events_schema() -> dict[str, Any]:
    """The schema of the events, for jupyter_events."""
    return _read("events.json")


def openapi() -> dict[str, Any]:
    """The OpenAPI document of the routes."""
    return _read("openapi.json")


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.decode(files(__package__).joinpath(name).read_bytes())
    return found
