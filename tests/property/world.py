"""Several hubs and one remote, every change to them watched.

Whatever a user, another tool or hubsync does goes through a `World`, which keeps account of

- what is *owed*: contents that lay anywhere and were not taken away by a user or another tool;
- which paths somebody removed, and which somebody wrote.

After every step of hubsync it is checked that nothing owed is gone and that no path vanished that
nobody removed; at rest, that all sides are equal, nothing is left over, and a further run writes
nothing.
"""

from __future__ import annotations

import itertools
import os
import pickle
import random
import shutil
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from hubsync import SyncRequest, Workspace, config
from hubsync.config import DEFAULT_REMOTE, RemoteSettings, Settings
from hubsync.core.conflicts import is_conflict_copy
from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import ancestors, check_local_name, check_remote_name, link_stays_inside
from hubsync.engine.several import Linked
from hubsync.errors import HubsyncError, SafetyStop
from hubsync.links import Links
from hubsync.local.layout import Layout
from hubsync.model import IGNORE_FILE, METADATA_DIR, Identity
from hubsync.remotes.mirror import MirrorRemote
from hubsync.remotes.mirror.lease import LEASE, LeaseLock
from hubsync.remotes.protocol import Remote
from hubsync.report import Reporter
from hubsync.results import SyncResult
from hubsync.stores.memory import MemoryStore
from tests.inline import Inline
from tests.property import disk
from tests.property.disk import Files, Item
from tests.property.disk_steps import before_disk_step, old_kernel
from tests.property.faulty_store import MODES, Fault, FaultyStore

SECOND = 1_000_000_000
YEAR = 365 * 86_400 * SECOND
START = 1_790_000_000 * SECOND
DIED = 77
"""The exit status of a child that was killed where the test wanted it."""

WITH_POOLS = (
    "hubsync.engine.observe",
    "hubsync.remotes.mirror.writing",
    "hubsync.remotes.mirror.publish",
    "hubsync.remotes.mirror.history",
    "hubsync.remotes.mirror.listing",
    "hubsync.remotes.mirror.books",
    "hubsync.remotes.mirror.gc",
    "hubsync.local.digest",
)


@contextmanager
def in_one_thread() -> Iterator[None]:
    """So that the n-th call is the same call whenever an example is run again."""
    with ExitStack() as stack:
        for module in WITH_POOLS:
            stack.enter_context(patch(f"{module}.ThreadPoolExecutor", Inline))
        yield


@dataclass
class WrappedLinks(Links):
    """The composition of a workspace whose remote is a mirror on the test's own store."""

    store: FaultyStore = None  # type: ignore[assignment]
    hub: str = ""
    rng: random.Random = field(default_factory=random.Random)
    sleep: Callable[[float], None] = lambda seconds: None

    def remote(self, name: str) -> Remote:
        if name not in self._open:
            scratch = self.layout.scratch(name)
            remote = MirrorRemote(
                self.store, scratch, owner=self.hub, clock=self.clock, rng=self.rng
            )
            remote._lock = LeaseLock(self.store, scratch, self.hub, self.rng, self.sleep)
            self._open[name] = remote
        return self._open[name]

    def for_engine(self, *args: Any, **named: Any) -> Linked:
        linked = super().for_engine(*args, **named)
        return replace(linked, context=replace(linked.context, pause=lambda attempt: None))


class Telling:
    """A reporter that acts, or asks to stop, at its n-th call."""

    def __init__(self, at: int | None = None, act: Callable[[], None] | None = None) -> None:
        self.at, self.act, self.calls, self.stopped = at, act, 0, False

    def phase(self, name: str, files: int = 0, size: int = 0) -> None:
        self._called()

    def advance(self, files: int = 0, size: int = 0) -> None:
        if files:
            self._called()

    def _called(self) -> None:
        now, self.calls = self.calls, self.calls + 1
        if now == self.at:
            if self.act is None:
                self.stopped = True
            else:
                self.act()

    def stopping(self) -> bool:
        return self.stopped


@dataclass
class Hub:
    """One workspace. ``skew``: how far its clock is off, in ns."""

    name: str
    root: str
    skew: int = 0
    exclusive: bool = False


class World:
    """``hubs`` workspaces on one remote in the given mode (see `faulty_store.MODES`).

    ``old``: on disks like NFS (see `old_kernel`).
    """

    def __init__(
        self,
        hubs: int = 2,
        mode: str = "conditional",
        *,
        exclusive: bool = False,
        old: bool = False,
    ) -> None:
        self._patches = ExitStack()
        if old:
            self._patches.enter_context(old_kernel())
        place = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.place = tempfile.mkdtemp(prefix="hubsync-property-", dir=place)
        self.mode = mode
        self.time = START
        self.store_time = START
        self.inner = MemoryStore("property", self._store_clock)
        self.store = FaultyStore(self.inner, MODES[mode])
        self.rng = random.Random(7)
        self.hubs: list[Hub] = []
        self.owed: set[bytes] = set()
        self.removed: set[str] = set()
        self.ever_removed: set[str] = set()
        self.written: set[str] = set()
        self.agreed: Files = {}
        self.forgot = False
        self.settled_writes = 0
        self.odd: set[str] = set()
        self.ignored = False
        self.problems: dict[str, str] = {}
        self.died: set[str] = set()
        self.exclusive = exclusive
        self.counter = 0
        self.acts = 0
        for number in range(hubs):
            self.add_hub(f"hub{number}")

    # -- the cast -----------------------------------------------------------------------

    def add_hub(self, name: str) -> Hub:
        root = os.path.join(self.place, name)
        os.mkdir(root)
        hub = Hub(name, root, exclusive=self.exclusive)
        self.hubs.append(hub)
        self._link(hub)
        return hub

    def _link(self, hub: Hub) -> None:
        layout = Layout(hub.root)
        layout.create()
        remote = RemoteSettings(DEFAULT_REMOTE, "memory://property", exclusive=hub.exclusive)
        config.save(layout.config, Settings((remote,)))
        with self.workspace(hub) as workspace:
            workspace.links.remote(DEFAULT_REMOTE).connect(create=True)

    def _store_clock(self) -> int:
        self.store_time += SECOND // 100
        return self.store_time

    def _sleep(self, seconds: float) -> None:
        """Sleeping passes the store's time, in which locks die."""
        self.store_time += int(seconds * SECOND)

    def workspace(self, hub: Hub) -> Workspace:
        """A new one for every command, as a process would have."""

        def clock() -> int:
            self.time += SECOND // 1000
            return self.time + hub.skew

        layout = Layout(hub.root)
        return Workspace(
            WrappedLinks(
                layout,
                config.load(layout.config),
                {},
                clock,
                store=self.store,
                hub=hub.name,
                rng=self.rng,
                sleep=self._sleep,
            )
        )

    def close(self) -> None:
        self._patches.close()
        shutil.rmtree(self.place)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- looking ------------------------------------------------------------------------

    def objects(self) -> dict[str, bytes]:
        """What any other tool sees on the remote."""
        return {
            key: one.data
            for key, one in sorted(self.inner._objects.items())
            if not key.startswith(METADATA_DIR + "/")
        }

    def findable(self) -> set[bytes]:
        """Every content that lies anywhere."""
        found = {one.data for one in self.inner._objects.values()}
        for hub in self.hubs:
            found |= disk.contents(hub.root)
        return found

    def sides(self) -> dict[str, Files]:
        """Each side's paths."""
        sides = {hub.name: disk.read_tree(hub.root) for hub in self.hubs}
        sides["remote"] = {key: Item("file", data) for key, data in self.objects().items()}
        return sides

    # -- what people and other tools do -------------------------------------------------

    def act(self, action: Callable[[], object]) -> None:
        """Somebody who is not hubsync does something, at any time."""
        self.acts += 1
        before, sides = self.findable(), self.sides()
        lost = self.owed - before
        assert not lost, f"lost: {_shown(lost)}"
        # Written and replaced between two looks: in a process's memory only if anywhere.
        action()
        after, now = self.findable(), self.sides()
        self.owed = (self.owed - (before - after)) | {
            one.data for side in now.values() for one in side.values() if one.what == "file"
        }
        self.owed.discard(b"")  # a killed hub's lock object is as empty, and goes
        self._account(sides, now)

    def _account(self, before: dict[str, Files], now: dict[str, Files]) -> None:
        """Who changed what: somebody, on purpose."""
        for name, side in now.items():
            for path in side.keys() | before[name].keys():
                old, new = before[name].get(path), side.get(path)
                if old == new:
                    continue
                if new is None or (old is not None and old.what != new.what):
                    self.removed.add(path)
                    self.ever_removed.add(path)
                if new is not None:
                    self.written.add(path)
                    self.ignored |= path.endswith(IGNORE_FILE)

    def ask(self, hub: Hub, wish: Callable[[Workspace], object]) -> object:
        """A command by which a user changes the workspace through hubsync: nothing may be lost."""
        before = self.sides()
        self.time += SECOND
        try:
            with self.workspace(hub) as workspace:
                return wish(workspace)
        except HubsyncError as error:
            return error
        finally:
            self._account(before, self.sides())
            lost = self.owed - self.findable()
            assert not lost, f"lost: {_shown(lost)}"

    def put_object(self, key: str, data: bytes) -> None:
        """Another tool writes to the remote."""
        self.act(lambda: self.inner._put(key, data))

    def delete_object(self, key: str) -> None:
        self.act(lambda: self.inner.delete(key))

    def lose_state(self, hub: Hub) -> None:
        self.forgot = True
        self.act(lambda: disk.remove(Layout(hub.root).states))

    def lose_all_but_config(self, hub: Hub) -> None:
        """The trash goes too: a user's own doing."""
        self.forgot = True

        def lose() -> None:
            layout = Layout(hub.root)
            for name in os.listdir(layout.metadata):
                if name != "config.toml":
                    disk.remove(os.path.join(layout.metadata, name))

        self.act(lose)

    # -- what hubsync does --------------------------------------------------------------

    def run(
        self,
        hub: Hub,
        verb: str = "sync",
        *,
        fault: Fault | None = None,
        reporter: Reporter | None = None,
        confirm: bool = False,
        checksum: bool = False,
    ) -> SyncResult | HubsyncError:
        """One command, its outcome, and the checks that hold after any command."""
        with self._checked():
            return self._command(
                hub, verb, fault, reporter, SyncRequest(confirm_deletes=confirm, checksum=checksum)
            )

    def _command(
        self,
        hub: Hub,
        verb: str,
        fault: Fault | None,
        reporter: Reporter | None,
        request: SyncRequest,
    ) -> SyncResult | HubsyncError:
        self.time += SECOND
        self.died.discard(hub.name)
        before, acts = self.sides(), self.acts
        outer = self.store.fault, self.store.counted.copy(), self.store.fired
        self.store.arm(fault)
        try:
            with self.workspace(hub) as workspace:
                result: SyncResult = getattr(workspace, verb)(
                    request, identity=Identity("someone", hub.name), reporter=reporter
                )
            return result
        except HubsyncError as error:
            undisturbed = fault is None and reporter is None and self.acts == acts
            if isinstance(error, SafetyStop) and undisturbed:
                assert self.sides() == before, "a safety stop changed something"
            return error
        finally:
            self.settled_writes = self.store.writes()
            self.store.fault, self.store.fired = outer[0], outer[2]
            if outer[0] is not None:
                self.store.counted = outer[1]

    def _command_meanwhile(self, hub: Hub, verb: str) -> None:
        """Another hub's command in the middle of one, past its faults."""
        self._command(hub, verb, None, None, SyncRequest())

    @contextmanager
    def _checked(self) -> Iterator[None]:
        before = self.sides()
        yield
        self.check(before)

    def check(self, before: dict[str, Files]) -> None:
        """Nothing owed is gone, nothing vanished that nobody removed."""
        lost = self.owed - self.findable()
        assert not lost, f"lost: {_shown(lost)}"
        after = self.sides()
        for name, side in before.items():
            for path, item in side.items():
                # Where something is to come below an empty directory, or a directory takes the
                # place of an object, the path is there in another way.
                sides_below = after.values() if item.what == "dir" else [after[name]]
                below = any(one.startswith(path + "/") for side in sides_below for one in side) or (
                    name == "remote" and any(_is_dir(after[hub.name], path) for hub in self.hubs)
                )
                # Between two steps of making room for a directory, a file is its copy alone.
                copied = any(
                    is_conflict_copy(other) == path and one.data == item.data
                    for other, one in after[name].items()
                )
                # Somebody's file has the place of a directory that held empty ones alone.
                displaced = item.what == "dir" and any(
                    above in self.written for above in ancestors(path)
                )
                # Made again with an old content by a hub that forgot that it is gone (rule 6).
                remembered = self.forgot and path in self.ever_removed
                removed = path in self.removed or remembered
                explained = removed or below or copied or displaced
                gone = path not in after[name] and not explained
                # An empty directory goes where the other side has ignored files in it.
                if gone and (item.what != "dir" or (item.empty and not self.ignored)):
                    raise AssertionError(f"{path} vanished from {name}, and nobody removed it")
        for hub in self.hubs:
            # What hubsync brought is owed too: the user may rely on it from now on.
            self.owed |= {one.data for one in after[hub.name].values() if one.what == "file"}
            self.owed.discard(b"")
            locked = os.path.exists(Layout(hub.root).lock)
            assert not locked or hub.name in self.died, f"{hub.name} is still locked"

    def killed(self, hub: Hub, verb: str, *, at: int, what: str, done: bool = False) -> bool:
        """A command that dies like a process: at the ``at``-th store call (``what`` names the
        operation) or the ``at``-th change to the disk (``what="disk"``). Whether it did die."""
        before = self.sides()
        image = os.path.join(self.place, "store.image")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            self._die_in_child(hub, verb, at, what, done, image)
        _, status = os.waitpid(child, 0)
        died = os.waitstatus_to_exitcode(status)
        assert died in (0, DIED), f"the command ended with {died}"
        with open(image, "rb") as file:
            self.inner._objects, number, self.time, self.store_time, seed = pickle.load(file)
        self.inner._counter = itertools.count(number)
        self.rng.setstate(seed)
        os.unlink(image)
        self.store_time += 100 * SECOND
        if died == DIED:
            self.died.add(hub.name)
        self.check(before)
        return died == DIED

    def _die_in_child(
        self, hub: Hub, verb: str, at: int, what: str, done: bool, image: str
    ) -> None:
        """Never returns."""
        inner = self.inner

        def leave(status: int) -> None:
            inner._lock = None  # type: ignore[assignment]
            with open(image, "wb") as file:
                pickle.dump(
                    (
                        inner._objects,
                        next(inner._counter),
                        self.time,
                        self.store_time,
                        self.rng.getstate(),
                    ),
                    file,
                )
            os._exit(status)

        def die() -> None:
            leave(DIED)

        try:
            if what == "disk":
                with before_disk_step(at, lambda: leave(DIED)):
                    self._command(hub, verb, None, None, SyncRequest())
            else:
                fault = Fault(what, at, act=None if done else die, act_after=die if done else None)
                self._command(hub, verb, fault, None, SyncRequest())
            leave(0)
        except BaseException:
            traceback.print_exc()
            os._exit(2)

    # -- at rest ------------------------------------------------------------------------

    def quiet(self) -> None:
        """Sync until nothing is done any more; then everything has to be in order."""
        self.store_time += 100 * SECOND
        for _ in range(8):
            done = [self._settle(hub) for hub in self.hubs]
            if not any(did for _, did in done):
                break
        else:
            raise AssertionError("the hubs do not come to rest")
        # In the last round every hub ran again, did nothing and wrote nothing.
        self.problems = {one.path: one.code for result, _ in done for one in result.problems}
        self._check_equal()
        self._check_tidy()
        self._check_nobody_overruled()
        sides = {hub.name: disk.read_tree(hub.root) for hub in self.hubs}
        hidden = self._hidden(sides)
        self.agreed = _visible(sides[self.hubs[0].name], hidden, set())
        # What was done to ignored paths is carried when they are ignored no more.
        self.removed = {path for path in self.removed if hidden(path)}
        self.written = {path for path in self.written if hidden(path)}
        self.forgot = False

    def _settle(self, hub: Hub) -> tuple[SyncResult, bool]:
        """One sync; whether it did or wrote anything."""
        result = self.run(hub)
        if isinstance(result, SafetyStop):
            # It may be that nothing is left but a problem, which keeps the base of its path.
            result = self.run(hub, confirm=True)
        assert isinstance(result, SyncResult), f"{hub.name}: {result!r}"
        return result, not result.nothing_done() or self.settled_writes > 0

    def _check_equal(self) -> None:
        sides = {hub.name: disk.read_tree(hub.root) for hub in self.hubs}
        hidden = self._hidden(sides)
        holding = {
            above
            for side in self.sides().values()
            for path in side
            if hidden(path)
            for above in ancestors(path)
        }
        seen = {name: _visible(side, hidden, holding) for name, side in sides.items()}
        first = seen[self.hubs[0].name]
        for name, side in seen.items():
            assert side == first, f"{self.hubs[0].name} and {name} differ: {_compared(first, side)}"
        plain = {path: item.data for path, item in first.items() if item.what in ("file", "link")}
        there = {key: data for key, data in self.objects().items() if not hidden(key)}
        assert there == plain, f"remote and disk differ: {_compared(plain, there)}"

    def _hidden(self, sides: dict[str, Files]) -> Callable[[str], bool]:
        """Paths that are not compared: ignored, or a problem on some side."""
        rules = [_rules_of(side) for side in sides.values()]
        odd: set[str] = set()
        clashes: list[tuple[str, str]] = []
        for side in sides.values():
            for path, item in side.items():
                target = os.fsdecode(item.data) if item.what == "link" else ""
                if (
                    item.what == "other"
                    or check_local_name(path) is not None
                    or (item.what == "link" and not link_stays_inside(path, target))
                ):
                    odd.add(path)
        for path, code in self.problems.items():
            if path in odd or check_remote_name(path) is not None:
                continue
            if code in _UNNAMED:  # renamed to such a name: the others keep it under the old one
                odd.add(path)
                continue
            clashes.append((path, code))
            odd.add(path)

        self.odd = odd

        def hidden(path: str) -> bool:
            if check_remote_name(path) is not None:
                return True
            if any(path == one or path.startswith(one + "/") for one in odd):
                return True
            return any(one.ignores_deep(path) or one.ignores_deep(path, True) for one in rules)

        names = self.objects().keys() | {one for side in sides.values() for one in side}
        for path, code in clashes:
            # A file where something is that cannot be moved, or that only object stores hold.
            below = [one for one in names if one.startswith(path + "/")]
            assert code in _CLASHES, f"{path} is a problem: {code}"
            assert code == "name-collision" or any(map(hidden, below)), f"{path}: {code}"
            assert below, f"{path}: {code}"
        return hidden

    def _check_tidy(self) -> None:
        for key, one in self.inner._objects.items():
            assert not key.startswith(".hubsync/tmp/"), f"left on the remote: {key}"
            # The lock of a hub that was killed counts no more once it is older than a lease.
            lives = self.store_time - one.info.mtime < LEASE * SECOND
            assert not (lives and key.startswith(".hubsync/live/")), f"locked: {key}"
        for hub in self.hubs:
            for path in disk.read_tree(hub.root):
                assert ".hubsync-tmp-" not in path, f"left in {hub.name}: {path}"
            layout = Layout(hub.root)
            # An unfinished arrival stays for a week, to be resumed.
            staged = [name for name in os.listdir(layout.stage) if not name.endswith(".part")]
            assert not staged, f"left in the staging area of {hub.name}: {staged}"
            # A process killed while it made the lock leaves its few bytes; they lock nothing.
            locks = [name for name in os.listdir(layout.metadata) if name == "lock"]
            assert not locks, f"{hub.name} is still locked"

    def _check_nobody_overruled(self) -> None:
        """What one removed and nobody touched since is gone; what nobody removed is there."""
        if self.forgot:
            return
        now = disk.read_tree(self.hubs[0].root)
        hidden = self._hidden({hub.name: disk.read_tree(hub.root) for hub in self.hubs})
        if IGNORE_FILE in {path.rpartition("/")[2] for path in self.written | self.removed}:
            return
        for path, item in self.agreed.items():
            if item.what != "file" or hidden(path):
                continue
            if path in self.removed and path not in self.written:
                there = now.get(path)
                assert there is None or there.what != "file", f"{path} came back"

    def fresh_clone(self) -> None:
        """A hub that comes anew gets exactly what the others have."""
        hub = self.add_hub(f"clone{len(self.hubs)}")
        result = self.run(hub, "pull")
        assert isinstance(result, SyncResult), f"clone: {result!r}"
        self._check_equal()


_CLASHES = {
    "holds-problem",
    "folder-in-the-way",
    "file-and-directory",
    "name-collision",
}


_UNNAMED = {"name-not-unicode", "name-too-long"}


def _rules_of(side: Files) -> IgnoreRules:
    """A hub's own: an ignore file that is ignored itself stays where it is, and rules there."""
    rules = IgnoreRules.builtin()
    for path, item in side.items():
        if os.path.basename(path) == IGNORE_FILE and item.what == "file":
            rules = rules.with_file(os.path.dirname(path), item.data.decode(errors="replace"))
    return rules


def _is_dir(side: Files, path: str) -> bool:
    return path in side and side[path].what == "dir"


def _visible(side: Files, hidden: Callable[[str], bool], holding: set[str]) -> Files:
    """Directories count where nothing at all is in them: no hidden paths either, on any side."""
    return {
        path: item
        for path, item in side.items()
        if not hidden(path) and (item.what != "dir" or (item.empty and path not in holding))
    }


def _compared(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {
        path: (one.get(path), other.get(path))
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    }


def _shown(lost: Iterable[bytes]) -> list[bytes]:
    with suppress(TypeError):
        return sorted(lost)
    return []
