"""Random users, tools, faults and crashes: the guarantees hold whatever comes in whatever order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from hubsync.model import IGNORE_FILE
from hubsync.workspace import Workspace
from tests.property import disk
from tests.property.disk_steps import before_disk_step
from tests.property.faulty_store import ERRORS, MODES, OPERATIONS, Fault
from tests.property.world import YEAR, Hub, Telling, World, in_one_thread

PATHS = (
    "a",
    "b.txt",
    "d/a",
    "d/b.txt",
    "d/e/a",
    "d/e/b.txt",
    "b.txt/x",
    "d",
    "d/e",
    "ä ö/-n.txt",
    "B.TXT",
    "a\u0308",
    "new\nline",
    "log/x.log",
    "ig/a",
    "nb.ipynb",
)
ODD_NAMES = ("bad\udcff", "d/bad\udcfe", "x" * 255, "é" * 127)
FOREIGN_KEYS = (*PATHS, "a/b/c", "d/", "d//a", "../x", "/abs", ".git/config", "d/.git/hooks/x")
RULES = ("ig/", "*.log", "d/e/", "b.txt", "!b.txt", "d/*\n!d/a", "")
LINKS = ("a", "d/a", "../a", "b.txt", "nowhere", "d", "/etc/passwd", "../../x", ".", "d/e/../a")
VERBS = ("sync", "push", "pull")

NIGHTLY_PARTS = 8

lines = st.integers(0, 5)
hubs = st.integers(0, 2)
paths = st.sampled_from(PATHS)
verbs = st.sampled_from(VERBS)


def text_of(number: int) -> bytes:
    return b"".join(b"line %d of %d\n" % (line, number) for line in range(6))


class Hubs(RuleBasedStateMachine):
    """Every rule does one small thing, or nothing where it does not apply, so that it shrinks."""

    world: World

    @initialize(
        hubs=st.integers(2, 3),
        mode=st.sampled_from(sorted(MODES)),
        exclusive=st.sampled_from([False, False, False, True]),
        old=st.sampled_from([False, False, True]),
    )
    def begin(self, hubs: int, mode: str, exclusive: bool, old: bool) -> None:
        self.world = World(hubs, mode, exclusive=exclusive, old=old)
        self.clones = 0

    def hub(self, number: int) -> Hub:
        return self.world.hubs[number % len(self.world.hubs)]

    def token(self) -> bytes:
        self.world.counter += 1
        return b"%06d" % self.world.counter

    # -- users --------------------------------------------------------------------------

    @rule(hub=hubs, path=paths, number=st.integers(0, 2))
    def write(self, hub: int, path: str, number: int) -> None:
        """The same few contents everywhere, so that equal ones meet."""
        root = self.hub(hub).root
        self.world.act(lambda: disk.write(root, path, text_of(number)))

    @rule(hub=hubs, path=paths, line=lines, aside=st.booleans())
    def edit_line(self, hub: int, path: str, line: int, aside: bool) -> None:
        """A new content: of an existing file, one line of the same length."""
        root, token = self.hub(hub).root, self.token()
        self.world.act(lambda: _edit_line(root, path, line, token, aside))

    @rule(hub=hubs, path=paths)
    def write_bytes(self, hub: int, path: str) -> None:
        root, token = self.hub(hub).root, self.token()
        self.world.act(lambda: disk.write(root, path, b"\0binary\xff" + token))

    @rule(hub=hubs, path=paths)
    def write_nothing(self, hub: int, path: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: disk.write(root, path, b""))

    @rule(hub=hubs, path=paths)
    def append(self, hub: int, path: str) -> None:
        root, token = self.hub(hub).root, self.token()
        self.world.act(lambda: _append(root, path, token + b"\n"))

    @rule(hub=hubs, path=paths)
    def edit_unnoticed(self, hub: int, path: str) -> None:
        """The same size and, set back, the same modification time."""
        root, token = self.hub(hub).root, self.token()
        self.world.act(lambda: _edit_unnoticed(root, path, token))

    @rule(hub=hubs, path=paths, to=st.sampled_from(ODD_NAMES[:2]))
    def rename_to_odd(self, hub: int, path: str, to: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: _rename(root, path, to))

    @rule(hub=hubs, path=st.sampled_from(ODD_NAMES), to=paths)
    def rename_from_odd(self, hub: int, path: str, to: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: _rename(root, path, to))

    @rule(hub=hubs, path=paths, to=paths)
    def rename(self, hub: int, path: str, to: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: _rename(root, path, to))

    @rule(hub=hubs, path=st.sampled_from([*PATHS, "ig", "log", "ä ö"]))
    def delete(self, hub: int, path: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: disk.remove(os.path.join(root, path)))

    @rule(hub=hubs)
    def delete_everything(self, hub: int) -> None:
        root = self.hub(hub).root
        self.world.act(
            lambda: [
                disk.remove(os.path.join(root, name))
                for name in os.listdir(root)
                if name != ".hubsync"
            ]
        )

    @rule(hub=hubs, path=paths)
    def toggle_executable(self, hub: int, path: str) -> None:
        full = os.path.join(self.hub(hub).root, path)
        if os.path.isfile(full) and not os.path.islink(full):
            self.world.act(lambda: os.chmod(full, os.stat(full).st_mode ^ 0o100))

    @rule(hub=hubs, path=paths)
    def make_directory(self, hub: int, path: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: _make_directory(root, path))

    @rule(hub=hubs, path=paths, to=st.sampled_from(LINKS))
    def make_link(self, hub: int, path: str, to: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: _make_link(root, path, to))

    @rule(hub=hubs, path=paths)
    def make_pipe(self, hub: int, path: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: _make_pipe(root, path))

    @rule(hub=hubs, path=st.sampled_from(ODD_NAMES))
    def write_odd_name(self, hub: int, path: str) -> None:
        root, token = self.hub(hub).root, self.token()
        self.world.act(lambda: disk.write(root, path, token))

    @rule(hub=hubs, text=st.sampled_from(RULES), where=st.sampled_from(["", "d/"]))
    def ignore(self, hub: int, text: str, where: str) -> None:
        root = self.hub(hub).root
        self.world.act(lambda: disk.write(root, where + IGNORE_FILE, text.encode() + b"\n"))

    # -- other tools, and misfortune ----------------------------------------------------

    @rule(key=st.sampled_from(FOREIGN_KEYS), number=st.integers(-1, 2))
    def foreign_write(self, key: str, number: int) -> None:
        if not self.world.exclusive:
            data = text_of(number) if number >= 0 else b"foreign " + self.token()
            self.world.put_object(key, data)

    @rule(key=st.sampled_from(FOREIGN_KEYS))
    def foreign_delete(self, key: str) -> None:
        if not self.world.exclusive:
            self.world.delete_object(key)

    @rule(hub=hubs)
    def lose_state(self, hub: int) -> None:
        self.world.lose_state(self.hub(hub))

    @rule(hub=hubs)
    def lose_all_but_config(self, hub: int) -> None:
        self.world.lose_all_but_config(self.hub(hub))

    @rule(hub=hubs, years=st.integers(-3, 3))
    def skew(self, hub: int, years: int) -> None:
        self.hub(hub).skew = years * YEAR

    # -- hubsync ------------------------------------------------------------------------

    @rule(hub=hubs, verb=verbs)
    def run(self, hub: int, verb: str) -> None:
        self.world.run(self.hub(hub), verb)

    @rule(hub=hubs)
    def run_checksum(self, hub: int) -> None:
        self.world.run(self.hub(hub), checksum=True)

    @rule(
        hub=hubs,
        verb=verbs,
        operation=st.sampled_from(OPERATIONS),
        number=st.integers(0, 6),
        error=st.sampled_from(sorted(ERRORS)),
        done=st.booleans(),
        lasting=st.sampled_from([1, 1, 1000]),
    )
    def run_on_failing_store(
        self,
        hub: int,
        verb: str,
        operation: str,
        number: int,
        error: str,
        done: bool,
        lasting: int,
    ) -> None:
        fault = Fault(operation, number, error, done, lasting=lasting)
        self.world.run(self.hub(hub), verb, fault=fault)
        self.world.store_time += 100_000_000_000

    @rule(
        hub=hubs,
        verb=verbs,
        operation=st.sampled_from(["disk", "disk", *OPERATIONS]),
        number=st.integers(0, 40),
        done=st.booleans(),
    )
    def run_and_die(self, hub: int, verb: str, operation: str, number: int, done: bool) -> None:
        at = number if operation == "disk" else number % 8
        self.world.killed(self.hub(hub), verb, at=at, what=operation, done=done)

    @rule(
        hub=hubs,
        verb=verbs,
        operation=st.sampled_from(["disk", "disk", "disk", "report", "report", *OPERATIONS]),
        number=st.integers(0, 25),
        done=st.booleans(),
        path=paths,
        what=st.integers(0, 3),
    )
    def run_while_edited(
        self, hub: int, verb: str, operation: str, number: int, done: bool, path: str, what: int
    ) -> None:
        """The user saves, deletes, renames or makes a directory while the command runs."""
        root, token = self.hub(hub).root, self.token()
        edits: tuple[Callable[[], object], ...] = (
            lambda: _edit_line(root, path, 1, token, True),
            lambda: _append(root, path, token),
            lambda: disk.remove(os.path.join(root, path)),
            lambda: _make_directory(root, path),
        )
        self._run_while(self.hub(hub), verb, operation, number, done, edits[what])

    @rule(
        hub=hubs,
        other=hubs,
        verb=verbs,
        other_verb=verbs,
        operation=st.sampled_from(["report", *OPERATIONS]),
        number=st.integers(0, 6),
        done=st.booleans(),
    )
    def run_two_at_once(
        self,
        hub: int,
        other: int,
        verb: str,
        other_verb: str,
        operation: str,
        number: int,
        done: bool,
    ) -> None:
        one, two = self.hub(hub), self.hub(other)
        if one is two:
            return

        def meanwhile() -> None:
            live = [key for key in self.world.inner._objects if key.startswith(".hubsync/live/")]
            if not live:  # else it would wait for the lock
                self.world._command_meanwhile(two, other_verb)

        self._run_while(one, verb, operation, number, done, meanwhile)

    @rule(
        hub=hubs,
        verb=verbs,
        operation=st.sampled_from(["report", *OPERATIONS]),
        number=st.integers(0, 6),
        done=st.booleans(),
        key=paths,
        delete=st.booleans(),
    )
    def run_while_foreign_tool_writes(
        self, hub: int, verb: str, operation: str, number: int, done: bool, key: str, delete: bool
    ) -> None:
        """Only where the store's conditions can notice it."""
        if self.world.mode != "conditional" or self.world.exclusive:
            return
        data = b"foreign " + self.token()

        def meanwhile() -> None:
            if delete:
                self.world.delete_object(key)
            else:
                self.world.put_object(key, data)

        self._run_while(self.hub(hub), verb, operation, number, done, meanwhile)

    @rule(hub=hubs, verb=verbs, number=st.integers(0, 8))
    def run_and_stop(self, hub: int, verb: str, number: int) -> None:
        self.world.run(self.hub(hub), verb, reporter=Telling(number))

    @rule(hub=hubs, path=paths, number=st.integers(0, 3))
    def restore(self, hub: int, path: str, number: int) -> None:
        def wish(workspace: Workspace) -> None:
            versions = workspace.versions(path)
            if number < len(versions):
                workspace.restore(path, at=versions[number].version)

        self.world.ask(self.hub(hub), wish)

    @rule(hub=hubs, number=st.integers(0, 2), keep=st.sampled_from(["mine", "theirs", "both"]))
    def resolve(self, hub: int, number: int, keep: str) -> None:
        def wish(workspace: Workspace) -> None:
            found = workspace.conflicts()
            if found:
                workspace.resolve(found[number % len(found)].path, keep)

        self.world.ask(self.hub(hub), wish)

    @rule(hub=hubs)
    def prune(self, hub: int) -> None:
        """Nothing here is older than a day, whatever the hub's own clock says."""
        self.world.ask(self.hub(hub), lambda workspace: workspace.gc())

    @rule(hub=hubs)
    def look(self, hub: int) -> None:
        """What only looks changes nothing."""
        before = self.world.sides()
        self.world.ask(self.hub(hub), lambda workspace: (workspace.status(), workspace.log()))
        assert self.world.sides() == before

    def _run_while(
        self,
        hub: Hub,
        verb: str,
        operation: str,
        number: int,
        done: bool,
        action: Callable[[], object],
    ) -> None:
        def act() -> None:
            self.world.act(action)

        if operation == "disk":
            with before_disk_step(number, act):
                self.world.run(hub, verb)
        elif operation == "report":
            self.world.run(hub, verb, reporter=Telling(number, act))
        else:
            fault = Fault(
                operation, number, act=None if done else act, act_after=act if done else None
            )
            self.world.run(hub, verb, fault=fault)

    @rule()
    def come_to_rest(self) -> None:
        self.world.quiet()

    @rule()
    def clone(self) -> None:
        if self.clones < 1:
            self.clones += 1
            self.world.quiet()
            self.world.fresh_clone()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.world.quiet()
        finally:
            self.world.close()


def _is_file(full: str) -> bool:
    return os.path.isfile(full) and not os.path.islink(full)


def _edit_line(root: str, path: str, line: int, token: bytes, aside: bool) -> None:
    full = os.path.join(root, path)
    before = text_of(0)
    if _is_file(full):
        with open(full, "rb") as file:
            before = file.read() or before
    rows = before.splitlines(keepends=True)
    rows[line % len(rows)] = b"edited " + token + b"\n"
    (disk.save_by_rename if aside else disk.write)(root, path, b"".join(rows))


def _append(root: str, path: str, data: bytes) -> None:
    if _is_file(os.path.join(root, path)):
        with open(os.path.join(root, path), "ab") as file:
            file.write(data)


def _edit_unnoticed(root: str, path: str, token: bytes) -> None:
    full = os.path.join(root, path)
    if not _is_file(full) or os.path.getsize(full) < len(token):
        return
    # A file that is set back within the very tick in which hubsync wrote it shows nothing at all.
    time.sleep(0.03)
    status = os.stat(full)
    with open(full, "r+b") as file:
        file.write(token)
    os.utime(full, ns=(status.st_atime_ns, status.st_mtime_ns))


def _rename(root: str, path: str, to: str) -> None:
    source, target = os.path.join(root, path), os.path.join(root, to)
    if not os.path.lexists(source) or (to + "/").startswith(path + "/"):
        return
    if (path + "/").startswith(to + "/"):
        return
    if (os.path.realpath(source) + "/").startswith(os.path.realpath(target) + "/"):
        return  # by way of a link: it would make room for itself
    disk.make_room(root, to)
    disk.remove(target)
    os.rename(source, target)


def _make_directory(root: str, path: str) -> None:
    disk.make_room(root, path)
    full = os.path.join(root, path)
    if _is_file(full):
        os.unlink(full)
    os.makedirs(full, exist_ok=True)


def _make_link(root: str, path: str, target: str) -> None:
    disk.make_room(root, path)
    full = os.path.join(root, path)
    disk.remove(full)
    os.symlink(target, full)


def _make_pipe(root: str, path: str) -> None:
    disk.make_room(root, path)
    full = os.path.join(root, path)
    disk.remove(full)
    os.mkfifo(full)


def _try_out() -> None:
    with in_one_thread():
        run_state_machine_as_test(Hubs, settings=settings())


@pytest.mark.timeout(0)
def test_nothing_is_lost_and_all_sides_become_equal() -> None:
    _try_out()


@pytest.mark.nightly
@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(NIGHTLY_PARTS))
def test_nothing_is_lost_night_after_night(part: int) -> None:
    """Other examples every night, in parts that run at the same time."""
    _try_out()
