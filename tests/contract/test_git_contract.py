"""The contract of remotes on a Git repository in either mode: in a folder, over HTTP, over SSH."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygit2
import pytest
from pygit2.enums import CredentialType

from hubsync.errors import RemoteUnavailable
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.remote import GitRemote
from hubsync.remotes.git.transport import Credentials
from hubsync.remotes.protocol import Remote
from tests.contract.remote_contract import OpenRemote, RemoteContract
from tests.git_hubs import no_ones_settings
from tests.servers import GitHttp, GitSsh, git_http

USER, TOKEN = "ada", "token-of-the-tests"


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path) -> Iterator[None]:
    with no_ones_settings(tmp_path / "nobody"):
        yield


def nobody(url: str, user: str | None, allowed: int) -> None:
    return None


def with_token(url: str, user: str | None, allowed: int) -> Any:
    assert allowed & CredentialType.USERPASS_PLAINTEXT
    return pygit2.UserPass(USER, TOKEN)


@pytest.fixture(params=["branch", "shadow"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def opener(url: str, credentials: Credentials, mode: str) -> OpenRemote:
    """Each hub has a clone of its own."""

    def opened(scratch: Path) -> Remote:
        root = scratch.parent / "clone"
        root.mkdir(parents=True, exist_ok=True)
        place = GitPlace(url, mode=mode, user="ada")
        return GitRemote(place, str(root), credentials=credentials, pause=lambda attempt: None)

    return opened


class TestFolder(RemoteContract):
    @pytest.fixture
    def place(self, tmp_path: Path, mode: str) -> OpenRemote:
        return opener(f"git+file://{tmp_path}/remote.git", nobody, mode)


class _Served(RemoteContract):
    """A repository on a server, where somebody has to make it first."""

    @pytest.fixture
    def absent(self) -> OpenRemote:
        """Opens a repository that the server has not."""
        raise NotImplementedError

    def test_a_missing_remote_is_not_made_unless_asked(
        self, absent: OpenRemote, tmp_path: Path
    ) -> None:
        for create in (False, True):
            remote = absent(tmp_path / f"{create}" / "scratch")
            with pytest.raises(RemoteUnavailable) as caught:
                remote.connect(create=create)
            assert caught.value.hint
            assert TOKEN not in str(caught.value)


class TestHttp(_Served):
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[GitHttp]:
        with git_http(tmp_path / "served", user=USER, token=TOKEN) as server:
            server.repository("remote.git")
            yield server

    @pytest.fixture
    def place(self, server: GitHttp, mode: str) -> OpenRemote:
        return opener(server.url("remote.git"), with_token, mode)

    @pytest.fixture
    def absent(self, server: GitHttp, mode: str) -> OpenRemote:
        return opener(server.url("absent.git"), with_token, mode)


class TestSsh(_Served):
    @pytest.fixture
    def place(self, ssh: GitSsh, tmp_path: Path, mode: str) -> Iterator[OpenRemote]:
        ssh.repository(f"{tmp_path.name}.git")
        before = pygit2.settings.homedir
        pygit2.settings.homedir = str(ssh.home)
        yield opener(ssh.url(f"{tmp_path.name}.git"), self._with_key(ssh), mode)
        if before is not None:
            pygit2.settings.homedir = before

    @pytest.fixture
    def absent(self, ssh: GitSsh, place: OpenRemote, mode: str) -> OpenRemote:
        return opener(ssh.url("absent.git"), self._with_key(ssh), mode)

    def _with_key(self, ssh: GitSsh) -> Credentials:
        def found(url: str, user: str | None, allowed: int) -> Any:
            assert allowed & CredentialType.SSH_KEY
            return pygit2.Keypair(user or ssh.user, f"{ssh.key}.pub", str(ssh.key), "")

        return found
