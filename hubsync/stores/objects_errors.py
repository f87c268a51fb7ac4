"""obstore's exceptions, whose texts run to pages, in the words of `hubsync.errors`.

obstore tells what happened mostly in the text: the HTTP status and the provider's error code are
read from there. What is passed on is one short sentence of our own and the provider's code; URLs
and queries (which may be signed) and debug dumps never are.
"""

from __future__ import annotations

import re
from typing import Final

from obstore import exceptions as raised

from hubsync.errors import (
    AccessDenied,
    HubsyncError,
    NameRefused,
    ObjectNotFound,
    PreconditionFailed,
    StoreError,
    Unreachable,
)
from hubsync.stores.serving import BUSY

_STATUS: Final = re.compile(r"status code: (\d{3})")
_CODE: Final = re.compile(r"<Code>\s*(\w{1,60})\s*</Code>")
_METADATA_HOSTS: Final = (
    "169.254.169.254",
    "169.254.170.2",
    "metadata.google.internal",
    "/oauth2/",
)

TRANSIENT_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504})
_DENIED_CODES: Final = frozenset(
    {
        "AccessDenied",
        "AccountProblem",
        "AllAccessDisabled",
        "AuthenticationFailed",
        "AuthenticationRequired",
        "AuthorizationFailure",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "NoAuthenticationInformation",
        "NotSignedUp",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_NO_BUCKET_CODES: Final = frozenset({"NoSuchBucket", "ContainerNotFound", "InvalidBucketName"})
_CONDITION_CODES: Final = frozenset(
    {"PreconditionFailed", "ConditionNotMet", "ConditionalRequestConflict", "BlobAlreadyExists"}
)
_NAME_CODES: Final = frozenset(
    {"KeyTooLongError", "InvalidObjectName", "InvalidResourceName", "OutOfRangeInput"}
)


def status_of(error: BaseException) -> int:
    """The HTTP status that ``error`` reports, 0 if there was no answer."""
    found = _STATUS.search(str(error)[:2000])
    return int(found[1]) if found else 0


def code_of(error: BaseException) -> str:
    """The provider's own error code, or ``""``."""
    found = _CODE.search(str(error)[:4000])
    return found[1] if found else ""


def is_transient(error: BaseException) -> bool:
    """Whether the same request may succeed in a moment."""
    if isinstance(error, FileNotFoundError | ValueError | raised.PreconditionError):
        return False
    if isinstance(error, raised.AlreadyExistsError | raised.PermissionDeniedError):
        return False
    status = status_of(error)
    return status in TRANSIENT_STATUS or (status == 0 and "http error" in _head(error))


def is_not_found(error: BaseException) -> bool:
    """A 404 for the object itself, not for its bucket."""
    if code_of(error) in _NO_BUCKET_CODES:
        return False
    return isinstance(error, FileNotFoundError) or status_of(error) == 404


def translated(error: BaseException, key: str, bucket: str = "") -> HubsyncError:
    """``error``, which a request for ``key`` ended in, as one of ours."""
    status, code, head = status_of(error), code_of(error), _head(error)
    return provider_error(
        key,
        bucket,
        status=_status_by_type(error, status),
        code=code,
        no_answer=status == 0 and _no_answer(head),
        no_credentials=any(host in head for host in _METADATA_HOSTS),
    )


def provider_error(
    key: str,
    bucket: str,
    *,
    status: int,
    code: str,
    no_answer: bool = False,
    no_credentials: bool = False,
) -> HubsyncError:
    """The error that an HTTP status and a provider's code stand for."""
    said = f" ({code})" if code else f" (HTTP {status})" if status else ""
    if code in _NO_BUCKET_CODES:
        return AccessDenied(
            f"There is no bucket {bucket!r} at this endpoint.",
            hint="Create it first, or correct the URL or the endpoint.",
            code="no-such-bucket",
        )
    if no_credentials:
        return AccessDenied(
            "No credentials were found.",
            hint="Set the cloud's variables or a profile, or use the option anonymous=true.",
            code="no-credentials",
        )
    if status in {401, 403} or code in _DENIED_CODES:
        return AccessDenied(
            f"The storage refused the credentials, or they lack a permission{said}.",
            hint="Check the keys, their permissions on this bucket, the region and the clock.",
        )
    if status in {409, 412} or code in _CONDITION_CODES:
        return PreconditionFailed(f"{key} is not what was expected there.")
    if status == 404:
        return ObjectNotFound(f"{key} is not there.")
    if status == 414 or code in _NAME_CODES:
        return NameRefused(f"The storage cannot hold an object named {key!r}{said}.")
    if no_answer:
        return Unreachable(
            "The storage could not be reached.",
            hint="Check the network and the endpoint.",
        )
    if status in TRANSIENT_STATUS:
        # Of one object, not of the storage: one bad path never stops the others (rule 7).
        return StoreError(
            f"{key}: the storage failed to serve it{said}.", hint="Try again later.", code=BUSY
        )
    return StoreError(f"{key}: the storage refused the request{said}.")


def _status_by_type(error: BaseException, status: int) -> int:
    if isinstance(error, raised.AlreadyExistsError | raised.PreconditionError):
        return 412
    if isinstance(error, raised.PermissionDeniedError):
        return 403
    if isinstance(error, raised.UnauthenticatedError):
        return 401
    if isinstance(error, FileNotFoundError):
        return 404
    if isinstance(error, ValueError | raised.InvalidPathError):
        return 414
    return status


def _head(error: BaseException) -> str:
    """What precedes the debug dump."""
    return str(error)[:4000].partition("\n\n")[0].lower()


def _no_answer(head: str) -> bool:
    """No connection was made. One that breaks in the middle of an answer is that answer's fault."""
    return any(
        sign in head
        for sign in ("error sending request", "timed out", "timeout error", "connection")
    )
