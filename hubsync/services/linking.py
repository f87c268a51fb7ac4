"""The remotes that a workspace is linked to: adding one, changing one, forgetting one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from hubsync.config import RemoteSettings, checked
from hubsync.errors import Unreachable, UsageError
from hubsync.links import Links
from hubsync.local.state import last_sync
from hubsync.remotes.urls import canonical_url, contains, names_git, same_storage
from hubsync.report import Reporter
from hubsync.results import RemoteInfo

CHANGEABLE: Final = frozenset({"url", "exclusive", "include", "larger_than", "options"})
"""What `change` changes."""


def asked_for(
    name: str, url: str, options: Mapping[str, str] | None, exclusive: bool, **rules: Any
) -> RemoteSettings:
    """The settings of a remote as somebody asked for it; ``rules``: ``include``, ``larger_than``,
    and for a Git repository ``mode`` and ``branch``.

    Raises UsageError.
    """
    place = canonical_url(url, os.getcwd())
    if not names_git(place) and (rules.get("mode") or rules.get("branch")):
        raise UsageError(
            "--mode and --branch are for Git remotes.", "Leave them out.", "not-for-this-remote"
        )
    return checked(
        RemoteSettings(name, place, exclusive=exclusive, options=dict(options or {}), **rules)
    )


def listed(links: Links) -> list[RemoteInfo]:
    """The remotes as configured, with what is remembered of them."""
    found = []
    for one in links.settings.remote:
        state = links.state(one.name)
        when = last_sync(links.layout.state(one.name))
        found.append(one.info(state.revision, when if state.last_sync else None))
    return found


def add(links: Links, added: RemoteSettings, reporter: Reporter | None) -> None:
    """See `Workspace.add_remote`."""
    if any(one.name == added.name for one in links.settings.remote):
        raise UsageError(
            f"There is a remote {added.name!r} already.",
            "Choose another name, or use 'hubsync remote set'.",
            "remote-exists",
        )
    _refuse_twin(links, added)
    with links.held(reporter):
        links.layout.forget(added.name)
        links.configure(links.settings.with_remote(added), connect=added.name)


def remove(links: Links, name: str, reporter: Reporter | None) -> None:
    """See `Workspace.remove_remote`."""
    with links.held(reporter):
        links.configure(links.settings.without(name))
        links.layout.forget(name)


def change(
    links: Links, name: str, changes: dict[str, Any], reporter: Reporter | None, *, create: bool
) -> None:
    """See `Workspace.set_remote`."""
    before = links.settings.named(name)
    after = _changed(before, changes)
    _refuse_twin(links, after)
    reopened = (after.url, after.options) != (before.url, before.options)
    settings = links.settings.with_remote(after)
    with links.held(reporter):
        try:
            identity = links.configure(settings, connect=name if reopened else None, create=create)
        except Unreachable as error:
            if error.code != "no-mirror":
                raise
            raise _no_mirror_there(name, after.url) from error
        if reopened and identity != links.state(name).remote_id:
            links.layout.forget(name)


def _changed(before: RemoteSettings, changes: dict[str, Any]) -> RemoteSettings:
    unknown = sorted(changes.keys() - CHANGEABLE)
    if unknown:
        raise UsageError(
            f"A remote has no setting {unknown[0]!r}.",
            f"These can be changed: {', '.join(sorted(CHANGEABLE))}.",
            "no-such-setting",
        )
    url = canonical_url(str(changes["url"]), os.getcwd()) if "url" in changes else before.url
    kept = before.options if same_storage(url, before.url) else {}
    options = {k: v for k, v in {**kept, **changes.get("options", {})}.items() if v != ""}
    return checked(replace(before, **{**changes, "url": url, "options": options}))


def _refuse_twin(links: Links, settings: RemoteSettings) -> None:
    for one in links.settings.remote:
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


def _elsewhere(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether options name different servers or accounts: then equal URLs are two places."""
    return any(
        one.get(key) != other.get(key)
        for key in one.keys() | other.keys()
        if any(part in key for part in ("endpoint", "account", "host"))
    )


def _no_mirror_there(name: str, url: str) -> Unreachable:
    return Unreachable(
        f"There is no hubsync mirror at {url}; the remote {name!r} stays as it was.",
        "Check the URL. If a new mirror is to begin there, say so with --create; to keep the old"
        " one as well, use 'hubsync remote add NAME URL'.",
        "no-mirror",
    )
