"""A small, strict GitHub: the device flow, refresh tokens, `GET /user`, and Git over HTTP.

What the documentation does not allow is refused, so that a client that leans on a mistake fails
here too. Written from docs.github.com: "Authorizing OAuth apps" (device flow), "Generating a user
access token for a GitHub App", "Refreshing user access tokens"; and from gitprotocol-http(5).
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import itertools
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENT_ID = "Iv1.0123456789abcdef"
NO_DEVICE_FLOW = "Iv1.disabled00000000"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Device:
    code: str
    user_code: str
    interval: int
    ends: float
    asked: float
    polls: int = 0


@dataclass
class FakeGitHub:
    """``clock`` in seconds. ``approve_after``: the person enters the code before that poll (None:
    never); ``denies``: and clicks on cancel. ``down``: so many forms are answered by a page for
    people; ``moved_to``: where every GET is redirected to. ``repositories``: the folder of bare
    repositories; ``basic``: with which user and password they were asked for."""

    user: str = "octocat"
    clock: Callable[[], float] = time.time
    approve_after: int | None = 1
    denies: bool = False
    interval: int = 5
    lifetime: int = 900
    token_lifetime: int | None = 28800
    repositories: Path | None = None
    port: int = 0
    requests: list[str] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    basic: list[str] = field(default_factory=list)
    down: int = 0
    moved_to: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """What a hub sets that has an app there."""
        return {
            "GH_HOST": self.host,
            "GH_SCOPED_CREDS_CLIENT_ID": CLIENT_ID,
            "GH_SCOPED_CREDS_APP_URL": "https://github.example.org/apps/hub",
        }

    @property
    def secrets(self) -> set[str]:
        """Every secret that was ever given out."""
        return {*self.tokens, *self.refresh_tokens, *self.devices}

    def give_token(self, kind: str = "ghp") -> str:
        """A token that its owner made; it does not expire."""
        token = f"{kind}_{next(self._numbers):036d}"
        self.tokens[token] = float("inf")
        return token

    def revoke(self, token: str) -> None:
        self.tokens[token] = float("-inf")

    def alive(self, token: str) -> bool:
        return self.tokens.get(token, float("-inf")) > self.clock()

    def device_code(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if not set(form) <= {"client_id", "scope"}:
            return 400, {"error": "unexpected_parameter"}
        if form.get("client_id") == NO_DEVICE_FLOW:
            return 200, {"error": "device_flow_disabled"}
        if form.get("client_id") != CLIENT_ID:
            return 404, {"error": "Not Found"}
        now, number = self.clock(), next(self._numbers)
        device = Device(
            f"{number:040x}", f"WDJB-{number:04d}", self.interval, now + self.lifetime, now
        )
        self.devices[device.code] = device
        return 200, {
            "device_code": device.code,
            "user_code": device.user_code,
            "verification_uri": f"http://{self.host}/login/device",
            "expires_in": self.lifetime,
            "interval": self.interval,
        }

    def access_token(self, form: dict[str, str]) -> dict[str, Any]:
        if form.get("client_id") != CLIENT_ID:
            return {"error": "incorrect_client_credentials"}
        match form.get("grant_type"):
            case grant if grant == _DEVICE_GRANT:
                return self._polled(form)
            case "refresh_token":
                return self._refreshed(form)
        return {"error": "unsupported_grant_type"}

    def _polled(self, form: dict[str, str]) -> dict[str, Any]:
        device = self.devices.get(form.get("device_code", ""))
        if device is None:
            return {"error": "incorrect_device_code"}
        now = self.clock()
        early = now - device.asked < device.interval - 0.05  # what a clock's grain may take away
        device.asked = now
        if now >= device.ends:
            return {"error": "expired_token"}
        if early:
            device.interval += 5
            return {"error": "slow_down", "interval": device.interval}
        device.polls += 1
        if self.approve_after is None or device.polls < self.approve_after:
            return {"error": "authorization_pending"}
        device.ends = now  # neither can be used a second time
        return {"error": "access_denied"} if self.denies else self._granted()

    def _refreshed(self, form: dict[str, str]) -> dict[str, Any]:
        old = self.refresh_tokens.get(form.get("refresh_token", ""))
        if old is None or old == "used":
            return {"error": "bad_refresh_token"}
        self.refresh_tokens[form["refresh_token"]] = "used"
        self.revoke(old)  # "that refresh token and the old user access token will no longer work"
        return self._granted()

    def _granted(self) -> dict[str, Any]:
        if self.token_lifetime is None:
            return {"access_token": self.give_token("gho"), "token_type": "bearer", "scope": "repo"}
        token = self.give_token("ghu")
        refresh = f"ghr_{next(self._numbers):076d}"
        self.tokens[token] = self.clock() + self.token_lifetime
        self.refresh_tokens[refresh] = token
        return {
            "access_token": token,
            "expires_in": self.token_lifetime,
            "refresh_token": refresh,
            "refresh_token_expires_in": 15897600,
            "scope": "",
            "token_type": "bearer",
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    github: FakeGitHub

    def do_GET(self) -> None:
        self.github.requests.append(f"GET {self.path}")
        parts = urlsplit(self.path)
        if self.github.moved_to:
            self.send_response(302)
            self.send_header("Location", self.github.moved_to)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif parts.path == "/api/v3/user":
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            if kind != "Bearer" or not self.github.alive(token):
                self._json(401, {"message": "Bad credentials", "status": "401"})
            else:
                self._json(200, {"login": self.github.user, "id": 1})
        elif parts.path.endswith("/info/refs"):
            self._git(dict(parse_qsl(parts.query)).get("service", ""), advertise=True)
        else:
            self._json(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        self.github.requests.append(f"POST {self.path}")
        body = self._body()
        if self.path.endswith(("/git-upload-pack", "/git-receive-pack")):
            self._git(self.path.rpartition("/")[2], body)
            return
        form = dict(parse_qsl(body.decode()))
        if self.github.down > 0:
            self.github.down -= 1
            self._send(503, b"<html>Unicorn!</html>", "text/html")
        elif self.headers.get_content_type() != _FORM or not form:
            self._json(415, {"error": "unsupported_media_type"})
        elif self.path == "/login/device/code":
            self._json(*self.github.device_code(form))
        elif self.path == "/login/oauth/access_token":
            self._json(200, self.github.access_token(form))
        else:
            self._json(404, {"error": "Not Found"})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _git(self, service: str, body: bytes = b"", *, advertise: bool = False) -> None:
        kind, _, pair = self.headers.get("Authorization", "").partition(" ")
        self.github.basic.append(base64.b64decode(pair).decode() if kind == "Basic" else "")
        if not self.github.alive(self.github.basic[-1].partition(":")[2]):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="GitHub"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        assert self.github.repositories is not None
        assert service in ("git-upload-pack", "git-receive-pack")
        name = urlsplit(self.path).path.split("/")[1]
        ran = subprocess.run(
            ["git", service.removeprefix("git-"), "--stateless-rpc"]
            + ["--advertise-refs"] * advertise
            + [str(self.github.repositories / name)],
            input=body,
            stdout=subprocess.PIPE,
            check=False,
        )
        line = f"# service={service}\n"
        head = f"{len(line) + 4:04x}{line}0000".encode() if advertise else b""
        what = "advertisement" if advertise else "result"
        self._send(200, head + ran.stdout, f"application/x-{service}-{what}")

    def _json(self, status: int, answer: dict[str, Any]) -> None:
        if "application/json" in self.headers.get("Accept", "") or self.path.startswith("/api/"):
            self._send(status, json.dumps(answer).encode(), "application/json; charset=utf-8")
        else:  # the documented form where nothing else is asked for
            self._send(status, urlencode(answer).encode(), _FORM)

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True


@contextlib.contextmanager
def fake_github(**settings: Any) -> Iterator[FakeGitHub]:
    """A GitHub on a free port of 127.0.0.1, in a thread of this process."""
    github = FakeGitHub(**settings)
    handler = type("Handler", (_Handler,), {"github": github})
    with _Server(("127.0.0.1", 0), handler) as server:
        github.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield github
        finally:
            server.shutdown()
            thread.join()
