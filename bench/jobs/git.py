"""A Git repository over HTTP: first sync and clone of 10,000 files, nothing and one edit among
100,000; git itself is the peer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from bench.git_server import BRANCH, GitServer, expect_clean, git, git_server, git_steps, settings
from bench.harness import Command, Contender, Run, Wrong, always, no_check, race
from bench.place import Place, copied, expect_files
from bench.programs import do, document, expect_nothing_done, hubsync, requests_of
from bench.results import HUBSYNC, Finding, at_most, at_most_times, finding
from tests.servers.processes import free_port

_SMALL = 4096
_TINY = 256
_GIT = "git"
_BESIDE = (".hubsync", ".git")
_COMMIT = (
    ("add", "-A"),
    ("commit", "--quiet", "-m", "'By hand'"),
    ("push", "--quiet", "origin", BRANCH),
)


def first_sync(place: Place, rounds: int) -> Finding:
    """First sync of 10,000 files of 4 KB to a Git repository."""
    number = place.scale.some
    data = place.project(number, _SMALL)
    ours, theirs = place.copy(data, "workspace"), place.copy(data, "clone")
    with git_server(place.folder("git")) as server:

        def prepare_hubsync(turn: int) -> Command:
            _start_anew(place, ours)
            server.repository(f"{HUBSYNC}-{turn}")
            url = server.for_hubsync(f"{HUBSYNC}-{turn}")
            do(hubsync(ours, settings(ours), "init", url))
            return hubsync(ours, settings(ours), "sync")

        def prepare_git(turn: int) -> Command:
            _start_anew(place, theirs)
            server.repository(f"{_GIT}-{turn}")
            _begin(theirs, server.for_git(f"{_GIT}-{turn}"))
            return git_steps(theirs, *_COMMIT)

        def check(name: str, at: Path, turn: int) -> None:
            _expect(f"{name}-{turn}", server.count(f"{name}-{turn}"), number)
            expect_clean(at)

        timings = race(
            [
                Contender(HUBSYNC, prepare_hubsync, lambda turn, _: check(HUBSYNC, ours, turn)),
                Contender(_GIT, prepare_git, lambda turn, _: check(_GIT, theirs, turn)),
            ],
            rounds,
        )
    requests = requests_of(timings[HUBSYNC][-1])
    return finding(
        "git-first-10k",
        f"first sync of {number:,} files of 4 KB, Git over HTTP; git add, commit, push",
        timings,
        at_most_times(timings, 1.1, _GIT),
        requests=requests,
        priced=False,
    )


def clone(place: Place, rounds: int) -> Finding:
    """Clone of 10,000 files of 4 KB from a Git repository."""
    number = place.scale.some
    source = place.copy(place.project(number, _SMALL), "source")
    targets = place.folder("clones")
    targets.mkdir()
    with git_server(place.folder("git")) as server:
        server.repository("shared")
        _begin(source, server.for_git("shared"))
        do(git_steps(source, *_COMMIT))

        def cloning(name: str, command: Command) -> Contender:
            def target(turn: int) -> Path:
                return targets / f"{name}-{turn}"

            def prepare(turn: int) -> Command:
                argv = [one.replace("TARGET", target(turn).name) for one in command.argv]
                return Command(argv, command.cwd, command.env)

            def check(turn: int, run: Run) -> None:
                expect_files(target(turn), number)
                expect_clean(target(turn))

            return Contender(name, prepare, check)

        url = server.for_hubsync("shared")
        timings = race(
            [
                cloning(HUBSYNC, hubsync(targets, settings(targets), "clone", url, "TARGET")),
                cloning(_GIT, git(targets, "clone", "-q", server.for_git("shared"), "TARGET")),
            ],
            rounds,
        )
    return finding(
        "git-clone-10k",
        f"clone of {number:,} files of 4 KB, Git over HTTP; git clone",
        timings,
        at_most_times(timings, 1.3, _GIT),
        requests=requests_of(timings[HUBSYNC][-1]),
        priced=False,
    )


def nothing(place: Place, rounds: int) -> Finding:
    """Sync of 100,000 files in a Git repository, nothing changed."""
    with _synced(place) as (synced, _):
        looked = git_steps(synced.plain, ("status", "--porcelain"), ("fetch", "--quiet"))
        timings = race(
            [
                Contender(HUBSYNC, always(synced.hubsync("sync")), expect_nothing_done),
                Contender(_GIT, always(looked), no_check),
            ],
            rounds,
        )
    requests = requests_of(timings[HUBSYNC][-1])
    return finding(
        "git-noop-100k",
        f"sync of {synced.number:,} files, nothing changed, Git over HTTP; git status, git fetch",
        timings,
        at_most_times(timings, 2.0, _GIT),
        at_most("requests", sum(requests.values()), 1, "requests"),
        requests=requests,
        priced=False,
    )


def one_edit(place: Place, rounds: int) -> Finding:
    """Sync after one edit among 100,000 files in a Git repository."""

    def edited(command: Command, folder: Path) -> Command:
        _grow(folder)
        return command

    with _synced(place) as (synced, server):
        timings = race(
            [
                Contender(
                    HUBSYNC,
                    lambda turn: edited(synced.hubsync("sync"), synced.workspace),
                    _expect_one_up,
                ),
                Contender(
                    _GIT,
                    lambda turn: edited(git_steps(synced.plain, *_COMMIT), synced.plain),
                    no_check,
                ),
            ],
            rounds,
        )
        _expect_same_edit(synced, server)
        expect_clean(synced.workspace)
    requests = requests_of(timings[HUBSYNC][-1])
    return finding(
        "git-edit-100k",
        f"sync after one edit among {synced.number:,} files, Git over HTTP;"
        " git add -A, commit, push",
        timings,
        at_most_times(timings, 0.7, _GIT),
        requests=requests,
        priced=False,
    )


class _Synced:
    """The same files in a hubsync workspace and in a plain clone, each with a repository."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.number = place.scale.many
        data = place.files(self.number, _TINY)
        self.workspace = copied(data, folder / "workspace")
        self.plain = copied(data, folder / "plain")
        self.served = folder / "git"
        self.port = free_port()
        with self.serving() as server:
            server.repository(HUBSYNC)
            server.repository(_GIT)
            do(self.hubsync("init", server.for_hubsync(HUBSYNC)))
            do(self.hubsync("sync"))
            _begin(self.plain, server.for_git(_GIT))
            do(git_steps(self.plain, *_COMMIT))
            _expect(HUBSYNC, server.count(HUBSYNC), self.number)

    def serving(self) -> AbstractContextManager[GitServer]:
        """A fresh server, where both know it."""
        return git_server(self.served, self.port)

    def hubsync(self, *arguments: str) -> Command:
        return hubsync(self.workspace, settings(self.workspace), *arguments)


@contextlib.contextmanager
def _synced(place: Place) -> Iterator[tuple[_Synced, GitServer]]:
    """Made for the first of these jobs."""
    synced = place.shared("git-synced", lambda folder: _Synced(place, folder))
    with synced.serving() as server:
        do(synced.hubsync("sync"))
        do(git(synced.plain, "status", "--porcelain"))  # writes down what it saw of each file
        yield synced, server


def _begin(at: Path, url: str) -> None:
    do(git(at, "init", "--quiet", f"--initial-branch={BRANCH}"))
    do(git(at, "remote", "add", "origin", url))


def _start_anew(place: Place, at: Path) -> None:
    """A plain folder again. What was there stays until the end, see `Place`."""
    for name in _BESIDE:
        if (at / name).exists():
            put = place.folder(f"left/{at.name}-{name}-{os.urandom(4).hex()}")
            (at / name).rename(put)


def _expect(name: str, found: int, number: int) -> None:
    if found != number:
        raise Wrong(f"the repository {name} holds {found:,} files, not {number:,}")


def _edited_file(folder: Path) -> Path:
    return min(folder.glob("run 000/*/*.dat"))


def _grow(folder: Path) -> None:
    with _edited_file(folder).open("ab") as file:
        file.write(b"one more line\n")


def _expect_one_up(turn: int, run: Run) -> None:
    moved = len(document(run)["up"])
    if moved != 1:
        raise Wrong(f"a sync after one edit carried {moved:,} files")


def _expect_same_edit(synced: _Synced, server: GitServer) -> None:
    for folder, name in ((synced.workspace, HUBSYNC), (synced.plain, _GIT)):
        edited = _edited_file(folder)
        path = edited.relative_to(folder).as_posix()
        if server.content(name, path) != edited.read_bytes():
            raise Wrong(f"the edit did not arrive in {name}")
