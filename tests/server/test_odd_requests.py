"""Whatever is asked, the answer is one that a browser can show, and no failure of the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hubsync_jupyter.schemas import openapi
from tests.server.conftest import Api
from tests.server.test_guarded import PATHS

FILE = "notes.md"
TEXTS = (
    "",
    "..",
    "/etc/passwd",
    "nul\0byte",
    "notes.md/below",
    "folder",
    ".hubsync/config.toml",
    "folder/.git/config",
    "gone.md",
    "long" * 1000,
    "\N{SNOWMAN} \ud800",
)
VALUES: tuple[Any, ...] = (*TEXTS, None, -1, 1e300, True, [], [""], {}, {"": ""}, "both", FILE)
BODIES = (b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"', b'{"unknown": 1}', b"[" * 5000)
ELSEWHERE = ("login", "logout", "github")
"""Routes that ask a forge. What they do with a good body is tested in `test_login`."""
ALIKE = ("pull", "sync")
"""They read what ``push`` reads."""
GOOD = {"path": FILE, "copy": FILE, "from": "current", "version": "current", "keep": "both"}


def fields_of(method: str, path: str) -> dict[str, Any]:
    """The names of what a route takes, with a value that is good, if there is one."""
    document = openapi()
    for pattern, item in document["paths"].items():
        parts = pattern.strip("/").split("/")
        given = ["hubsync", *path.split("/")]
        if len(parts) == len(given) and all(
            one == other or one.startswith("{") for one, other in zip(parts, given, strict=True)
        ):
            operation = item.get(method.lower(), {})
            query = [one["name"] for one in operation.get("parameters", []) if "name" in one]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            schema = body.get("schema", {})
            schema = document["components"]["schemas"].get(
                schema.get("$ref", "").rpartition("/")[2], schema
            )
            names = [*query, *schema.get("properties", {})]
            return {name: GOOD[name] for name in names if name in GOOD} | {
                name: None for name in names if name not in GOOD
            }
    return {}


def requests_of(method: str, path: str) -> list[dict[str, Any]]:
    """Odd ones: of a route's fields one has a value that it should not have, every second one."""
    fields = fields_of(method, path)
    good = {name: value for name, value in fields.items() if value is not None}
    if method == "GET":
        odd = [{**good, name: text} for name in fields for text in TEXTS[:-1]]
        return [{}, *({"params": one} for one in odd)]
    if method == "DELETE":
        return [{}]
    values = [
        {**good, name: value} for at, name in enumerate(fields) for value in VALUES[at % 2 :: 2]
    ]
    whole = [] if path.startswith(ELSEWHERE) or path in ALIKE else values
    return [{"body": one} for one in (*BODIES, *(json.dumps(one) for one in whole))]


async def sweep(api: Api, routes: list[tuple[str, str]]) -> int:
    """How many requests were asked."""
    asked, failed = 0, []
    for method, path in routes:
        for request in requests_of(method, path):
            answer = await api.raw(method, f"hubsync/{path}", **request)
            asked += 1
            told = answer.document or {}
            fine = answer.status < 400 or set(told) == {"code", "message", "hint"}
            if not fine or (answer.status >= 500 and answer.status != 503):
                failed.append((method, path, str(request)[:200], answer.status, told))
    assert not failed, "\n".join(map(str, failed))
    return asked


ROUTES = sorted((method, path) for method, path, _ in PATHS if not path.startswith("open"))


async def test_no_request_makes_the_server_fail(api: Api, home: Path, remote: Path) -> None:
    (home / FILE).write_text("notes\n")
    (home / "folder" / ".git").mkdir(parents=True)
    await api.set_up(remote.as_uri())
    assert await sweep(api, ROUTES) > 300
    assert (home / FILE).exists()


async def test_nor_does_one_where_nothing_is_set_up(api: Api, home: Path) -> None:
    (home / FILE).write_text("notes\n")
    await api.start()
    looking = [one for one in ROUTES if one[0] == "GET"]
    assert await sweep(api, [*looking, ("POST", "setup/try"), ("POST", "setup")]) > 200
    assert (home / FILE).exists()


async def test_what_is_no_folder_has_no_marks(api: Api, home: Path, remote: Path) -> None:
    (home / FILE).write_text("notes\n")
    await api.set_up(remote.as_uri())
    for path in (FILE, "gone", f"{FILE}/below"):
        (await api.get("marks", path=path)).refused(404, "not-found")


async def test_what_is_never_synced_needs_no_rule(api: Api, home: Path, remote: Path) -> None:
    (home / "sub" / ".git").mkdir(parents=True)
    await api.set_up(remote.as_uri())
    for path in (".hubsync", ".hubsync/config.toml", "sub/.git"):
        (await api.post("ignore", path=path)).refused(400, "never-synced")
    assert not (home / ".hubsyncignore").exists()


async def test_a_number_beyond_all_bounds_is_none(api: Api, home: Path, remote: Path) -> None:
    await api.set_up(remote.as_uri())
    for limit in ("9" * 5000, "0", "-1", "1.5", "\N{SUPERSCRIPT TWO}"):
        (await api.get("log", limit=limit)).refused(400, "bad-request")
