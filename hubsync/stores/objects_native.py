"""What obstore takes and gives in this package's terms: stores, keys, identities, metadata.

Identities are entity tags, always in double quotes and without a weakness mark: some servers
quote them in one answer and not in another. Google's listing has no generation, so that there
too the entity tag is the identity, and a conditional replacement looks the generation up.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

from obstore.store import AzureStore, GCSStore, S3Store

from hubsync.errors import NameRefused
from hubsync.stores.objects_settings import Settings
from hubsync.stores.protocol import ObjectInfo

TRIES: Final = 4

# What obstore's path parser refuses or changes silently.
_REFUSED: Final = re.compile(r"[\x00-\x1f\x7f]|^/|/$|//|^$|(?:^|/)\.{1,2}(?:/|$)")

_RETRY: Final[dict[str, Any]] = {
    "max_retries": TRIES - 1,
    "retry_timeout": timedelta(seconds=8),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}
_NO_RETRY: Final[dict[str, Any]] = {"max_retries": 0, "retry_timeout": timedelta(seconds=8)}
_STORES: Final[dict[str, Any]] = {"s3": S3Store, "gcs": GCSStore, "azure": AzureStore}


def identity_of(e_tag: str | None) -> str:
    """The identity for an entity tag, in the one form that listing, put and head agree on."""
    if not e_tag:
        return ""
    return '"' + e_tag.removeprefix("W/").strip('"') + '"'


def info_of(meta: Any) -> ObjectInfo:
    """An obstore ``ObjectMeta`` as ours. Times are exact to the microsecond."""
    return ObjectInfo(
        meta["path"],
        meta["size"],
        identity_of(meta["e_tag"]),
        round(meta["last_modified"].timestamp() * 1_000_000) * 1000,
    )


def is_representable(key: str) -> bool:
    """Whether obstore takes ``key`` and gives it back from a listing as it is."""
    return not _REFUSED.search(key) and _is_unicode(key)


def check_key(key: str, provider: str) -> None:
    """Raises NameRefused."""
    if not is_representable(key) or (provider == "azure" and "\\" in key):  # Azure makes it a slash
        raise NameRefused(
            f"{key!r} cannot be the name of an object.",
            hint="Rename it: control characters, empty parts, '.' and '..' cannot be carried.",
        )


def _is_unicode(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8
        return False
    return True


def open_native(settings: Settings, *, retries: bool) -> Any:
    """An obstore store for ``settings``."""
    client: dict[str, Any] = {
        "connect_timeout": "5s",
        "read_timeout": "120s",
        "timeout": "15m",
        **settings.client,
    }
    extra: dict[str, Any] = {}
    if settings.credentials is not None:
        extra["credential_provider"] = settings.credentials
    return _STORES[settings.provider](
        settings.bucket,
        prefix=settings.prefix or None,
        config=settings.config,
        client_options=client,
        retry_config=_RETRY if retries else _NO_RETRY,
        **extra,
    )
