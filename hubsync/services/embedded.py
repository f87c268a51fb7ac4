"""The embedded remote: a folder of the user's that stands in until there is a place for real."""

from __future__ import annotations

import os

from hubsync.errors import UsageError
from hubsync.stores.addresses import folder_url


def place_for(root: str, data_home: str | None) -> str:
    """The URL for the workspace at ``root``: a new name in a folder that is there, or made here.

    Raises UsageError.
    """
    if data_home is None:
        raise UsageError("No URL was given.", "Name the remote to link to.", "no-url")
    home = os.path.join(data_home, "remotes")
    try:
        os.makedirs(home, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The embedded remote has no place: {home} cannot be made ({error.strerror}).",
            "Name a place to link to: hubsync init URL. Or set XDG_DATA_HOME to a folder that can"
            " be written to.",
            "no-data-directory",
        ) from error
    base = os.path.basename(root) or "root"
    folder, number = os.path.join(home, base), 1
    while os.path.isdir(folder):
        number += 1
        folder = os.path.join(home, f"{base}-{number}")
    return folder_url(folder)
