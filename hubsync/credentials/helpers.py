"""Git's own credential helpers, asked through `git credential`.

The secret goes through pipes alone. Nothing can be typed in: there is no terminal for the helper,
and no program that asks.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Final

from hubsync.credentials.login import Login, Site, Unusable, login
from hubsync.credentials.places import Places
from hubsync.credentials.protocol import decoded, encoded

SOURCE: Final = "a Git credential helper"
_PATIENCE: Final = 20.0
_ASKS_NOBODY: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",  # set and empty: neither core.askPass nor SSH_ASKPASS is looked at
    "GCM_INTERACTIVE": "never",
}


def filled(site: Site, user: str | None, places: Places) -> Iterator[Login | Unusable]:
    """What the configured helpers have for the site, if git is there and they have anything."""
    given = {"protocol": site.protocol, "host": site.host, **({"username": user} if user else {})}
    answer = _git("fill", given, places)
    if isinstance(answer, Unusable):
        yield answer
    elif answer.get("password"):
        found = login(answer.get("username", ""), answer["password"], SOURCE)
        if found is not None:
            yield found


def reject(site: Site, refused: Login, places: Places) -> None:
    """The server refused what a helper gave: it need not be tried again."""
    given = {
        "protocol": site.protocol,
        "host": site.host,
        "username": refused.user,
        "password": refused.secret.reveal(),
    }
    _git("reject", given, places)


def _git(action: str, given: dict[str, str], places: Places) -> dict[str, str] | Unusable:
    import shutil
    import subprocess

    git = shutil.which("git", path=places.env.get("PATH"))
    if git is None:
        return {}
    process = subprocess.Popen(
        [git, "credential", action],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**places.env, **_ASKS_NOBODY},
        # Not in the workspace: what a repository configures is not run for another host's secret.
        cwd=places.home if places.home and os.path.isdir(places.home) else "/",
        start_new_session=True,
    )
    try:
        out, _ = process.communicate(encoded(given), timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        # The helper is a child of git's: it would keep the pipe open.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Unusable(SOURCE, f"it did not answer within {_PATIENCE:.0f} seconds")
    # git ends with an error where no helper knows anything, because it may not ask.
    return decoded(out) if process.returncode == 0 else {}
