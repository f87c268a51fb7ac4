"""The OpenAPI document of the server extension, from its routes and the bodies that they read.

`reference.py` writes it into the package. What a route answers stands here; a test compares it with
what the server really says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from hubsync import __version__
from hubsync_jupyter.handlers import conflicts, history, logins, remotes, rules, setup, syncing

FILE: Final = (
    Path(__file__).resolve().parent.parent
    / "jupyter_server_ext/hubsync_jupyter/schemas/openapi.json"
)

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
FLAG: Final[Schema] = {"type": "boolean"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def made(**fields: Schema) -> Schema:
    """An object with all of these fields; others may be added later."""
    return {"type": "object", "required": list(fields), "properties": fields}


PATHS: Final = listed(TEXT)
CONFLICTS: Final = listed(made(path=TEXT, copy=TEXT))
FIGURES: Final = {
    "ended": TIME,
    **dict.fromkeys(
        ("up", "down", "merged", "deleted_locally", "deleted_remotely", "kept", "unsynced"), NUMBER
    ),
    "bytes": NUMBER,
    "seconds": {"type": "number"},
    "nothing_done": FLAG,
}
STATES: Final = (
    *("idle", "pending", "syncing", "synced", "offline", "needs-login", "conflicts"),
    *("stopped-for-safety", "paused", "failed", "not-set-up", "starting", "restoring", "off"),
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Error": made(code=TEXT, message=TEXT, hint=TEXT),
    "Problem": made(path=TEXT, code=TEXT, message=TEXT, hint=TEXT),
    "Progress": made(phase=TEXT, files=NUMBER, files_done=NUMBER, bytes=NUMBER, bytes_done=NUMBER),
    "Last": made(**FIGURES),
    "Outcome": made(**FIGURES, sent=PATHS, changed_here=PATHS, new_conflicts=CONFLICTS),
    "Task": made(
        id=TEXT,
        kind={
            "enum": [
                *(
                    "sync",
                    "push",
                    "pull",
                    "restore",
                    "fork",
                    "setup-try",
                    "setup",
                    "bring-back",
                    "open",
                ),
            ]
        },
        state={"enum": ["running", "done", "failed", "cancelled"]},
        began=TIME,
        ended=maybe(TIME),
        progress=maybe(ref("Progress")),
        result=maybe({"type": "object"}),
        error=maybe(ref("Error")),
    ),
    "Workspace": made(
        root=TEXT,
        contents_prefix=TEXT,
        workspace_prefix=TEXT,
        in_contents=FLAG,
        remotes=listed(made(name=TEXT, url=TEXT, mode=maybe(TEXT), last_sync=maybe(TIME))),
    ),
    "Status": made(
        state={"enum": list(STATES)},
        workspace=maybe(ref("Workspace")),
        paused=FLAG,
        pending=NUMBER,
        progress=maybe(ref("Progress")),
        last_sync=maybe(TIME),
        last=maybe(ref("Last")),
        trouble=maybe(made(kind=TEXT, code=TEXT, message=TEXT, hint=TEXT)),
        retry_at=maybe(TIME),
        conflict_count=NUMBER,
        conflicts=CONFLICTS,
        problem_count=NUMBER,
        problems=listed(ref("Problem")),
        watching=made(how=TEXT, why=TEXT),
        tasks=listed(ref("Task")),
        login=made(host=TEXT, available=FLAG, app_page=TEXT, waiting=maybe(ref("Device"))),
        operator=made(
            default_remote=maybe(TEXT),
            default_remote_error=maybe(ref("Error")),
            allowed_remotes=PATHS,
            permits=made(github=FLAG, folder=FLAG, embedded=FLAG),
            mode=maybe(TEXT),
            auto_start=FLAG,
            restore_on_start=FLAG,
        ),
        server=made(version=TEXT, api=NUMBER),
    ),
    "Content": made(
        path=TEXT,
        version=TEXT,
        kind={"enum": ["text", "notebook", "binary", "too-large", "absent", "directory", "link"]},
        size=NUMBER,
        digest=maybe(TEXT),
        modified=maybe(TIME),
        text=maybe(TEXT),
        notebook=maybe({"type": "object"}),
    ),
    "Remote": made(
        name=TEXT,
        url=TEXT,
        revision=TEXT,
        last_sync=maybe(TIME),
        exclusive=FLAG,
        include=PATHS,
        larger_than=maybe(NUMBER),
        mode=maybe(TEXT),
    ),
    "Rule": made(source=TEXT, line=NUMBER, pattern=TEXT),
    "Account": made(host=TEXT, user=TEXT, source=TEXT, expires=maybe(TIME)),
    "Device": made(
        host=TEXT,
        code=TEXT,
        link=TEXT,
        interval=NUMBER,
        expires=TIME,
        state={"enum": ["waiting", "done", "failed"]},
        account=maybe(ref("Account")),
        error=maybe(ref("Error")),
    ),
    "Repository": made(full_name=TEXT, url=TEXT, private=FLAG, can_push=FLAG, description=TEXT),
}

TASK: Final = made(task=ref("Task"))
NOW: Final = made(status=ref("Status"))
DEVICE: Final = made(device=maybe(ref("Device")))
REMOTES: Final = made(remotes=listed(ref("Remote")), waiting=listed(ref("Remote")))
VERSION: Final = made(
    version=TEXT,
    time=TIME,
    hub=TEXT,
    author=TEXT,
    digest=maybe(TEXT),
    size=NUMBER,
    place=TEXT,
)
RECORD: Final = made(
    version=TEXT,
    time=TIME,
    hub=TEXT,
    author=TEXT,
    message=TEXT,
    changes=listed(made(path=TEXT, change=TEXT)),
)

Route = tuple[str, str, str, tuple[str, ...], Any, Schema]
"""Method, path, what it does, parameters of the URL (``?`` at the end: may be left out), the body's
type, the answer."""

ROUTES: Final[tuple[Route, ...]] = (
    ("get", "status", "What is the matter.", (), None, ref("Status")),
    (
        "get",
        "last",
        "The last cycle of this server.",
        (),
        None,
        made(outcome=maybe(ref("Outcome"))),
    ),
    ("get", "tasks/{task}", "How a task goes on.", (), None, TASK),
    ("delete", "tasks/{task}", "End a task between two files.", (), None, TASK),
    ("get", "openapi.json", "This document.", (), None, {"type": "object"}),
    (
        *("post", "sync", "Sync now, both ways.", (), syncing.SyncBody),
        made(status=ref("Status"), task=maybe(ref("Task"))),
    ),
    ("post", "push", "Send alone.", (), syncing.OneWayBody, TASK),
    ("post", "pull", "Get alone.", (), syncing.OneWayBody, TASK),
    ("post", "pause", "Do nothing by itself.", (), syncing.Nothing, NOW),
    ("post", "resume", "Go on.", (), syncing.Nothing, NOW),
    ("post", "start", "Begin the session of this server.", (), syncing.Nothing, NOW),
    ("post", "stop", "End the session of this server.", (), syncing.Nothing, NOW),
    (
        *("get", "changes", "What a sync would do.", (), None),
        made(changes={"type": "object"}),
    ),
    ("get", "log", "Syncs of all hubs, newest first.", ("limit?",), None, made(log=listed(RECORD))),
    (
        *("get", "versions", "The contents that a path has had.", ("path",), None),
        made(path=TEXT, versions=listed(VERSION)),
    ),
    (
        *("get", "content", "One content of a path.", ("path", "version?"), None),
        made(content=ref("Content")),
    ),
    (
        *("get", "compare", "Two contents of a path.", ("path", "from", "to?"), None),
        made(path=TEXT, **{"from": ref("Content"), "to": ref("Content")}),
    ),
    ("post", "restore", "Bring a version back.", (), history.RestoreBody, TASK),
    (
        *("get", "conflicts", "What is left to a person.", (), None),
        made(conflicts=CONFLICTS, diverged=listed(ref("Problem"))),
    ),
    (
        *("get", "conflict", "Both sides of a conflict.", ("path", "copy"), None),
        made(path=TEXT, copy=TEXT, mine=ref("Content"), theirs=ref("Content")),
    ),
    ("post", "resolve", "End a conflict.", (), conflicts.ResolveBody, made(changed=PATHS)),
    (
        *("get", "ignore", "The rules, or the one that hides a path.", ("path?",), None),
        {
            "anyOf": [
                made(rules=listed(ref("Rule"))),
                made(path=TEXT, rule=maybe(ref("Rule"))),
            ]
        },
    ),
    (
        *("post", "ignore", "Add a rule, or that for one path.", (), rules.IgnoreBody),
        made(pattern=TEXT, added=FLAG),
    ),
    (
        *("post", "allow", "Let what looks like a secret go to Git.", (), rules.AllowBody),
        made(path=TEXT, allowed=listed({"type": "object"})),
    ),
    (
        *("get", "marks", "Marks for the entries of a directory.", ("path?",), None),
        made(path=TEXT, marks={"type": "object", "additionalProperties": PATHS}),
    ),
    ("get", "remotes", "The remotes, and those that wait.", (), None, REMOTES),
    ("post", "remotes", "Link one more.", (), remotes.AddBody, REMOTES),
    ("post", "fork", "Push to a fork at GitHub from now on.", (), remotes.WaitBody, TASK),
    ("patch", "remotes/{name}", "Change one.", (), remotes.ChangeBody, REMOTES),
    ("delete", "remotes/{name}", "Forget one; deletes nothing.", (), None, REMOTES),
    ("post", "remotes/{name}/accept", "Link one that waits.", (), remotes.AcceptBody, REMOTES),
    ("post", "remotes/{name}/decline", "Do without it.", (), syncing.Nothing, REMOTES),
    ("post", "setup/try", "Try a remote; changes nothing.", (), setup.SetupBody, TASK),
    ("post", "setup", "Make the root a workspace.", (), setup.SetupBody, TASK),
    (
        *("get", "login", "Who one is at GitHub.", ("host?",), None),
        made(
            accounts=listed(ref("Account")),
            waiting=maybe(ref("Device")),
            error=maybe(ref("Error")),
        ),
    ),
    ("post", "login", "Begin a login with a code.", (), logins.HostBody, DEVICE),
    ("get", "login/device", "How that login goes on.", (), None, DEVICE),
    ("delete", "login/device", "Give it up.", (), None, DEVICE),
    (
        *("post", "login/token", "Keep a personal access token.", (), logins.TokenBody),
        made(account=ref("Account")),
    ),
    (
        *("post", "logout", "Forget the login.", (), logins.HostBody),
        made(host=TEXT, forgotten=FLAG),
    ),
    (
        *("get", "github/repositories", "What one may choose from.", ("host?", "page?"), None),
        made(repositories=listed(ref("Repository")), next=maybe(NUMBER)),
    ),
    (
        *("post", "github/repositories", "Make an empty one.", (), logins.RepositoryBody),
        made(repository=ref("Repository")),
    ),
)

PAGES: Final = (
    ("get", "open", "A page that says what a link would do, and asks."),
    ("post", "open", "What its form sends; leads to the page of progress."),
    ("get", "open/progress", "A page on how it goes on; in the end leads to the file."),
)


def document() -> Schema:
    """The whole of it."""
    bodies = [route[4] for route in ROUTES if route[4] is not None]
    _, components = msgspec.json.schema_components(
        bodies, ref_template="#/components/schemas/{name}"
    )
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        paths.setdefault(f"/hubsync/{route[1]}", {})[route[0]] = _operation(route)
    for method, path, summary in PAGES:
        paths.setdefault(f"/hubsync/{path}", {})[method] = {
            "summary": summary,
            "responses": {"200": {"description": "A page.", "content": {"text/html": {}}}},
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "hubsync in a Jupyter server",
            "version": __version__,
            "description": "Below the server's base URL. Everything but GET needs the XSRF token"
            " or an authorization header.",
        },
        "paths": paths,
        "components": {"schemas": {**SCHEMAS, **components}},
    }


def _operation(route: Route) -> Schema:
    _, path, summary, parameters, body, answer = route
    found: Schema = {
        "summary": summary,
        "responses": {
            "2XX": {
                "description": "202: a task still runs. 201: something was made.",
                "content": {"application/json": {"schema": answer}},
            },
            "default": {
                "description": "What went wrong.",
                "content": {"application/json": {"schema": ref("Error")}},
            },
        },
    }
    named = [one.strip("{}") for one in path.split("/") if one.startswith("{")]
    parts = [{"name": n, "in": "path", "required": True, "schema": TEXT} for n in named]
    parts += [
        {
            "name": one.rstrip("?"),
            "in": "query",
            "required": not one.endswith("?"),
            "schema": TEXT,
        }
        for one in parameters
    ]
    if parts:
        found["parameters"] = parts
    if body is not None:
        schema = ref(body.__name__)
        found["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return found


def text() -> str:
    return json.dumps(document(), indent=1) + "\n"
