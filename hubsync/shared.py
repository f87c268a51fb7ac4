"""`.hubsync.toml`: what a workspace tells other hubs of its remotes. It is synced like any file.

::

    [[remote]]
    name = "data"
    url = "s3://bucket/data"
    id = "d41d8cd98f00b204e9800998ecf8427e"
    include = ["data/**"]
    larger_than = 20000000
    [remote.options]
    endpoint = "https://…"

Whoever can write to the first remote can write this file. So it is read like a letter from a
stranger: nothing in it is a path, no credential is taken from it, and nobody is linked to what it
names without having asked for that. ``id`` is the mirror's own; another mirror at that address is
not the one that is meant. A table without ``url`` gives the rules of the first remote itself.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, ValidationError, convert, field
from msgspec.structs import replace

from hubsync.config import RemoteSettings, checked, text_of, write_tables
from hubsync.core.routing import SHARED_FILE, Rule
from hubsync.errors import ConfigError, UsageError
from hubsync.remotes.urls import canonical_url

_LARGEST: Final = 1 << 20
_HEAD: Final = (
    "# Where other hubs find what is not in the first remote; written by `hubsync remote`.\n"
    "# No credentials belong here.\n"
)
TRAVELS: Final = frozenset(
    {
        "endpoint",
        "endpoint_url",
        "base_url",
        "region",
        "region_name",
        "default_region",
        "account",
        "account_name",
        "allow_http",
        "anonymous",
        "anon",
        "skip_signature",
        "virtual_hosted_style_request",
        "requester_pays",
        "request_payer",
    }
)
"""Options that mean the same on every machine. Profiles, users and files are those of one."""


class Shared(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ``[[remote]]`` table. ``url`` empty: the first remote."""

    name: str
    url: str = ""
    id: str = ""
    exclusive: bool = False
    include: tuple[str, ...] = ()
    larger_than: int | None = None
    options: dict[str, str] = field(default_factory=dict)

    def rule(self) -> Rule:
        return Rule(self.name, self.include, self.larger_than)

    def settings(self) -> RemoteSettings:
        return RemoteSettings(
            self.name,
            self.url,
            exclusive=self.exclusive,
            include=self.include,
            larger_than=self.larger_than,
            options=dict(self.options),
        )

    def is_at(self, settings: RemoteSettings) -> bool:
        """Whether it is the place that a remote is linked to, under whatever name."""
        return self.url == settings.url and _server(self.options) == _server(settings.options)

    def with_rules_of(self, settings: RemoteSettings) -> RemoteSettings:
        """Those settings, with the rules that stand here."""
        return replace(
            settings,
            include=self.include,
            larger_than=self.larger_than,
            exclusive=self.exclusive if self.url else settings.exclusive,
        )

    def agrees(self, settings: RemoteSettings) -> bool:
        """Whether a remote has the rules that stand here."""
        return self.with_rules_of(settings) == settings


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    remote: tuple[Shared, ...] = ()


def travelling(options: Mapping[str, str]) -> dict[str, str]:
    """Those of a remote's options that are told to other hubs."""
    return {key: value for key, value in options.items() if key in TRAVELS}


def _server(options: Mapping[str, str]) -> dict[str, str]:
    """What makes another place of an equal URL; a region, say, does not."""
    parts = ("endpoint", "account", "base_url")
    told = travelling(options)
    return {key: told[key] for key in told if any(part in key for part in parts)}


def told_of(settings: RemoteSettings, identity: str, *, first: bool) -> Shared:
    """What other hubs are told of a remote. ``identity``: the mirror's own id."""
    return Shared(
        settings.name,
        "" if first else settings.url,
        "" if first else identity,
        settings.exclusive and not first,
        settings.include,
        settings.larger_than,
        {} if first else travelling(settings.options),
    )


def text(root: str) -> str | None:
    """What stands in the file of the workspace at ``root``; None if there is none.

    Raises ConfigError for what is no file of text.
    """
    path = os.path.join(root, SHARED_FILE)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(error.strerror or "it is no file", "") from error
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
            raise _unreadable("it is no file of settings", "")
        return os.read(descriptor, _LARGEST).decode()
    except OSError as error:
        raise _unreadable(error.strerror or "it is no file", "") from error
    except UnicodeDecodeError as error:
        raise _unreadable("it is no text in UTF-8", "") from error
    finally:
        os.close(descriptor)


def parsed(content: str) -> tuple[Shared, ...]:
    """The remotes that the file tells of. Raises ConfigError, which names the line."""
    try:
        found = convert(tomllib.loads(content), _File).remote
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error), "") from error
    except ValidationError as error:
        at = re.search(r"\$\.remote\[(\d+)\]", str(error))
        raise _unreadable(str(error), _line(content, int(at[1]) if at else 0)) from error
    names = [one.name for one in found]
    remotes = []
    for number, one in enumerate(found):
        where = _line(content, number)
        if names.count(one.name) > 1:
            raise _unreadable(f"the name {one.name!r} stands there twice", where)
        strange = sorted(one.options.keys() - TRAVELS)
        if strange:
            raise _unreadable(f"{strange[0]!r} is no option that other hubs are told of", where)
        try:
            remotes.append(_canonical(one))
        except UsageError as error:
            raise _unreadable(error.message.rstrip("."), where) from error
    return tuple(remotes)


def _canonical(one: Shared) -> Shared:
    """The same with its URL spelled as in settings. Raises UsageError."""
    if not one.url:
        checked(replace(one.settings(), url="file:///"))
        return one
    if "://" not in one.url and not re.match(r"[\w.-]+@[\w.-]+:", one.url):
        raise UsageError(f"{one.url!r} is no URL")
    if one.url.startswith("memory:"):
        raise UsageError("memory:// is in one process alone")
    url = canonical_url(one.url, "/")
    checked(replace(one.settings(), url=url))
    return replace(one, url=url)


def with_remote(content: str | None, told: Shared) -> str:
    """The file with one more table, or with the one of that name changed where it stands."""
    tables = list(parsed(content or ""))
    at = next((i for i, one in enumerate(tables) if one.name == told.name), len(tables))
    if at < len(tables):
        told = replace(told, id=told.id or tables[at].id)
    return _written(content, [*tables[:at], told, *tables[at + 1 :]])


def without(content: str, name: str) -> str:
    """The file without the table of that name."""
    return _written(content, [one for one in parsed(content) if one.name != name])


def _written(content: str | None, tables: Sequence[Shared]) -> str:
    import tomlkit

    document = tomlkit.parse(_HEAD if content is None else content)
    write_tables(document, [_plain(one) for one in tables])
    return text_of(document)


def _plain(one: Shared) -> Mapping[str, object]:
    table: dict[str, object] = {"name": one.name}
    if one.url:
        table["url"] = one.url
    if one.id:
        table["id"] = one.id
    if one.exclusive:
        table["exclusive"] = True
    if one.include:
        table["include"] = list(one.include)
    if one.larger_than is not None:
        table["larger_than"] = one.larger_than
    if one.options:
        table["options"] = dict(one.options)
    return table


def _line(content: str, number: int) -> str:
    """Where the table of that number begins, counted from 0."""
    starts = [
        at
        for at, line in enumerate(content.splitlines(), 1)
        if re.match(r"\s*\[\[\s*remote\s*\]\]", line)
    ]
    return f" (line {starts[number]})" if number < len(starts) else ""


def _unreadable(what: str, where: str) -> ConfigError:
    return ConfigError(
        f"{SHARED_FILE} cannot be read{where}: {what}.",
        "Mend the file by hand. Until then the remotes and rules of .hubsync/config.toml hold.",
        "bad-shared-file",
    )
