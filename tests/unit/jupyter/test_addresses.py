"""What a server takes for an address that says where it is (`hubsync_jupyter.addresses`)."""

from __future__ import annotations

import pytest

from hubsync.errors import UsageError
from hubsync_jupyter.addresses import refuse_relative


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "tmp/x",
        "./x",
        "../outside",
        "github.com/me/repo",
        "~nobody-of-that-name/x",
        "a b:c/d",
        "1st:x",
    ],
)
def test_a_path_that_depends_on_a_folder_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_relative(url)
    assert caught.value.code == "relative-address"
    assert url in caught.value.message


@pytest.mark.parametrize(
    "url",
    ["/shared/ada", "~/ada", "~", "s3://b/x", "file:///x", "git+https://host/x", "git@host:me/x"],
)
def test_what_says_where_it_is_is_taken(url: str) -> None:
    refuse_relative(url)


@pytest.mark.parametrize("url", ["", " ", "file:rel", "local::x", "git.host:me/x"])
def test_what_is_no_path_either_is_left_to_the_library(url: str) -> None:
    refuse_relative(url)


def test_a_host_and_a_path_are_told_with_the_scheme_that_is_missing() -> None:
    with pytest.raises(UsageError) as caught:
        refuse_relative("github.com/me/repo")
    assert "https://github.com/me/repo" in caught.value.hint


def test_what_may_be_a_token_is_not_repeated() -> None:
    for url in ("host/x?token=hunter2", "host/x#hunter2", "hunter2@host/x"):
        with pytest.raises(UsageError) as caught:
            refuse_relative(url)
        assert "hunter2" not in caught.value.message + caught.value.hint
