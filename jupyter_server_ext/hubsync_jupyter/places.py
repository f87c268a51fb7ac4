"""How paths of the workspace and of Jupyter's contents lie to each other."""

from __future__ import annotations

import os
from typing import Any

from msgspec import Struct


class Places(Struct, frozen=True):
    """One of the two prefixes is ``""``: the workspace lies below the server's root, or above.
    ``apart``: neither, and then no path of the one is one of the other."""

    root: str
    contents_prefix: str = ""
    workspace_prefix: str = ""
    apart: bool = False

    def to_workspace(self, contents_path: str) -> str | None:
        """A contents path as a workspace path; None if it lies elsewhere."""
        if self.apart:
            return None
        inner = _below(contents_path.strip("/"), self.contents_prefix)
        return None if inner is None else _joined(self.workspace_prefix, inner)

    def to_contents(self, path: str) -> str | None:
        if self.apart:
            return None
        inner = _below(path.strip("/"), self.workspace_prefix)
        return None if inner is None else _joined(self.contents_prefix, inner)


def places_of(root: str, server_root: str) -> Places:
    """Both absolute; links in them are followed."""
    root, server_root = os.path.realpath(root), os.path.realpath(server_root)
    below = _below(root, server_root)
    if below is not None:
        return Places(root, contents_prefix=below)
    above = _below(server_root, root)
    if above is not None:
        return Places(root, workspace_prefix=above)
    return Places(root, apart=True)


def document(places: Places, remotes: list[dict[str, Any]]) -> dict[str, Any]:
    """The part of a status about the workspace."""
    shown = ("name", "url", "mode", "last_sync")
    return {
        "root": places.root,
        "contents_prefix": places.contents_prefix,
        "workspace_prefix": places.workspace_prefix,
        "in_contents": not places.apart,
        "remotes": [{name: one[name] for name in shown} for one in remotes],
    }


def _below(path: str, above: str) -> str | None:
    """``path`` relative to ``above``; None if it is not in there."""
    if path == above or not above:
        return path if not above else ""
    prefix = above.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix and path else prefix or path
