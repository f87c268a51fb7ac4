"""Git servers that refuse, break off or change under one's hands: nothing is lost, nothing is half
there, and the next run goes on."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2
import pytest
from blake3 import blake3

from hubsync import Identity, Silent, Workspace
from hubsync.errors import AccessDenied, RemoteMoved, RemoteUnavailable, Unreachable
from hubsync.model import Entry, Kind
from hubsync.remotes.git.credentials import Finder
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.remote import GitRemote
from hubsync.remotes.git.transport import Credentials
from hubsync.remotes.protocol import Put, SyncNote
from tests.git_hubs import Hub, git, no_ones_settings, write
from tests.servers import GitHttp, GitSsh, git_http
from tests.servers.cutting import Wire, wire_to
from tests.servers.git_bare import protect
from tests.servers.git_http import Request
from tests.servers.git_ssh import new_key, trust
from tests.servers.processes import free_port, program

USER, TOKEN, WRONG = "ada", "token-of-the-tests", "wrong-token-of-the-tests"
LARGE = random.Random("large").randbytes(300_000).hex()
LINES = "one\ntwo\nthree\nfour\nfive\n"


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path / "nobody"):
        yield


@dataclass
class Site:
    """One repository on a server, the hubs that are linked to it, and somebody who uses git."""

    server: GitHttp
    folder: Path

    def __post_init__(self) -> None:
        self.repository = self.server.repository("remote.git")

    @property
    def url(self) -> str:
        return self.server.url("remote.git")

    def hub(self, name: str, files: dict[str, str | None]) -> Hub:
        directory = self.folder / name
        directory.mkdir()
        write(directory, files)
        return Hub(directory, Workspace.init(str(directory), self.url))

    def synced(self, name: str, files: dict[str, str | None]) -> Hub:
        hub = self.hub(name, files)
        hub.sync()
        return hub

    def clone(self, name: str) -> Hub:
        who = Identity("ada", name)
        workspace, _ = Workspace.clone(self.url, str(self.folder / name), identity=who)
        return Hub(self.folder / name, workspace)

    def somebody(
        self, files: dict[str, str | None], *, on: str = "main", force: bool = False
    ) -> str:
        """Somebody commits on ``on`` and pushes; the new tip."""
        clone = self.folder / "somebody"
        if not clone.exists():
            git(self.folder, "clone", "-q", str(self.repository), str(clone))
        git(clone, "fetch", "-q", "origin")
        start = f"origin/{on}" if on == "main" else on
        git(clone, "checkout", "-q", "-B", "main", start)
        write(clone, files)
        git(clone, "add", "-A")
        git(clone, "commit", "-qm", "by somebody")
        git(clone, "push", "-q", *(["--force"] if force else []), "origin", "main")
        return git(clone, "rev-parse", "HEAD")

    def files(self) -> dict[str, str]:
        names = git(self.repository, "ls-tree", "-rz", "--name-only", "main").split("\0")
        return {name: git(self.repository, "show", f"main:{name}") for name in names if name}

    def tip(self) -> str:
        return git(self.repository, "rev-parse", "main")

    def commits(self) -> list[str]:
        return git(self.repository, "rev-list", "main").splitlines()

    def is_sound(self) -> bool:
        git(self.repository, "fsck", "--full", "--strict")
        return True

    def made(self, wanted: Callable[[Request], bool]) -> int:
        """How many requests of that kind there were."""
        return sum(wanted(request) for request in self.server.seen())


def push_by_hand(repository: Path, clone: Path, files: dict[str, str | None]) -> None:
    """Somebody makes the first commit of the branch."""
    git(clone.parent, "init", "-q", "-b", "main", str(clone))
    write(clone, files)
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "first")
    git(clone, "push", "-q", str(repository), "main")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with git_http(tmp_path / "served") as server:
        yield Site(server, tmp_path)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GitHttp]:
    """A server that wants to know who is there."""
    with git_http(tmp_path / "served", user=USER, token=TOKEN) as server:
        server.repository("remote.git")
        yield server


def remote(url: str, root: Path, credentials: Credentials) -> GitRemote:
    root.mkdir(exist_ok=True)
    return GitRemote(GitPlace(url), str(root), credentials=credentials, pause=lambda attempt: None)


class Offers:
    """Credentials one after the other, then nothing; remembers the URLs that it is asked for, as do
    its copies."""

    def __init__(self, *found: Any) -> None:
        self._found = list(found)
        self.asked: list[str] = []

    def __call__(self, url: str, user: str | None, allowed: int) -> Any:
        self.asked.append(url)
        return self._found.pop(0) if self._found else None


def for_ever(url: str, user: str | None, allowed: int) -> Any:
    return pygit2.UserPass(USER, TOKEN)


def garbage(repository: Path) -> str:
    """What a broken transfer left behind, in git's own count."""
    counted = dict(line.split(": ") for line in git(repository, "count-objects", "-v").splitlines())
    return counted["garbage"]


# -- who is there -----------------------------------------------------------------------


@pytest.mark.parametrize("offered", [(), (pygit2.UserPass(USER, WRONG),)], ids=["none", "wrong"])
def test_credentials_that_are_missing_or_refused_end_after_few_requests(
    guarded: GitHttp, tmp_path: Path, offered: tuple[Any, ...]
) -> None:
    offers = Offers(*offered)
    with pytest.raises(AccessDenied) as caught:
        remote(guarded.url("remote.git"), tmp_path / "a", offers).connect(create=True)
    assert len(guarded.seen()) <= 1 + len(offered)
    assert len(offers.asked) == len(offered) + 1
    assert caught.value.hint
    assert WRONG not in f"{caught.value} {caught.value.hint}"


def test_a_wrong_token_that_is_offered_for_ever_ends_too(guarded: GitHttp, tmp_path: Path) -> None:
    def stubborn(url: str, user: str | None, allowed: int) -> Any:
        return pygit2.UserPass(USER, WRONG)

    with pytest.raises(AccessDenied):
        remote(guarded.url("remote.git"), tmp_path / "a", stubborn).connect(create=True)
    assert len(guarded.seen()) <= 10


def test_a_second_credential_is_tried_after_a_refusal(guarded: GitHttp, tmp_path: Path) -> None:
    offers = Offers(pygit2.UserPass(USER, WRONG), pygit2.UserPass(USER, TOKEN))
    opened = remote(guarded.url("remote.git"), tmp_path / "a", offers)
    assert opened.connect(create=True)


def test_a_token_stands_in_no_file_of_the_clone(guarded: GitHttp, tmp_path: Path) -> None:
    offers = Offers(*[pygit2.UserPass(USER, TOKEN)] * 9)
    opened = remote(guarded.url("remote.git"), tmp_path / "a", offers)
    opened.connect(create=True)
    opened.snapshot(None, listing=True)
    written = [path for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]


def test_a_repository_that_one_may_not_know_of_is_unavailable(site: Site) -> None:
    hub = site.synced("a", {"f": "1"})
    site.server.faults.missing = True
    hub.write({"f": "2"})
    with pytest.raises(RemoteUnavailable) as caught:
        hub.sync()
    assert caught.value.hint
    assert hub.files() == {"f": "2"}
    site.server.clear()
    hub.sync()
    assert site.files() == {"f": "2"}


def test_a_repository_that_was_renamed_is_followed(site: Site) -> None:
    hub = site.synced("a", {"f": "1"})
    site.repository.rename(site.repository.with_name("new.git"))
    site.repository = site.repository.with_name("new.git")
    site.server.faults.moved_to = "/new.git"
    hub.write({"f": "2"})
    hub.sync()
    assert site.files() == {"f": "2"}


def test_a_redirect_takes_no_credential_to_another_host(guarded: GitHttp, tmp_path: Path) -> None:
    def for_this_host(url: str, user: str | None, allowed: int) -> Any:
        return pygit2.UserPass(USER, TOKEN) if f":{guarded.port}/" in url else None

    with git_http(tmp_path / "elsewhere", user="eve", token="other") as elsewhere:
        guarded.faults.moved_to = f"http://127.0.0.1:{elsewhere.port}"
        url = guarded.url("group/remote.git")
        with pytest.raises(AccessDenied):
            remote(url, tmp_path / "a", for_this_host).connect(create=True)
        assert elsewhere.seen()
        assert not any("authorization" in request.headers for request in elsewhere.seen())


def test_a_token_that_is_revoked_before_the_push_leaves_the_work_here(
    guarded: GitHttp, tmp_path: Path
) -> None:
    opened = remote(guarded.url("remote.git"), tmp_path / "a", for_ever)
    opened.connect(create=True)
    seen = opened.snapshot(None, listing=True)
    (tmp_path / "f").write_text("mine")
    put = Put("f", Entry(Kind.FILE, 4, blake3(b"mine").digest()), str(tmp_path / "f"), None)
    guarded.token = "another-token"
    note = SyncNote(1_800_000_000_000_000_000, Identity("ada", "a"))
    with pytest.raises(AccessDenied):
        opened.publish([put], seen, note, Silent())
    assert git(guarded.folder / "remote.git", "for-each-ref") == ""
    guarded.token = TOKEN
    opened.publish([put], seen, note, Silent())
    assert git(guarded.folder / "remote.git", "show", "main:f") == "mine"


# -- refused pushes ---------------------------------------------------------------------


def test_who_may_only_read_is_told_so_and_keeps_the_work(site: Site) -> None:
    hub = site.synced("a", {"f": "1"})
    site.server.faults.refuse_pushes = True
    tip = site.tip()
    hub.write({"f": "2", "g": "new"})
    with pytest.raises(AccessDenied) as caught:
        hub.sync()
    assert caught.value.hint
    assert site.tip() == tip
    assert hub.files() == {"f": "2", "g": "new"}
    assert hub.is_sound()
    site.server.clear()
    hub.sync()
    assert site.files() == {"f": "2", "g": "new"}
    assert hub.is_clean()


def test_work_for_a_protected_branch_goes_to_a_side_branch(site: Site) -> None:
    hub = site.synced("a", {"f": "1"})
    protect(site.repository, "main")
    tip = site.tip()
    hub.write({"f": "2", "g": "new"})
    hub.sync()
    assert site.tip() == tip
    side = git(site.repository, "for-each-ref", "--format=%(refname)", "refs/heads/hubsync/")
    assert side.endswith("/main")
    assert git(site.repository, "show", f"{side}:f") == "2"
    assert git(site.repository, "show", f"{side}:g") == "new"
    assert hub.files() == {"f": "2", "g": "new"}
    assert hub.is_sound()


# -- broken connections -----------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 20, 100_000])
def test_a_clone_that_is_cut_off_leaves_nothing_half_there(site: Site, size: int) -> None:
    site.synced("a", {"large": LARGE, "small": "1"})
    site.server.faults.drop_fetch = size
    with pytest.raises(Unreachable) as caught:
        site.clone("b")
    assert caught.value.hint
    half = site.folder / "b"
    assert [path.name for path in half.iterdir() if path.name not in (".git", ".hubsync")] == []
    assert git(half, "for-each-ref") == ""
    assert garbage(half) == "0"
    site.server.clear()
    with Workspace.open(str(half)) as workspace:
        hub = Hub(half, workspace)
        hub.pull()
        assert hub.files() == site.files() == {"large": LARGE, "small": "1"}
        assert hub.is_sound()


@pytest.mark.parametrize("size", [0, 20, 100_000])
def test_a_fetch_that_is_cut_off_changes_nothing(site: Site, size: int) -> None:
    hub = site.synced("a", {"notes": LINES})
    seen = hub.git("rev-parse", "HEAD", "origin/main")
    site.somebody({"notes": LINES.replace("one", "ONE"), "large": LARGE})
    hub.write({"notes": LINES.replace("five", "FIVE")})
    before = hub.files()
    site.server.faults.drop_fetch = size
    with pytest.raises(Unreachable):
        hub.sync()
    assert hub.files() == before
    assert hub.git("rev-parse", "HEAD", "origin/main") == seen
    assert hub.is_sound()
    assert garbage(hub.directory) == "0"
    site.server.clear()
    hub.sync()
    merged = LINES.replace("one", "ONE").replace("five", "FIVE").rstrip("\n")
    assert hub.files() == site.files() == {"notes": merged, "large": LARGE}
    assert hub.is_sound()


@pytest.mark.parametrize("size", [0, 20, 100_000])
def test_a_push_that_is_cut_off_is_not_there_and_goes_on_later(site: Site, size: int) -> None:
    hub = site.synced("a", {"f": "1"})
    tip = site.tip()
    hub.write({"f": "2", "large": LARGE})
    site.server.faults.drop_push = size
    with pytest.raises(Unreachable) as caught:
        hub.sync()
    assert caught.value.hint
    assert site.tip() == tip
    assert site.is_sound()
    assert hub.is_sound()
    assert hub.files() == {"f": "2", "large": LARGE}
    site.server.clear()
    hub.write({"g": "later"})
    hub.sync()
    assert site.files() == {"f": "2", "large": LARGE, "g": "later"}
    assert site.is_sound()
    assert hub.is_clean()


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited meanwhile"])
def test_a_push_whose_answer_is_lost_is_made_once(site: Site, edited: bool) -> None:
    hub = site.synced("a", {"f": "1"})
    hub.write({"f": "2", "g": "new"})
    site.server.faults.lose_answer = True
    with pytest.raises(Unreachable):
        hub.sync()
    assert site.files() == {"f": "2", "g": "new"}
    site.server.clear()
    wanted = {"f": "2", "g": "new"}
    if edited:
        hub.write({"f": "3"})
        wanted["f"] = "3"
    result = hub.sync()
    assert not result.conflicts
    assert hub.files() == site.files() == wanted
    assert len(site.commits()) == 2 + edited
    assert hub.is_clean()


def test_a_server_that_does_not_listen_is_unreachable(tmp_path: Path) -> None:
    for url in (
        f"git+http://127.0.0.1:{free_port()}/a.git",
        f"ssh://ada@127.0.0.1:{free_port()}/a.git",
    ):
        with pytest.raises(Unreachable) as caught:
            remote(url, tmp_path / "a", Offers()).connect(create=True)
        assert caught.value.hint


def test_an_unknown_host_is_unreachable(tmp_path: Path) -> None:
    # No label of a name may have more than 63 characters, so that no name server is asked.
    host = "credentials-" + "x" * 63 + ".invalid"
    for url in (f"git+http://{host}/a.git", f"ssh://ada@{host}/a.git"):
        offers = Offers()
        with pytest.raises(Unreachable) as caught:
            remote(url, tmp_path / "a", offers).connect(create=True)
        assert host in str(caught.value)
        assert not offers.asked


# -- others who write -------------------------------------------------------------------

Moment = Callable[[Request], bool]

MOMENTS: dict[str, Moment] = {
    "before the push asks": lambda one: one.announces and one.service == "git-receive-pack",
    "while the push is sent": lambda one: one.pushes,
}


def once(site: Site, moment: Moment, act: Callable[[], object]) -> None:
    """Act when the first request of that kind comes."""
    acted: list[Request] = []

    def before(request: Request) -> None:
        if moment(request) and not acted:
            acted.append(request)
            act()

    site.server.faults.before = before


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_branch_that_moves_before_the_push_is_planned_again(site: Site, moment: Moment) -> None:
    hub = site.synced("a", {"notes": LINES, "theirs": "1"})
    hub.write({"notes": LINES.replace("five", "FIVE"), "new": "mine"})
    tips: list[str] = []

    def act() -> None:
        tips.append(site.somebody({"notes": LINES.replace("one", "ONE"), "theirs": "2"}))

    once(site, moment, act)
    hub.sync()
    assert not hub.sync().conflicts
    merged = LINES.replace("one", "ONE").replace("five", "FIVE").rstrip("\n")
    assert hub.files() == site.files() == {"notes": merged, "theirs": "2", "new": "mine"}
    assert tips[0] in site.commits()
    assert hub.is_clean()
    assert site.is_sound()


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_file_that_both_write_at_that_moment_is_kept_twice(site: Site, moment: Moment) -> None:
    hub = site.synced("a", {"f": "old"})
    hub.write({"f": "mine"})
    once(site, moment, lambda: site.somebody({"f": "theirs"}))
    hub.sync()
    hub.sync()
    assert hub.files() == site.files()
    assert sorted(site.files().values()) == ["mine", "theirs"]
    assert site.files()["f"] == "theirs"


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_branch_that_appears_before_the_first_push_is_united_with(
    site: Site, moment: Moment
) -> None:
    hub = site.hub("a", {"f": "mine"})
    once(
        site, moment, lambda: push_by_hand(site.repository, site.folder / "first", {"g": "theirs"})
    )
    hub.sync()
    hub.sync()
    assert hub.files() == site.files() == {"f": "mine", "g": "theirs"}


def test_a_branch_that_never_stands_still_is_given_up_without_loss(site: Site) -> None:
    hub = site.synced("a", {"f": "1"})
    hub.write({"f": "2"})
    count: list[str] = []

    def before(request: Request) -> None:
        if request.pushes:
            count.append(site.somebody({"theirs": str(len(count))}))

    site.server.faults.before = before
    with pytest.raises(RemoteMoved) as caught:
        hub.sync()
    assert caught.value.hint
    assert 3 <= len(count) <= 40
    assert site.files() == {"f": "1", "theirs": str(len(count) - 1)}
    assert hub.files()["f"] == "2"
    site.server.clear()
    hub.sync()
    hub.sync()
    assert hub.files() == site.files() == {"f": "2", "theirs": str(len(count) - 1)}


def kept(hub: Hub, content: str) -> bool:
    """Whether a content that was once here is still to be found: on the disk, in the trash, or in
    a commit that some reference holds."""
    if content in hub.files().values():
        return True
    trash = hub.directory / ".hubsync" / "trash"
    if any(path.is_file() and content in path.read_text() for path in trash.rglob("*")):
        return True
    listed = hub.git("rev-list", "--objects", "--all").splitlines()
    name = hub.git("rev-list", "--objects", "--all", "--filter=blob:none").splitlines()
    blobs = {line.split(" ")[0] for line in listed} - {line.split(" ")[0] for line in name}
    return any(hub.git("cat-file", "blob", blob) == content for blob in blobs)


def test_a_branch_that_somebody_rewound_is_followed_and_never_forced_back(site: Site) -> None:
    hub = site.synced("a", {"f": "1"})
    first = site.tip()
    hub.write({"f": "2", "g": "second"})
    hub.sync()
    forced = site.somebody({"h": "theirs"}, on=first, force=True)
    hub.write({"new": "mine"})
    hub.sync()
    hub.sync()
    assert forced in site.commits()
    assert hub.files() == site.files()
    assert site.files()["h"] == "theirs"
    assert site.files()["new"] == "mine"
    for content in ("1", "2", "second"):
        assert kept(hub, content), content
    assert hub.is_clean()
    assert hub.is_sound()
    assert site.is_sound()


def test_a_history_that_somebody_rewrote_keeps_both_sides_work(site: Site) -> None:
    hub = site.synced("a", {"f": LINES})
    hub.write({"f": LINES.replace("two", "TWO")})
    hub.sync()
    hub.write({"f": LINES.replace("two", "TWO").replace("five", "FIVE")})
    clone = site.folder / "somebody"
    git(site.folder, "clone", "-q", str(site.repository), str(clone))
    git(clone, "checkout", "-q", "--orphan", "again")
    git(clone, "commit", "-qm", "all in one")
    git(clone, "push", "-qf", "origin", "again:main")
    rewritten = site.tip()
    hub.sync()
    hub.sync()
    wanted = LINES.replace("two", "TWO").replace("five", "FIVE").rstrip("\n")
    assert hub.files() == site.files() == {"f": wanted}
    assert rewritten in site.commits()
    assert hub.is_clean()
    assert hub.is_sound()


def test_a_second_sync_asks_once_and_transfers_nothing(site: Site) -> None:
    hub = site.synced("a", {"f": "1"})
    site.server.clear()
    assert hub.sync().nothing_done()
    assert site.made(lambda one: one.fetches or one.pushes) == 0
    assert site.made(lambda one: one.announces) <= 2


# -- ssh --------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The home of somebody who knows no host yet."""
    before = pygit2.settings.homedir
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    pygit2.settings.homedir = str(tmp_path / "home")
    yield tmp_path / "home"
    if before is not None:
        pygit2.settings.homedir = before


def key_of(ssh: GitSsh) -> pygit2.Keypair:
    return pygit2.Keypair(ssh.user, f"{ssh.key}.pub", str(ssh.key), "")


def test_a_host_whose_key_is_known_is_let_in(ssh: GitSsh, home: Path, tmp_path: Path) -> None:
    ssh.repository(f"{tmp_path.name}.git")
    (home / ".ssh" / "known_hosts").write_bytes(ssh.known_hosts.read_bytes())
    opened = remote(ssh.url(f"{tmp_path.name}.git"), tmp_path / "a", Offers(key_of(ssh)))
    assert opened.connect(create=True)


@pytest.mark.parametrize("known", ["no file", "another host", "another key"])
def test_a_host_whose_key_is_unknown_or_changed_is_refused_before_a_key_is_shown(
    ssh: GitSsh, home: Path, tmp_path: Path, known: str
) -> None:
    ssh.repository(f"{tmp_path.name}.git")
    if known != "no file":
        new_key(tmp_path / "other")
        port = ssh.port if known == "another key" else free_port()
        trust(home / ".ssh" / "known_hosts", port, tmp_path / "other.pub")
    offers = Offers(*[key_of(ssh)] * 3)
    with pytest.raises(RemoteUnavailable) as caught:
        remote(ssh.url(f"{tmp_path.name}.git"), tmp_path / "a", offers).connect(create=True)
    assert not offers.asked
    assert "known_hosts" in caught.value.hint


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A running ssh-agent without keys; its socket."""
    socket_ = tmp_path / "agent"
    process = subprocess.Popen(
        [program("ssh-agent"), "-D", "-a", str(socket_)], stdout=subprocess.DEVNULL
    )
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket_))
    until(socket_.exists)
    yield socket_
    process.terminate()
    process.wait()


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("knows", [True, False], ids=["with the key", "without it"])
def test_a_key_that_only_an_agent_holds_lets_one_in(
    ssh: GitSsh, home: Path, tmp_path: Path, agent: Path, knows: bool
) -> None:
    repository = ssh.repository(f"{tmp_path.name}.git")
    (home / ".ssh" / "known_hosts").write_bytes(ssh.known_hosts.read_bytes())
    if knows:
        subprocess.run([program("ssh-add"), "-q", str(ssh.key)], check=True)
    places = {"HOME": str(home), "SSH_AUTH_SOCK": str(agent)}
    opened = remote(ssh.url(repository.name), tmp_path / "a", Finder("127.0.0.1", places))
    if knows:
        assert opened.connect(create=True)
    else:
        with pytest.raises(AccessDenied):
            opened.connect(create=True)


def test_a_server_that_takes_its_time_is_waited_for(site: Site) -> None:
    before = pygit2.settings.server_timeout
    pygit2.settings.server_timeout = 2_000
    try:
        site.server.faults.before = lambda request: time.sleep(0.8)
        hub = site.synced("a", {"f": "1"})
        assert site.files() == hub.files() == {"f": "1"}
    finally:
        pygit2.settings.server_timeout = before


def test_a_key_that_is_not_authorised_ends_in_one_refusal(
    ssh: GitSsh, home: Path, tmp_path: Path
) -> None:
    (home / ".ssh" / "known_hosts").write_bytes(ssh.known_hosts.read_bytes())
    new_key(tmp_path / "mine")
    offers = Offers(pygit2.Keypair(ssh.user, f"{tmp_path}/mine.pub", f"{tmp_path}/mine", ""))
    with pytest.raises(AccessDenied):
        remote(ssh.url("any.git"), tmp_path / "a", offers).connect(create=True)
    assert len(offers.asked) == 2


def test_a_repository_that_ssh_does_not_find_is_unavailable(
    ssh: GitSsh, home: Path, tmp_path: Path
) -> None:
    (home / ".ssh" / "known_hosts").write_bytes(ssh.known_hosts.read_bytes())
    with pytest.raises(RemoteUnavailable):
        remote(ssh.url("absent.git"), tmp_path / "a", Offers(key_of(ssh))).connect(create=True)


@pytest.fixture
def wire(ssh: GitSsh, home: Path) -> Iterator[Wire]:
    """To the SSH server, which is known under the wire's port."""
    with wire_to(ssh.port) as wire:
        trust(home / ".ssh" / "known_hosts", wire.port, ssh.host_key)
        yield wire


@pytest.mark.parametrize("cut", [0, 500, 2_000, 3_500, 100_000])
def test_a_fetch_over_ssh_that_is_cut_off_leaves_nothing_half_there(
    ssh: GitSsh, wire: Wire, tmp_path: Path, cut: int
) -> None:
    repository = ssh.repository(f"{tmp_path.name}.git")
    push_by_hand(repository, tmp_path / "somebody", {"large": LARGE})
    url = ssh.url(repository.name, wire.port)
    opened = remote(url, tmp_path / "a", lambda *_: key_of(ssh))
    opened.connect(create=True)
    wire.cut_down = cut
    with pytest.raises(Unreachable) as caught:
        opened.snapshot(None, listing=True)
    assert caught.value.hint
    assert git(tmp_path / "a", "for-each-ref") == ""
    assert garbage(tmp_path / "a") == "0"
    wire.cut_down = None
    assert set(opened.snapshot(None, listing=True).tree) == {"large"}
    git(tmp_path / "a", "fsck", "--strict")


@pytest.mark.parametrize("cut", [0, 500, 2_000, 3_500, 100_000])
def test_a_push_over_ssh_that_is_cut_off_is_not_there_and_goes_on_later(
    ssh: GitSsh, wire: Wire, tmp_path: Path, cut: int
) -> None:
    repository = ssh.repository(f"{tmp_path.name}.git")
    opened = remote(ssh.url(repository.name, wire.port), tmp_path / "a", lambda *_: key_of(ssh))
    opened.connect(create=True)
    seen = opened.snapshot(None, listing=True)
    data = LARGE.encode()
    (tmp_path / "f").write_bytes(data)
    put = Put("f", Entry(Kind.FILE, len(data), blake3(data).digest()), str(tmp_path / "f"), None)
    note = SyncNote(1_800_000_000_000_000_000, Identity("ada", "a"))
    wire.cut_up = cut
    with pytest.raises(Unreachable):
        opened.publish([put], seen, note, Silent())
    assert git(repository, "for-each-ref") == ""
    git(repository, "fsck", "--strict")
    wire.cut_up = None
    opened.publish([put], seen, note, Silent())
    assert git(repository, "show", "main:f") == LARGE
    git(repository, "fsck", "--strict")


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert 0 < pygit2.settings.server_timeout <= 120_000
        before = pygit2.settings.server_timeout
        pygit2.settings.server_timeout = 1_000
        try:
            for url in (
                f"git+http://127.0.0.1:{port}/a.git",
                f"ssh://ada@127.0.0.1:{port}/a.git",
            ):
                with pytest.raises(Unreachable):
                    remote(url, tmp_path / "a", Offers()).connect(create=True)
        finally:
            pygit2.settings.server_timeout = before
