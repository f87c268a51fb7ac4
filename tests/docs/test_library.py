"""The page on the Python library names everything there is; `test_examples` runs its examples."""

from __future__ import annotations

import inspect
from pathlib import Path

import hubsync
from hubsync import SyncRequest, Workspace

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/library.md").read_text()


def test_the_page_names_every_call_and_every_public_name() -> None:
    calls = {
        name
        for name, member in inspect.getmembers(Workspace, callable)
        if not name.startswith("_") and name != "links"
    }
    names = calls | set(SyncRequest.__struct_fields__) | set(hubsync.__all__) - {"__version__"}
    assert {name for name in names if name not in PAGE} == set()
