"""How a workspace and its remotes follow `.hubsync.toml`, which other hubs write too.

Rules of remotes that are linked already are taken over, if they were not changed here. A place that
is new is never written to before somebody agreed: by cloning, or by `hubsync remote accept`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, structs

from hubsync import shared
from hubsync.config import RemoteSettings, Settings, checked
from hubsync.core.routing import SHARED_FILE, Rule
from hubsync.errors import ConfigError, HubsyncError, RemoteUnavailable, UsageError
from hubsync.links import Links
from hubsync.local.state import nothing, replace_file, save
from hubsync.model import Problem
from hubsync.report import Reporter
from hubsync.services.twins import refuse_twin
from hubsync.shared import Shared

NOT_LINKED: Final = "remote-not-linked"
_KEEPS_SECRETS: Final = frozenset({"s3", "s3a"})
_AT_HOME: Final = frozenset({"gs", "gcs", "az", "azure", "abfs", "abfss"})
_SEEN: Final = "shared.toml"
NONE: Final[Mapping[str, str]] = {}


class Told(Struct, frozen=True):
    """``waiting``: remotes that nobody has agreed to yet; ``problems`` say so."""

    waiting: tuple[Shared, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """New files that these take wait too: they would else be sent to the wrong remote."""
        return tuple(one.rule() for one in self.waiting)


def told(links: Links) -> Told:
    """What the file says that is not done here."""
    try:
        named = shared.parsed(shared.text(links.layout.root) or "")
    except ConfigError as error:
        return Told(problems=(Problem(SHARED_FILE, error.code, error.message, error.hint),))
    linked = {one.name: one for one in links.settings.remote}
    new = [
        one
        for one in named
        if one.url
        and one.name not in links.settings.declined
        and not any(one.is_at(other) for other in linked.values())
    ]
    elsewhere = {one.name for one in named if one.url}  # moved, or another one: not done away with
    gone = [
        _withdrawn(one)
        for one in links.settings.remote
        if one.withdrawn and one.name not in elsewhere
    ]
    return Told(
        tuple(one for one in new if one.name not in linked),
        (*(_waits(one, linked.get(one.name)) for one in new), *gone),
    )


def adopt(links: Links) -> None:
    """Take over what other hubs changed in the rules of linked remotes. With the lock held."""
    try:
        content = shared.text(links.layout.root)
        named = shared.parsed(content or "")
    except ConfigError:
        return  # `told` tells; what is configured here holds
    before = _seen(links)
    if content == before:
        return
    settings = adopted(links.settings, _parsed_or_nothing(before), named)
    if settings != links.settings:
        links.configure(settings)
    remember(links, content)


def adopted(settings: Settings, before: tuple[Shared, ...], now: tuple[Shared, ...]) -> Settings:
    """Three-way: a rule that was edited here stays, one that was not follows the file."""

    def follows(one: RemoteSettings, *, first: bool) -> RemoteSettings:
        unruled = Shared(one.name) if first else None
        was = _about(before, one, first=first) or unruled
        told = _about(now, one, first=first) or unruled
        if not (first or one.only_here) and (was or told):
            one = structs.replace(one, withdrawn=told is None)
        if was is None or told is None or not was.agrees(one):
            return one
        return told.with_rules_of(one)

    head, *others = settings.remote or (None,)
    if head is None:
        return settings
    remotes = (follows(head, first=True), *(follows(one, first=False) for one in others))
    return structs.replace(settings, remote=remotes)


def accept(links: Links, name: str, options: Mapping[str, str], reporter: Reporter | None) -> None:
    """Link a remote that the file names, with options of this machine (a profile, say).

    Raises UsageError, RemoteUnavailable; then nothing has changed.
    """
    with links.held(reporter):
        wanted, before = _named(links, name), links.settings
        identity = links.configure(_agreed(before, wanted, options), connect=name, create=False)
        if wanted.id and identity != wanted.id:
            links.configure(before)
            raise UsageError(*_another(wanted), NOT_LINKED)
        if identity != links.state(name).remote_id:
            links.layout.forget(name)


def decline(links: Links, name: str, reporter: Reporter | None) -> None:
    """Do without a remote that the file names, and hear of it no more. Raises UsageError."""
    with links.held(reporter):
        _named(links, name)
        others = [one for one in links.settings.declined if one != name]
        links.configure(structs.replace(links.settings, declined=(*others, name)))


def link_all(links: Links) -> list[Problem]:
    """Link what the file names, as far as cloning agrees to it; why not, for the others."""
    waiting = told(links).waiting
    left: list[Problem] = []
    for one in waiting:
        why = _for_a_person(one) or _linked(links, one)
        if why:
            left.append(_not_linked(one, why))
    return left


def decline_all(links: Links) -> None:
    """Do without everything that the file names."""
    names = [one.name for one in told(links).waiting]
    links.configure(structs.replace(links.settings, declined=(*links.settings.declined, *names)))


def _linked(links: Links, one: Shared) -> str:
    """Link a remote; why it was not. One that cannot be reached now is linked all the same: what
    was agreed to is the mirror of that id, and a sync with any other stops (rule 9)."""
    before = links.settings
    try:
        settings = _agreed(before, one)
        identity = links.configure(settings, connect=one.name, create=False)
    except RemoteUnavailable as error:
        if error.code == "no-mirror" or not one.id:
            return f"{error.message} "
        links.configure(_agreed(before, one))
        save(links.layout.state(one.name), structs.replace(nothing(), remote_id=one.id))
        return ""
    except HubsyncError as error:
        return f"{error.message} {error.hint} "
    if one.id and identity != one.id:
        links.configure(before)
        return f"{_another(one)[0]} "
    return ""


def _for_a_person(one: Shared) -> str:
    """What nobody is linked to without having looked at it: a server that a stranger may have
    named must not be sent a token or a password, which signing never reveals."""
    scheme = one.url.partition("://")[0]
    own_server = any(key in one.options for key in ("endpoint", "endpoint_url", "base_url"))
    own_server = own_server or "@" in one.url  # where an account's host may stand
    if scheme in _KEEPS_SECRETS or (scheme in _AT_HOME and not own_server):
        return ""
    if scheme == "file" and one.id:
        return ""
    return "Your credentials would be sent to that server. "


def _agreed(settings: Settings, one: Shared, options: Mapping[str, str] = NONE) -> Settings:
    """The settings with that remote; what only this machine knows of it stays. Raises
    UsageError."""
    own = next((other.options for other in settings.remote if other.name == one.name), {})
    kept = {key: value for key, value in own.items() if key not in shared.TRAVELS}
    wanted = one.settings()
    wanted = checked(structs.replace(wanted, options={**kept, **wanted.options, **options}))
    refuse_twin(settings, wanted)
    names = tuple(name for name in settings.declined if name != one.name)
    return structs.replace(settings.with_remote(wanted), declined=names)


def _named(links: Links, name: str) -> Shared:
    found = shared.parsed(shared.text(links.layout.root) or "")
    for one in found:
        if one.name == name and one.url:
            return one
    have = ", ".join(one.name for one in found if one.url) or "none"
    raise UsageError(
        f"{SHARED_FILE} names no remote {name!r}.", f"It names: {have}.", "no-such-remote"
    )


def _about(named: tuple[Shared, ...], one: RemoteSettings, *, first: bool) -> Shared | None:
    """What the file says of a remote; a table without a place is that of the first."""
    return next((told for told in named if (told.is_at(one) if told.url else first)), None)


def _waits(one: Shared, linked: RemoteSettings | None) -> Problem:
    if linked is None:
        return _not_linked(one, "")
    return Problem(
        SHARED_FILE,
        NOT_LINKED,
        f"It says that the remote {one.name!r} is at {place_of(one)} now; here it is at "
        f"{linked.url}, and stays there.",
        f"To go there too: hubsync remote accept {one.name}. To stay: "
        f"hubsync remote decline {one.name}.",
    )


def _withdrawn(one: RemoteSettings) -> Problem:
    return Problem(
        SHARED_FILE,
        "remote-withdrawn",
        f"It names the remote {one.name!r} no more: another hub did away with it. This workspace "
        "is still linked to it, and other hubs do not see what goes there.",
        f"To do without it here too (what lies there stays): hubsync remote remove {one.name}. To "
        f"tell other hubs of it again: hubsync remote set {one.name} --url {one.url}",
    )


def _not_linked(one: Shared, why: str) -> Problem:
    return Problem(
        SHARED_FILE,
        NOT_LINKED,
        f"It names the remote {one.name!r} at {place_of(one)}, to which this workspace is not "
        f"linked. {why}New files that it takes wait here.",
        f"If you trust that place: hubsync remote accept {one.name}. Else: "
        f"hubsync remote decline {one.name}.",
    )


def place_of(one: Shared) -> str:
    """The address, with the server if the file names one."""
    server = one.options.get("endpoint") or one.options.get("endpoint_url") or ""
    return f"{one.url} ({server})" if server else one.url


def _another(one: Shared) -> tuple[str, str]:
    return (
        f"At {one.url} is another mirror than the one that {SHARED_FILE} names.",
        "Look at both; 'hubsync remote add' links it all the same.",
    )


def _seen_file(links: Links) -> str:
    return os.path.join(links.layout.states, _SEEN)


def _seen(links: Links) -> str | None:
    """The file as it was when it was last followed. Without it nothing is taken over."""
    try:
        with open(_seen_file(links), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return None


def remember(links: Links, content: str | None) -> None:
    """What is in the file is followed now."""
    replace_file(_seen_file(links), [(content or "").encode()])


def _parsed_or_nothing(content: str | None) -> tuple[Shared, ...]:
    try:
        return shared.parsed(content or "")
    except ConfigError:
        return ()
