"""The few pages of the extension itself: plain HTML without scripts, with everything escaped."""

from __future__ import annotations

from functools import cache
from typing import Any


def rendered(name: str, **names: Any) -> str:
    """A page with the names filled in."""
    return str(_environment().get_template(name).render(**names))


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("hubsync_jupyter", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
    )
