"""What a cloud's standard variables and its own profiles add to a bucket's settings.

The environment comes in as a mapping; a variable that was not passed counts as unset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Config = dict[str, str | bool]
NO: Final = frozenset({"", "0", "no", "off", "false"})
YES: Final = frozenset({"1", "yes", "on", "true"})
CredentialProvider = Callable[[], dict[str, object]]

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


def flag(value: object) -> bool:
    """What a word for yes or no means; any other word is a yes."""
    if isinstance(value, bool):
        return value
    return str(value).strip().lower() not in NO


def complete_s3(config: Config, env: Mapping[str, str], profile: str) -> CredentialProvider | None:
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


def complete_gcs(config: Config, env: Mapping[str, str]) -> None:
    """Fill in from Google's variables."""
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


def complete_azure(config: Config, env: Mapping[str, str], connection: str) -> None:
    """Fill in from a connection string, and from Azure's variables."""
    connection = connection or env.get("AZURE_STORAGE_CONNECTION_STRING", "")
    if connection and "account_name" not in config:
        parts = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
        if flag(parts.get("UseDevelopmentStorage", "")):
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
