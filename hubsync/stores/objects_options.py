"""What options a bucket takes, under hubsync's names and obstore's.

Everything is plain data, so that an option can be judged before a library is loaded.
"""

from __future__ import annotations

from typing import Final

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
STORE_NAMES: Final = {"s3": _S3_NAMES, "gcs": _GCS_NAMES, "azure": _AZURE_NAMES}
CLIENT_NAMES: Final = {
    "allow_http",
    "allow_invalid_certificates",
    "proxy_url",
    "proxy_excludes",
    "root_certificate",
}
OWN_NAMES: Final[dict[str, set[str]]] = {
    "s3": {"profile"},
    "gcs": set(),
    "azure": {"connection_string"},
}

OBJECT_OPTIONS: Final[frozenset[str]] = frozenset(
    {name for names in STORE_NAMES.values() for name in names}
    | {name for names in OWN_NAMES.values() for name in names}
    | CLIENT_NAMES
    | {"conditional"}
)
"""Every option name that this store can serve for at least one of its clouds."""

ADDRESSES: Final = frozenset({"endpoint", "base_url", "sts_endpoint", "metadata_endpoint"})
"""Options, under obstore's names, whose value is the address of a server."""

SWITCHES: Final = frozenset(
    {
        "allow_http",
        "allow_invalid_certificates",
        "conditional",
        "disable_bulk_delete",
        "disable_tagging",
        "imdsv1_fallback",
        "request_payer",
        "s3_express",
        "skip_signature",
        "sse_bucket_key_enabled",
        "unsigned_payload",
        "use_azure_cli",
        "use_emulator",
        "virtual_hosted_style_request",
    }
)
"""Options, under obstore's names, whose value is yes or no."""


def options_of(scheme: str) -> frozenset[str]:
    """The names of the options that a bucket of ``scheme`` takes."""
    provider = SCHEMES[scheme]
    own = {*STORE_NAMES[provider], *OWN_NAMES[provider]}
    return frozenset(own | CLIENT_NAMES | {"conditional"})
