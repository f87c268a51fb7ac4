"""What is found without a login: where, for whom, and in which order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from hubsync.credentials import found, helpers
from hubsync.credentials.login import Login, Unusable, site_of
from hubsync.credentials.places import Places

URL = "https://github.com/ada/work.git"
SCOPED = "https://x-access-token:of-scoped@github.com\n"
STORE = "https://ada:of-store@github.com\n"
XDG_STORE = "https://ada:of-xdg@github.com\n"
NETRC = "machine github.com login ada password of-netrc\n"
GH = """\
github.com:
    users:
        ada:
            oauth_token: of-another
    git_protocol: https
    user: ada
    oauth_token: of_gh
ghe.example.org:
    oauth_token: "of_ghe"  # by hand
'quoted.example.org':
  oauth_token: 'of_quoted'
"""


def secrets(places: Places, url: str = URL, user: str | None = None) -> list[str]:
    return [
        one.secret.reveal()
        for one in found.logins(site_of(url), user, places)
        if isinstance(one, Login)
    ]


def unusable(places: Places, url: str = URL) -> list[Unusable]:
    return [one for one in found.logins(site_of(url), None, places) if isinstance(one, Unusable)]


def with_env(places: Places, **variables: str) -> Places:
    return replace(places, env={**places.env, **variables})


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def helper(home: Path, script: str) -> None:
    """Git's own configuration with one helper, a script that gets the operation as ``$1``."""
    program = write(home / "helper.sh", f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    write(home / ".gitconfig", f"[credential]\n\thelper = {program}\n")


@pytest.fixture
def everywhere(home: Path, places: Places) -> Places:
    write(Path(places.scoped), SCOPED)
    write(home / ".git-credentials", STORE)
    write(home / ".config/git/credentials", XDG_STORE)
    write(home / ".config/gh/hosts.yml", GH)
    write(home / ".netrc", NETRC)
    helper(home, 'test "$1" = get && echo username=ada && echo password=of-helper')
    return with_env(places, GITHUB_TOKEN="of-github-token", GH_TOKEN="of-gh-token")


def test_the_order_of_the_places(everywhere: Places) -> None:
    assert secrets(everywhere) == [
        "of-github-token",
        "of-gh-token",
        "of-scoped",
        "of-store",
        "of-xdg",
        "of_gh",
        "of-netrc",
        "of-helper",
    ]


def test_helpers_run_only_if_nothing_else_served(everywhere: Places, home: Path) -> None:
    helper(home, "touch ~/asked; echo password=of-helper")
    first = next(found.logins(site_of(URL), None, everywhere))
    assert isinstance(first, Login)
    assert first.source == "GITHUB_TOKEN"
    assert not (home / "asked").exists()


def test_every_source_is_named_and_shows_no_secret(everywhere: Places) -> None:
    logins = list(found.logins(site_of(URL), None, everywhere))
    assert [one.source for one in logins] == [
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "gh-scoped-creds",
        "~/.git-credentials",
        "~/.config/git/credentials",
        "~/.config/gh/hosts.yml",
        "~/.netrc",
        helpers.SOURCE,
    ]
    assert "of-" not in repr(logins)


def test_nothing_is_found_in_an_empty_home(places: Places) -> None:
    assert list(found.logins(site_of(URL), None, places)) == []


def test_nothing_is_found_without_a_home() -> None:
    assert list(found.logins(site_of(URL), None, Places({}, scoped="/no/such/file"))) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.git",
        "https://github.com.example.org/a.git",
        "https://api.github.com/a.git",
        "https://github.com:8443/a.git",
        "https://github.com@example.org/a.git",
    ],
)
def test_no_other_host_gets_a_token(everywhere: Places, home: Path, url: str) -> None:
    helper(home, "true")
    port = ["of-netrc"] if ":8443" in url else []  # .netrc knows hosts alone, as curl does
    assert secrets(everywhere, url) == port


def test_a_token_goes_over_no_open_line(everywhere: Places, home: Path) -> None:
    helper(home, "true")
    assert secrets(everywhere, "http://github.com/a.git") == []


def test_a_plain_address_gets_what_was_stored_for_it(everywhere: Places, home: Path) -> None:
    write(home / ".git-credentials", "http://ada:plain@git.example.org:8080\n")
    helper(home, "true")
    assert secrets(everywhere, "http://git.example.org:8080/a.git") == ["plain"]
    assert secrets(everywhere, "http://git.example.org/a.git") == []
    assert secrets(everywhere, "https://git.example.org:8080/a.git") == []


def test_the_environment_serves_the_enterprise_host_that_it_names(places: Places) -> None:
    env = with_env(places, GITHUB_TOKEN="of-github-token", GH_HOST="GHE.example.org")
    assert secrets(env, "https://ghe.example.org/a.git") == ["of-github-token"]
    assert secrets(env, "https://other.example.org/a.git") == []


@pytest.mark.parametrize("named", ["ghe.example.org:443", "GHE.EXAMPLE.ORG"])
def test_the_usual_port_makes_no_other_host(places: Places, named: str) -> None:
    env = with_env(places, GITHUB_TOKEN="of-github-token", GH_HOST=named)
    assert secrets(env, "https://Ghe.example.org:443/a.git") == ["of-github-token"]


def test_the_user_of_the_url_is_who_is_found(places: Places, home: Path) -> None:
    write(home / ".git-credentials", "https://bob:of-bob@github.com\n" + STORE)
    assert secrets(places, user="ada") == ["of-store"]
    assert secrets(places, user="eve") == []
    assert secrets(places) == ["of-bob", "of-store"]


def test_a_token_serves_whoever_the_url_names(places: Places) -> None:
    assert secrets(with_env(places, GH_TOKEN="any"), user="ada") == ["any"]


def test_stored_urls_are_unescaped_and_odd_lines_passed_over(places: Places, home: Path) -> None:
    write(
        home / ".git-credentials",
        "# no URL\n\nhttps://[broken\nhttps://github.com\nhttps://ada:a%0Ab@github.com\nhttps://ada:%FF%80@github.com:1\n"
        "https://a%40b:p%2Fq@GitHub.com:443\n",
    )
    [one] = list(found.logins(site_of(URL), None, places))
    assert isinstance(one, Login)
    assert (one.user, one.secret.reveal()) == ("a@b", "p/q")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ghe.example.org", ["of_ghe"]),
        ("quoted.example.org", ["of_quoted"]),
        ("users", []),
        ("other.example.org", []),
    ],
)
def test_hosts_of_gh(places: Places, home: Path, host: str, expected: list[str]) -> None:
    write(home / ".config/gh/hosts.yml", GH)
    assert secrets(places, f"https://{host}/a.git") == expected


@pytest.mark.parametrize(
    "text",
    [
        "github.com:\n    users:\n        ada:\n            oauth_token: abc\n    user: ada\n",
        "github.com: {oauth_token: abc}\n",
        "github.com:\n    oauth_token: &anchor abc\n",
        "github.com:\n    oauth_token: |\n        abc\n",
        "github.com:\n    oauth_token:\n",
        "[]",
        "",
        "\0",
    ],
)
def test_what_is_not_plain_in_the_file_of_gh_is_no_token(
    places: Places, home: Path, text: str
) -> None:
    write(home / ".config/gh/hosts.yml", text)
    assert secrets(places) == []


def test_gh_and_netrc_lie_where_the_environment_says(places: Places, tmp_path: Path) -> None:
    write(tmp_path / "gh/hosts.yml", GH)
    netrc = write(tmp_path / "netrc", NETRC)
    env = with_env(places, GH_CONFIG_DIR=str(tmp_path / "gh"), NETRC=str(netrc))
    assert secrets(env) == ["of_gh", "of-netrc"]


def test_the_default_of_netrc_is_for_nobody(places: Places, home: Path) -> None:
    write(home / ".netrc", "default login anonymous password guest\n")
    assert secrets(places) == []


def test_a_damaged_netrc_is_told_and_passed_over(places: Places, home: Path) -> None:
    write(home / ".netrc", "machine github.com login ada pass of-netrc\n")
    helper(home, "echo username=ada; echo password=of-helper")
    assert secrets(places) == ["of-helper"]
    [told] = unusable(places)
    assert told.source == "~/.netrc"
    assert "of-netrc" not in told.reason


def test_a_file_of_nobody_is_told_and_passed_over(places: Places, home: Path) -> None:
    (home / ".git-credentials").mkdir()
    os.mkfifo(home / ".netrc")
    assert secrets(places) == []
    assert [one.source for one in unusable(places)] == ["~/.git-credentials", "~/.netrc"]


def test_another_users_file_is_not_taken(places: Places) -> None:
    if os.geteuid() == 0:
        os.chown(write(Path(places.scoped), SCOPED), 12345, 12345)
        others = places
    else:
        others = replace(places, scoped="/etc/passwd")
    assert secrets(others) == []
    assert unusable(others) == [Unusable("gh-scoped-creds", "it belongs to another user")]


def test_a_helper_is_given_no_terminal_and_no_prompt(places: Places, home: Path) -> None:
    helper(home, "env > ~/env; tty > ~/tty")
    program = write(home / "ask", "#!/bin/sh\ntouch ~/was-asked; echo answer\n")
    program.chmod(0o700)
    env = with_env(places, SSH_ASKPASS=str(program), GIT_ASKPASS=str(program), DISPLAY=":0")
    assert secrets(env) == []
    assert not (home / "was-asked").exists()
    assert "GIT_TERMINAL_PROMPT=0" in (home / "env").read_text()
    assert "not a tty" in (home / "tty").read_text()


def test_a_secret_stands_in_no_command_line(places: Places, home: Path) -> None:
    helper(
        home,
        'cat > ~/"$1"; cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " >> ~/commands;'
        ' test "$1" = get && echo username=ada && echo password=of-helper',
    )
    [login] = [one for one in found.logins(site_of(URL), None, places) if isinstance(one, Login)]
    helpers.reject(site_of(URL), login, places)
    assert "password=of-helper" in (home / "erase").read_text()
    commands = (home / "commands").read_text()
    assert "git credential reject" in commands
    assert "of-helper" not in commands


def test_a_helper_that_knows_nothing_or_fails_gives_nothing(places: Places, home: Path) -> None:
    helper(home, "echo 'what a mess' >&2; exit 1")
    assert list(found.logins(site_of(URL), None, places)) == []


def test_a_helper_that_hangs_is_given_up(
    places: Places, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helpers, "_PATIENCE", 0.2)
    helper(home, "sleep 60")
    assert [one.source for one in unusable(places)] == [helpers.SOURCE]


def test_no_git_no_helper(places: Places, home: Path) -> None:
    helper(home, "echo username=ada; echo password=of-helper")
    assert secrets(with_env(places, PATH=str(home))) == []
