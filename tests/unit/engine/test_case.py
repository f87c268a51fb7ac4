"""A workspace on a disk that takes names that differ in case for one, as a Mac's does (rule 15).

No such disk can be mounted wherever the tests run. That one of two names stands there already, and
the other is refused, is so on every disk; the disk is only said to be such a one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubsync.core.folding import folded
from hubsync.engine import observe
from hubsync.local.evidence import tells_case
from tests.unit.engine.hubs import Site


def test_an_ordinary_disk_tells_case(tmp_path: Path) -> None:
    (tmp_path / ".hubsync").mkdir()
    assert tells_case(str(tmp_path / ".hubsync"))
    (tmp_path / ".HUBSYNC").mkdir()
    assert tells_case(str(tmp_path / ".hubsync"))


def test_a_disk_that_shows_one_directory_under_both_names_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".hubsync").mkdir()
    ordinary = os.lstat
    monkeypatch.setattr(os, "lstat", lambda path: ordinary(str(path).replace("HUBSYNC", "hubsync")))
    assert not tells_case(str(tmp_path / ".hubsync"))


@pytest.mark.parametrize(
    ("one", "other"), [("Notes.md", "notes.MD"), ("caf\u00e9", "cafe\u0301"), ("STRASSE", "straße")]
)
def test_of_names_that_such_a_disk_takes_for_one_it_gets_one_and_a_report(
    site: Site, monkeypatch: pytest.MonkeyPatch, one: str, other: str
) -> None:
    assert folded(one) == folded(other)
    ordinary = site.hub("ordinary", {one: "1", other: "2", "beside": "3"})
    ordinary.sync()
    monkeypatch.setattr(observe, "tells_case", lambda directory: False)
    mac = site.hub("mac")
    for _ in range(2):
        [problem] = mac.sync().problems
        assert problem.path in (one, other)
    assert len(mac.files()) == 2
    monkeypatch.undo()
    assert ordinary.sync().nothing_done()
    assert len(site.objects()) == 3
