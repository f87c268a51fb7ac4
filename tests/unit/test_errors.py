"""Every error is rendered as people and scripts will see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from hubsync import errors
from hubsync.errors import HubsyncError
from hubsync_cli.documents import error_document
from hubsync_cli.main import explained
from hubsync_cli.output import Output

ROOT = Path(__file__).resolve().parents[2]


def _tree(kind: type[HubsyncError] = HubsyncError) -> Iterator[type[HubsyncError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


EVERY = sorted(_tree(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_is_shown_with_its_hint(
    kind: type[HubsyncError], capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind("What happened.", "What to do.")
    Output().failure(error.message, error.hint)
    shown = capsys.readouterr()
    assert shown.err == "error: What happened.\nhint: What to do.\n"
    assert shown.out == ""
    assert str(error) == "What happened."


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_is_one_json_document(
    kind: type[HubsyncError], capsys: pytest.CaptureFixture[str]
) -> None:
    Output().document(error_document(kind("What happened.", "What to do.")))
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "docs/reference/json/error.json").read_text())
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    assert document["error"] == {
        "code": kind.default_code,
        "message": "What happened.",
        "hint": "What to do.",
    }


def test_codes_tell_the_errors_apart() -> None:
    codes = [kind.default_code for kind in EVERY]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", EVERY)
def test_exit_statuses_are_those_of_the_contract(kind: type[HubsyncError]) -> None:
    expected = {
        errors.UsageError: 2,
        errors.SafetyStop: 4,
        errors.RemoteUnavailable: 5,
        errors.Interrupted: 130,
    }
    status = next((n for above, n in expected.items() if issubclass(kind, above)), 1)
    assert kind.exit_status == status


@pytest.mark.parametrize("kind", EVERY)
def test_the_tree_in_the_docstring_names_every_error_for_users(kind: type[HubsyncError]) -> None:
    assert errors.__doc__ is not None
    if not issubclass(kind, errors.StoreError) or kind is errors.StoreError:
        assert kind.__name__ in errors.__doc__


def test_a_narrower_code_keeps_the_exit_status() -> None:
    error = errors.SafetyStop("Stop.", code="remote-empty")
    assert (error.code, error.exit_status) == ("remote-empty", 4)


def test_an_error_without_a_hint_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    Output().failure("What happened.", "")
    assert capsys.readouterr().err == "error: What happened.\n"


def test_a_hostile_name_in_a_message_cannot_write_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output().failure("No \x1b[2Jfile\udcff\nerror: fake", "Look at \x07it.")
    shown = capsys.readouterr().err
    assert shown == ("error: No \\x1b[2Jfile\\xff\n  error: fake\nhint: Look at \\x07it.\n")


def test_a_system_error_names_its_file() -> None:
    error = explained(PermissionError(13, "Permission denied", "/files/notes.md"))
    assert isinstance(error, errors.LocalError)
    assert error.message == "/files/notes.md: Permission denied."
    assert error.hint


def test_an_unexpected_error_tells_no_details() -> None:
    error = explained(ValueError("password=hunter2"))
    assert error.code == "internal"
    assert error.exit_status == 1
    assert "hunter2" not in error.message + error.hint
    assert "-vv" in error.hint
