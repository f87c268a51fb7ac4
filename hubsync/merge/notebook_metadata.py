"""Metadata of notebooks and cells: merged key by key, never a conflict (rule 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Metadata = dict[str, Any]

_LANGUAGE: Final = ("kernelspec", "language_info")
"""They describe one kernel: half of one side's and half of the other's would describe none."""

_ABSENT: Final = object()


def of_notebook(base: Metadata, ours: Metadata, theirs: Metadata) -> Metadata:
    """As `merged`, but with the kernel of one side: ours, unless only theirs is another one."""
    made = merged(base, ours, theirs)
    before, here, there = (side.get("kernelspec") for side in (base, ours, theirs))
    if here == there == before:
        return made
    chosen = theirs if here == before else ours
    return {
        **{key: value for key, value in made.items() if key not in _LANGUAGE},
        **{key: chosen[key] for key in _LANGUAGE if key in chosen},
    }


def merged(base: Mapping[str, Any], ours: Metadata, theirs: Metadata) -> Metadata:
    """Key by key; where both changed one, ours, but what was edited outlives a deletion."""
    made: Metadata = {}
    for key in (*ours, *(key for key in theirs if key not in ours)):
        before, here, there = (one.get(key, _ABSENT) for one in (base, ours, theirs))
        if here == there or there == before:
            value = here
        elif here == before:
            value = there
        else:
            value = _of_both(key, before, here, there)
        if value is not _ABSENT:
            made[key] = value
    return made


def _of_both(key: str, before: Any, here: Any, there: Any) -> Any:
    if isinstance(here, dict) and isinstance(there, dict) and key not in _LANGUAGE:
        return merged(before if isinstance(before, dict) else {}, here, there)
    if key == "tags" and isinstance(here, list) and isinstance(there, list):
        old = before if isinstance(before, list) else []
        both = [*here, *(tag for tag in there if tag not in here)]
        return [tag for tag in both if tag not in old or (tag in here and tag in there)]
    return there if here is _ABSENT else here
