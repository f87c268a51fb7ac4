"""A sync with a mirror in which nothing happened: when the mark tells so, and when not."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hubsync import Identity, Workspace
from hubsync.errors import HubsyncError
from tests.quiet import finds_nothing, is_quiet, sees_as_much, settled
from tests.servers import Server
from tests.unit.engine.hubs import Hub

FILES = {
    "a.txt": "one\n",
    "run.sh": "#!/bin/sh\n",
    "d/b [1]*?.txt": "two\n",
    "d/e/ä ö.txt": "three\n",
    "d/nothing": "",
    ".hubsyncignore": "*.log\nbuild/\n",
    "build/out.o": "made",
    "x.log": "said",
}


class Folder:
    """A mirror in a folder, which any other program may write to, and the hubs that share it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.mirror = place / "mirror"
        self.mirror.mkdir()

    def hub(self, name: str, files: dict[str, str] | None = None) -> Hub:
        directory = self.place / name
        directory.mkdir()
        hub = Hub(directory, Workspace.init(str(directory), self.mirror.as_uri()))
        hub.write(files or {})
        return hub


@pytest.fixture
def site(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def hub(site: Folder) -> Iterator[Hub]:
    made = site.hub("one", FILES)
    os.chmod(made / "run.sh", 0o755)
    os.symlink("a.txt", made / "link")
    os.mkdir(made / "empty")
    with made.workspace:
        yield settled(made)


def rewrite(path: Path, content: str) -> None:
    """Other content of the same size, with the same modification time."""
    before = os.stat(path)
    path.write_text(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


Act = Callable[[Folder, Hub], object]


def elsewhere(act: Callable[[Hub], object]) -> Act:
    def done(site: Folder, hub: Hub) -> None:
        other = site.hub("two")
        with other.workspace:
            other.sync()
            act(other)
            other.sync()

    return done


HERE: dict[str, Act] = {
    "an edit": lambda site, hub: hub.write({"a.txt": "edited\n"}),
    "an edit of the same size and time": lambda site, hub: rewrite(hub / "a.txt", "ONE\n"),
    "a deletion": lambda site, hub: hub.write({"a.txt": None}),
    "a new file": lambda site, hub: hub.write({"d/e/new": "new"}),
    "a new empty directory": lambda site, hub: os.mkdir(hub / "other"),
    "an empty directory that is gone": lambda site, hub: os.rmdir(hub / "empty"),
    "a file in an empty directory": lambda site, hub: hub.write({"empty/file": "full"}),
    "a hidden file in an empty directory": lambda site, hub: hub.write({"empty/x.log": "full"}),
    "another mode": lambda site, hub: os.chmod(hub / "run.sh", 0o644),
    "a rule": lambda site, hub: hub.write({"d/.hubsyncignore": "*.txt\n"}),
    "a repository": lambda site, hub: os.makedirs(hub / "inner/.git"),
    "no state": lambda site, hub: hub.forget(),
    "settings": lambda site, hub: hub.workspace.set_remote("origin", exclusive=True),
    "an interrupted publish": lambda site, hub: (
        hub / ".hubsync/state/origin/publish.journal"
    ).touch(),
}

THERE: dict[str, Act] = {
    "an edit by another tool": lambda site, hub: (site.mirror / "a.txt").write_text("other"),
    "one of the same size and time": lambda site, hub: rewrite(site.mirror / "a.txt", "ONE\n"),
    "a deletion by another tool": lambda site, hub: os.unlink(site.mirror / "d/nothing"),
    "a new file of another tool": lambda site, hub: (site.mirror / "new").write_text("new"),
    "one in a directory": lambda site, hub: (site.mirror / "d/e/new").write_text("new"),
    "one with a name that is no text": lambda site, hub: open(
        os.fsencode(site.mirror) + b"/\xff", "w"
    ).close(),
    "a link in the mirror": lambda site, hub: os.symlink("a.txt", site.mirror / "other"),
    "an edit of another hub": elsewhere(lambda two: two.write({"a.txt": "from there\n"})),
    "a mode of another hub": elsewhere(lambda two: os.chmod(two / "a.txt", 0o755)),
    "an empty directory of another hub": elsewhere(lambda two: os.mkdir(two / "other")),
    "a deletion of another hub": elsewhere(lambda two: two.write({"a.txt": None})),
    "no head": lambda site, hub: os.unlink(site.mirror / ".hubsync/index/head"),
    "no format": lambda site, hub: os.unlink(site.mirror / ".hubsync/format.json"),
    "no mirror": lambda site, hub: site.mirror.rename(site.place / "aside"),
    "another mirror": lambda site, hub: (
        site.mirror.rename(site.place / "aside"),
        site.mirror.mkdir(),
        elsewhere(lambda two: two.write({"a.txt": "one\n"}))(site, hub),
    ),
}


@pytest.mark.parametrize("name", HERE)
def test_after_it_everything_here_is_looked_at(site: Folder, hub: Hub, name: str) -> None:
    HERE[name](site, hub)
    assert not is_quiet(hub.workspace)
    assert sees_as_much(hub.workspace) is not False


@pytest.mark.parametrize("name", THERE)
def test_after_it_everything_there_is_looked_at(site: Folder, hub: Hub, name: str) -> None:
    THERE[name](site, hub)
    with Workspace.open(str(hub.directory)) as opened, suppress(HubsyncError):
        assert not is_quiet(opened)


def test_what_another_tool_wrote_comes_in(site: Folder, hub: Hub) -> None:
    (site.mirror / "a.txt").write_text("by rclone\n")
    os.unlink(site.mirror / "d/e/ä ö.txt")
    hub.write({"run.sh": "#!/bin/bash\n"})
    done = hub.sync()
    assert [one.path for one in done.down] == ["a.txt"]
    assert [one.path for one in done.up] == ["run.sh"]
    assert list(done.deleted_locally) == ["d/e/ä ö.txt"]
    assert finds_nothing(settled(hub))


UNTOUCHED: dict[str, Act] = {
    "nothing": lambda site, hub: None,
    "an ignored directory at work": lambda site, hub: hub.write({"build/more/out.o": "made"}),
    "reading": lambda site, hub: (hub / "a.txt").read_text(),
    "another hub that only looks": elsewhere(lambda two: two.workspace.status()),
    "a sync": lambda site, hub: hub.sync(),
    "a push": lambda site, hub: hub.push(),
    "a pull": lambda site, hub: hub.pull(),
    "a look at the status": lambda site, hub: hub.workspace.status(),
}


@pytest.mark.parametrize("name", UNTOUCHED)
def test_after_it_nothing_has_to_be_looked_at(site: Folder, hub: Hub, name: str) -> None:
    UNTOUCHED[name](site, hub)
    assert is_quiet(hub.workspace)
    assert finds_nothing(hub)


def test_an_exclusive_remote_is_trusted_by_its_head(site: Folder, hub: Hub) -> None:
    hub.workspace.set_remote("origin", exclusive=True)
    settled(hub)
    (site.mirror / "a.txt").write_text("by another tool\n")
    assert is_quiet(hub.workspace)
    elsewhere(lambda two: two.write({"d/nothing": "something"}))(site, hub)
    assert not is_quiet(hub.workspace)
    assert [one.path for one in hub.sync().down] == ["a.txt", "d/nothing"]  # `two` recorded both


def test_a_push_that_lists_nothing_spares_no_sync_its_listing(site: Folder, hub: Hub) -> None:
    hub.write({"a.txt": "edited\n"})
    for _ in range(3):
        hub.push()
        time.sleep(0.03)
    (site.mirror / "d/nothing").write_text("by another tool")
    assert hub.push().nothing_done()
    assert [one.path for one in hub.sync().down] == ["d/nothing"]


@pytest.mark.parametrize(
    "act", [lambda hub: os.mkdir(hub / "new"), lambda hub: (hub / "new").touch()]
)
def test_a_pull_leaves_what_has_to_be_sent(hub: Hub, act: Callable[[Hub], object]) -> None:
    act(hub)
    for _ in range(3):
        hub.pull()
        time.sleep(0.03)
    assert [one.path for one in hub.sync().up] == ["new"]


@pytest.mark.parametrize("name", ["empty", "d/nothing"])
def test_a_pull_leaves_what_has_to_be_deleted(hub: Hub, name: str) -> None:
    path = hub / name
    path.rmdir() if path.is_dir() else path.unlink()
    for _ in range(3):
        hub.pull()
        time.sleep(0.03)
    assert list(hub.sync().deleted_remotely) == [name]


def test_few_paths_are_looked_at_after_an_edit(site: Folder, hub: Hub) -> None:
    for number in range(3):
        hub.write({"a.txt": f"{number}\n", f"d/new {number}": "new"})
        assert sees_as_much(hub.workspace) is True
        assert {one.path for one in hub.sync().up} == {"a.txt", f"d/new {number}"}
    hub.write({"empty/now": "full"})
    assert sees_as_much(hub.workspace) is None
    hub.sync()
    assert finds_nothing(settled(hub))


def test_a_remote_that_is_gone_is_told_as_ever(site: Folder, hub: Hub) -> None:
    shutil.rmtree(site.mirror)
    opened = Workspace.open(str(hub.directory))
    with opened, pytest.raises(HubsyncError, match="remote is gone"):
        opened.sync(identity=Identity("ada", "one"))
    assert (hub / "a.txt").read_text() == "one\n"


def test_the_result_is_that_of_a_sync_that_looked(hub: Hub) -> None:
    quiet, looked = hub.sync(), hub.sync(checksum=True)
    assert quiet.revision == looked.revision
    assert quiet.nothing_done()
    assert quiet.exit_status() == 0


def test_it_costs_no_more_requests_than_a_look_at_everything(
    s3_with_conditions: Server, tmp_path: Path
) -> None:
    server = s3_with_conditions

    def synced() -> dict[str, int]:
        with Workspace.open(str(tmp_path), env=server.env) as opened:
            done = opened.sync(identity=Identity("ada", "one"))
        assert done.nothing_done()
        return done.requests

    url = f"{server.url}/quiet"
    begun = Workspace.init(str(tmp_path), url, options=server.options, env=server.env)
    hub = Hub(tmp_path, begun)
    hub.write({"a.txt": "one\n", "d/b.txt": "two\n", "d/nothing": ""})
    with hub.workspace:
        hub.sync()
        time.sleep(0.03)
        assert synced() == synced() == {"get": 2, "list": 2}
        # An empty object may be another tool's marker: only a look at what is known tells.
        assert not is_quiet(hub.workspace)
        hub.write({"d/nothing": "something"})
        settled(hub)
        assert synced() == {"get": 2, "list": 2}
