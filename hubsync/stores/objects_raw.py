"""Listings with the keys exactly as the server has them, by the provider's own library.

obstore's parser stops at a key like ``a//b`` or ``../x`` and strips others' slashes at the ends.
Such keys are problems of their paths (rules 7 and 14), which the remote can report only if it sees
them, and they must not hide the other objects.
"""

from __future__ import annotations

from collections.abc import Iterator

from hubsync.stores.objects_client import Client, Page


def raw_pages(client: Client, prefix: str, delimiter: str = "") -> Iterator[Page]:
    """Pages of objects whose keys begin with ``prefix``, and, with a ``delimiter``, of the common
    prefixes of the deeper ones. Loads a library for it (0.3 s and more)."""
    if client.settings.provider == "s3":
        from hubsync.stores.objects_s3 import raw_pages as pages
    elif client.settings.provider == "gcs":
        from hubsync.stores.objects_google import raw_pages as pages
    else:
        from hubsync.stores.objects_azure import raw_pages as pages
    return pages(client, prefix, delimiter)
