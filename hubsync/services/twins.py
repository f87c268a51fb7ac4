"""Each remote has a place of its own."""

from __future__ import annotations

from collections.abc import Mapping

from hubsync.config import RemoteSettings, Settings
from hubsync.errors import UsageError
from hubsync.remotes.urls import contains, names_git


def refuse_twin(linked: Settings, settings: RemoteSettings) -> None:
    """Raises UsageError if a remote would be in the place of another one, or in it, or the second
    Git repository: a workspace is a clone of one."""
    for one in linked.remote:
        if one.name == settings.name or _elsewhere(one.options, settings.options):
            continue
        if one.url == settings.url:
            raise UsageError(
                f"This workspace is linked to {settings.url} already.",
                "Give each remote a place of its own.",
                "remote-exists",
            )
        if contains(one.url, settings.url) or contains(settings.url, one.url):
            raise UsageError(
                f"{settings.url} and {one.url} (the remote {one.name!r}) are in one another.",
                "Give each remote a place of its own, beside the other: the outer one would take "
                "the inner one's files for its own.",
                "nested-remote",
            )
        if names_git(one.url) and names_git(settings.url):
            raise UsageError(
                f"{settings.url} is a second Git repository, and a workspace is a clone of one.",
                f"To sync with it instead: hubsync remote set {one.name} --url {settings.url}. As"
                " a second remote, name another kind of storage.",
                "second-repository",
            )


def _elsewhere(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether options name different servers or accounts: then equal URLs are two places."""
    return any(
        one.get(key) != other.get(key)
        for key in one.keys() | other.keys()
        if any(part in key for part in ("endpoint", "account", "host"))
    )
