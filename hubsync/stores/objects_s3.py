"""What obstore does not offer of S3, through botocore, which is loaded when needed: uploads in
parts that can be listed and gone on with, and listings of keys as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from hubsync.errors import HubsyncError, StoreError, Unreachable
from hubsync.stores.objects_client import Client, Page
from hubsync.stores.objects_errors import provider_error
from hubsync.stores.objects_native import identity_of
from hubsync.stores.objects_settings import Settings
from hubsync.stores.protocol import ObjectInfo

CONNECTIONS: Final = 16


def raw_client(settings: Settings) -> Any:
    """A botocore client with the same endpoint, credentials and patience as the obstore one.

    Raises StoreError if botocore is not installed.
    """
    try:
        import botocore.session
        from botocore import UNSIGNED
        from botocore.config import Config
    except ImportError as error:
        raise StoreError(
            "This needs botocore, which is not installed.", "Install it: pip install 'hubsync[s3]'"
        ) from error
    config = settings.config
    keys: dict[str, Any] = {}
    if settings.credentials is not None:
        given = settings.credentials()
        keys = {
            "aws_access_key_id": given["access_key_id"],
            "aws_secret_access_key": given["secret_access_key"],
            "aws_session_token": given.get("token"),
        }
    elif "access_key_id" in config:
        keys = {
            "aws_access_key_id": config["access_key_id"],
            "aws_secret_access_key": config.get("secret_access_key"),
            "aws_session_token": config.get("session_token"),
        }
    virtual = str(config.get("virtual_hosted_style_request", "")).lower() == "true"
    return botocore.session.Session().create_client(
        "s3",
        region_name=config.get("region"),
        endpoint_url=_endpoint(settings, "") or None,
        verify=not settings.client.get("allow_invalid_certificates", False),
        config=Config(
            signature_version=UNSIGNED if config.get("skip_signature") else "s3v4",
            max_pool_connections=CONNECTIONS,
            connect_timeout=5,
            read_timeout=120,
            retries={"mode": "standard", "total_max_attempts": 3},
            s3={
                "addressing_style": "virtual" if virtual else "path",
                # TLS vouches for the bytes already.
                "payload_signing_enabled": not _endpoint(settings, "https").startswith("https"),
            },
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
        **keys,
    )


def _endpoint(settings: Settings, default: str) -> str:
    endpoint = settings.config.get("endpoint")
    if not endpoint:
        return default
    # obstore wants the bucket in a virtual-hosted endpoint, botocore puts it there itself.
    parts = urlsplit(str(endpoint))
    return urlunsplit(parts._replace(netloc=parts.netloc.removeprefix(f"{settings.bucket}.")))


def full_key(settings: Settings, key: str) -> str:
    return f"{settings.prefix}/{key}" if settings.prefix else key


def raw_error(error: BaseException, key: str, settings: Settings) -> HubsyncError:
    """A botocore exception as one of ours. Other exceptions are defects and raised again."""
    from botocore import exceptions as raised

    if isinstance(error, raised.ClientError):
        said = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = "" if str(said).isdigit() else str(said)
        return provider_error(key, settings.bucket, status=int(status), code=code)
    if isinstance(error, raised.NoCredentialsError | raised.PartialCredentialsError):
        return provider_error(key, settings.bucket, status=0, code="", no_credentials=True)
    if isinstance(error, raised.HTTPClientError):
        return provider_error(key, settings.bucket, status=0, code="", no_answer=True)
    if isinstance(error, raised.BotoCoreError):
        return StoreError(f"{key}: the request failed ({type(error).__name__}).")
    raise error


def raw_pages(client: Client, prefix: str, delimiter: str) -> Iterator[Page]:
    """Pages of everything under ``prefix``. Raises what `raw_error` says."""
    settings = client.settings
    root = full_key(settings, "")
    native = raw_client(settings)
    asked = {"Bucket": settings.bucket, "Prefix": root + prefix}
    if delimiter:
        asked["Delimiter"] = delimiter
    while True:
        client.count("list")
        try:
            page = native.list_objects_v2(**asked)
        except Exception as error:
            raise raw_error(error, "the listing", settings) from error
        # botocore asks for encoded names and decodes them.
        rows = [
            ObjectInfo(
                row["Key"].removeprefix(root),
                row["Size"],
                identity_of(row["ETag"]),
                round(row["LastModified"].timestamp() * 1_000_000) * 1000,
            )
            for row in page.get("Contents", [])
        ]
        deeper = [one["Prefix"].removeprefix(root) for one in page.get("CommonPrefixes", [])]
        yield rows, deeper
        if not page.get("IsTruncated"):
            return
        if not page.get("NextContinuationToken"):
            raise Unreachable("The storage broke off its listing.")
        asked["ContinuationToken"] = page["NextContinuationToken"]
