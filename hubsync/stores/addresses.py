"""The parts of a remote's address, and what must not stand in one."""

from __future__ import annotations

import os
import re
from typing import Final
from urllib.parse import unquote, urlsplit

from hubsync.errors import ConfigError

_TOKEN: Final = re.compile(r"gh[a-z]_|github_pat_|glpat-")
"""How tokens of forges begin."""
_S3: Final = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a profile of ~/.aws: -o profile=NAME"
)
_GOOGLE: Final = "set GOOGLE_APPLICATION_CREDENTIALS to the file with the account's key"
_AZURE: Final = "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
_CREDENTIALS: Final = (
    {"s3": _S3, "s3a": _S3}
    | {"gs": _GOOGLE, "gcs": _GOOGLE}
    | dict.fromkeys(("az", "azure", "abfs", "abfss"), _AZURE)
)
"""How clouds are given credentials, by scheme."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def scheme_of(url: str) -> str:
    """The URL's scheme in lower case; a plain absolute path is ``file``. Raises ConfigError."""
    if os.path.isabs(url):
        return "file"
    scheme, separator, _ = url.partition("://")
    if not separator or not scheme:
        raise ConfigError(
            f"{url!r} is no address of a remote.",
            "Write it with its protocol (s3://bucket/folder) or as an absolute path.",
            "bad-url",
        )
    return scheme.lower()


def folder_of(url: str) -> str:
    """The absolute path that ``file:///folder`` or a plain path names."""
    if os.path.isabs(url):
        return os.path.normpath(url)
    parts = urlsplit(url.replace("?", "%3F").replace("#", "%23"))
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ConfigError(
            "A file:// address names a folder of this machine by its absolute path.",
            "Write file:///folder, with three slashes.",
            "bad-url",
        )
    return os.path.normpath(unquote(parts.path))


def folder_url(path: str) -> str:
    """The URL that `folder_of` reads as ``path``. Raises ConfigError for a path that is not UTF-8,
    which no configuration can hold."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"The name of the folder {path!r} is not UTF-8.", "Rename the folder.", "bad-url"
        ) from error
    return "file://" + path.replace("%", "%25")


def refuse_credentials(url: str, instead: str = "") -> None:
    """Raises ConfigError if a password stands in the URL: it would be stored and shown.
    ``instead``: how such a remote is given one, for the hint, where its scheme does not tell."""
    if holds_password(url):
        known = _CREDENTIALS.get(
            url.partition("://")[0].lower(), "set HUBSYNC_PASSWORD, or use a key"
        )
        raise password_in(url, instead or known)


def password_in(url: str, instead: str) -> ConfigError:
    """The error for an address with a password or a token in it, which it does not repeat."""
    scheme = url.partition("://")[0]
    return ConfigError(
        f"A password must not stand in the address of a remote ({scheme}://…@…).",
        f"Leave it out of the address, and {instead}.",
        "password-in-url",
    )


def without_secrets(url: str) -> str:
    """What somebody wrote for an address, as it may be shown: without what stands before a host or
    after a path."""
    shown = re.sub(r"//.*@", "//…@", url, count=1, flags=re.DOTALL)
    return re.sub(r"([?#]).*", r"\1…", shown, count=1, flags=re.DOTALL)


def holds_password(url: str) -> bool:
    """Whether a user name and a password stand before the host, or a token in place of a name."""
    authority = url.partition("://")[2].partition("/")[0]
    user = authority.rpartition("@")[0]
    return ":" in user or _TOKEN.match(user) is not None


def refuse_odd_parts(url: str) -> None:
    """Raises ConfigError for a place that storages read differently from one another, or not at
    all: with ``..``, ``.`` or an empty name in it, or with control characters."""
    rest = url.partition("://")[2].removeprefix("/").rstrip("/")
    parts = [unquote(part) for part in rest.split("/")]
    odd = [part for part in parts if part in ("", ".", "..") or "/" in part]
    if (rest and odd) or _CONTROL.search(unquote(rest)):
        what = repr(odd[0]) if odd and odd[0] else "an empty name" if odd else "a control character"
        raise ConfigError(
            f"{url!r} names no folder of a storage: {what} stands in it.",
            "Write the folder's own names, with one slash between them.",
            "bad-url",
        )
