"""Working on a fork: a repository of one's own, where the workspace's own one takes no pushes."""

from __future__ import annotations

import time

from msgspec.structs import replace

from hubsync.config import RemoteSettings
from hubsync.credentials.forking import Waiting, forked
from hubsync.credentials.logins import Logins
from hubsync.credentials.repository import Repository, pull_request, repository_of, url_of
from hubsync.credentials.requests import asking
from hubsync.errors import UsageError
from hubsync.links import Links
from hubsync.remotes.protocol import Switches
from hubsync.remotes.urls import names_git
from hubsync.report import Reporter, Silent
from hubsync.results import Forked


def fork(links: Links, reporter: Reporter | None) -> Forked:
    """Let the workspace's Git remote be a fork of it from now on. See `Workspace.fork`."""
    hears = reporter or Silent()
    with links.held(reporter):
        settings = _git_remote(links)
        source = settings.upstream or settings.url
        of = repository_of(source)
        if of is None:
            raise _no_github(source)
        if settings.upstream is not None:
            mine = repository_of(settings.url)
            if mine is None:
                raise _no_github(settings.url)
            return _told(links, settings, mine, of)
        hears.phase("Making a fork")
        mine = forked(Logins(links.env), asking(links.env), of, Waiting(time.sleep, hears.stopping))
        after = replace(settings, url=url_of(mine, settings.url, of), upstream=settings.url)
        identity = links.configure(
            links.settings.with_remote(after), connect=settings.name, create=False
        )
        if identity != links.state(settings.name).remote_id:
            links.layout.forget(settings.name)  # Git itself knows the base
        return _told(links, after, mine, of)


def _git_remote(links: Links) -> RemoteSettings:
    for one in links.linked():
        if names_git(one.url):
            return one
    raise UsageError(
        "This workspace is linked to no Git repository, and only those can be forked.",
        "Run the command without --fork.",
        "not-for-this-remote",
    )


def _told(links: Links, settings: RemoteSettings, mine: Repository, of: Repository) -> Forked:
    remote = links.remote(settings.name)
    side = remote.here() if isinstance(remote, Switches) else ""
    branch = side.split("/", 2)[-1] or settings.branch or "main"
    return Forked(settings.url, settings.upstream or "", pull_request(mine, of, branch, side))


def _no_github(url: str) -> UsageError:
    return UsageError(
        f"{url} is no repository of a GitHub, so hubsync cannot fork it.",
        "Fork it there by hand, then: hubsync remote set origin --url URL",
        "not-for-this-remote",
    )
