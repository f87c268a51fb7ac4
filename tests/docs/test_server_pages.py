"""The pages on the server extension name what there is, and their settings can be set."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from traitlets.config import Config

from hubsync_jupyter.app import HubSync
from hubsync_jupyter.handlers import ROUTES
from hubsync_jupyter.metrics import Metrics
from hubsync_jupyter.schemas import EVENTS
from hubsync_jupyter.template import fields

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = (DOCS / "guides/jupyter-server.md").read_text()
SETTINGS = (DOCS / "reference/jupyter-settings.md").read_text()
METRICS = (DOCS / "operators/metrics.md").read_text()
DASHBOARD = json.loads((DOCS / "operators/hubsync-dashboard.json").read_text())


@pytest.mark.parametrize("page", [GUIDE, SETTINGS])
def test_the_settings_shown_can_be_set(page: str) -> None:
    shown = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown
    for text in shown:
        given = json.loads(text)
        assert list(given) == ["HubSync"]
        assert set(given["HubSync"]) <= set(HubSync.class_own_traits(config=True))
        HubSync(config=Config(given))


def test_the_guide_names_every_route_of_the_browser() -> None:
    table = GUIDE.partition("| for | routes |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([\w/-]+)`", table))
    there = {re.sub(r"/?\(.*", "", pattern) for pattern, _ in ROUTES}
    there -= {"open", "open/progress", r"openapi\.json"}
    assert {one.removesuffix("/ID") for one in named} == there
    assert EVENTS in GUIDE


def test_the_guide_names_every_field_of_a_template() -> None:
    assert [name for name in fields() if f"{{{name}}}" not in GUIDE + SETTINGS] == []


def figures() -> set[str]:
    """The names under which the metrics are told."""
    Metrics.of(lambda: None)
    return {
        f"{one.name}_total" if one.type == "counter" else one.name
        for one in REGISTRY.collect()
        if one.name.startswith("hubsync_")
    }


def test_the_page_and_the_dashboard_name_the_metrics_that_there_are() -> None:
    assert set(re.findall(r"hubsync_[a-z_]+", METRICS)) == figures()
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert set(re.findall(r"hubsync_[a-z_]+", " ".join(asked))) == figures()
