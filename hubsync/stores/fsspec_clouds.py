"""hubsync's option names and the clouds' variables, as s3fs, gcsfs and adlfs call them.

These serve a bucket only if it needs an option that obstore has not; then the usual options are
still to mean what they mean otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hubsync.errors import ConfigError

_FALSE: Final = frozenset({"", "0", "no", "off", "false"})

_S3: Final = {
    "endpoint": "endpoint_url",
    "anonymous": "anon",
    "access_key": "key",
    "access_key_id": "key",
    "secret_key": "secret",
    "secret_access_key": "secret",
    "session_token": "token",
}
_S3_VARIABLES: Final = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_ENDPOINT_URL_S3": "endpoint_url",
    "AWS_ENDPOINT_URL": "endpoint_url",
    "AWS_PROFILE": "profile",
    "AWS_REGION": "region",
    "AWS_DEFAULT_REGION": "region",
}
_GCS: Final = {
    "endpoint": "endpoint_url",
    "anonymous": "anon",
    "service_account": "token",
    "service_account_path": "token",
    "application_credentials": "token",
}
_GCS_VARIABLES: Final = {
    "STORAGE_EMULATOR_HOST": "endpoint_url",
    "GOOGLE_APPLICATION_CREDENTIALS": "token",
}
_AZURE: Final = {
    "endpoint": "account_host",
    "anonymous": "anon",
    "account": "account_name",
    "access_key": "account_key",
    "sas": "sas_token",
    "sas_key": "sas_token",
}
_AZURE_VARIABLES: Final = {
    "AZURE_STORAGE_ACCOUNT": "account_name",
    "AZURE_STORAGE_ACCOUNT_NAME": "account_name",
    "AZURE_STORAGE_KEY": "account_key",
    "AZURE_STORAGE_ACCOUNT_KEY": "account_key",
    "AZURE_STORAGE_CONNECTION_STRING": "connection_string",
    "AZURE_STORAGE_SAS_TOKEN": "sas_token",
    "AZURE_CLIENT_ID": "client_id",
    "AZURE_CLIENT_SECRET": "client_secret",
    "AZURE_TENANT_ID": "tenant_id",
}
_TABLES: Final = {
    "s3": (_S3, _S3_VARIABLES),
    "s3a": (_S3, _S3_VARIABLES),
    "gs": (_GCS, _GCS_VARIABLES),
    "gcs": (_GCS, _GCS_VARIABLES),
}


def cloud_arguments(
    scheme: str, options: Mapping[str, str], env: Mapping[str, str]
) -> dict[str, Any]:
    """The keyword arguments of the cloud's file system. Options win over variables."""
    names, variables = _TABLES.get(scheme, (_AZURE, _AZURE_VARIABLES))
    given: dict[str, Any] = {names.get(name, name): value for name, value in options.items()}
    if "conditional" in given:
        raise ConfigError(
            "The option 'conditional' needs a store with conditional writes.",
            "Leave it out: this bucket is written under a lock.",
        )
    for variable, name in variables.items():
        if env.get(variable):
            given.setdefault(name, env[variable])
    if "anon" in given:
        given["anon"] = given["anon"].strip().lower() not in _FALSE
    if names is _S3:
        region = given.pop("region", "")
        if region:
            given["client_kwargs"] = {"region_name": region}
    elif names is _GCS and given.pop("anon", False):
        given["token"] = "anon"  # gcsfs's word for none
    return given
