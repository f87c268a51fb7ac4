"""One cell that both sides have: merged to one, or kept as two (rule 4)."""

from __future__ import annotations

from typing import Any, Final

from hubsync.merge import notebook_metadata
from hubsync.merge.notebook_format import Cell, source_of, with_source
from hubsync.merge.text import merge_text

_MARK: Final = "hubsync"
"""The key, in the metadata of a cell that was kept twice, that says which side it comes from."""

_RUN: Final = ("outputs", "execution_count")


def merge_cell(base: Cell | None, ours: Cell, theirs: Cell) -> tuple[Cell, ...]:
    """``base`` None: both sides made it."""
    if theirs in (ours, base):
        return (ours,)
    if ours == base:
        return (theirs,)
    source = _source(base, ours, theirs)
    kind = _pick(base["cell_type"] if base else None, ours["cell_type"], theirs["cell_type"])
    attachments = _attachments(base, ours, theirs)
    if source is None or kind is None or attachments is None:
        return _twice(ours, theirs)
    if attachments and kind == "code":  # it can have none: an image would be lost
        return _twice(ours, theirs)
    made = notebook_metadata.merged(base or {}, ours, theirs)
    for key in (*_RUN, "attachments"):
        made.pop(key, None)
    if name := _pick((base or {}).get("id"), ours.get("id"), theirs.get("id")) or ours.get("id"):
        made["id"] = name
    made["cell_type"] = kind
    made["source"] = (ours if source == source_of(ours) else with_source(ours, source))["source"]
    if attachments:
        made["attachments"] = attachments
    if kind == "code":
        made |= _run(base, ours, theirs, source)
    return (made,)


def changed_by_hand(base: Cell, side: Cell) -> bool:
    """Whether a person changed the cell: running it is no change."""
    return (
        source_of(base) != source_of(side)
        or base["cell_type"] != side["cell_type"]
        or base.get("attachments", {}) != side.get("attachments", {})
    )


def is_local_copy(cell: Cell) -> bool:
    """Whether an earlier merge kept ``cell`` beside the remote's."""
    mark = cell["metadata"].get(_MARK)
    return isinstance(mark, dict) and mark.get("conflict") == "local"


def _source(base: Cell | None, ours: Cell, theirs: Cell) -> str | None:
    here, there = source_of(ours), source_of(theirs)
    before = source_of(base) if base is not None else None
    picked = _pick(before, here, there)
    if picked is not None or before is None:
        return picked
    # A line that is followed by another ends like it: else adding one would change the last.
    merged = merge_text(*(_lines(text) for text in (before, here, there)))
    return None if merged is None else merged.decode("utf-8").removesuffix("\n")


def _lines(text: str) -> bytes:
    return f"{text}\n".encode("utf-8", "surrogatepass")


def _pick(before: str | None, here: str | None, there: str | None) -> str | None:
    """What only one side changed, or both alike; None if they differ."""
    if here == there or there == before:
        return here
    return there if here == before else None


def _attachments(base: Cell | None, ours: Cell, theirs: Cell) -> dict[str, Any] | None:
    """Images in a cell, name by name; None if both changed one differently."""
    before, here, there = (one.get("attachments", {}) for one in (base or {}, ours, theirs))
    made: dict[str, Any] = {}
    for name in (*here, *(name for name in there if name not in here)):
        was, mine, others = (one.get(name) for one in (before, here, there))
        if mine == others or others == was:
            value = mine
        elif mine == was:
            value = others
        elif mine is None or others is None:  # edited against deleted: the edit survives
            value = mine or others
        else:
            return None
        if value is not None:
            made[name] = value
    return made


def _run(base: Cell | None, ours: Cell, theirs: Cell, source: str) -> dict[str, Any]:
    """Outputs and the count belong to the source that is kept: a source that was merged has not
    been run yet."""
    candidates = [one for one in (ours, theirs) if source_of(one) == source and "outputs" in one]
    if not candidates:
        return {"execution_count": None, "outputs": []}
    before = _ran(base) if base is not None else None
    changed = [one for one in candidates if _ran(one) != before] or candidates
    chosen = next((one for one in changed if one["outputs"]), changed[0])
    return {key: chosen[key] for key in _RUN}


def _ran(cell: Cell) -> tuple[Any, Any]:
    return cell.get("outputs"), cell.get("execution_count")


def _twice(ours: Cell, theirs: Cell) -> tuple[Cell, ...]:
    """The remote's keeps the id: whoever goes on from what it is there edits that cell, and a merge
    with his edit finds it by the id."""
    mine = {key: value for key, value in ours.items() if key != "id" or value != theirs.get("id")}
    return _marked(mine, "local"), _marked(theirs, "remote")


def _marked(cell: Cell, side: str) -> Cell:
    return {**cell, "metadata": {**cell["metadata"], _MARK: {"conflict": side}}}
