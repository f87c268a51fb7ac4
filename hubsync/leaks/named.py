"""Secrets that are known by the name they are given to: ``password = "…"``, ``?token=…``.

This does the work of detect-secrets' keyword plugin, whose alarms on research are mostly false: it
takes any value under such a name for a secret.
"""

from __future__ import annotations

import re
from typing import Final

from hubsync.leaks.plausible import is_uuid, like_password, looks_random

PASSWORD: Final = "password"
TOKEN: Final = "API key or token"

NEEDLES: Final[dict[str, str]] = {
    **dict.fromkeys(("password", "passwd", "passphrase", "pwd"), PASSWORD),
    **dict.fromkeys(
        (
            "secret",
            "token",
            *(
                f"{word}{joint}key"
                for word in ("api", "access", "auth", "account", "storage", "subscription")
                for joint in ("_", "-", "")
            ),
        ),
        TOKEN,
    ),
}

_OTHER_NAMES: Final = re.compile(
    r"(?:page|next|cont|continuation|csrf|xsrf|sync|cancel|pad|eos|bos|unk|sep|mask|cls|special"
    r"|start|end|public|num|max|hash|hashed|encrypted)[_ -]?$"
)
"""What before ``token`` and the like makes it no secret: pages of an API, vocabularies."""
_BEFORE: Final = 16

_REST: Final = r"""(?:[_-]?(?:access[_-]?key|key|value|prod|dev|live|\d{1,3}))?"""
_QUOTE: Final = r"""["]{3}|[']{3}|\\?["'`]|&quot;"""
_ASSIGNED: Final = re.compile(
    rf"""{_REST}(?P<closing>{_QUOTE})?\]?[ \t]*(?::[ \t]*[\w.| ]{{1,30}}(?==))?"""
    rf"""(?P<sign>:=|=>|<-|={{1,3}}|:|,)[ \t]*(?:default[ \t]*=[ \t]*)?(?:[rbuf]{{1,2}}(?=["']))?"""
    rf"""(?:(?P<quote>{_QUOTE})(?P<quoted>[^\s"'`\\<>{{}}]{{6,400}}?)(?P=quote)"""
    r"""|(?P<bare>[^\s"'`\\<>{}&;,()\[\]]{6,400}+)(?![(\[]))""",
    re.IGNORECASE,
)
_SETTINGS: Final = re.compile(
    r"\.(?:env|ini|cfg|conf|config|ya?ml|toml|properties|netrc)(?:\.[^/]*)?$|(?:^|/)\.[^/]*rc$",
    re.IGNORECASE,
)
"""Files in which values need no quotes; elsewhere a value without quotes is most likely a name."""
_SHELL: Final = re.compile(r"(?:^|\n)[ \t]*(?:[!%]*(?:export|set_env|env|ENV)[ \t]+)[\w=]*$")
_SCRIPT: Final = re.compile(r"\.(?:sh|bash|zsh|ksh)$", re.IGNORECASE)
_LINE: Final = re.compile(r"(?:^|\n)[ \t]*(?:(?:local|readonly|declare|typeset)[ \t]+)?\w*$")
"""What is before an assignment in a script of the shell."""


def assigned(path: str, text: str, needle: str, at: int) -> tuple[int, int] | None:
    """Where the value begins and ends that is given to the name at ``at``, if it is a secret."""
    found = _ASSIGNED.match(text, at + len(needle))
    if found is None or (found["sign"] == "," and found["closing"] is None):
        return None
    if _OTHER_NAMES.search(text[max(0, at - _BEFORE) : at].lower()):
        return None
    group = "quoted" if found["quote"] else "bare"
    value = found[group]
    if NEEDLES[needle] == TOKEN:
        secret = looks_random(value) and not (needle == "token" and is_uuid(value))
    elif found["quote"] or _needs_no_quotes(path, text, at):
        secret = like_password(value)
    else:
        secret = looks_random(value)
    return found.span(group) if secret else None


def _needs_no_quotes(path: str, text: str, at: int) -> bool:
    if _SETTINGS.search(path):
        return True
    start = max(0, at - 80)
    if _SCRIPT.search(path) and _LINE.search(text, start, at):
        return True
    return _SHELL.search(text, start, at) is not None
