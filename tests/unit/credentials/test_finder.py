"""libgit2 asks, over HTTP and SSH: what it is given, and that a refusal comes to an end."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pygit2
import pytest
from msgspec.structs import replace
from pygit2.enums import ConfigLevel, CredentialType

from hubsync.credentials import keys
from hubsync.credentials.logins import Logins
from hubsync.credentials.places import Places
from hubsync.errors import AccessDenied, Unreachable
from hubsync.remotes.git.credentials import Finder
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.transport import Transport
from tests.servers import FakeGitHub, GitSsh, fake_github
from tests.servers.github import CLIENT_ID

USERPASS = int(CredentialType.USERPASS_PLAINTEXT)
SSH = int(CredentialType.SSH_KEY)
USERNAME = int(CredentialType.USERNAME)


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path) -> Iterator[None]:
    """What the machine's own Git configuration says is not asked."""
    levels = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL)
    before = {level: pygit2.settings.search_path[level] for level in levels}
    for level in levels:
        pygit2.settings.search_path[level] = str(tmp_path / "nobody")
    yield
    for level, path in before.items():
        pygit2.settings.search_path[level] = path


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    """With a repository `work.git`, on this machine's clock."""
    repositories = tmp_path / "repositories"
    pygit2.init_repository(repositories / "work.git", bare=True)
    with fake_github(repositories=repositories) as server:
        yield server


def transport(github: FakeGitHub, places: Places, tmp_path: Path, user: str = "") -> Transport:
    place = GitPlace(f"git+http://{user}{github.host}/work.git")
    repository = pygit2.init_repository(tmp_path / "clone")
    return Transport(repository, place, Finder(place.host, places.env, places))


def stored(home: Path, github: FakeGitHub, *secrets: str) -> None:
    lines = (f"http://x-access-token:{one}@{github.host}\n" for one in secrets)
    (home / ".git-credentials").write_text("".join(lines))


def tried(github: FakeGitHub) -> list[str]:
    return [one.partition(":")[2] for one in github.basic if one]


def test_the_next_is_tried_after_a_refusal_and_refused_ones_are_not_tried_again(
    github: FakeGitHub, places: Places, home: Path, tmp_path: Path
) -> None:
    good = github.give_token()
    stored(home, github, "first", "second", "second", good)
    there = transport(github, places, tmp_path)
    assert there.heads() == ({}, "")
    assert tried(github) == ["first", "second", good]
    there.heads()
    there.heads()
    assert tried(github) == ["first", "second", good, good, good]


def test_an_expired_token_ends_in_one_error(
    github: FakeGitHub, places: Places, home: Path, tmp_path: Path
) -> None:
    token = github.give_token()
    stored(home, github, token)
    there = transport(github, places, tmp_path)
    there.heads()
    github.revoke(token)
    for _ in range(3):
        with pytest.raises(AccessDenied) as raised:
            there.heads()
    assert raised.value.exit_status == 5
    assert raised.value.hint
    assert token not in raised.value.message + raised.value.hint
    assert tried(github) == [token, token]


def test_without_any_login_nothing_is_tried(
    github: FakeGitHub, places: Places, tmp_path: Path
) -> None:
    with pytest.raises(AccessDenied):
        transport(github, places, tmp_path).heads()
    assert tried(github) == []


def test_a_login_that_was_revoked_is_renewed_once(
    github: FakeGitHub, places: Places, tmp_path: Path
) -> None:
    with_app = {**places.env, "GH_SCOPED_CREDS_CLIENT_ID": CLIENT_ID}
    logins = Logins(with_app, pause=lambda seconds: None, places=replace(places, env=with_app))
    github.interval = 0
    logins.finish(logins.begin(github.host))
    there = transport(github, places, tmp_path)
    there.heads()
    [first] = [token for token in github.tokens if github.alive(token)]
    github.revoke(first)
    there.heads()
    [second] = [token for token in github.tokens if github.alive(token)]
    assert tried(github) == [first, first, second]
    github.revoke(second)
    for used in github.refresh_tokens:
        github.refresh_tokens[used] = "used"
    with pytest.raises(AccessDenied):
        there.heads()
    assert tried(github) == [first, first, second, second]


def test_a_helper_is_told_that_its_own_was_refused(
    github: FakeGitHub, places: Places, home: Path, tmp_path: Path
) -> None:
    program = home / "helper.sh"
    program.write_text(
        '#!/bin/sh\ncat > ~/"$1"\ntest "$1" = get && echo username=x && echo password=of-helper\n'
    )
    program.chmod(0o700)
    (home / ".gitconfig").write_text(f"[credential]\n\thelper = {program}\n")
    stored(home, github, "of-store")
    there = transport(github, places, tmp_path)
    with pytest.raises(AccessDenied):
        there.heads()
    assert tried(github) == ["of-store", "of-helper"]
    erased = (home / "erase").read_text()
    assert "password=of-helper" in erased
    assert "of-store" not in erased


def test_no_secret_reaches_the_clones_configuration(
    github: FakeGitHub, places: Places, home: Path, tmp_path: Path
) -> None:
    token = github.give_token()
    stored(home, github, token)
    transport(github, places, tmp_path).heads()
    files = [path for path in (tmp_path / "clone").rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if token.encode() in path.read_bytes()] == []


def test_another_host_is_told_nothing(places: Places, home: Path) -> None:
    (home / ".git-credentials").write_text("https://ada:secret@elsewhere.example.org\n")
    finder = Finder("github.com", places.env, places)
    assert finder("https://elsewhere.example.org/a.git", None, USERPASS) is None


def test_a_name_then_the_agent_then_the_keys_without_a_passphrase(
    places: Places, home: Path, tmp_path: Path
) -> None:
    (home / ".ssh").mkdir()
    for name, phrase in (("id_ed25519", ""), ("id_ecdsa", "secret"), ("id_rsa", "")):
        kind = name.removeprefix("id_")
        old = ["-m", "PEM"] if kind == "rsa" else []
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, *old, "-N", phrase, "-f", home / ".ssh" / name],
            check=True,
        )
    (home / ".ssh/id_rsa.pub").unlink()
    with_agent = replace(places, env={**places.env, "SSH_AUTH_SOCK": str(tmp_path / "agent")})
    finder = Finder("github.com", with_agent.env, with_agent)
    url = "git@github.com:ada/work.git"
    assert finder(url, None, USERNAME).credential_tuple == ("git",)
    given = []
    while (one := finder(url, "git", SSH)) is not None:
        given.append(one.credential_tuple)
    ssh = f"{home}/.ssh"
    assert given == [
        ("git", None, None, None),
        ("git", f"{ssh}/id_ed25519.pub", f"{ssh}/id_ed25519", ""),
        ("git", None, f"{ssh}/id_rsa", ""),
    ]
    assert copy(finder)(url, "git", SSH).credential_tuple == given[0]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n!\n-----END OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n",
    ],
)
def test_a_key_that_would_ask_is_not_given(places: Places, home: Path, content: str) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh/id_rsa").write_text(content)
    assert keys.private_keys(places) == []


@pytest.fixture
def known(ssh: GitSsh, home: Path) -> Iterator[Path]:
    """The user's ``~/.ssh``, which knows the host and has no key yet."""
    folder = home / ".ssh"
    folder.mkdir(mode=0o700)
    shutil.copy(ssh.known_hosts, folder)
    before = pygit2.settings.homedir
    pygit2.settings.homedir = str(home)
    yield folder
    pygit2.settings.homedir = before


def over_ssh(ssh: GitSsh, places: Places, tmp_path: Path) -> Transport:
    ssh.repository(f"{tmp_path.name}.git")
    place = GitPlace(ssh.url(f"{tmp_path.name}.git"))
    repository = pygit2.init_repository(tmp_path / "clone")
    return Transport(repository, place, Finder(place.host, places.env, places))


def test_the_next_key_is_tried_after_a_refusal(
    ssh: GitSsh, known: Path, places: Places, tmp_path: Path
) -> None:
    for name in ("id_ed25519", "id_ecdsa"):  # one that the server does not know, one that would ask
        phrase = "" if name == "id_ed25519" else "secret"
        kind = name.removeprefix("id_")
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", phrase, "-f", known / name], check=True
        )
    there = over_ssh(ssh, places, tmp_path)
    for _ in range(2):
        with pytest.raises(AccessDenied):
            there.heads()
    shutil.copy(ssh.key, known / "id_rsa")
    assert there.heads() == ({}, "")
    assert there.heads() == ({}, "")


def test_an_agent_is_asked_first(
    ssh: GitSsh, known: Path, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = str(tmp_path / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL) as agent:
        try:
            while not Path(socket).exists():
                assert agent.poll() is None
            monkeypatch.setenv("SSH_AUTH_SOCK", socket)  # libssh2 reads it itself
            there = over_ssh(
                ssh, replace(places, env={**places.env, "SSH_AUTH_SOCK": socket}), tmp_path
            )
            with pytest.raises(AccessDenied):
                there.heads()
            subprocess.run(["ssh-add", "-q", ssh.key], check=True)
            assert there.heads() == ({}, "")
        finally:
            agent.terminate()


def test_a_login_that_cannot_be_renewed_now_is_not_refused(
    github: FakeGitHub, places: Places, tmp_path: Path
) -> None:
    with_app = {**places.env, "GH_SCOPED_CREDS_CLIENT_ID": CLIENT_ID}
    logins = Logins(
        with_app,
        clock=lambda: time.time() - 9 * 3600,
        pause=lambda seconds: None,
        places=replace(places, env=with_app),
    )
    github.interval = 0
    logins.finish(logins.begin(github.host))
    there = transport(github, places, tmp_path)
    github.down = 20
    with pytest.raises(Unreachable):
        there.heads()
    with pytest.raises(Unreachable):
        Logins(with_app, places=replace(places, env=with_app)).who(github.host)
    assert tried(github) == []
    github.down = 0
    there.heads()
    assert len(tried(github)) == 1
