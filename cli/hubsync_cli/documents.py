"""The JSON documents, as docs/reference/json describes them. Fields are only ever added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubsync.errors import HubsyncError
from hubsync_cli import words

if TYPE_CHECKING:
    from hubsync.credentials.logins import Account
    from hubsync.model import Notice, Problem
    from hubsync.results import (
        AllowedFinding,
        Check,
        ConflictCopy,
        Forked,
        HistoryRecord,
        IgnoreRule,
        NestedRepository,
        PathChange,
        PathVersion,
        Pruned,
        RemoteInfo,
        Restored,
        Status,
        Stop,
        SyncResult,
    )

Document = dict[str, Any]


def error_document(error: HubsyncError) -> Document:
    told: Document = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    if error.done is not None:
        told["done"] = sync_document(error.done)
    return told


def status_document(status: Status) -> Document:
    return {
        "workspace": status.workspace,
        "remotes": remotes_document(status.remotes),
        "local": [_change(change) for change in status.local],
        "remote": [_change(change) for change in status.remote],
        "conflicts": conflicts_document(status.conflicts),
        "conflicts_coming": list(status.coming),
        "problems": [problem_document(problem) for problem in status.problems],
        "nested": list(status.nested),
        "repositories": [_repository(one) for one in status.repositories],
        "submodules": list(status.submodules),
        "withheld": list(status.withheld),
        "safety_stops": [_stop(stop) for stop in status.stops],
        "unavailable": [_stop(stop) for stop in status.unavailable],
    }


def sync_document(result: SyncResult) -> Document:
    return {
        "up": [_change(change) for change in result.up],
        "down": [_change(change) for change in result.down],
        "merged": list(result.merged),
        "conflicts": conflicts_document(result.conflicts),
        "deleted_locally": list(result.deleted_locally),
        "deleted_remotely": list(result.deleted_remotely),
        "kept": list(result.kept),
        "unsynced": list(result.unsynced),
        "problems": [problem_document(problem) for problem in result.problems],
        "notices": [notice_document(notice) for notice in result.notices],
        "bytes": result.bytes,
        "seconds": round(result.seconds, 3),
        "requests": dict(result.requests),
        "revision": result.revision,
        "dry_run": result.dry_run,
    }


def fork_document(forked: Forked | None) -> Document:
    if forked is None:
        return {}
    return {
        "fork": {
            "url": forked.url,
            "upstream": forked.upstream,
            "pull_request": forked.pull_request,
        }
    }


def log_document(records: list[HistoryRecord]) -> list[Document]:
    return [
        {
            "version": record.version,
            "time": words.iso(record.time),
            "hub": record.hub,
            "author": record.author,
            "message": record.message,
            "changes": [
                {"path": change.path, "change": change.change.value} for change in record.changes
            ],
        }
        for record in records
    ]


def versions_document(versions: list[PathVersion]) -> list[Document]:
    return [
        {
            "version": version.version,
            "time": words.iso(version.time),
            "hub": version.hub,
            "author": version.author,
            "digest": version.digest,
            "size": version.size,
            "place": version.place,
        }
        for version in versions
    ]


def restored_document(restored: Restored) -> Document:
    return {
        "path": restored.path,
        "version": restored.version,
        "size": restored.size,
        "repositories": list(restored.repositories),
        "left": list(restored.left),
    }


def conflicts_document(conflicts: tuple[ConflictCopy, ...] | list[ConflictCopy]) -> list[Document]:
    return [{"path": conflict.path, "copy": conflict.copy} for conflict in conflicts]


def remotes_document(remotes: tuple[RemoteInfo, ...] | list[RemoteInfo]) -> list[Document]:
    return [
        {
            "name": remote.name,
            "url": remote.url,
            "revision": remote.revision,
            "last_sync": None if remote.last_sync is None else words.iso(remote.last_sync),
            "exclusive": remote.exclusive,
            "include": list(remote.include),
            "larger_than": remote.larger_than,
            "mode": remote.mode,
        }
        for remote in remotes
    ]


def checks_document(checks: list[Check]) -> Document:
    return {
        "checks": [
            {"name": c.name, "state": c.state, "message": c.message, "hint": c.hint} for c in checks
        ]
    }


def pruned_document(pruned: Pruned) -> Document:
    return {"trash": pruned.trash, "remote": pruned.remote, "young": pruned.young}


def account_document(account: Account) -> Document:
    return {
        "host": account.host,
        "user": account.user,
        "source": account.source,
        "expires": None if account.expires is None else words.iso(account.expires * 10**9),
    }


def rule_document(rule: IgnoreRule) -> Document:
    return {"source": rule.source, "line": rule.line, "pattern": rule.pattern}


def allowed_document(path: str, found: list[AllowedFinding]) -> Document:
    return {
        "path": path,
        "allowed": [
            {"line": one.line, "kind": one.kind, "cell": one.cell, "output": one.output}
            for one in found
        ],
    }


def _change(change: PathChange) -> Document:
    document: Document = {"path": change.path, "change": change.change.value, "size": change.size}
    if change.renamed_from is not None:
        document["renamed_from"] = change.renamed_from
    return document


def _repository(one: NestedRepository) -> Document:
    return {
        "path": one.path,
        "state": one.state,
        "problems": [problem_document(problem) for problem in one.problems],
    }


def _stop(stop: Stop) -> Document:
    return {"remote": stop.remote, "code": stop.code, "message": stop.message, "hint": stop.hint}


def problem_document(problem: Problem) -> Document:
    return {
        "path": problem.path,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def notice_document(notice: Notice) -> Document:
    return {"code": notice.code, "message": notice.message, "hint": notice.hint}
