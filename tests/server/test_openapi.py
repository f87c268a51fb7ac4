"""The OpenAPI document says what there is, and what the server really answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
from openapi_spec_validator import validate
from tornado.web import RequestHandler

from hubsync_jupyter.handlers import ROUTES
from hubsync_jupyter.schemas import EVENTS, events_schema, openapi
from tests.server.conftest import Answer, Api


def test_it_is_an_openapi_document() -> None:
    validate(openapi())


def test_it_names_every_route_and_no_other() -> None:
    named = {
        (method, re.sub(r"\{\w+\}", "{}", path.removeprefix("/hubsync/")))
        for path, methods in openapi()["paths"].items()
        for method in methods
    }
    there = {
        (method, re.sub(r"\([^)]*\)", "{}", pattern).replace(r"\.", "."))
        for pattern, handler in ROUTES
        for method in ("get", "post", "put", "patch", "delete")
        if getattr(handler, method) is not RequestHandler._unimplemented_method
    }
    assert named == there


def test_the_events_have_a_schema_of_their_own() -> None:
    schema = events_schema()
    assert schema["$id"] == EVENTS
    jsonschema.Draft7Validator.check_schema(schema)


def conforms(answer: Answer, method: str, path: str) -> None:
    spec = openapi()
    responses = spec["paths"][f"/hubsync/{path}"][method]["responses"]
    chosen = responses["2XX" if answer.status < 400 else "default"]
    schema: dict[str, Any] = {
        **chosen["content"]["application/json"]["schema"],
        "components": spec["components"],
    }
    jsonschema.validate(answer.document, schema)


async def test_answers_are_as_it_says(api: Api, home: Path, remote: Path) -> None:
    await api.start()
    conforms(await api.get("status"), "get", "status")
    (home / "notes.md").write_text("one\n")
    url = remote.as_uri()
    conforms(await api.post("setup/try", url=url, wait=30), "post", "setup/try")
    await api.set_up(url)
    versions = await api.get("versions", path="notes.md")
    conforms(versions, "get", "versions")
    version = versions.document["versions"][0]["version"]
    for path, query in {
        "status": {},
        "last": {},
        "changes": {},
        "log": {},
        "content": {"path": "notes.md"},
        "compare": {"path": "notes.md", "from": version},
        "conflicts": {},
        "conflict": {"path": "notes.md", "copy": "gone.md"},
        "ignore": {},
        "marks": {},
        "remotes": {},
        "login/device": {},
        "openapi.json": {},
    }.items():
        answer = await api.get(path, **query)
        answer.ok()
        conforms(answer, "get", path)
    for path, body in {
        "sync": {},
        "push": {"wait": 30},
        "pause": {},
        "ignore": {"pattern": "*.tmp"},
        "restore": {"path": "notes.md", "at": version, "wait": 30},
        "resolve": {"path": "notes.md", "keep": "mine"},
    }.items():
        conforms(await api.post(path, **body), "post", path)
    conforms(await api.get("log", limit="x"), "get", "log")
    json.dumps(await api.status())
