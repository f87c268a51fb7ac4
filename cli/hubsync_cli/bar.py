"""One progress bar, drawn with rich. Importing rich takes long: this module is imported lazily."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from hubsync_cli import words
from hubsync_cli.progress import Counters


class Bar:
    """Shows one phase at a time on standard error, and leaves nothing behind."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}", markup=False),
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task: TaskID | None = None
        self._phase = 0

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, counters: Counters, figures: str) -> None:
        done = counters.size if counters.total_size else counters.files
        total = counters.total_size or counters.total_files or None
        if self._task is None or counters.phase != self._phase:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(
                words.line(counters.name), total=total, figures=figures
            )
            self._phase = counters.phase
        self._progress.update(self._task, completed=done, figures=figures)
        self._progress.refresh()
