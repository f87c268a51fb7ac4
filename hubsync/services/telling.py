"""Writing `.hubsync.toml`: other hubs are told of a remote that was added, changed or removed."""

from __future__ import annotations

import os
from collections.abc import Callable

from hubsync import shared
from hubsync.config import RemoteSettings
from hubsync.core.routing import SHARED_FILE
from hubsync.errors import UsageError
from hubsync.links import Links
from hubsync.remotes.urls import names_git
from hubsync.services.sharing import place_of, remember


def publishing(
    links: Links, before: RemoteSettings | None, after: RemoteSettings
) -> Callable[[str], None]:
    """Prepare what other hubs are told of a remote that is added (``before`` None) or changed; to
    be called with the mirror's id once it was. Raises ConfigError, UsageError."""
    named = shared.parsed(shared.text(links.layout.root) or "")
    there = next((one for one in named if one.name == after.name and one.url), None)
    if before is None and there is not None and not (there.is_at(after) or after.only_here):
        raise UsageError(
            f"{SHARED_FILE} names a remote {after.name!r} already, at {place_of(there)}.",
            f"Link that one with 'hubsync remote accept {after.name}', or choose another name.",
            "remote-exists",
        )
    private = after.only_here or after.url.startswith("memory:")
    if private or (before is not None and there is not None and not there.is_at(before)):
        return lambda identity: None

    def write(identity: str) -> None:
        content = shared.text(links.layout.root)  # a person may have edited it meanwhile
        head, *others = links.settings.remote
        text = content
        anchored = any(not one.url for one in shared.parsed(content or ""))
        if others and (anchored or not head.rule().takes_everything()):
            text = shared.with_remote(text, shared.told_of(head, "", first=True))
        if after.name != head.name:
            mirror = "" if names_git(after.url) else identity
            text = shared.with_remote(text, shared.told_of(after, mirror, first=False))
        if text is not None and text != content:
            _write(links, text)

    return write


def withdrawing(links: Links, name: str) -> Callable[[], None]:
    """Prepare that other hubs are told of a remote no more. Raises ConfigError."""
    gone = links.settings.named(name)
    told = [
        one
        for one in shared.parsed(shared.text(links.layout.root) or "")
        if one.name == name and (not one.url or one.is_at(gone))
    ]

    def write() -> None:
        content = shared.text(links.layout.root)
        if told and content is not None:
            _write(links, shared.without(content, name))

    return write


def _write(links: Links, content: str) -> None:
    """Replace the file; the new one lies beside the settings until it is whole."""
    path = os.path.join(links.layout.root, SHARED_FILE)
    partial = os.path.join(links.layout.metadata, f"{SHARED_FILE}.new")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    remember(links, content)
