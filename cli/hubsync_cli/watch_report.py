"""What a continuous session does, told line by line or document by document."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from hubsync_cli import words
from hubsync_cli.documents import conflicts_document, notice_document, problem_document
from hubsync_cli.view import View

if TYPE_CHECKING:
    from hubsync import SessionStatus
    from hubsync.session.status import Outcome, Trouble

_LOOKING: Final = {
    "polling": "looking for changes instead of being told",
    "both": "looking for changes as well",
}


class Report:
    """Remembers what was said last, so that nothing is said twice. ``quiet``: only what needs
    attention."""

    def __init__(self, view: View, *, quiet: bool = False) -> None:
        self._view = view
        self._quiet = quiet
        self._trouble: tuple[str, str] | None = None
        self._ended: int | None = None
        self._watching = ""
        self._state = ""
        self._problems: frozenset[str] = frozenset()

    def lines(self, status: SessionStatus, now: int) -> Iterator[str]:
        """For people; ``now``: ns since the epoch."""
        at = time.strftime("%H:%M:%S", time.localtime(now / 1e9))
        for line in self._news(status):
            yield f"{at}  {line}"

    def documents(self, status: SessionStatus, now: int) -> Iterator[dict[str, Any]]:
        """One for each change of state, and for each cycle that did something."""
        last = status.facts.last
        new = last is not None and last.ended != self._ended and _is_news(last)
        self._ended = last.ended if last is not None else None
        if status.state.value != self._state or new:
            self._state = status.state.value
            yield watch_document(status, now, done=last if new else None)

    def _news(self, status: SessionStatus) -> Iterator[str]:
        facts = status.facts
        if facts.watching.why and facts.watching.why != self._watching and not self._quiet:
            self._watching = facts.watching.why
            yield f"{_LOOKING[facts.watching.how]}: {words.line(facts.watching.why)}"
        if facts.progress is not None:
            return
        trouble = facts.trouble
        if trouble is not None and (trouble.code, trouble.message) != self._trouble:
            self._trouble = (trouble.code, trouble.message)
            yield _trouble_line(status.state.value, trouble)
        last = facts.last
        if trouble is None and self._trouble is not None:
            self._trouble = None
            if not self._quiet:
                yield "back"
        if last is not None and last.ended != self._ended:
            self._ended = last.ended
            yield from self._done(last)

    def _done(self, done: Outcome) -> Iterator[str]:
        if not (done.nothing_done or self._quiet):
            yield f"synced: {figures(done)}"
        elif done.nothing_done and self._view.everything:
            yield "nothing to do"
        if self._view.everything:
            for mark, paths in (("up", done.sent), ("here", done.changed_here)):
                for path in paths:
                    yield f"  {mark:<5} {self._view.path(path)}"
        for notice in () if self._quiet else done.notices:
            hint = f" {words.line(notice.hint)}" if notice.hint else ""
            yield f"good to know: {words.line(notice.message)}{hint}"
        for conflict in done.new_conflicts:
            original, copy = self._view.path(conflict.path), self._view.path(conflict.copy)
            yield f"conflict kept twice: {original}, other version: {copy}"
        for problem in done.problems:
            if problem.path not in self._problems:
                path, message = self._view.path(problem.path), words.line(problem.message)
                yield f"problem: {path}: {message}"
        self._problems = frozenset(one.path for one in done.problems)


def _is_news(done: Outcome) -> bool:
    return bool(not done.nothing_done or done.notices)


def _trouble_line(state: str, trouble: Trouble) -> str:
    hint = f" {words.line(trouble.hint)}" if trouble.hint else ""
    return f"{state}: {words.line(trouble.message)}{hint}"


def figures(done: Outcome) -> str:
    """``"3 up, 1 down, 1 conflict"``."""
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (done.up, "up"),
            (done.down, "down"),
            (done.merged, "merged"),
            (done.deleted_locally, "deleted here"),
            (done.deleted_remotely, "deleted on the remote"),
        )
        if number
    ]
    if done.new_conflicts:
        parts.append(words.count(len(done.new_conflicts), "conflict"))
    return ", ".join(parts)


def watch_document(status: SessionStatus, now: int, *, done: Outcome | None) -> dict[str, Any]:
    """As docs/reference/json/watch.json describes it."""
    facts, last = status.facts, status.facts.last
    trouble = facts.trouble
    return {
        "time": words.iso(now),
        "state": status.state.value,
        "pending": facts.pending,
        "last_sync": None if last is None else words.iso(last.ended),
        "retry_at": None if facts.retry_at is None else words.iso(facts.retry_at),
        "watching": facts.watching.how,
        "error": None
        if trouble is None
        else {"code": trouble.code, "message": trouble.message, "hint": trouble.hint},
        "conflicts": 0 if last is None else last.conflict_count,
        "problems": 0 if last is None else last.problem_count,
        "done": None if done is None else _done_document(done),
    }


def _done_document(done: Outcome) -> dict[str, Any]:
    return {
        "up": done.up,
        "down": done.down,
        "merged": done.merged,
        "deleted_locally": done.deleted_locally,
        "deleted_remotely": done.deleted_remotely,
        "kept": done.kept,
        "bytes": done.bytes,
        "seconds": done.seconds,
        "sent": list(done.sent),
        "changed_here": list(done.changed_here),
        "conflicts": conflicts_document(done.new_conflicts),
        "problems": [problem_document(problem) for problem in done.problems],
        "notices": [notice_document(notice) for notice in done.notices],
    }
