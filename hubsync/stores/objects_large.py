"""How each cloud takes large files: with a condition, in bounded memory, whole or not at all.

obstore can do either parts or a condition, not both; so the provider's own library does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hubsync.stores.objects_client import Client
from hubsync.stores.protocol import Passed, Transferred, Upload

Note = Callable[[str, str], None]


class LargeUploads(Protocol):
    note: Note
    """See `LeavesUploads.note_uploads`; only uploads that can be aborted are told."""

    def upload(self, job: Upload, passed: Passed) -> Transferred:
        """Raises what `Store.upload` puts into a result."""

    def sweep(self, older_than: int) -> int:
        """As `Store.sweep`."""

    def abort(self, key: str, token: str) -> bool:
        """As `LeavesUploads.abort`."""


def unheard(_key: str, _token: str) -> None:
    """A note that nobody takes."""


def large_uploads(client: Client) -> LargeUploads:
    """The way for the client's provider. Loads no library and makes no request yet."""
    if client.settings.provider == "s3":
        from hubsync.stores.objects_multipart import Multipart

        return Multipart(client)
    if client.settings.provider == "gcs":
        from hubsync.stores.objects_google import GoogleUploads

        return GoogleUploads(client)
    from hubsync.stores.objects_azure import AzureUploads

    return AzureUploads(client)
