"""By whose name hubsync's own branches are kept: a person's, the same on all their hubs."""

from __future__ import annotations

import re
from typing import Any, Final

from hubsync.model import Identity
from hubsync.remotes.git import checkout
from hubsync.remotes.git.place import GitPlace
from hubsync.remotes.git.side import user_of

_ANYBODY: Final = re.compile(r"|jovyan|root|user|rstudio|ubuntu|vscode|uid-\d+")
"""Names that images give to everybody: by such a one two people would get each other's work."""


def said_user(repository: Any, place: GitPlace) -> str:
    """Who a person said that they are, as a part of a reference; ``""`` if nobody said it. The name
    in Git's settings, which a person sets alike on each hub, says it best."""
    config = repository.config
    said = place.user or remembered(repository, place, "user")
    return user_of(said or (str(config["user.name"]) if "user.name" in config else ""))


def is_anybodys(user: str) -> bool:
    return _ANYBODY.fullmatch(user) is not None


def user_here(repository: Any, place: GitPlace, identity: Identity) -> str:
    """Whose branch takes what another one refuses. Nobody can be asked in the middle of a sync, so
    under a name that everybody has it is this hub's alone."""
    user = said_user(repository, place) or user_of(identity.author)
    if not is_anybodys(user):
        return user
    return user_of(f"{user or 'someone'}-{identity.hub}")


def remembered(repository: Any, place: GitPlace, what: str) -> str:
    """What was noted in the clone's own settings, see `choosing.remember`."""
    name = key(repository, place, what)
    return str(repository.config[name]) if name in repository.config else ""


def key(repository: Any, place: GitPlace, what: str) -> str:
    return f"remote.{checkout.remote_name(repository, place)}.hubsync-{what}"
