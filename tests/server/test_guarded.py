"""Every route asks who it is, whether they may, and whether the request is from a page of this
server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.web import RequestHandler

from hubsync_jupyter.handlers import ROUTES
from hubsync_jupyter.handlers.linking import Page
from tests.server.conftest import Api

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
ALL = [
    (method, pattern.replace(r"\.", ".").replace("([0-9a-f]+)", "0a"), handler)
    for pattern, handler in ROUTES
    for method in METHODS
    if getattr(handler, method.lower()) is not RequestHandler._unimplemented_method
]
PATHS = [
    (method, path.replace("([A-Za-z0-9][A-Za-z0-9_-]*)", "origin"), handler)
    for method, path, handler in ALL
]
CHANGING = [one for one in PATHS if one[0] != "GET"]


class Nobody(Authorizer):
    """Allows nothing."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != "hubsync"


async def logged_in(api: Api, fetch: Callable[..., Any]) -> dict[str, str]:
    """The headers of a browser in which somebody is logged in."""
    token = api.app.identity_provider.token
    entered = await fetch("api/status", headers={"Authorization": "none"}, params={"token": token})
    cookies = "; ".join(one.partition(";")[0] for one in entered.headers.get_list("Set-Cookie"))
    return {"Authorization": "none", "Cookie": cookies}


def test_there_are_routes_to_check() -> None:
    assert len(PATHS) > 35
    assert len(CHANGING) > 18
    assert not any("(" in path for _, path, _ in PATHS)


async def test_nobody_is_let_in_without_a_login(api: Api) -> None:
    for method, path, handler in PATHS:
        answer = await api.raw(
            method,
            f"hubsync/{path}",
            headers={"Authorization": "token wrong"},
            body=None if method == "GET" else "{}",
            follow_redirects=False,
        )
        if issubclass(handler, Page) and method == "GET":  # a person is asked to log in
            assert answer.status == 302, (method, path)
            assert "/login?next=" in answer.headers["Location"]
        elif issubclass(handler, Page):
            assert answer.status == 403, (method, path)
        else:
            answer.refused(403, "forbidden")


async def test_a_page_of_another_site_can_change_nothing(
    api: Api, jp_fetch: Callable[..., Any]
) -> None:
    """With the cookie that a browser sends along by itself, and without the token of XSRF."""
    who = await logged_in(api, jp_fetch)
    looked = await api.raw("GET", "hubsync/status", headers=dict(who))
    assert looked.status == 200, "the cookie is no login, so that this test shows nothing"
    for method, path, handler in CHANGING:
        answer = await api.raw(method, f"hubsync/{path}", headers=dict(who), body="{}")
        assert answer.status == 403, (method, path, answer.text)
        if not issubclass(handler, Page):
            answer.refused(403, "forbidden")


async def test_looking_is_refused_to_other_origins(api: Api, jp_fetch: Callable[..., Any]) -> None:
    who = await logged_in(api, jp_fetch)
    answer = await api.raw(
        "GET", "hubsync/status", headers={**who, "Origin": "https://evil.example.org"}
    )
    answer.refused(404, "not-found")


class TestWithAnAuthorizer:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.ServerApp.authorizer_class = Nobody
        return jp_server_config

    async def test_who_may_not_use_hubsync_is_refused_everything(self, api: Api) -> None:
        for method, path, _ in PATHS:
            body = None if method == "GET" else "{}"
            answer = await api.raw(method, f"hubsync/{path}", body=body, follow_redirects=False)
            assert answer.status == 403, (method, path, answer.text)


async def test_looking_counts_as_no_activity(api: Api) -> None:
    settings = api.app.web_app.settings
    before = settings.get("api_last_activity")
    for path in ("status", "last", "tasks/0a", "openapi.json", "login/device"):
        await api.get(path)
    assert settings.get("api_last_activity") == before
    await api.post("pause")
    assert settings["api_last_activity"] != before


async def test_an_unknown_route_is_an_error_like_any_other(api: Api) -> None:
    (await api.get("nowhere")).refused(404, "not-found")
    (await api.send("DELETE", "status")).refused(405, "method-not-allowed")
