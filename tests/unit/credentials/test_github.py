"""The device flow and the renewal of tokens, against a strict GitHub."""

from __future__ import annotations

import gc
import socket
import threading

import pytest

from hubsync.credentials.github import GitHub, Grant
from hubsync.credentials.requests import _proxies, asking
from hubsync.credentials.secret import Secret
from hubsync.errors import AccessDenied, Unreachable, UsageError
from tests.servers import FakeGitHub
from tests.servers.github import CLIENT_ID, NO_DEVICE_FLOW
from tests.unit.credentials.clock import Clock


def client(github: FakeGitHub, client_id: str = CLIENT_ID) -> GitHub:
    return GitHub(github.host, client_id, asking({}))


def logged_in(github: FakeGitHub, clock: Clock) -> Grant:
    hub = client(github)
    return hub.wait(hub.device_code(), clock, clock.pause)


def polls(github: FakeGitHub) -> int:
    return github.requests.count("POST /login/oauth/access_token")


def test_a_code_that_is_entered_gives_a_token(github: FakeGitHub, clock: Clock) -> None:
    hub = client(github)
    code = hub.device_code()
    assert code.user_code == "WDJB-0001"
    assert code.link == f"http://{github.host}/login/device"
    grant = hub.wait(code, clock, clock.pause)
    assert grant.token.reveal() in github.tokens
    assert grant.lifetime == 28800
    assert grant.refresh is not None
    assert grant.refresh.reveal() in github.refresh_tokens
    assert hub.user(grant.token) == "octocat"


def test_an_oauth_app_gives_a_token_that_does_not_expire(github: FakeGitHub, clock: Clock) -> None:
    github.token_lifetime = None
    grant = logged_in(github, clock)
    assert grant.lifetime is None
    assert grant.refresh is None


def test_it_waits_for_the_person_and_never_asks_too_soon(github: FakeGitHub, clock: Clock) -> None:
    github.approve_after = 4
    logged_in(github, clock)
    assert clock.pauses == [5, 5, 5, 5]
    assert polls(github) == 4


def test_slow_down_adds_five_seconds(github: FakeGitHub, clock: Clock) -> None:
    github.approve_after = 3
    hub = client(github)
    code = hub.device_code()
    github.devices[code.code.reveal()].interval = 9  # GitHub wants more than it said
    hub.wait(code, clock, clock.pause)
    assert clock.pauses == [5, 14, 14, 14]


def test_a_code_that_nobody_enters_expires(github: FakeGitHub, clock: Clock) -> None:
    github.approve_after = None
    with pytest.raises(AccessDenied, match="expired before it was entered"):
        logged_in(github, clock)
    assert sum(clock.pauses) < 900
    assert polls(github) == 179


def test_github_may_end_it_sooner(github: FakeGitHub, clock: Clock) -> None:
    github.approve_after = None
    hub = client(github)
    code = hub.device_code()
    github.devices[code.code.reveal()].ends = clock() + 12
    with pytest.raises(AccessDenied, match="expired"):
        hub.wait(code, clock, clock.pause)
    assert polls(github) == 3


def test_whoever_declines_is_heard(github: FakeGitHub, clock: Clock) -> None:
    github.denies = True
    with pytest.raises(AccessDenied, match="declined"):
        logged_in(github, clock)
    assert polls(github) == 1


def test_a_code_is_used_once(github: FakeGitHub, clock: Clock) -> None:
    hub = client(github)
    code = hub.device_code()
    hub.wait(code, clock, clock.pause)
    del github.devices[code.code.reveal()]
    with pytest.raises(AccessDenied, match="does not know the code"):
        hub.wait(code, clock, clock.pause)


def test_an_unknown_app(github: FakeGitHub) -> None:
    with pytest.raises(UsageError, match="no app with the client id 'nope'"):
        client(github, "nope").device_code()


def test_an_app_without_device_flow(github: FakeGitHub) -> None:
    with pytest.raises(AccessDenied, match="device flow") as raised:
        client(github, NO_DEVICE_FLOW).device_code()
    assert "--with-token" in raised.value.hint


def test_another_apps_code(github: FakeGitHub, clock: Clock) -> None:
    code = client(github).device_code()
    with pytest.raises(AccessDenied, match="client id"):
        client(github, "Iv1.another").wait(code, clock, clock.pause)


def test_a_github_that_is_down_for_a_while_is_asked_more_rarely(
    github: FakeGitHub, clock: Clock
) -> None:
    hub = client(github)
    code = hub.device_code()
    github.down = 2
    hub.wait(code, clock, clock.pause)
    assert clock.pauses == [5, 10, 20]


def test_a_token_is_renewed_once_for_each_refresh_token(github: FakeGitHub, clock: Clock) -> None:
    hub = client(github)
    first = logged_in(github, clock)
    assert first.refresh is not None
    second = hub.renewed(first.refresh)
    assert hub.user(second.token) == "octocat"
    with pytest.raises(AccessDenied, match="refused the token"):
        hub.user(first.token)
    with pytest.raises(AccessDenied, match="has expired or was revoked"):
        hub.renewed(first.refresh)


def test_a_revoked_token_is_refused(github: FakeGitHub, clock: Clock) -> None:
    grant = logged_in(github, clock)
    github.revoke(grant.token.reveal())
    with pytest.raises(AccessDenied) as raised:
        client(github).user(grant.token)
    assert raised.value.exit_status == 5
    assert grant.token.reveal() not in str(raised.value) + raised.value.hint


def test_no_secret_stands_in_a_url(github: FakeGitHub, clock: Clock) -> None:
    grant = logged_in(github, clock)
    assert grant.refresh is not None
    client(github).renewed(grant.refresh)
    client(github).user(Secret(github.give_token()))
    seen = "\n".join(github.requests)
    assert len(github.secrets) >= 5
    assert not [secret for secret in github.secrets if secret in seen]


def test_a_host_that_is_not_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Unreachable, match="cannot be reached") as raised:
            GitHub(host, CLIENT_ID, asking({})).device_code()
    assert raised.value.exit_status == 5


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_proxy_that_the_environment_names_is_used(github: FakeGitHub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        env = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}"}
        asked: list[bytes] = []

        def refuse() -> None:
            connection, _ = proxy.accept()
            with connection:
                asked.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(Unreachable, match=r"github\.example\.org cannot be reached"):
            GitHub("github.example.org", CLIENT_ID, asking(env)).device_code()
        thread.join()
        gc.collect()  # Python 3.11.2 forgets to close the connection that a proxy refused
        assert asked[0].startswith(b"CONNECT github.example.org:443 ")
        assert GitHub(
            github.host, CLIENT_ID, asking({"http_proxy": env["HTTPS_PROXY"]})
        ).device_code()


@pytest.mark.parametrize(
    ("without", "used"),
    [
        ("", True),
        ("example.org", False),
        (".example.org", False),
        ("localhost, GITHUB.example.org", False),
        ("*", False),
        ("hub.example.org,example.com", True),
        (",", True),
    ],
)
def test_no_proxy_means_domains_and_what_is_below_them(without: str, used: bool) -> None:
    env = {"https_proxy": "http://proxy:3128", "NO_PROXY": without}
    assert bool(_proxies("https", "github.example.org:8443", env)) is used


def test_a_redirect_takes_no_token_along(github: FakeGitHub) -> None:
    token = Secret(github.give_token())
    github.moved_to = f"http://localhost:{github.port}/api/v3/user"
    with pytest.raises(Unreachable, match="HTTP status 302"):
        client(github).user(token)
    assert github.requests == ["GET /api/v3/user"]


def test_a_page_for_people_is_no_answer(github: FakeGitHub) -> None:
    github.down = 1
    with pytest.raises(Unreachable, match="HTTP status 503"):
        client(github).device_code()
