"""`.hubsync/config.toml`: which remotes a workspace has, and what each takes. A person may edit it.

::

    keep_days = 30

    [[remote]]
    name = "origin"
    url = "s3://bucket/me"
    exclusive = false
    [remote.options]
    endpoint = "https://…"

    [[remote]]
    name = "data"
    url = "gs://bucket/data"
    include = ["data/**"]
    larger_than = 20000000
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping

from msgspec import Struct, ValidationError, convert, field

from hubsync.core.routing import Rule
from hubsync.errors import ConfigError, UsageError
from hubsync.results import RemoteInfo
from hubsync.stores.registry import SECRET_OPTIONS

DEFAULT_REMOTE = "origin"
KEEP_DAYS = 30
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_SECRET = re.compile(r"secret|passw|passphrase|token|credential|(^|_)key(_id)?$")
_NAMES_A_FILE = ("_file", "_filename", "_path")


class RemoteSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ``[[remote]]`` table. ``larger_than`` in bytes."""

    name: str
    url: str
    exclusive: bool = False
    include: tuple[str, ...] = ()
    larger_than: int | None = None
    mode: str | None = None
    branch: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    def rule(self) -> Rule:
        return Rule(self.name, self.include, self.larger_than)

    def info(self, revision: str = "", last_sync: int | None = None) -> RemoteInfo:
        return RemoteInfo(
            name=self.name,
            url=self.url,
            revision=revision,
            last_sync=last_sync,
            exclusive=self.exclusive,
            include=self.include,
            larger_than=self.larger_than,
        )


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file. ``keep_days``: how long trash and versions stay before `gc` takes them."""

    remote: tuple[RemoteSettings, ...] = ()
    keep_days: int = KEEP_DAYS

    def named(self, name: str) -> RemoteSettings:
        """The remote of this name. Raises UsageError."""
        for one in self.remote:
            if one.name == name:
                return one
        have = ", ".join(one.name for one in self.remote) or "none"
        raise UsageError(
            f"There is no remote named {name!r}.", f"Remotes here: {have}.", "no-such-remote"
        )

    def with_remote(self, added: RemoteSettings) -> Settings:
        """With one more remote, or with the one of that name replaced."""
        others = [one for one in self.remote if one.name != added.name]
        at = next((i for i, one in enumerate(self.remote) if one.name == added.name), len(others))
        others.insert(at, added)
        return Settings(tuple(others), self.keep_days)

    def without(self, name: str) -> Settings:
        self.named(name)
        return Settings(tuple(one for one in self.remote if one.name != name), self.keep_days)


def checked(settings: RemoteSettings) -> RemoteSettings:
    """The same settings, if they may be written down. Raises UsageError."""
    if not _NAME.fullmatch(settings.name):
        raise UsageError(
            f"{settings.name!r} cannot be the name of a remote.",
            "Use letters, digits, '-' and '_'.",
            "bad-remote-name",
        )
    for key in settings.options:
        if is_secret(key):
            raise UsageError(
                f"The option {key!r} looks like a credential, and it would be written to "
                "the workspace's configuration.",
                "Set it in the environment or in the cloud's own profile instead.",
                "secret-in-options",
            )
    return settings


def is_secret(option: str) -> bool:
    """Whether an option of a store is a credential: one that hubsync knows, or that sounds like
    one."""
    name = option.strip().lower().replace("-", "_")
    return name in SECRET_OPTIONS or (
        _SECRET.search(name) is not None and not name.endswith(_NAMES_A_FILE)
    )


def doubts(settings: Settings) -> list[tuple[str, str]]:
    """What is odd in settings that can be read, for `doctor`: pairs of message and hint."""
    found: list[tuple[str, str]] = []
    places = [one.url for one in settings.remote]
    defaults = [one.name for one in settings.remote if one.rule().takes_everything()]
    for one in settings.remote:
        try:
            checked(one)
        except UsageError as error:
            found.append((error.message, error.hint))
        if places.count(one.url) > 1:
            found.append(
                (
                    f"the remote {one.name!r} is at {one.url}, as another one is",
                    "Give each remote a place of its own.",
                )
            )
        if one.name in defaults[1:]:
            found.append(
                (
                    f"no new file goes to the remote {one.name!r}: {defaults[0]!r} takes them all",
                    "Give it a rule: 'hubsync remote set NAME --include PATTERN'.",
                )
            )
    if settings.remote and not defaults:
        found.append(
            (
                "every remote has a rule; files that none of them takes are not synced",
                "Let one remote be without a rule, which takes everything else.",
            )
        )
    if settings.keep_days < 1:
        found.append(
            (
                f"keep_days is {settings.keep_days}: 'hubsync gc' removes every earlier version",
                "Write a number of days.",
            )
        )
    return found


def load(path: str) -> Settings:
    """The settings at ``path``. Raises ConfigError with the line that cannot be read."""
    try:
        with open(path, "rb") as file:
            settings = convert(tomllib.load(file), Settings)
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.",
            "Mend the file by hand.",
        ) from error
    names = [one.name for one in settings.remote]
    for name in names:
        # A name is part of the paths in which the remote's memory lies (rule 14).
        if not _NAME.fullmatch(name) or names.count(name) > 1:
            what = "stands there twice" if _NAME.fullmatch(name) else "cannot be one"
            raise ConfigError(
                f"{path}: the remote's name {name!r} {what}.",
                "Mend the file by hand: names are letters, digits, '-' and '_', each used once.",
            )
    return settings


def save(path: str, settings: Settings) -> None:
    """Write the settings, keeping a person's comments where the tables are still the same ones."""
    import tomlkit

    document = tomlkit.document()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            document = tomlkit.parse(file.read())
    if settings.keep_days != KEEP_DAYS or "keep_days" in document:
        document["keep_days"] = settings.keep_days
    old = {table.get("name"): table for table in document.get("remote", [])}
    tables = tomlkit.aot()
    for one in settings.remote:
        table = old.get(one.name, tomlkit.table())
        wanted = _plain(one)
        for key in [key for key in table if key not in wanted]:
            del table[key]
        for key, value in wanted.items():
            if table.get(key) != value:
                table[key] = value
        tables.append(table)
    if settings.remote:
        document["remote"] = tables
    else:
        document.pop("remote", None)
    text = tomlkit.dumps(document)
    partial = path + ".new"
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def _plain(settings: RemoteSettings) -> Mapping[str, object]:
    table: dict[str, object] = {"name": settings.name, "url": settings.url}
    if settings.exclusive:
        table["exclusive"] = True
    if settings.include:
        table["include"] = list(settings.include)
    if settings.larger_than is not None:
        table["larger_than"] = settings.larger_than
    for key in ("mode", "branch"):
        value = getattr(settings, key)
        if value is not None:
            table[key] = value
    if settings.options:
        table["options"] = dict(settings.options)
    return table
