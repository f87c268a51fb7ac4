"""The operator's remote, filled in."""

from __future__ import annotations

import pytest

from hubsync.errors import ConfigError
from hubsync_jupyter.template import filled

ENV = {"JUPYTERHUB_USER": "ada", "JUPYTER_IMAGE": "quay.io/x/y:1", "JUPYTERHUB_SERVER_NAME": ""}


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("gs://bucket/{username}", "gs://bucket/ada"),
        ("file:///shared/{hub}/{username}", "file:///shared/hub-a/ada"),
        ("s3://bucket/{image}", "s3://bucket/quay.io%2Fx%2Fy%3A1"),
        ("file:///all/{image}", "file:///all/quay.io%252Fx%252Fy%3A1"),
        ("s3://bucket/all", "s3://bucket/all"),
    ],
)
def test_fields_are_filled_in(template: str, url: str) -> None:
    assert filled(template, ENV, "hub-a") == url


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("s3://bucket/{nobody}", "no-such-field"),
        ("s3://bucket/{}", "no-such-field"),
        ("s3://bucket/{JUPYTERHUB_API_TOKEN}", "no-such-field"),
        ("s3://bucket/{servername}", "no-value-for-field"),
        ("s3://bucket/{binder_repo}", "no-value-for-field"),
        ("s3://bucket/{username", "bad-template"),
        ("s3://bucket/username}", "bad-template"),
    ],
)
def test_what_cannot_be_filled_in_is_a_clear_error(template: str, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        filled(template, ENV, "hub-a")
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_name_that_leads_to_somebody_elses_place_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        filled("file:///shared/{username}", {"JUPYTERHUB_USER": name}, "hub-a")


def test_a_name_is_one_part_of_the_path() -> None:
    env = {"JUPYTERHUB_USER": "../bob/{hub}"}
    assert filled("file:///shared/{username}/x", env, "hub-a").count("/") == 5
