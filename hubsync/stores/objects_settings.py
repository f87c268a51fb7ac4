"""What a bucket's URL, its options and the environment say about how to reach it.

Nothing here opens a connection. The environment comes in as a mapping; a variable that was not
passed counts as unset. The result is plain data, but for `Settings.credentials`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from hubsync.errors import ConfigError

Config = dict[str, str | bool]
CredentialProvider = Callable[[], dict[str, object]]

SCHEMES: Final = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "azure": "azure",
    "abfs": "azure",
    "abfss": "azure",
}

_S3_NAMES: Final = {
    "endpoint": "endpoint",
    "endpoint_url": "endpoint",
    "region": "region",
    "region_name": "region",
    "default_region": "default_region",
    "anonymous": "skip_signature",
    "anon": "skip_signature",
    "skip_signature": "skip_signature",
    "access_key": "access_key_id",
    "access_key_id": "access_key_id",
    "key": "access_key_id",
    "secret_key": "secret_access_key",
    "secret_access_key": "secret_access_key",
    "secret": "secret_access_key",
    "session_token": "session_token",
    "token": "session_token",
    "virtual_hosted_style_request": "virtual_hosted_style_request",
    "requester_pays": "request_payer",
    "request_payer": "request_payer",
    "unsigned_payload": "unsigned_payload",
    "checksum_algorithm": "checksum_algorithm",
    "server_side_encryption": "server_side_encryption",
    "sse_kms_key_id": "sse_kms_key_id",
    "sse_bucket_key_enabled": "sse_bucket_key_enabled",
    "disable_tagging": "disable_tagging",
    "disable_bulk_delete": "disable_bulk_delete",
    "s3_express": "s3_express",
    "role_arn": "role_arn",
    "role_session_name": "role_session_name",
    "web_identity_token_file": "web_identity_token_file",
    "sts_endpoint": "sts_endpoint",
    "imdsv1_fallback": "imdsv1_fallback",
    "metadata_endpoint": "metadata_endpoint",
}
_GCS_NAMES: Final = {
    "endpoint": "base_url",
    "endpoint_url": "base_url",
    "base_url": "base_url",
    "anonymous": "skip_signature",
    "anon": "skip_signature",
    "skip_signature": "skip_signature",
    "service_account": "service_account",
    "service_account_path": "service_account",
    "service_account_key": "service_account_key",
    "application_credentials": "application_credentials",
    "bearer_token": "bearer_token",
}
_AZURE_NAMES: Final = {
    "endpoint": "endpoint",
    "endpoint_url": "endpoint",
    "anonymous": "skip_signature",
    "anon": "skip_signature",
    "skip_signature": "skip_signature",
    "account": "account_name",
    "account_name": "account_name",
    "account_key": "account_key",
    "access_key": "account_key",
    "sas": "sas_key",
    "sas_key": "sas_key",
    "sas_token": "sas_key",
    "bearer_token": "token",
    "client_id": "client_id",
    "client_secret": "client_secret",
    "tenant_id": "tenant_id",
    "authority_host": "authority_host",
    "use_emulator": "use_emulator",
    "use_azure_cli": "use_azure_cli",
    "msi_endpoint": "msi_endpoint",
    "federated_token_file": "federated_token_file",
    "disable_tagging": "disable_tagging",
}
_NAMES: Final = {"s3": _S3_NAMES, "gcs": _GCS_NAMES, "azure": _AZURE_NAMES}
_CLIENT_NAMES: Final = {
    "allow_http",
    "allow_invalid_certificates",
    "proxy_url",
    "proxy_excludes",
    "root_certificate",
}
_OWN_NAMES: Final = {"s3": {"profile"}, "gcs": set(), "azure": {"connection_string"}}

OBJECT_OPTIONS: Final[frozenset[str]] = frozenset(
    {name for names in _NAMES.values() for name in names}
    | {name for names in _OWN_NAMES.values() for name in names}
    | _CLIENT_NAMES
    | {"conditional"}
)
"""Every option name that this store can serve for at least one of its clouds."""

# Where two variables mean one thing, the one that wins comes first.
_S3_VARIABLES: Final = {
    "AWS_ACCESS_KEY_ID": "access_key_id",
    "AWS_SECRET_ACCESS_KEY": "secret_access_key",
    "AWS_SESSION_TOKEN": "session_token",
    "AWS_REGION": "region",
    "AWS_DEFAULT_REGION": "region",
    "AWS_ENDPOINT_URL_S3": "endpoint",
    "AWS_ENDPOINT_URL": "endpoint",
    "AWS_ROLE_ARN": "role_arn",
    "AWS_ROLE_SESSION_NAME": "role_session_name",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "web_identity_token_file",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "container_credentials_relative_uri",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "container_credentials_full_uri",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "container_authorization_token_file",
    "AWS_REQUEST_PAYER": "request_payer",
}
_AZURE_VARIABLES: Final = {
    "AZURE_STORAGE_ACCOUNT": "account_name",
    "AZURE_STORAGE_ACCOUNT_NAME": "account_name",
    "AZURE_STORAGE_KEY": "account_key",
    "AZURE_STORAGE_ACCOUNT_KEY": "account_key",
    "AZURE_STORAGE_ACCESS_KEY": "account_key",
    "AZURE_STORAGE_SAS_TOKEN": "sas_key",
    "AZURE_STORAGE_SAS_KEY": "sas_key",
    "AZURE_STORAGE_ENDPOINT": "endpoint",
    "AZURE_STORAGE_CLIENT_ID": "client_id",
    "AZURE_CLIENT_ID": "client_id",
    "AZURE_CLIENT_SECRET": "client_secret",
    "AZURE_TENANT_ID": "tenant_id",
    "AZURE_FEDERATED_TOKEN_FILE": "federated_token_file",
    "AZURE_AUTHORITY_HOST": "authority_host",
}
_AMBIENT: Final = (
    "web_identity_token_file",
    "container_credentials_relative_uri",
    "container_credentials_full_uri",
)


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

    Raises ConfigError for an unknown scheme or option and for a URL without a bucket.
    """
    scheme, _, rest = url.partition("://")
    provider = SCHEMES.get(scheme.lower())
    if provider is None:
        raise ConfigError(f"{scheme}:// is no object storage that hubsync knows.")
    bucket, prefix, account = _place(provider, rest)
    config, client, own = _sorted_options(provider, options)
    if account:
        config.setdefault("account_name", account)
    credentials: CredentialProvider | None = None
    if provider == "s3":
        credentials = _complete_s3(config, env, str(own.get("profile") or ""))
    elif provider == "gcs":
        _complete_gcs(config, env)
    else:
        _complete_azure(config, env, str(own.get("connection_string") or ""))
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
        conditional=_flag(own.get("conditional", True)),
    )


def _place(provider: str, rest: str) -> tuple[str, str, str]:
    """Bucket, prefix and (Azure) account of what stands after ``scheme://``."""
    if "?" in rest or "#" in rest:
        raise ConfigError(
            "The URL of a bucket takes no query and no fragment.",
            hint="Give options with -o key=value, and write ? and # in a prefix as %3F and %23.",
        )
    bucket, _, prefix = rest.partition("/")
    account = ""
    if provider == "azure" and "@" in bucket:
        bucket, _, host = bucket.partition("@")
        account = host.partition(".")[0]
    if not bucket or "@" in bucket:
        raise ConfigError(
            "The URL names no bucket.", hint="Write it as s3://bucket/prefix, gs://… or az://…."
        )
    return bucket, unquote(prefix).strip("/"), account


def _sorted_options(
    provider: str, options: Mapping[str, object]
) -> tuple[Config, Config, dict[str, object]]:
    """The options under obstore's names: for the store, for its HTTP client, and hubsync's own."""
    config: Config = {}
    client: Config = {}
    own: dict[str, object] = {}
    for name, value in options.items():
        known = _NAMES[provider].get(name)
        if known is not None:
            config[known] = value if isinstance(value, bool) else str(value)
        elif name in _CLIENT_NAMES:
            client[name] = value if isinstance(value, bool) else str(value)
        elif name == "conditional" or name in _OWN_NAMES[provider]:
            own[name] = value
        else:
            raise ConfigError(
                f"The option {name!r} is unknown for this kind of storage.",
                hint=f"It knows {', '.join(sorted(_NAMES[provider]))}.",
            )
    if "skip_signature" in config:
        config["skip_signature"] = _flag(config["skip_signature"])
    return config, client, own


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return str(value).strip().lower() not in {"", "0", "no", "off", "false"}


def _complete_s3(config: Config, env: Mapping[str, str], profile: str) -> CredentialProvider | None:
    """Fill in from the variables and from ``~/.aws``; a provider where keys have to be fetched.

    As Amazon's own tools do: a ``profile`` asked for wins over keys in the environment, and these
    over a profile that is named in the environment.
    """
    from hubsync.stores.objects_profile import read_profile

    chosen = {"access_key_id", "secret_access_key", "session_token"}
    keys_are_given = bool(profile) or "access_key_id" in config
    for variable, name in _S3_VARIABLES.items():
        if env.get(variable) and not (keys_are_given and name in chosen):
            config.setdefault(name, env[variable])
    if config.get("skip_signature"):
        config.setdefault("region", "us-east-1")
        return None
    profile = profile or env.get("AWS_PROFILE", "")
    found = read_profile(profile, env)
    config.setdefault("region", found.region or str(config.get("default_region", "us-east-1")))
    if found.endpoint:
        config.setdefault("endpoint", found.endpoint)
    if "access_key_id" in config or (not profile and any(name in config for name in _AMBIENT)):
        return None
    if found.keys:
        config.update(found.keys)
        return None
    return found.provider


def _complete_gcs(config: Config, env: Mapping[str, str]) -> None:
    emulator = env.get("STORAGE_EMULATOR_HOST")
    if emulator and "base_url" not in config:
        config["base_url"] = emulator if "://" in emulator else f"http://{emulator}"
        config.setdefault("skip_signature", True)
    if config.get("skip_signature"):
        return
    key_file = env.get("GOOGLE_APPLICATION_CREDENTIALS")
    chosen = {"service_account", "service_account_key", "application_credentials", "bearer_token"}
    if key_file and not chosen & config.keys():
        config["application_credentials"] = key_file


def _complete_azure(config: Config, env: Mapping[str, str], connection: str) -> None:
    connection = connection or env.get("AZURE_STORAGE_CONNECTION_STRING", "")
    if connection and "account_name" not in config:
        parts = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
        if _flag(parts.get("UseDevelopmentStorage", "")):
            config.setdefault("use_emulator", True)
        for field, name in (
            ("AccountName", "account_name"),
            ("AccountKey", "account_key"),
            ("SharedAccessSignature", "sas_key"),
            ("BlobEndpoint", "endpoint"),
        ):
            if parts.get(field):
                config.setdefault(name, parts[field])
    for variable, name in _AZURE_VARIABLES.items():
        if env.get(variable):
            config.setdefault(name, env[variable])
