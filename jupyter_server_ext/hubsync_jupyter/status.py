"""The status as the browser is told it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubsync import __version__
from hubsync_cli import documents, words
from hubsync_jupyter.permission import EMBEDDED, permits, permits_some
from hubsync_jupyter.settings import Fault, Settings

if TYPE_CHECKING:
    from hubsync import SessionStatus
    from hubsync.session.status import Outcome, Progress, Trouble

Document = dict[str, Any]
API = 1


def session_document(status: SessionStatus | None, fault: Fault | None) -> Document:
    """What the session says; without one, why there is none."""
    facts = None if status is None else status.facts
    last = None if facts is None else facts.last
    trouble = None if facts is None else facts.trouble
    retry_at = None if facts is None else facts.retry_at
    return {
        "pending": 0 if facts is None else facts.pending,
        "progress": None if facts is None else progress_document(facts.progress),
        "last": None if last is None else figures(last),
        "trouble": _trouble(trouble) if trouble is not None else _fault(fault),
        "retry_at": None if retry_at is None else words.iso(retry_at),
        "conflict_count": 0 if last is None else last.conflict_count,
        "conflicts": [] if last is None else documents.conflicts_document(last.conflicts),
        "problem_count": 0 if last is None else last.problem_count,
        "problems": [] if last is None else [documents.problem_document(p) for p in last.problems],
        "watching": {
            "how": "" if facts is None else facts.watching.how,
            "why": "" if facts is None else facts.watching.why,
        },
    }


def progress_document(progress: Progress | None) -> Document | None:
    if progress is None:
        return None
    return {
        "phase": progress.phase,
        "files": progress.files,
        "files_done": progress.files_done,
        "bytes": progress.size,
        "bytes_done": progress.size_done,
    }


def figures(last: Outcome) -> Document:
    """What a cycle did, in numbers."""
    return {
        "ended": words.iso(last.ended),
        "up": last.up,
        "down": last.down,
        "merged": last.merged,
        "deleted_locally": last.deleted_locally,
        "deleted_remotely": last.deleted_remotely,
        "kept": last.kept,
        "unsynced": last.unsynced,
        "bytes": last.bytes,
        "seconds": last.seconds,
        "nothing_done": last.nothing_done,
    }


def outcome_document(last: Outcome) -> Document:
    """The same, with the names."""
    return {
        **figures(last),
        "sent": list(last.sent),
        "changed_here": list(last.changed_here),
        "new_conflicts": documents.conflicts_document(last.new_conflicts),
    }


def operator_document(settings: Settings) -> Document:
    fault = settings.fault
    return {
        "default_remote": settings.default_remote,
        "default_remote_error": None if fault is None else error_document(fault),
        "allowed_remotes": list(settings.allowed),
        "permits": {
            "github": permits_some(f"https://{settings.github}", settings.allowed),
            "folder": permits_some("file://", settings.allowed),
            "embedded": permits(EMBEDDED, settings.allowed),
        },
        "mode": settings.mode,
        "auto_start": settings.auto_start,
        "restore_on_start": settings.restore_on_start,
    }


def server_document() -> Document:
    return {"version": __version__, "api": API}


def error_document(fault: Fault) -> Document:
    return {"code": fault.code, "message": fault.message, "hint": fault.hint}


def _trouble(trouble: Trouble) -> Document:
    return {
        "kind": trouble.kind.value,
        "code": trouble.code,
        "message": trouble.message,
        "hint": trouble.hint,
    }


def _fault(fault: Fault | None) -> Document | None:
    if fault is None:
        return None
    return {"kind": fault.kind, **error_document(fault)}
