"""What a bucket's URL, its options and the environment say about how to reach it.

Nothing here opens a connection. The result is plain data, but for `Settings.credentials`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from hubsync.errors import ConfigError
from hubsync.stores.objects_environment import (
    NO,
    YES,
    Config,
    CredentialProvider,
    complete_azure,
    complete_gcs,
    complete_s3,
    flag,
)
from hubsync.stores.objects_options import (
    ADDRESSES,
    CLIENT_NAMES,
    OWN_NAMES,
    SCHEMES,
    STORE_NAMES,
    SWITCHES,
    options_of,
)
from hubsync.stores.options import unknown_option

_BUCKET: Final = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")
"""``$``: Azure has containers of its own that are named ``$root`` and ``$web``."""


class Settings(Struct, frozen=True):
    """How to reach one prefix of one bucket. ``prefix`` has no slash at either end."""

    provider: str
    bucket: str
    prefix: str
    config: Config
    client: Config
    credentials: CredentialProvider | None = None
    conditional: bool = True

    def __repr__(self) -> str:
        # `config` holds keys and tokens: it must reach no log or traceback.
        return f"Settings({self.provider}, {self.bucket!r}, {self.prefix!r})"

    def endpoint(self) -> str:
        """The endpoint that was asked for, without user name, password or query; or ``""``."""
        where = str(self.config.get("endpoint") or self.config.get("base_url") or "")
        parts = urlsplit(where)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{host}{port}{parts.path}" if host else ""


def settings_for(url: str, options: Mapping[str, object], env: Mapping[str, str]) -> Settings:
    """Read ``url`` (``s3://bucket/prefix``), ``options`` (which win) and the environment ``env``.

    Raises ConfigError for an unknown scheme or option, for a URL without a bucket, and for a value
    that no server can have.
    """
    scheme, _, rest = url.partition("://")
    provider = SCHEMES.get(scheme.lower())
    if provider is None:
        raise ConfigError(
            f"{scheme}:// is no object storage that hubsync knows.",
            "Use s3://bucket/prefix, gs://… or az://….",
            "unknown-protocol",
        )
    bucket, prefix, account = _place(provider, rest)
    config, client, own = _sorted_options(scheme.lower(), options)
    if account:
        config.setdefault("account_name", account)
    credentials: CredentialProvider | None = None
    if provider == "s3":
        credentials = complete_s3(config, env, str(own.get("profile") or ""))
    elif provider == "gcs":
        complete_gcs(config, env)
    else:
        complete_azure(config, env, str(own.get("connection_string") or ""))
    for name in ADDRESSES & config.keys():
        _check_address(name, str(config[name]))
    endpoint = str(config.get("endpoint") or config.get("base_url") or "")
    if endpoint.startswith("http://") or config.get("use_emulator"):
        client.setdefault("allow_http", True)
    return Settings(
        provider=provider,
        bucket=bucket,
        prefix=prefix,
        config=config,
        client=client,
        credentials=credentials,
        conditional=flag(own.get("conditional", True)),
    )


def _place(provider: str, rest: str) -> tuple[str, str, str]:
    """Bucket, prefix and (Azure) account of what stands after ``scheme://``."""
    if "?" in rest or "#" in rest:
        raise ConfigError(
            "The URL of a bucket takes no query and no fragment.",
            "Give options with -o key=value, and write ? and # in a prefix as %3F and %23.",
            "bad-url",
        )
    bucket, _, prefix = rest.partition("/")
    account = ""
    if provider == "azure" and "@" in bucket:
        bucket, _, host = bucket.partition("@")
        account = host.partition(".")[0]
    if not bucket or "@" in bucket:
        raise ConfigError(
            "The URL names no bucket.",
            "Write it as s3://bucket/prefix, gs://… or az://….",
            "bad-url",
        )
    if not _BUCKET.fullmatch(bucket):
        # obstore would panic while it signs the request.
        raise ConfigError(
            f"{bucket!r} cannot be the name of a bucket.",
            "Names of buckets are letters, digits, '-', '_' and '.'.",
            "bad-url",
        )
    return bucket, unquote(prefix).strip("/"), account


def _sorted_options(
    scheme: str, options: Mapping[str, object]
) -> tuple[Config, Config, dict[str, object]]:
    """The options under obstore's names: for the store, for its HTTP client, and hubsync's own."""
    provider = SCHEMES[scheme]
    config: Config = {}
    client: Config = {}
    own: dict[str, object] = {}
    for name, value in options.items():
        known = STORE_NAMES[provider].get(name, name)
        if known in SWITCHES:
            _check_switch(name, value)
        if name in STORE_NAMES[provider]:
            config[known] = value if isinstance(value, bool) else str(value)
        elif name in CLIENT_NAMES:
            client[name] = value if isinstance(value, bool) else str(value)
        elif name == "conditional" or name in OWN_NAMES[provider]:
            own[name] = value
        else:
            raise unknown_option(scheme, [name], options_of(scheme))
    if "skip_signature" in config:
        config["skip_signature"] = flag(config["skip_signature"])
    return config, client, own


def _check_switch(name: str, value: object) -> None:
    if not isinstance(value, bool) and str(value).strip().lower() not in YES | NO:
        raise ConfigError(
            f"The option {name!r} cannot be {str(value)!r}.",
            f"Write {name}=true or {name}=false.",
            "bad-option",
        )


def _check_address(name: str, value: str) -> None:
    """What is no address would come out as a failed connection, or as the library's panic."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        sound = sound and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, a bracket without its end
        sound = False
    if not sound:
        # The value is not repeated: it may hold a user name and a key.
        shown = "endpoint" if name == "base_url" else name
        raise ConfigError(
            f"The option {shown!r} is no address of a server.",
            "Write it with its protocol: https://storage.example.org, or http://host:port. It comes"
            " from -o, from the workspace's configuration, or from the cloud's variables and"
            " profiles.",
            "bad-option",
        )
