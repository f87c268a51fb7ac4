"""Which remotes an operator's patterns let through."""

from __future__ import annotations

import pytest

from hubsync.errors import UsageError
from hubsync_jupyter.permission import permit, permit_embedded, permits, permits_some

COURSE = ("https://github.com/our-course/*", "s3://hub/*", "git@github.com:our-course/*")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/our-course/week-1.git",
        "https://GitHub.com/our-course/week-1.git",
        "HTTPS://github.com/our-course/deep/er.git",
        "s3://hub/ada/work",
        "git@github.com:our-course/week-1.git",
    ],
)
def test_what_matches_is_permitted(url: str) -> None:
    assert permits(url, COURSE)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/our-course",
        "https://github.com/another/week-1.git",
        "https://github.com/Our-Course/week-1.git",
        "https://github.com.evil.org/our-course/x.git",
        "https://github.com@evil.org/our-course/x.git",
        "https://evil.org/https://github.com/our-course/x.git",
        "https://x@github.com/our-course/x.git",
        "http://github.com/our-course/x.git",
        "git+https://github.com/our-course/x.git",
        "https://github.com/our-course/../another/x.git",
        "https://github.com/our-course/%2e%2e/another/x.git",
        "https://github.com/our-course/%252e%252e/another/x.git",
        "https://github.com/our-course/..\\another",
        "s3://hub/ada\n",
        "s3://hub/ a",
        "file:///etc",
        "",
    ],
)
def test_what_only_looks_like_it_is_refused(url: str) -> None:
    assert not permits(url, COURSE)


def test_a_star_in_a_host_ends_with_the_host() -> None:
    allowed = ("https://*.example.org/*",)
    assert permits("https://git.example.org/ada/work.git", allowed)
    assert not permits("https://evil.org/.example.org/ada/work.git", allowed)
    assert permits("https://anywhere.org/ada/work.git", ("https://*",))


def test_without_patterns_everything_is_permitted() -> None:
    assert permits("file:///anywhere", ())


def test_an_option_that_leads_elsewhere_has_to_be_permitted_too() -> None:
    permit("s3://hub/ada", {"region": "eu-west-1"}, COURSE)
    with pytest.raises(UsageError) as caught:
        permit("s3://hub/ada", {"endpoint": "https://evil.org"}, COURSE)
    assert caught.value.code == "not-permitted"


@pytest.mark.parametrize(
    "options",
    [
        {"proxy_url": "evil"},
        {"allow_invalid_certificates": "true"},
        {"region": "x@evil.org/"},
        {"endpoint": "evil.org:443"},
        {"account_name": "evil"},
    ],
)
def test_an_option_leads_elsewhere_in_no_other_way(options: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        permit("s3://hub/ada", options, COURSE)
    assert caught.value.code == "not-permitted"
    permit("s3://hub/ada", options, ())


@pytest.mark.parametrize("secret", ["ada:hunter2", "hunter2:x/y"])
def test_a_refusal_repeats_no_password(secret: str) -> None:
    with pytest.raises(UsageError) as caught:
        permit(f"https://{secret}@evil.org/x.git", {}, COURSE)
    assert "hunter2" not in caught.value.message
    assert "evil.org" in caught.value.message


@pytest.mark.parametrize(
    ("pattern", "some"),
    [
        ("https://github.com/our-course/*", True),
        ("HTTPS://GitHub.com/our-course/*", True),
        ("https://*.com/*", True),
        ("https://*", True),
        ("*", True),
        ("http*", True),
        ("s3://hub/*", False),
        ("https://github.com.evil.org/*", False),
        ("git@github.com:our-course/*", False),
        ("nothing, until the settings of the server are corrected", False),
    ],
)
def test_a_host_is_offered_where_something_at_it_may_be_permitted(pattern: str, some: bool) -> None:
    assert permits_some("https://github.com", (pattern,)) is some
    assert permits_some("https://github.com", ("gs://other/*", pattern)) is some


def test_without_patterns_every_host_and_this_machine_are_offered() -> None:
    assert permits_some("https://github.com", ())
    permit_embedded(())


def test_this_machine_alone_is_refused_in_the_words_of_the_choice() -> None:
    with pytest.raises(UsageError) as caught:
        permit_embedded(COURSE)
    assert "this machine alone" in caught.value.message
    assert "embedded" not in caught.value.message
    permit_embedded(("embedded",))
