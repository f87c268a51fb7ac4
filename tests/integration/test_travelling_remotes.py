"""`.hubsync.toml`: the remotes beside the first one, found again on other hubs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import GitChoice, Identity, Silent, SyncRequest, Workspace
from hubsync.core.routing import SHARED_FILE
from hubsync.errors import Interrupted, RemoteUnavailable, UsageError
from hubsync.results import SyncResult
from hubsync.services.sharing import NOT_LINKED
from tests.git_hubs import git, no_ones_settings
from tests.servers import Server, moto_s3

BIG = 60_000_000


class Site:
    """A first remote, and a place for the others. ``first``: its URL."""

    def __init__(self, folder: Path, first: str) -> None:
        self.folder = folder
        self.first = first
        self.env: dict[str, str] = {}

    def begin(self, name: str = "a", mode: str | None = None) -> Workspace:
        (self.folder / name).mkdir()
        return Workspace.init(
            str(self.folder / name), self.first, git=GitChoice(mode), env=self.env
        )

    def clone(self, name: str = "b", *, only_this: bool = False) -> tuple[Workspace, SyncResult]:
        place = str(self.folder / name)
        return Workspace.clone(
            self.first, place, identity=who(name), only_this=only_this, env=self.env
        )

    def url(self, name: str) -> str:
        return (self.folder / name).as_uri()


def who(hub: str) -> Identity:
    return Identity("ada", hub)


def sync(workspace: Workspace, **asked: bool) -> SyncResult:
    return workspace.sync(SyncRequest(**asked), identity=who(os.path.basename(workspace.root)))


def put(workspace: Workspace, name: str, content: str | bytes) -> None:
    path = Path(workspace.root, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def files(place: str | Path) -> dict[str, bytes]:
    root = Path(place)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] not in (".git", ".hubsync")
    }


def codes(result: SyncResult) -> list[str]:
    return [one.code for one in result.problems]


@pytest.fixture
def mirror(tmp_path: Path) -> Site:
    return Site(tmp_path, (tmp_path / "first").as_uri())


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Site]:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "first.git")
    with no_ones_settings(tmp_path):
        yield Site(tmp_path, f"git+file://{tmp_path}/first.git")


def in_git(site: Site) -> set[str]:
    names = git(site.folder / "first.git", "ls-tree", "-rz", "--name-only", "main").split("\0")
    return {name for name in names if name}


def test_a_workspace_with_one_remote_gets_no_new_file(mirror: Site) -> None:
    with mirror.begin() as a:
        put(a, "notes", "one")
        sync(a)
        assert set(files(a.root)) == {"notes"}
        a.set_remote("origin", exclusive=True)
        assert set(files(a.root)) == {"notes"}


@pytest.mark.parametrize("storage", ["folder", "s3"])
def test_large_files_and_data_go_to_the_second_remote_from_both_hubs(
    repository: Site, s3_with_conditions: Server, storage: str, request: pytest.FixtureRequest
) -> None:
    server = s3_with_conditions
    url, options = repository.url("data"), {}
    if storage == "s3":
        repository.env = dict(server.env)
        url, options = f"{server.url}/travelling", dict(server.options)
    with repository.begin() as a:
        put(a, "notes", "one")
        put(a, "big.bin", bytes(BIG))
        held = sync(a)
        assert codes(held) == ["file-too-large-for-git"]
        assert (
            "hubsync remote add data s3://BUCKET/FOLDER --larger-than 50MB" in held.problems[0].hint
        )
        a.add_remote("data", url, options=options, include=("data/**",), larger_than=20_000_000)
        put(a, "data/points", "1,2")
        assert sync(a).problems == ()
        assert in_git(repository) == {"notes", SHARED_FILE}
        b, cloned = repository.clone()
        with b:
            assert cloned.problems == ()
            assert [one.name for one in b.remotes()] == ["origin", "data"]
            assert b.remotes()[1].larger_than == 20_000_000
            assert files(a.root) == files(b.root)
            assert sync(b).nothing_done()
            put(b, "big.bin", b"1" * BIG)
            put(b, "data/more", "from b")
            put(b, "notes", "two")
            assert sync(b).problems == ()
            put(a, "data/points", "3,4")
            assert sync(a).problems == ()
            sync(b)
            assert files(a.root) == files(b.root)
            assert in_git(repository) == {"notes", SHARED_FILE}
            assert [one.place for one in a.versions("data/points")].count("remote") == 2
            first = a.versions("big.bin")[-1]
            a.restore("big.bin", at=first.version)
            assert files(a.root)["big.bin"] == bytes(BIG)


def test_a_file_that_grows_stays_with_git_and_the_hint_says_so(repository: Site) -> None:
    with repository.begin() as a:
        put(a, "log", "short")
        a.add_remote("data", repository.url("data"), larger_than=20_000_000)
        sync(a)
        put(a, "log", bytes(BIG))
        result = sync(a)
        assert codes(result) == ["file-too-large-for-git"]
        assert "Rename it" in result.problems[0].hint
        Path(a.root, "log").rename(Path(a.root, "log2"))
        sync(a)
        assert in_git(repository) == {SHARED_FILE}
        assert files(repository.folder / "data")["log2"] == bytes(BIG)


def test_the_file_is_on_the_first_remote_whatever_the_rules_say(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("all", mirror.url("all"), include=("**",), larger_than=0)
        put(a, "notes", "one")
        sync(a)
    assert set(files(mirror.folder / "first")) == {SHARED_FILE}
    b, _ = mirror.clone()
    with b:
        assert files(b.root)["notes"] == b"one"


def test_changed_rules_arrive_on_hubs_that_are_linked(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        sync(a)
        b, _ = mirror.clone()
        with b:
            a.set_remote("data", include=("raw/**",))
            sync(a)
            assert sync(b).problems == ()
            assert b.remotes()[1].include == ("raw/**",)
            put(b, "raw/x", "x")
            sync(b)
            assert "raw/x" in files(mirror.folder / "data")
            # What was edited here by hand stays.
            config = Path(b.root, ".hubsync/config.toml")
            config.write_text(config.read_text().replace("raw/**", "mine/**"))
        a.set_remote("data", include=("other/**",))
        sync(a)
        with Workspace.open(b.root) as b:
            sync(b)
            assert b.remotes()[1].include == ("mine/**",)


def test_a_remote_that_comes_later_is_told_and_linked_when_accepted(mirror: Site) -> None:
    with mirror.begin() as a:
        put(a, "notes", "one")
        sync(a)
        b, _ = mirror.clone()
        with b:
            a.add_remote("data", mirror.url("data"), include=("data/**",))
            put(a, "data/x", "x")
            sync(a)
            told = sync(b)
            assert codes(told) == [NOT_LINKED]
            assert mirror.url("data") in told.problems[0].message
            assert "hubsync remote accept data" in told.problems[0].hint
            put(b, "data/mine", "waits")
            put(b, "free", "goes")
            sync(b)
            assert set(files(mirror.folder / "first")) == {"notes", "free", SHARED_FILE}
            assert set(files(mirror.folder / "data")) == {"data/x"}
            assert [one.code for one in b.status().problems] == [NOT_LINKED]
            b.accept_remote("data")
            assert sync(b).problems == ()
            assert files(b.root)["data/x"] == b"x"
            assert files(mirror.folder / "data")["data/mine"] == b"waits"


def test_a_remote_that_is_declined_is_not_asked_for_again(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        sync(a)
    b, cloned = mirror.clone(only_this=True)
    with b:
        assert cloned.problems == ()
        assert len(b.remotes()) == 1
        put(b, "data/mine", "to the first")
        assert sync(b).problems == ()
        assert "data/mine" in files(mirror.folder / "first")
        b.accept_remote("data")
        assert len(b.remotes()) == 2
        assert sync(b).problems == ()
    with pytest.raises(UsageError):
        Workspace.open(b.root).decline_remote("nope")


def test_what_only_this_hub_has_is_told_to_nobody(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("mine", mirror.url("mine"), include=("mine/**",), only_here=True)
        a.set_remote("mine", larger_than=5)
        sync(a)
        assert SHARED_FILE not in files(a.root)


def test_a_remote_that_is_removed_is_told_no_more(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        a.remove_remote("data")
        assert "data" not in files(a.root)[SHARED_FILE].decode().partition("[[")[2]
        sync(a)
    b, cloned = mirror.clone()
    with b:
        assert cloned.problems == ()
        assert len(b.remotes()) == 1


@pytest.mark.parametrize("again", [False, True])
def test_a_hub_that_is_linked_to_what_another_did_away_with_is_told(
    mirror: Site, again: bool
) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        sync(a)
        b, _ = mirror.clone()
        with b:
            a.remove_remote("data")
            sync(a)
            for result in (sync(b), sync(b)):
                assert [one.code for one in result.problems] == ["remote-withdrawn"]
            if again:
                b.set_remote("data", url=mirror.url("data"))
                assert sync(b).problems == ()
                sync(a)
                assert [one.name for one in a.remotes_elsewhere()] == ["data"]
            else:
                b.remove_remote("data")
                assert sync(b).problems == ()
                assert sync(a).nothing_done()


@pytest.mark.parametrize(
    "entry",
    [
        "url = 'webdav+https://elsewhere.example.org/x'",
        "url = 'gs://bucket/x'\n[remote.options]\nendpoint = 'https://elsewhere.example.org'",
        "url = 'sftp://elsewhere.example.org/x'",
        "url = 'file:///tmp'",
        "url = 'git+https://elsewhere.example.org/x.git'",
    ],
)
def test_a_clone_sends_no_credential_to_a_server_that_a_stranger_may_have_named(
    repository: Site, entry: str
) -> None:
    with repository.begin() as a:
        put(a, SHARED_FILE, f"[[remote]]\nname = 'x'\ninclude = ['**']\n{entry}\n")
        assert codes(sync(a)) == [NOT_LINKED]
        assert len(a.remotes()) == 1
    b, cloned = repository.clone()
    with b:
        assert codes(cloned) == [NOT_LINKED]
        assert len(b.remotes()) == 1


def test_a_place_inside_the_first_remote_is_not_linked(mirror: Site) -> None:
    with mirror.begin() as a:
        put(a, "inner/notes", "one")
        sync(a)
        put(a, SHARED_FILE, f"[[remote]]\nname = 'x'\nid = '1'\nurl = '{mirror.first}/inner'\n")
        sync(a)
        with pytest.raises(UsageError, match="in one another"):
            a.accept_remote("x")
    b, cloned = mirror.clone()
    with b:
        assert codes(cloned) == [NOT_LINKED]
        assert len(b.remotes()) == 1


def test_another_mirror_at_that_address_is_not_linked(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        sync(a)
    shutil.rmtree(mirror.folder / "data")
    (mirror.folder / "other").mkdir()
    with Workspace.init(str(mirror.folder / "other"), mirror.url("data")):
        pass
    b, cloned = mirror.clone()
    with b:
        assert codes(cloned) == [NOT_LINKED]
        assert "another mirror" in cloned.problems[0].message
        assert len(b.remotes()) == 1
        with pytest.raises(UsageError, match="another mirror"):
            b.accept_remote("data")
        assert len(b.remotes()) == 1


def test_a_second_remote_that_cannot_be_reached_is_named_and_gone_on_with(
    repository: Site,
) -> None:
    with moto_s3() as server:
        repository.env = dict(server.env)
        with repository.begin() as a:
            a.add_remote(
                "data", f"{server.url}/x", options=dict(server.options), include=("data/**",)
            )
            put(a, "notes", "one")
            put(a, "data/x", "x")
            sync(a)
    with pytest.raises(RemoteUnavailable, match="'data'"):
        repository.clone()
    b = Workspace.open(str(repository.folder / "b"), env=repository.env)
    with b:
        assert set(files(b.root)) == {"notes", SHARED_FILE}
        assert [one.name for one in b.remotes()] == ["origin", "data"]
        put(b, "data/mine", "waits")
        put(b, "notes", "two")
        with pytest.raises(RemoteUnavailable):
            sync(b)
        assert in_git(repository) == {"notes", SHARED_FILE}


@pytest.mark.parametrize("goes_on", ["clone", "sync"])
def test_a_clone_that_was_stopped_after_the_first_remote_goes_on(
    mirror: Site, goes_on: str
) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        put(a, "data/x", "x")
        sync(a)

    class Stopped(Silent):
        """Ends the clone once the first remote is here, as a kill would."""

        def stopping(self) -> bool:
            return (mirror.folder / "b" / SHARED_FILE).exists()

    with pytest.raises(Interrupted):
        Workspace.clone(
            mirror.first, str(mirror.folder / "b"), identity=who("b"), reporter=Stopped()
        )
    assert "data/x" not in files(mirror.folder / "b")
    if goes_on == "clone":
        b, result = mirror.clone()
    else:
        b = Workspace.open(str(mirror.folder / "b"))
        result = sync(b)
    with b:
        assert result.problems == ()
        assert files(b.root)["data/x"] == b"x"
        assert sync(b).nothing_done()
    with pytest.raises(UsageError, match="not empty"):
        mirror.clone()


def test_a_file_that_cannot_be_read_is_a_problem_and_changes_nothing(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        sync(a)
        b, _ = mirror.clone()
        with b:
            put(a, SHARED_FILE, "[[remote]]\nname = 'data'\nurl = 3\n")
            assert codes(sync(a)) == ["bad-shared-file"]
            result = sync(b)
            assert codes(result) == ["bad-shared-file"]
            assert "line 1" in result.problems[0].message
            put(b, "data/x", "x")
            sync(b)
            assert "data/x" in files(mirror.folder / "data")
            with pytest.raises(UsageError):
                b.set_remote("data", include=("y",))
            assert b.remotes()[1].include == ("data/**",)
    c, cloned = mirror.clone("c")
    with c:
        assert codes(cloned) == ["bad-shared-file"]


def test_two_hubs_that_add_remotes_at_once_lose_neither(mirror: Site) -> None:
    with mirror.begin() as a:
        put(a, "notes", "one")
        sync(a)
        b, _ = mirror.clone()
        with b:
            a.add_remote("data", mirror.url("data"), include=("data/**",))
            b.add_remote("raw", mirror.url("raw"), include=("raw/**",))
            sync(a)
            sync(b)
            sync(a)
            told = "".join(
                text.decode() for name, text in files(a.root).items() if name.startswith(".hubsync")
            )
            assert mirror.url("data") in told
            assert mirror.url("raw") in told
            assert [one.name for one in a.remotes()] == ["origin", "data"]
            assert [one.name for one in b.remotes()] == ["origin", "raw"]


def test_a_name_that_another_hub_gave_to_another_place_is_not_taken_from_it(mirror: Site) -> None:
    with mirror.begin() as a:
        sync(a)
        b, _ = mirror.clone()
        with b:
            a.add_remote("data", mirror.url("data"), include=("data/**",))
            sync(a)
            sync(b)
            with pytest.raises(UsageError, match="names a remote 'data' already"):
                b.add_remote("data", mirror.url("elsewhere"))
            assert not (mirror.folder / "elsewhere").exists()


@pytest.mark.parametrize("moved", [False, True])
def test_a_remote_that_is_told_at_another_place_is_not_said_to_be_done_away_with(
    mirror: Site, moved: bool
) -> None:
    """It moved, or two hubs added one of that name at once."""
    with mirror.begin() as a:
        if moved:
            a.add_remote("data", mirror.url("here"), include=("data/**",))
        sync(a)
        b, _ = mirror.clone()
        with b:
            if moved:
                a.set_remote("data", url=mirror.url("there"), create=True)
            else:
                b.add_remote("data", mirror.url("here"), include=("data/**",))
                a.add_remote("data", mirror.url("there"), include=("data/**",))
            sync(a)
            for result in (sync(b), sync(b)):
                assert codes(result) == [NOT_LINKED]
                assert mirror.url("there") in result.problems[0].message
            b.decline_remote("data")
            assert codes(sync(b)) == []
            a.remove_remote("data")
            sync(a)
            assert codes(sync(b)) == ["remote-withdrawn"]


def test_a_dry_run_follows_nothing(mirror: Site) -> None:
    with mirror.begin() as a:
        a.add_remote("data", mirror.url("data"), include=("data/**",))
        sync(a)
        text = files(a.root)[SHARED_FILE].decode()
        put(a, SHARED_FILE, text.replace("data/**", "raw/**"))
        sync(a, dry_run=True)
        assert a.remotes()[1].include == ("data/**",)
        sync(a)
        assert a.remotes()[1].include == ("raw/**",)
