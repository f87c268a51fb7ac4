"""A small, strict GitHub: the device flow and its page, refresh tokens, `GET /user`, repositories,
forks, and Git over HTTP.

What the documentation does not allow is refused, so that a client that leans on a mistake fails
here too. Written from docs.github.com: "Authorizing OAuth apps" (device flow), "Generating a user
access token for a GitHub App", "Refreshing user access tokens"; "REST API endpoints for forks",
"REST API endpoints for branches", "API Versions"; and from gitprotocol-http(5).
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
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

CLIENT_ID = "Iv1.0123456789abcdef"
NO_DEVICE_FLOW = "Iv1.disabled00000000"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_API_VERSIONS = ("2022-11-28", "2026-03-10")
_FORK_FIELDS = {"organization": str, "name": str, "default_branch_only": bool}
_FORM = "application/x-www-form-urlencoded"
_DEVICE_PAGE = """<!doctype html><title>Device activation</title>
<form method="post" action="/login/device">
<label>Code: <input name="user_code" autofocus></label> <button>Continue</button></form>"""


@dataclass
class Device:
    code: str
    user_code: str
    interval: int
    ends: float
    asked: float
    polls: int = 0
    entered: bool = False


@dataclass
class FakeGitHub:
    """``clock`` in seconds. ``approve_after``: the person enters the code before that poll (None:
    only on the page); ``denies``: and clicks on cancel. ``down``: so many forms are answered by a
    page for people; ``moved_to``: where every GET is redirected to. ``repositories``: the folder of
    bare repositories; ``basic``: with which user and password they were asked for. ``read_only``:
    those to which the user may not push; ``owned``: those that the user is shown;
    ``copies_after``: how often one asks for a new fork's branch before its objects are there;
    ``forks``: by what they are of; ``forbids``: why none is made."""

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
    read_only: set[str] = field(default_factory=set)
    owned: list[str] = field(default_factory=list)
    copies_after: int = 0
    forks: dict[str, str] = field(default_factory=dict)
    copying: dict[str, int] = field(default_factory=dict)
    forbids: str = ""
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

    def end_logins(self) -> None:
        """As if every login had been revoked in the settings."""
        for token in list(self.tokens):
            self.revoke(token)
        self.refresh_tokens = dict.fromkeys(self.refresh_tokens, "used")

    def enter(self, form: dict[str, str]) -> str:
        """What the page says to a code that a person entered."""
        for device in self.devices.values():
            if device.user_code == form.get("user_code") and device.ends > self.clock():
                device.entered = True
                return "Congratulations, you're all set!"
        return "That code is not valid."

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
        by_then = self.approve_after is not None and device.polls >= self.approve_after
        if not (by_then or device.entered):
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

    def fork(self, source: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """POST /repos/{owner}/{repo}/forks, by somebody who is known."""
        try:
            given = json.loads(body) if body else {}
        except ValueError:
            return 400, {"message": "Problems parsing JSON"}
        if not isinstance(given, dict):
            return 400, {"message": "Body should be a JSON object"}
        if any(not isinstance(v, _FORK_FIELDS.get(k, ())) for k, v in given.items()):
            return 422, {"message": "Validation Failed"}
        folder = self._folder(source)
        if folder is None:
            return 404, {"message": "Not Found"}
        if self.forbids:
            return 403, {"message": self.forbids}
        branch = _head(folder)
        if not branch:
            return 403, {
                "message": "The repository exists, but it contains no Git content. "
                "Empty repositories cannot be forked."
            }
        if source not in self.forks:
            name = f"{self.user}/{source.partition('/')[2]}"
            if self._folder(name) is not None:
                name += "-1"
            self.forks[source] = name
            self.copying[name] = self.copies_after
            if not self.copies_after:
                self._copy(source)
        name = self.forks[source]
        return 202, {
            "full_name": name,
            "name": name.partition("/")[2],
            "owner": {"login": self.user},
            "fork": True,
            "default_branch": branch,
            "clone_url": f"http://{self.host}/{name}.git",
        }

    def listed(self, query: dict[str, str]) -> tuple[int, list[dict[str, Any]]]:
        """GET /user/repos"""
        page, size = int(query.get("page", "1")), int(query.get("per_page", "30"))
        shown = self.owned[(page - 1) * size : page * size]
        return 200, [self._repository(one, private=False) for one in shown]

    def make(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """POST /user/repos"""
        given = json.loads(body)
        if set(given) - {"name", "private"} or not isinstance(given.get("name"), str):
            return 422, {"message": "Validation Failed"}
        name = f"{self.user}/{given['name']}"
        if name in self.owned:
            return 422, {"message": "Repository creation failed."}
        self.add_repository(name)
        return 201, self._repository(name, private=bool(given.get("private")))

    def add_repository(self, name: str) -> None:
        """An empty one, which the user is shown."""
        self.owned.append(name)
        if self.repositories is not None:
            folder = self.repositories / f"{name}.git"
            folder.parent.mkdir(exist_ok=True)
            _git(self.repositories, "init", "-q", "--bare", "-b", "main", str(folder))

    def _repository(self, name: str, *, private: bool) -> dict[str, Any]:
        return {
            "full_name": name,
            "private": private,
            "description": None,
            "permissions": {"pull": True, "push": name not in self.read_only},
        }

    def branch(self, name: str, branch: str) -> tuple[int, dict[str, Any]]:
        """GET /repos/{owner}/{repo}/branches/{branch}"""
        if self.copying.get(name):
            self.copying[name] -= 1
            if not self.copying[name]:
                self._copy(next(source for source, fork in self.forks.items() if fork == name))
            return 404, {"message": "Branch not found"}
        folder = self._folder(name)
        commit = "" if folder is None else _git(folder, "rev-parse", "-q", "--verify", branch)
        if not commit:
            return 404, {"message": "Not Found" if folder is None else "Branch not found"}
        return 200, {"name": branch, "commit": {"sha": commit}, "protected": False}

    def _copy(self, source: str) -> None:
        assert self.repositories is not None
        target = self.repositories / f"{self.forks[source]}.git"
        _git(self.repositories, "clone", "-q", "--bare", f"{source}.git", str(target))

    def _folder(self, name: str) -> Path | None:
        assert self.repositories is not None
        folder = self.repositories / f"{name}.git"
        return folder if folder.is_dir() else None

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


def _git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip()


def _head(folder: Path) -> str:
    """The default branch; ``""`` if there is no commit on it."""
    branch = _git(folder, "symbolic-ref", "--short", "HEAD")
    return branch if _git(folder, "rev-parse", "-q", "--verify", branch) else ""


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
        elif parts.path.startswith("/api/v3/"):
            self._api(parts.path.removeprefix("/api/v3"), None, dict(parse_qsl(parts.query)))
        elif parts.path.endswith("/info/refs"):
            self._git(dict(parse_qsl(parts.query)).get("service", ""), advertise=True)
        elif parts.path == "/login/device":
            self._send(200, _DEVICE_PAGE.encode(), "text/html")
        else:
            self._json(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        self.github.requests.append(f"POST {self.path}")
        body = self._body()
        if self.path.endswith(("/git-upload-pack", "/git-receive-pack")):
            self._git(self.path.rpartition("/")[2], body)
            return
        if self.path.startswith("/api/v3/"):
            self._api(self.path.removeprefix("/api/v3"), body)
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
        elif self.path == "/login/device":
            self._send(200, self.github.enter(form).encode(), "text/html")
        else:
            self._json(404, {"error": "Not Found"})

    def _api(self, path: str, body: bytes | None, query: dict[str, str] | None = None) -> None:
        """The REST API; ``body`` None: a GET."""
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        version = self.headers.get("X-GitHub-Api-Version", _API_VERSIONS[0])
        parts = path.strip("/").split("/")
        if not self.headers.get("User-Agent"):
            self._json(403, {"message": "Request forbidden by administrative rules."})
        elif self.headers.get("Accept") not in ("application/vnd.github+json", "application/json"):
            self._json(415, {"message": "Unsupported 'Accept' header"})
        elif version not in _API_VERSIONS:
            self._json(400, {"message": "Invalid API version"})
        elif kind != "Bearer" or not self.github.alive(token):
            self._json(401, {"message": "Bad credentials", "status": "401"})
        elif body is None and parts == ["user"]:
            self._json(200, {"login": self.github.user, "id": 1})
        elif parts == ["user", "repos"]:
            self._json(
                *(self.github.listed(query or {}) if body is None else self.github.make(body))
            )
        elif body is None and len(parts) == 5 and (parts[0], parts[3]) == ("repos", "branches"):
            self._json(*self.github.branch("/".join(parts[1:3]), unquote(parts[4])))
        elif body is not None and len(parts) == 4 and (parts[0], parts[3]) == ("repos", "forks"):
            self._json(*self.github.fork("/".join(parts[1:3]), body))
        else:
            self._json(404, {"message": "Not Found"})

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
        path = urlsplit(self.path).path.removesuffix("/info/refs").removesuffix(f"/{service}")
        name = path.strip("/")
        if service == "git-receive-pack" and name.removesuffix(".git") in self.github.read_only:
            self._send(403, f"Permission to {name} denied.\n".encode(), "text/plain")
            return
        if not (self.github.repositories / name).is_dir():
            self._send(404, b"Repository not found.\n", "text/plain")
            return
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

    def _json(self, status: int, answer: Any) -> None:
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
