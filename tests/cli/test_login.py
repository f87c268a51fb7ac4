"""Logging in at GitHub, and what of it can be seen."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from tests.cli.running import SCRIPT, Hub, Ran
from tests.cli.test_json import validate
from tests.servers import FakeGitHub, fake_github

TOO_MANY = ("GITHUB_TOKEN", "GH_TOKEN", "GH_CONFIG_DIR", "NETRC", "SSH_AUTH_SOCK")


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    """With a repository `work.git`; codes are entered at once."""
    repositories = tmp_path / "repositories"
    pygit2.init_repository(repositories / "work.git", bare=True, initial_head="main")
    with fake_github(repositories=repositories, interval=1) as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A home with nothing in it, on a hub that has an app."""
    for variable in TOO_MANY:
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    return Hub(
        home,
        {
            "HOME": str(home),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **github.env,
        },
    )


def given(hub: Hub, text: str, *arguments: str) -> Ran:
    """The command with a standard input."""
    with hub.start(*arguments, stdin=subprocess.PIPE) as process:
        out, err = process.communicate(text, timeout=60)
    return Ran(process.returncode, out, err)


def git(hub: Hub, *arguments: str) -> str:
    ran = subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
        cwd=hub.directory,
        env={
            **hub.environ,
            "PATH": f"{SCRIPT.parent}:/usr/bin:/bin",
            "GIT_TERMINAL_PROMPT": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


def test_login_shows_code_and_link_and_what_is_next(hub: Hub, github: FakeGitHub) -> None:
    ran = hub.run("login", "github").ok()
    assert ran.err == (
        f"Open http://{github.host}/login/device and enter the code WDJB-0001\n"
        "Waiting for up to 15 minutes ...\n"
    )
    assert ran.out.splitlines() == [
        f"Logged in at {github.host} as octocat.",
        "Choose the repositories that may be used from here: https://github.example.org/apps/hub",
        "To use it in git too, run once: git config --global --replace-all"
        f" credential.http://{github.host}.helper '!hubsync git-credential' hubsync",
    ]


def test_the_code_is_shown_even_if_only_little_is_to_be_said(hub: Hub) -> None:
    assert "WDJB-0001" in hub.run("-q", "login").ok().err


def test_login_changes_no_setting_of_git(hub: Hub) -> None:
    hub.run("login").ok()
    names = {path.name for path in hub.directory.rglob("*") if path.is_file()}
    assert names == {"hubsync-logins.json", "hubsync-logins.json.lock"}


def test_whoami_says_who_and_from_where(hub: Hub, github: FakeGitHub) -> None:
    hub.run("login").ok()
    assert (
        hub.run("whoami")
        .ok()
        .out.startswith(f"octocat at {github.host} (hubsync login, expires 20")
    )


def test_whoami_without_a_login(hub: Hub, github: FakeGitHub) -> None:
    ran = hub.run("whoami")
    assert ran.status == 5
    assert ran.err == (
        f"error: You are not logged in at {github.host}.\n"
        f"hint: Run 'hubsync login github --host {github.host}'.\n"
    )


def test_logout_forgets(hub: Hub, github: FakeGitHub) -> None:
    hub.run("login").ok()
    assert hub.run("logout").ok().out == f"The login at {github.host} is forgotten.\n"
    assert hub.run("logout").ok().out == f"There was no login at {github.host}.\n"
    assert hub.run("whoami").status == 5


def test_a_token_comes_from_standard_input(hub: Hub, github: FakeGitHub) -> None:
    ran = given(hub, github.give_token() + "\n", "login", "--with-token").ok()
    assert ran.err == ""
    assert f"Logged in at {github.host} as octocat." in ran.out


def test_a_token_is_no_argument(hub: Hub, github: FakeGitHub) -> None:
    token = github.give_token()
    for words in (("github", token), (token,), (f"--with-token={token}",), ("--with-token", token)):
        for options in ((), ("--json",)):
            ran = hub.run("login", *options, *words)
            assert ran.status == 2
            assert token not in ran.out + ran.err
    assert "standard input" in hub.run("login", token).err
    assert github.requests == []


def test_a_wrong_token_is_refused_and_not_kept(hub: Hub) -> None:
    ran = given(hub, "ghp_wrong\n", "login", "--with-token")
    assert ran.status == 5
    assert ran.err.count("hint:") == 1
    assert "ghp_wrong" not in ran.out + ran.err
    assert not list(hub.directory.rglob("hubsync-logins.json"))


def test_nothing_on_standard_input_is_wrong_usage(hub: Hub) -> None:
    assert given(hub, "", "login", "--with-token").status == 2


@pytest.mark.parametrize("arguments", [("login",), ("login", "--json")])
def test_an_app_that_github_does_not_know(hub: Hub, arguments: tuple[str, ...]) -> None:
    ran = hub.run(*arguments, "--client-id", "nope")
    assert ran.status == 2
    if "--json" in arguments:
        validate(ran.json(), "error")


def test_a_login_that_is_declined(hub: Hub, github: FakeGitHub) -> None:
    github.denies = True
    ran = hub.run("login")
    assert ran.status == 5
    assert ran.err.endswith(
        f"error: The login was declined on {github.host}.\n"
        f"hint: Run 'hubsync login github --host {github.host}' again.\n"
    )


def test_an_interrupted_login_keeps_nothing(hub: Hub, github: FakeGitHub) -> None:
    github.approve_after = None
    with hub.start("login") as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert not list(hub.directory.rglob("hubsync-logins.json"))


def test_documents_are_as_described(hub: Hub, github: FakeGitHub) -> None:
    login = hub.run("login", "--json").ok()
    validate(login.json(), "login")
    assert "WDJB" in login.err
    validate(hub.run("whoami", "--json").ok().json(), "whoami")
    validate(hub.run("logout", "--json").ok().json(), "logout")
    validate(hub.run("whoami", "--json").json(), "error")


def test_files_are_for_their_owner_alone(hub: Hub) -> None:
    hub.run("login").ok()
    folder = hub / ".local/share/hubsync/credentials"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_file_that_others_can_read_is_refused(hub: Hub) -> None:
    hub.run("login").ok()
    (hub / ".local/share/hubsync/credentials/hubsync-logins.json").chmod(0o644)
    ran = hub.run("whoami")
    assert ran.status == 1
    assert "is open to others" in ran.err
    hub.run("logout").ok()
    hub.run("login").ok()


def test_plain_git_pushes_after_a_login(hub: Hub, github: FakeGitHub) -> None:
    told = hub.run("login", "--json").ok().json()["git_config"]
    for _ in range(2):  # it may be run again
        subprocess.run(["sh", "-c", told], env={**hub.environ, "PATH": "/usr/bin:/bin"}, check=True)
    assert (hub / ".gitconfig").read_text().count("helper") == 1
    git(hub, "init", "-q", "-b", "main", "work")
    git(hub, "-C", "work", "commit", "-q", "--allow-empty", "-m", "first")
    said = git(hub, "-C", "work", "push", f"http://{github.host}/work.git", "main")
    said += git(hub, "clone", f"http://{github.host}/work.git", "clone")
    held = [
        path for path in hub.directory.rglob("*") if path.is_file() and ".local" not in str(path)
    ]
    text = said + "".join(path.read_text(errors="replace") for path in held)
    assert not [secret for secret in github.secrets if secret in text]


def test_git_credential_serves_get_and_passes_over_the_rest(hub: Hub, github: FakeGitHub) -> None:
    hub.run("login").ok()
    asked = f"protocol=http\nhost={github.host}\n\n"
    [token] = [one for one in github.tokens if github.alive(one)]
    assert given(hub, asked, "git-credential", "get") == Ran(
        0, f"username=octocat\npassword={token}\n\n", ""
    )
    assert (
        given(hub, "protocol=https\nhost=example.org\n\n", "git-credential", "get").ok().out == ""
    )
    assert given(hub, asked, "git-credential", "store") == Ran(0, "", "")
    assert given(hub, asked, "git-credential", "some-day") == Ran(0, "", "")


@pytest.mark.parametrize("with_token", [False, True])
def test_a_sync_with_an_expired_or_revoked_login_ends_with_5_and_one_hint(
    hub: Hub, github: FakeGitHub, with_token: bool
) -> None:
    github.token_lifetime = None
    if with_token:
        given(hub, github.give_token(), "login", "--with-token").ok()
    else:
        hub.run("login").ok()
    hub.write("work/notes.md", "one\n")
    hub.run("-C", "work", "init", f"git+http://{github.host}/work.git").ok()
    hub.run("-C", "work", "sync").ok()
    for token in github.tokens:
        github.revoke(token)
    hub.write("work/notes.md", "two\n")
    asked = len(github.requests)
    ran = hub.run("-vv", "-C", "work", "sync")
    assert ran.status == 5
    assert ran.err.count("hint:") == 1
    assert "hubsync login" in ran.err
    assert len(github.requests) - asked < 5
    assert not [secret for secret in github.secrets if secret in ran.out + ran.err]
    hidden = (hub / "work").rglob("*")
    text = "".join(path.read_text(errors="replace") for path in hidden if path.is_file())
    assert not [secret for secret in github.secrets if secret in text]


def test_processes_at_once_use_a_refresh_token_once(hub: Hub, github: FakeGitHub) -> None:
    github.token_lifetime = 60  # to be renewed when it is used
    hub.run("login").ok()
    github.token_lifetime = 28800
    asked = f"protocol=http\nhost={github.host}\n\n"
    running = [
        hub.start(*words, stdin=subprocess.PIPE)
        for words in (("git-credential", "get"), ("whoami",), ("git-credential", "get"))
    ]
    ended = [process.communicate(asked, timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    given_out = {out for out, _ in ended if out.startswith("username=")}
    assert len(given_out) == 1
    assert list(github.refresh_tokens.values()).count("used") == 1
    hub.run("whoami").ok()


def test_a_killed_login_leaves_the_one_before_or_its_own(hub: Hub, github: FakeGitHub) -> None:
    hub.run("login").ok()
    for wait in (0.1, 0.25, 0.4, 0.55, 0.7):
        token = github.give_token()
        with hub.start("login", "--with-token", stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(token)
            process.stdin.close()
            time.sleep(wait)
            process.kill()
        assert hub.run("whoami").ok().out.startswith("octocat at")
    folder = hub / ".local/share/hubsync/credentials"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_no_secret_is_an_argument_or_a_variable_of_what_is_started(
    hub: Hub, github: FakeGitHub
) -> None:
    """Every process of the machine can read /proc/*/cmdline."""
    seen: list[bytes] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    seen.append(place.read_bytes())

    watching = threading.Thread(target=look)
    watching.start()
    try:
        token = github.give_token()
        with hub.start("login", "--with-token", stdin=subprocess.PIPE) as process:
            process.communicate(token, timeout=60)
        hub.write("work/notes.md", "one\n")
        hub.script("-C", "work", "init", f"git+http://{github.host}/work.git").ok()
        hub.script("-C", "work", "sync").ok()
        hub.script("whoami").ok()
    finally:
        done.set()
        watching.join()
    assert any(b"hubsync" in one for one in seen)
    assert not [one for one in seen if token.encode() in one]


def test_no_output_shows_a_secret(hub: Hub, github: FakeGitHub) -> None:
    github.token_lifetime = 300  # renewed each time that it is used
    ran = [hub.run("-vv", *words) for words in (("login",), ("whoami",), ("whoami", "--json"))]
    for used in github.refresh_tokens:
        github.refresh_tokens[used] = "used"
    for token in github.tokens:
        github.revoke(token)
    ran.append(hub.run("-vv", "whoami"))
    assert ran[-1].status == 5
    ran.append(given(hub, github.give_token(), "-vv", "login", "--with-token", "--json"))
    path = next(hub.directory.rglob("hubsync-logins.json"))
    path.write_text(path.read_text() + "}")
    ran.append(hub.run("-vv", "whoami"))
    assert ran[-1].status == 1
    ran.append(hub.run("-vv", "logout"))
    shown = "".join(one.out + one.err for one in ran)
    assert len(github.secrets) > 4
    assert not [secret for secret in github.secrets if secret in shown]


def test_a_login_is_never_synced_with_a_home(hub: Hub, tmp_path: Path) -> None:
    hub.run("login").ok()
    hub.write("notes.md", "one\n")
    (tmp_path / "remote").mkdir()
    hub.run("init", (tmp_path / "remote").as_uri()).ok()
    hub.run("sync").ok()
    there = {path.name for path in (tmp_path / "remote").rglob("*")}
    assert "notes.md" in there
    assert not [name for name in there if "hubsync-logins" in name]
