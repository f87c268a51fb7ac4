from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local.disk import Disk


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "work")
