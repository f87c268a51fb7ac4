"""Which addresses of remotes travel, and what is left out of them."""

from __future__ import annotations

import pytest

from hubsync.nested.addresses import carried, is_safe


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://github.com/ada/x.git", "https://github.com/ada/x.git"),
        ("https://ada:token@github.com/ada/x.git", "https://github.com/ada/x.git"),
        ("https://ghp_token@github.com/ada/x.git", "https://github.com/ada/x.git"),
        ("https://x:y@host:8443/p?token=1#z", "https://host:8443/p"),
        ("https://a:b@c@host/p", "https://host/p"),
        ("http://[::1]:80/p", "http://[::1]:80/p"),
        ("ssh://git@host:22/p", "ssh://git@host:22/p"),
        ("ssh://git:word@host/p", "ssh://git@host/p"),
        ("git@github.com:ada/x.git", "git@github.com:ada/x.git"),
        ("host:path", "host:path"),
        ("/srv/x.git", "/srv/x.git"),
        ("file:///srv/x.git", "file:///srv/x.git"),
    ],
)
def test_what_travels(url: str, written: str) -> None:
    assert carried(url) == written
    assert is_safe(written)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "-x",
        "../x",
        "x",
        "ext::sh -c x",
        "ext::x",
        "fd::3",
        "foo::https://host/x",
        "ssh://-oProxyCommand=x/y",
        "ssh://-x@host/y",
        "host:-x",
        "ftp://host/x",
        "file://host/x",
        "https://host/a b",
        "https://host/\nx",
        "https://host:port/x",
        "https:///x",
        "https://host/" + "x" * 3000,
    ],
)
def test_what_does_not(url: str) -> None:
    assert carried(url) is None
    assert not is_safe(url)


def test_an_address_with_a_secret_is_not_safe() -> None:
    assert not is_safe("https://token@host/x")
