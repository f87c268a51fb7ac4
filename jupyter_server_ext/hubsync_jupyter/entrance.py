"""Stands for all routes, so that loading the extension loads none of their modules.

What they need takes 0.1 s to import, which would make every start of a server longer, also of one
in which nothing is set up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tornado.web import RequestHandler

if TYPE_CHECKING:
    from hubsync_jupyter.service import Service


class Entrance(RequestHandler):
    """Whoever makes one gets the handler of the route instead, which is no `Entrance`: it checks
    who asks, as every handler of Jupyter's does."""

    def __new__(cls, application: Any, request: Any, service: Callable[[], Service]) -> Any:
        """``service`` is called with the first request."""
        from hubsync_jupyter.handlers import find

        base = str(application.settings["base_url"])
        handler, names = find(request.path.removeprefix(f"{base}hubsync/"))
        return handler(application, request, service=service(), names=names)
