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
from typing import TYPE_CHECKING

from msgspec import Struct, ValidationError, convert, field, structs

from hubsync.core.references import is_branch
from hubsync.core.routing import Rule
from hubsync.errors import ConfigError, UsageError
from hubsync.remotes.urls import names_git
from hubsync.results import RemoteInfo

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

DEFAULT_REMOTE = "origin"
KEEP_DAYS = 30
_MODES = ("branch", "shadow")
"""Of Git remotes. Nothing else stands for either: a slip of the pen must not publish to a branch
that its owner wanted left alone."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_BLANK_LINES = re.compile(r"\n{3,}")


class RemoteSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ``[[remote]]`` table. ``larger_than`` in bytes. ``upstream``: what ``url`` is a fork of;
    ``only_here``: other hubs are not told of it; ``withdrawn``: one of them tells of it no more."""

    name: str
    url: str
    exclusive: bool = False
    include: tuple[str, ...] = ()
    larger_than: int | None = None
    mode: str | None = None
    branch: str | None = None
    user: str | None = None
    upstream: str | None = None
    only_here: bool = False
    withdrawn: bool = False
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
            mode=self.mode,
        )

    def follows_branch(self) -> bool:
        """Whether it is synced with another place for each branch that is checked out."""
        return self.mode == "shadow"


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file. ``keep_days``: how long trash and versions stay before `gc` takes them.
    ``declined``: names of remotes that other hubs have, and that are not wanted here."""

    remote: tuple[RemoteSettings, ...] = ()
    keep_days: int = KEEP_DAYS
    declined: tuple[str, ...] = ()

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
        return structs.replace(self, remote=tuple(others))

    def without(self, name: str) -> Settings:
        self.named(name)
        return structs.replace(self, remote=tuple(one for one in self.remote if one.name != name))


def checked(settings: RemoteSettings) -> RemoteSettings:
    """The same settings, if they may be written down. Raises UsageError."""
    from hubsync.stores.addresses import holds_password
    from hubsync.stores.options import is_secret

    found = fault(settings)
    if found is not None:
        raise UsageError(*found)
    for key, value in settings.options.items():
        if is_secret(key) or holds_password(value):
            raise UsageError(
                f"The option {key!r} looks like a credential, which does not belong into the"
                " workspace's configuration.",
                "Set it in the environment (such as AWS_SECRET_ACCESS_KEY), or in a profile of the"
                " cloud's own tools, and name that: -o profile=NAME.",
                "secret-in-options",
            )
    return settings


def fault(settings: RemoteSettings) -> tuple[str, str, str] | None:
    """What makes settings unusable, wherever they come from: message, hint and code."""
    if not _NAME.fullmatch(settings.name):
        # A name is part of the paths in which the remote's memory lies (rule 14).
        return (
            f"{settings.name!r} cannot be the name of a remote.",
            "Use letters, digits, '-' and '_', at most 41 of them.",
            "bad-remote-name",
        )
    if settings.larger_than is not None and not 0 <= settings.larger_than < 1 << 63:
        return (
            f"{settings.larger_than} is no size of a file.",
            "Write a number of bytes, or a size such as 20MB.",
            "bad-size",
        )
    if settings.mode is not None and settings.mode not in _MODES:
        return (
            f"There is no mode {settings.mode!r}.",
            "Write branch or shadow.",
            "no-such-mode",
        )
    if settings.branch is not None and not is_branch(settings.branch):
        return (
            f"{settings.branch!r} cannot be the name of a branch.",
            "Write it as git does, such as main; 'git check-ref-format --branch NAME' tells.",
            "bad-branch",
        )
    for pattern in settings.include:
        from hubsync.core.patterns import pattern_fault

        what = pattern_fault(pattern)
        if what:
            return (what, "Write a pattern as in .gitignore, such as 'data/**'.", "bad-pattern")
    return None


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
        if names_git(one.url) and any(names_git(url) for url in places[: places.index(one.url)]):
            found.append(
                (
                    f"the remote {one.name!r} is a second Git repository; a workspace is a clone"
                    " of one",
                    f"Forget it: 'hubsync remote remove {one.name}'.",
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
    for one in settings.remote:
        found = fault(one)
        if found is not None:
            raise ConfigError(f"{path}: {found[0]}", f"Mend the file by hand. {found[1]}")
        if names.count(one.name) > 1:
            raise ConfigError(
                f"{path}: the remote's name {one.name!r} stands there twice.",
                "Mend the file by hand: each name is used once.",
            )
    if settings.keep_days < 0:
        raise ConfigError(
            f"{path}: keep_days cannot be {settings.keep_days}.",
            "Mend the file by hand: write a number of days.",
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
    if settings.declined:
        document["declined"] = list(settings.declined)
    else:
        document.pop("declined", None)
    write_tables(document, [_plain(one) for one in settings.remote])
    text = text_of(document)
    partial = path + ".new"
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def text_of(document: TOMLDocument) -> str:
    """tomlkit leaves a blank line more with every table that comes or goes."""
    import tomlkit

    return _BLANK_LINES.sub("\n\n", tomlkit.dumps(document)).strip("\n") + "\n"


def write_tables(document: TOMLDocument, wanted: list[Mapping[str, object]]) -> None:
    """Make the ``[[remote]]`` tables those, each edited where it stands."""
    import tomlkit
    from tomlkit.items import AoT

    there = document.get("remote")
    if not wanted:
        document.pop("remote", None)
        return
    if not isinstance(there, AoT):  # none yet, or written as a list of inline tables
        document.pop("remote", None)
        there = tomlkit.aot()
        document["remote"] = there
    names = [one["name"] for one in wanted]
    for at in reversed([at for at, table in enumerate(there) if table.get("name") not in names]):
        del there[at]
    tables = {table["name"]: table for table in there}
    for one in wanted:
        table = tables.get(one["name"])
        if table is None:
            table = tomlkit.table()
            table.trivia.indent = "\n"
            there.append(table)
        for key in [key for key in table if key not in one]:
            del table[key]
        for key, value in one.items():
            if table.get(key) != value:
                table[key] = value


def _plain(settings: RemoteSettings) -> Mapping[str, object]:
    table: dict[str, object] = {"name": settings.name, "url": settings.url}
    if settings.exclusive:
        table["exclusive"] = True
    if settings.include:
        table["include"] = list(settings.include)
    if settings.larger_than is not None:
        table["larger_than"] = settings.larger_than
    for key in ("mode", "branch", "user", "upstream"):
        value = getattr(settings, key)
        if value is not None:
            table[key] = value
    for key in ("only_here", "withdrawn"):
        if getattr(settings, key):
            table[key] = True
    if settings.options:
        table["options"] = dict(settings.options)
    return table
