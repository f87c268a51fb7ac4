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
from hubsync.remotes.urls import canonical_url, names_git, same_storage
from hubsync.report import Reporter
from hubsync.results import RemoteInfo
from hubsync.services.telling import publishing, withdrawing
from hubsync.services.twins import refuse_twin

_OF_GIT: Final = ("mode", "branch", "user")
CHANGEABLE: Final = frozenset({"url", "exclusive", "include", "larger_than", "options", *_OF_GIT})
"""What `change` changes."""


def asked_for(
    name: str, url: str, options: Mapping[str, str] | None, exclusive: bool, **rules: Any
) -> RemoteSettings:
    """The settings of a remote as somebody asked for it; ``rules``: ``include``, ``larger_than``,
    and for a Git repository ``mode``, ``branch`` and ``user``.

    Raises UsageError.
    """
    place = canonical_url(url, os.getcwd())
    _refuse_for_others(place, rules)
    return checked(
        RemoteSettings(name, place, exclusive=exclusive, options=dict(options or {}), **rules)
    )


def listed(links: Links) -> list[RemoteInfo]:
    """The remotes as configured, with what is remembered of them."""
    found = []
    for one in links.settings.remote:
        state = links.state(one.name)
        when = last_sync(links.layout.state(links.memory(one.name)))
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
    refuse_twin(links.settings, added)
    with links.held(reporter):
        tell = publishing(links, None, added)
        links.layout.forget(added.name)
        identity = links.configure(links.settings.with_remote(added), connect=added.name)
        tell(identity)


def remove(links: Links, name: str, reporter: Reporter | None) -> None:
    """See `Workspace.remove_remote`."""
    with links.held(reporter):
        tell = withdrawing(links, name)
        links.configure(links.settings.without(name))
        links.layout.forget(name)
        tell()


def change(
    links: Links, name: str, changes: dict[str, Any], reporter: Reporter | None, *, create: bool
) -> None:
    """See `Workspace.set_remote`."""
    before = links.settings.named(name)
    after = _changed(before, changes)
    refuse_twin(links.settings, after)
    reopened = _place(after) != _place(before)
    settings = links.settings.with_remote(after)
    with links.held(reporter):
        tell = publishing(links, before, after)
        try:
            identity = links.configure(settings, connect=name if reopened else None, create=create)
        except Unreachable as error:
            if error.code != "no-mirror":
                raise
            raise _no_mirror_there(name, after.url) from error
        if reopened and identity != links.state(name).remote_id:
            links.layout.forget(name)
        tell(identity or links.state(name).remote_id)


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
    upstream = before.upstream if url == before.url else None
    given = {
        **changes,
        "url": url,
        "options": options,
        "upstream": upstream,
        "withdrawn": False,  # other hubs are told of it
    }
    return checked(replace(before, **_of_git(before, url, changes), **given))


def _of_git(before: RemoteSettings, url: str, changes: Mapping[str, Any]) -> dict[str, None]:
    """What was chosen for a Git repository and counts no more: all of it, for another kind of
    storage, and for another mode the branch and whose."""
    _refuse_for_others(url, changes)
    gone: tuple[str, ...] = _OF_GIT if not names_git(url) else ()
    if changes.get("mode", before.mode) != before.mode:
        gone = ("branch", "user")
    return {one: None for one in gone if one not in changes}


def _refuse_for_others(url: str, settings: Mapping[str, Any]) -> None:
    if not names_git(url) and any(settings.get(one) for one in _OF_GIT):
        raise UsageError(
            "--mode, --branch and --user are for Git remotes.",
            "Leave them out.",
            "not-for-this-remote",
        )


def _place(remote: RemoteSettings) -> tuple[object, ...]:
    """What is looked at anew when it changes."""
    return (remote.url, remote.options, *(getattr(remote, one) for one in _OF_GIT))


def _no_mirror_there(name: str, url: str) -> Unreachable:
    return Unreachable(
        f"There is no hubsync mirror at {url}; the remote {name!r} stays as it was.",
        "Check the URL. If a new mirror is to begin there, say so with --create; to keep the old"
        " one as well, use 'hubsync remote add NAME URL'.",
        "no-mirror",
    )
