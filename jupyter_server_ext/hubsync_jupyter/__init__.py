"""The Jupyter server extension: keeps the server's files synced, and tells JupyterLab of it.

Begin reading with `app`, then `service`.
"""

from __future__ import annotations

from hubsync import __version__ as __version__


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """What jupyter_server asks an extension package: which app it has."""
    from hubsync_jupyter.app import HubSync

    return [{"module": "hubsync_jupyter", "app": HubSync}]
