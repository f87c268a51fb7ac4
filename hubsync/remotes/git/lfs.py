"""Git LFS, by its own program: in Git there is a pointer, the content lies on a server of its own
(https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md)."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from typing import Any, Final

import pygit2

from hubsync.errors import HubsyncError, LocalError, StoreError
from hubsync.model import Problem
from hubsync.remotes.git import attributes, program
from hubsync.remotes.git.layout import common_folder

_PROGRAM: Final = "git-lfs"
_LARGEST_POINTER: Final = 1024
"""Bytes; the specification's limit."""
_SHA256: Final = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_SIZE: Final = re.compile(rb"^size ([0-9]{1,18})$", re.MULTILINE)
_BEGINS: Final = b"version https://git-lfs.github.com/spec/v1\n"
CONFIG: Final = ".lfsconfig"
_WHERE: Final = re.compile(r"lfs\.url|remote\..+\.lfsurl", re.IGNORECASE)
_HINT: Final = "Install git-lfs, then sync."

_NOT_GIVEN: Final = (
    "See what 'git lfs pull' says in the workspace. If the server lost it, whoever has the file"
    " sends it with 'git lfs push --all REMOTE'."
)
_NOT_CLEANED: Final = "See what 'git lfs env' says in the workspace, then sync."
_NOT_ASKED: Final = "Run 'git lfs pull' in the workspace, then sync."
_RUN: Final = re.compile(r"^'[^'\n]*' failed: ")
_NOISE: Final = re.compile(r"Downloading |Uploading |Errors logged to |Use `git lfs logs |\s*$")
_TELLING: Final = re.compile(
    r"(?:.*Error downloading .*\([0-9a-f]{64}\): )?(?:.*error transferring \"[0-9a-f]{64}\": )?"
    r"(?:\[\d+\] )?"
)
_OID: Final = re.compile(r"\b([0-9a-f]{9})[0-9a-f]{55}\b")
_LONGEST_REASON: Final = 200


def is_there() -> bool:
    """Whether the program is on PATH, and git, through which it works."""
    return program.is_there(_PROGRAM) and program.is_there("git")


def is_pointer(data: bytes) -> bool:
    return len(data) <= _LARGEST_POINTER and data.startswith(_BEGINS)


def is_here(repository: Any, pointer: bytes) -> bool:
    """Whether the content lies in the clone's own store."""
    name = _sha256(pointer)
    return bool(name) and os.path.isfile(_stored(repository, name))


def on_this_machine(repository: Any, path: str, pointer: bytes) -> bytes | None:
    """The content, where the clone's own store has it or the working directory at ``path``; no
    program is needed for that. None: neither has, by the pointer's size and SHA-256."""
    name, size = _sha256(pointer), _SIZE.search(pointer)
    if not name or size is None:
        return None
    for file in (_stored(repository, name), os.path.join(repository.workdir, path)):
        data = _read(file, int(size[1]))
        if data is not None and hashlib.sha256(data).hexdigest() == name:
            return data
    return None


def clean(repository: Any, path: str, data: bytes) -> bytes:
    """The pointer to a content, which now lies in the clone's own store. Raises LocalError."""
    set_up(repository)
    pointer = program.run([_PROGRAM, "clean", "--", path], repository.workdir, data)
    if data and not is_pointer(pointer):
        raise LocalError(f"git-lfs made no pointer of {path}.", _NOT_CLEANED, attributes.LFS)
    return pointer


def smudge(repository: Any, path: str, pointer: bytes, settings: Mapping[str, str]) -> bytes:
    """The content, fetched from the server if it is not here. ``settings``: those of the commit
    that it comes with. Raises StoreError."""
    set_up(repository)
    arguments = [_PROGRAM, "smudge", "--", path]
    try:
        data = program.run(arguments, repository.workdir, pointer, _with(settings))
    except LocalError as error:
        raise _not_had(path, reason(error.message), _NOT_GIVEN) from error
    if is_pointer(data):  # what git-lfs gives where it is told to download nothing
        raise _not_had(path, "git-lfs is told to fetch nothing", _NOT_ASKED)
    return data


def push(repository: Any, remote: str, reference: str) -> None:
    """Send the contents that the reference's commits point to and the server has not; before the
    branch moves there, so that nobody finds a pointer to nothing. Raises StoreError."""
    if not os.path.isdir(_store(repository)) or not is_there():
        return  # nothing was ever given to git-lfs here
    arguments = [_PROGRAM, "push", remote, reference]
    try:
        program.run(arguments, repository.workdir, env=_with({}))
    except LocalError as error:
        raise StoreError(
            f"The files of Git LFS could not be sent: {reason(error.message)}.",
            "Nothing was pushed. Check that the server has Git LFS, and that you may write there.",
            "lfs-push",
        ) from error


def set_up(repository: Any) -> None:
    """Let plain git know how to filter in this clone, if it does not: else `git status` would take
    every such file for changed."""
    if attributes.has_driver(repository, attributes.LFS):
        return
    install = [_PROGRAM, "install", "--local"]
    try:
        program.run(install, repository.workdir)
    except HubsyncError:  # hooks of the person's own are in its way: these stay
        program.run([*install, "--skip-repo"], repository.workdir)


def held_back(path: str) -> Problem:
    """A content that only git-lfs may commit, without git-lfs."""
    return Problem(
        path,
        attributes.LFS,
        f"{path} belongs to Git LFS, and git-lfs is not installed; it stays here.",
        "Install git-lfs, then sync; or take the filter from .gitattributes.",
    )


def only_pointer(path: str) -> Problem:
    """A content that cannot be had without git-lfs."""
    return Problem(
        path,
        attributes.LFS,
        f"{path} belongs to Git LFS, and git-lfs is not installed: only its pointer can be had.",
        _HINT,
    )


def _store(repository: Any) -> str:
    return os.path.join(common_folder(repository), "lfs", "objects")


def _stored(repository: Any, name: str) -> str:
    return os.path.join(_store(repository), name[:2], name[2:4], name)


def _sha256(pointer: bytes) -> str:
    """Of the content; ``""`` for no pointer."""
    found = _SHA256.search(pointer)
    return found[1].decode() if found is not None else ""


def _read(file: str, size: int) -> bytes | None:
    """A regular file of that size; None if it is none, or cannot be read."""
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as source:
            status = os.fstat(source.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size != size:
                return None
            return source.read()
    except OSError:
        return None


def _not_had(path: str, why: str, hint: str) -> StoreError:
    return StoreError(f"{path} could not be had from Git LFS: {why}.", hint, attributes.LFS)


def reason(said: str) -> str:
    """The line of git-lfs's output that tells what is wrong, without what stands around it:
    progress, names said already, and where it keeps its log."""
    lines = [line.strip() for line in _RUN.sub("", said).splitlines()]
    told = next((line for line in lines if not _NOISE.match(line)), "it does not say why")
    short = _OID.sub(r"\1", _TELLING.sub("", told, count=1))
    return short[:_LONGEST_REASON].rstrip(". ")


def settings_in(repository: Any, file: str) -> dict[str, str]:
    """Where the contents are, as the ``.lfsconfig`` in ``file`` says; the clone's own settings come
    first (git-lfs-config(5)). git-lfs itself looks for it on the disk and in HEAD, and a clone that
    begins has neither."""
    own = repository.config
    return {
        one.name: one.value or ""
        for one in pygit2.Config(file)
        if _WHERE.fullmatch(one.name) and one.name not in own
    }


def _with(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings for one run, and the one by which git asks hubsync for logins too, beside those that
    there are (git-config(1), GIT_CONFIG_COUNT)."""
    said = os.environ.get("GIT_CONFIG_COUNT", "0")
    first = int(said) if said.isdecimal() else 0
    pairs = [*settings.items()]
    if program.is_there("hubsync"):
        pairs.append(("credential.helper", "!hubsync git-credential"))
    env = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
    for number, (name, value) in enumerate(pairs, first):
        env |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return env


def points_to(repository: Any, path: str, file: str, pointer: Any) -> bool:
    """Whether the blob ``pointer`` is the pointer to what is in ``file``, of which nothing needs to
    be known beside it then."""
    if repository.get_attr(path, "filter") != attributes.LFS:
        return False
    with open(file, "rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    text = _BEGINS + f"oid sha256:{digest}\nsize {os.path.getsize(file)}\n".encode()
    return bool(pygit2.hash(text) == pointer)
