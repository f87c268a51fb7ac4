"""The figures for Prometheus follow what the session says."""

from __future__ import annotations

from prometheus_client import REGISTRY

from hubsync.session.status import Facts, Kind, Outcome, Progress, Trouble, status_of
from hubsync_jupyter.metrics import Metrics

OFFLINE = Trouble(Kind.OFFLINE, "unreachable", "x")


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"hubsync_{name}", labels) or 0.0


def test_cycles_files_and_bytes_are_counted_once_each() -> None:
    metrics = Metrics.of(lambda: None)
    syncs, size, up = (
        value("syncs_total"),
        value("bytes_total"),
        value("files_total", direction="up"),
    )
    done = Outcome(ended=5, up=2, deleted_remotely=1, bytes=70, conflict_count=3, problem_count=4)
    for facts in (Facts(progress=Progress()), Facts(last=done), Facts(last=done, pending=1)):
        metrics.changed(status_of(facts))
    assert value("syncs_total") - syncs == 1
    assert value("bytes_total") - size == 70
    assert value("files_total", direction="up") - up == 3
    assert (value("conflicts"), value("problems")) == (3, 4)


def test_failures_are_counted_by_kind() -> None:
    metrics = Metrics.of(lambda: None)
    before = value("failures_total", kind="offline")
    metrics.changed(status_of(Facts(trouble=OFFLINE, pending=1)))
    metrics.changed(status_of(Facts(trouble=OFFLINE, pending=2)))
    assert value("failures_total", kind="offline") - before == 1
    metrics.changed(status_of(Facts(progress=Progress())))
    metrics.changed(status_of(Facts(trouble=Trouble(Kind.OFFLINE, "unreachable", "x"))))
    assert value("failures_total", kind="offline") - before == 2


def test_it_is_behind_from_the_first_change_to_the_end_of_a_cycle() -> None:
    metrics = Metrics.of(lambda: None)
    assert value("seconds_behind") == 0
    metrics.changed(status_of(Facts(pending=1)))
    first = value("seconds_behind")
    metrics.changed(status_of(Facts(trouble=OFFLINE, pending=1)))
    later = value("seconds_behind")
    assert 0 < first < later
    metrics.changed(status_of(Facts(last=Outcome(ended=9))))
    assert value("seconds_behind") == 0


def test_one_server_after_another_in_a_process_has_one_set_of_figures() -> None:
    assert Metrics.of(lambda: None) is Metrics.of(lambda: None)
