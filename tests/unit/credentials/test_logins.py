"""Logging in and out, the token of now, and what Git is told."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from hubsync.credentials.login import site_of
from hubsync.credentials.logins import Account, Logins
from hubsync.credentials.places import Places
from hubsync.credentials.secret import Secret
from hubsync.credentials.stored import Stored, StoredLogin
from hubsync.errors import AccessDenied, LocalError, Unreachable, UsageError
from tests.servers import FakeGitHub, fake_github
from tests.servers.github import CLIENT_ID
from tests.unit.credentials.clock import Clock

HOUR = 3600


@pytest.fixture
def logins(github: FakeGitHub, places: Places, clock: Clock) -> Logins:
    env = {**places.env, "GH_HOST": github.host, "GH_SCOPED_CREDS_CLIENT_ID": CLIENT_ID}
    return opened(replace(places, env=env), clock)


def opened(places: Places, clock: Clock) -> Logins:
    return Logins(places.env, clock=clock, pause=clock.pause, places=places)


def log_in(logins: Logins) -> Account:
    return logins.finish(logins.begin(logins.default_host()))


def token(logins: Logins) -> str:
    login = logins._own.current(logins.default_host())
    return login.secret.reveal() if login else ""


def renewals(github: FakeGitHub) -> int:
    return list(github.refresh_tokens.values()).count("used")


def ask(logins: Logins, operation: str, github: FakeGitHub, **more: str) -> str:
    fields = {"protocol": "http", "host": github.host, **more}
    request = "".join(f"{key}={value}\n" for key, value in fields.items()) + "\n"
    return logins.answer(operation, request.encode()).decode()


def test_a_login_is_kept(logins: Logins, github: FakeGitHub, clock: Clock) -> None:
    assert log_in(logins) == Account(
        github.host, "octocat", "hubsync login", int(clock()) + 8 * HOUR
    )
    assert token(logins) in github.tokens
    assert [one.host for one in logins.everywhere()] == [github.host]


def test_a_personal_token_is_kept_once_github_knows_it(logins: Logins, github: FakeGitHub) -> None:
    given = github.give_token()
    assert logins.with_token(github.host, f" {given}\n").user == "octocat"
    assert token(logins) == given
    with pytest.raises(AccessDenied, match="refused the token"):
        logins.with_token(github.host, "ghp_wrong")
    assert token(logins) == given


@pytest.mark.parametrize("text", ["", "  \n", "two\nlines"])
def test_what_is_no_token_is_not_sent(logins: Logins, github: FakeGitHub, text: str) -> None:
    with pytest.raises(UsageError, match="no token"):
        logins.with_token(github.host, text)
    assert github.requests == []


def test_without_an_app_a_token_is_the_way(places: Places, clock: Clock) -> None:
    with pytest.raises(UsageError, match="No GitHub app") as raised:
        opened(places, clock).begin("github.com")
    assert "--with-token" in raised.value.hint


def test_the_app_of_the_last_login_is_used_again(
    logins: Logins, github: FakeGitHub, places: Places, clock: Clock
) -> None:
    log_in(logins)
    assert opened(places, clock).begin(github.host).client_id == CLIENT_ID


@pytest.mark.parametrize("host", ["", "a b", "github.com/x", "user@host", "-", "é.org"])
def test_what_is_no_host_is_refused(logins: Logins, host: str) -> None:
    with pytest.raises(UsageError, match="no host"):
        logins.begin(host)


def test_a_token_is_used_as_it_is_while_it_is_young(
    logins: Logins, github: FakeGitHub, clock: Clock
) -> None:
    log_in(logins)
    first = token(logins)
    clock.now += 7 * HOUR
    assert token(logins) == first
    assert renewals(github) == 0


def test_a_token_is_renewed_before_its_end(
    logins: Logins, github: FakeGitHub, clock: Clock
) -> None:
    log_in(logins)
    first = token(logins)
    clock.now += 8 * HOUR - 300
    second = token(logins)
    assert second != first
    assert github.alive(second)
    assert token(logins) == second
    assert renewals(github) == 1


def test_two_processes_renew_a_token_once(
    logins: Logins, github: FakeGitHub, places: Places, clock: Clock
) -> None:
    log_in(logins)
    clock.now += 8 * HOUR
    seen: list[str] = []
    threads = [
        threading.Thread(target=lambda: seen.append(token(opened(logins._places, clock))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert renewals(github) == 1
    assert len(seen) == 6
    assert len(set(seen)) == 1
    assert github.alive(seen[0])


def test_a_refresh_token_that_was_used_elsewhere_ends_the_login(
    logins: Logins, github: FakeGitHub, clock: Clock
) -> None:
    log_in(logins)
    for used in github.refresh_tokens:
        github.refresh_tokens[used] = "used"
    clock.now += 8 * HOUR
    asked = len(github.requests)
    assert token(logins) == ""
    assert token(logins) == ""
    assert len(github.requests) == asked + 1
    with pytest.raises(AccessDenied, match="not logged in") as raised:
        logins.who(github.host)
    assert raised.value.hint == f"Run 'hubsync login github --host {github.host}'."


def test_a_github_that_is_down_costs_no_login(
    logins: Logins, github: FakeGitHub, clock: Clock
) -> None:
    log_in(logins)
    first = token(logins)
    clock.now += 8 * HOUR - 300
    github.down = 1
    assert token(logins) == first
    clock.now += 600
    github.down = 1
    with pytest.raises(Unreachable):
        token(logins)
    assert github.alive(token(logins))


def test_who_asks_github_with_each_login(logins: Logins, github: FakeGitHub, home: Path) -> None:
    log_in(logins)
    assert logins.who(github.host).source == "hubsync login"
    github.revoke(token(logins))
    (home / ".git-credentials").write_text(
        f"http://x:wrong@{github.host}\nhttp://x:{github.give_token()}@{github.host}\n"
    )
    assert logins.who(github.host) == Account(github.host, "octocat", "~/.git-credentials")


def test_who_says_what_was_refused(logins: Logins, github: FakeGitHub, home: Path) -> None:
    (home / ".git-credentials").write_text(f"http://x:hunter2@{github.host}\n")
    (home / ".netrc").write_text("nonsense\n")
    with pytest.raises(AccessDenied) as raised:
        logins.who(github.host)
    assert "what ~/.git-credentials gave was refused" in raised.value.message
    assert "~/.netrc: it cannot be understood" in raised.value.message
    assert "hunter2" not in raised.value.message


def test_forgetting(logins: Logins, github: FakeGitHub) -> None:
    log_in(logins)
    assert logins.forget(github.host)
    assert token(logins) == ""
    assert not logins.forget(github.host)


def test_forgetting_what_others_could_read(logins: Logins, github: FakeGitHub) -> None:
    log_in(logins)
    Path(logins._places.logins).chmod(0o644)
    with pytest.raises(LocalError, match="open to others"):
        token(logins)
    assert logins.forget(github.host)
    assert token(logins) == ""


def test_without_a_home_there_is_no_place(clock: Clock) -> None:
    logins = opened(Places({}, scoped="/no/such/file"), clock)
    assert logins._own.current("github.com") is None
    with pytest.raises(UsageError, match="no home"):
        logins.begin("github.com", CLIENT_ID)


def test_git_gets_the_login(logins: Logins, github: FakeGitHub) -> None:
    log_in(logins)
    assert ask(logins, "get", github) == f"username=octocat\npassword={token(logins)}\n\n"
    assert ask(logins, "get", github, username="octocat", path="a.git").startswith("username=")


def test_git_gets_nothing_for_others(logins: Logins, github: FakeGitHub) -> None:
    log_in(logins)
    assert ask(logins, "get", github, host="github.com") == ""
    assert ask(logins, "get", github, protocol="ftp") == ""
    assert ask(logins, "get", github, username="somebody") == ""
    assert logins.answer("get", b"") == b""
    assert logins.answer("get", b"\xff\0=\n") == b""


def test_git_gets_nothing_over_an_open_line(places: Places, clock: Clock) -> None:
    assert places.logins is not None
    stored = Stored(places.logins)
    with stored.held():
        stored.put("github.com", StoredLogin("ada", Secret("ghp_ada")))
    asked = b"protocol=http\nhost=github.com\n\n"
    logins = opened(places, clock)
    assert logins.answer("get", asked) == b""
    assert b"ghp_ada" in logins.answer("get", asked.replace(b"http", b"https"))


@pytest.mark.parametrize("operation", ["store", "capability", "frobnicate"])
def test_git_stores_nothing_and_may_ask_for_more_one_day(
    logins: Logins, github: FakeGitHub, operation: str
) -> None:
    log_in(logins)
    before = token(logins)
    assert ask(logins, operation, github, username="eve", password="ghp_eve") == ""
    assert token(logins) == before


def test_git_erases_a_personal_token_that_was_refused(logins: Logins, github: FakeGitHub) -> None:
    logins.with_token(github.host, github.give_token())
    ask(logins, "erase", github, username="octocat", password="another")
    ask(logins, "erase", github)
    assert token(logins)
    ask(logins, "erase", github, username="octocat", password=token(logins))
    assert token(logins) == ""


def test_git_erases_a_token_and_gets_a_renewed_one(logins: Logins, github: FakeGitHub) -> None:
    log_in(logins)
    first = token(logins)
    github.revoke(first)
    ask(logins, "erase", github, password=first)
    assert github.alive(token(logins))


def test_the_login_comes_before_what_is_found(logins: Logins, github: FakeGitHub) -> None:
    log_in(logins)
    env = {**logins._places.env, "GITHUB_TOKEN": "of-the-environment"}
    both = Logins(env, clock=logins._clock, places=replace(logins._places, env=env))
    found = both.for_site(site_of(f"http://{github.host}/work.git"), None)
    assert [one.source for one in found] == ["hubsync login", "GITHUB_TOKEN"]


def test_who_one_is_everywhere(
    logins: Logins, github: FakeGitHub, places: Places, clock: Clock
) -> None:
    log_in(logins)
    with fake_github(clock=clock, user="hubot") as other:
        logins.with_token(other.host, other.give_token())
        assert {one.user for one in logins.everywhere()} == {"octocat", "hubot"}
        third = {**places.env, "GH_HOST": f"127.0.0.1:{other.port}"}
        assert len(opened(replace(places, env=third), clock).everywhere()) == 2
        logins.forget(github.host)
        assert [one.user for one in logins.everywhere()] == ["hubot"]
        logins.forget(other.host)
        with pytest.raises(AccessDenied, match="not logged in"):
            logins.everywhere()


def test_an_environment_is_not_shown_with_its_tokens(places: Places) -> None:
    assert "secret" not in repr(replace(places, env={"GITHUB_TOKEN": "secret"}))


def test_a_disk_that_takes_nothing_costs_no_refresh_token(
    logins: Logins, github: FakeGitHub, clock: Clock
) -> None:
    log_in(logins)
    assert logins._places.logins is not None
    lock = Path(logins._places.logins + ".lock")
    lock.unlink()
    lock.mkdir()  # as root, permissions would stop nobody
    clock.now += 8 * HOUR
    with pytest.raises(LocalError, match="cannot be kept"):
        token(logins)
    assert renewals(github) == 0
    lock.rmdir()
    assert github.alive(token(logins))
