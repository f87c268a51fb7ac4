"""Real outputs against the JSON Schemas of the reference."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.running import Hub

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json"


def validate(document: Any, name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(document)


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_every_schema_is_one(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"].startswith(("hubsync ", "any command"))


@pytest.mark.parametrize(
    ("arguments", "schema", "status"),
    [
        (("status",), "status", 3),
        (("sync", "--dry-run"), "sync", 3),
        (("sync",), "sync", 3),
        (("push",), "sync", 3),
        (("pull",), "sync", 3),
        (("log",), "log", 0),
        (("log", "notes.md"), "log-path", 0),
        (("restore", "data/table.csv"), "restore", 0),
        (("conflicts",), "conflicts", 0),
        (("resolve", "notes.md", "--keep", "both"), "resolve", 0),
        (("remote", "list"), "remote-list", 0),
        (("ignore", "*.bak"), "ignore", 0),
        (("ignore", "--list"), "ignore-list", 0),
        (("ignore", "--why", "notes.md"), "ignore-why", 0),
        (("ignore", "--why", "x.ipynb_checkpoints/y"), "ignore-why", 0),
        (("doctor",), "doctor", 0),
        (("gc",), "gc", 0),
        (("restore", "never"), "error", 1),
        (("sync", "--nope"), "error", 2),
    ],
)
def test_documents_are_as_described(
    conflict: Hub, hub_a: Hub, arguments: tuple[str, ...], schema: str, status: int
) -> None:
    (hub_a / "data/table.csv").unlink()
    hub_a.write("from-a.txt", "a")
    hub_a.run("sync").ok()
    os.mkfifo(conflict / "pipe")
    conflict.write("from-b.txt", "b")
    if arguments[0] == "restore":
        conflict.run("sync")
    ran = conflict.run(*arguments, "--json")
    assert ran.err == ""
    validate(ran.json(), schema)
    assert ran.status == status, ran
    if arguments == ("pull",):
        assert "from-a.txt" in [change["path"] for change in ran.json()["down"]]


def test_init_and_clone_as_described(outside: Hub, hub_a: Hub, remote: Path) -> None:
    validate(outside.run("clone", remote.as_uri(), "b", "--json").ok().json(), "clone")
    (outside / "c").mkdir()
    validate(outside.run("-C", "c", "init", remote.as_uri(), "--json").ok().json(), "init")


@pytest.mark.parametrize("arguments", [("--json", "status"), ("status", "--json")])
def test_json_may_stand_before_or_after_the_command(hub_a: Hub, arguments: tuple[str, ...]) -> None:
    validate(hub_a.run(*arguments).ok().json(), "status")


def test_json_may_stand_at_each_level_of_a_group(hub_a: Hub) -> None:
    for arguments in (
        ("--json", "remote", "list"),
        ("remote", "--json", "list"),
        ("remote", "list", "--json"),
    ):
        validate(hub_a.run(*arguments).ok().json(), "remote-list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--json",),
        ("nope", "--json"),
        ("--json", "--nope"),
        ("remote", "--json"),
        ("restore", "--json"),
        ("-C", "/no/such/directory", "--json", "status"),
        ("resolve", "x", "--keep", "nothing", "--json"),
        ("status", "--json"),
    ],
)
def test_wrong_usage_is_a_document_too(outside: Hub, arguments: tuple[str, ...]) -> None:
    ran = outside.run(*arguments)
    assert ran.status == 2
    validate(ran.json(), "error")
    assert ran.err == ""


def test_quiet_does_not_silence_the_document(hub_a: Hub) -> None:
    validate(hub_a.run("-q", "gc", "--json").ok().json(), "gc")


def test_a_name_that_is_not_utf8_is_written_with_escapes(hub_a: Hub) -> None:
    Path(os.fsdecode(os.fsencode(hub_a.directory) + b"/caf\xe9")).write_bytes(b"x")
    ran = hub_a.run("status", "--json")
    named = [c["path"] for c in ran.json()["local"]] + [p["path"] for p in ran.json()["problems"]]
    assert named == ["caf\\xe9"]
    assert '"caf\\xe9"' in hub_a.run("status").out
