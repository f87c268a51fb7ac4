"""What the operators' pages tell to write down is what the extension takes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from traitlets.config import Config

from hubsync_jupyter.app import HubSync

PAGES = sorted((Path(__file__).parents[2] / "docs" / "operators").glob("*.md"))
_BLOCK = re.compile(r"^```(json|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _settings(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every ``HubSync`` in a document, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "HubSync":
                yield inner
            else:
                yield from _settings(inner)


def _examples() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for page in PAGES:
        for kind, text in _BLOCK.findall(page.read_text()):
            document = json.loads(text) if kind == "json" else yaml.safe_load(text)
            for found in _settings(document):
                yield page.name, found


@pytest.mark.parametrize(("page", "settings"), list(_examples()))
def test_settings_on_the_page_are_taken_as_they_stand(
    page: str, settings: Mapping[str, Any]
) -> None:
    app = HubSync(config=Config({"HubSync": dict(settings)}))
    assert {name: getattr(app, name) for name in settings} == settings, page


def test_there_are_such_examples_on_three_pages() -> None:
    assert {page for page, _ in _examples()} == {"binder.md", "image.md", "kubernetes.md"}


def test_a_pod_has_more_time_to_end_than_the_flush_takes() -> None:
    page = (PAGES[0].parent / "kubernetes.md").read_text()
    values = next(yaml.safe_load(text) for kind, text in _BLOCK.findall(page) if kind == "yaml")
    flush = values["singleuser"]["extraFiles"]["hubsync"]["data"]["HubSync"]["flush_timeout"]
    assert values["hub"]["config"]["KubeSpawner"]["delete_grace_period"] > flush
    assert values["singleuser"]["extraPodConfig"]["terminationGracePeriodSeconds"] > flush


def test_what_binder_runs_is_a_script(tmp_path: Path) -> None:
    page = (PAGES[0].parent / "binder.md").read_text()
    [script] = re.findall(r"^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "jupyter_hubsync_jupyter_config.json").write_text("{}")
    prefix = tmp_path / "prefix"
    (prefix / "etc" / "jupyter").mkdir(parents=True)
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\necho {prefix}\n")
    python.chmod(0o755)
    env = {"PATH": f"{python.parent}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, check=True)
    assert (prefix / "etc" / "jupyter" / "jupyter_hubsync_jupyter_config.json").exists()
    assert (tmp_path / "work").is_dir()
