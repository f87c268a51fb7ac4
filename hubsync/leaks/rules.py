"""Secrets that are known by their own shape: tokens with a prefix, keys, passwords in URLs.

Shapes are taken from detect-secrets' plugins, and what they lack stands here. Its plugins for
entropy, IP addresses and bare hexadecimal keys are not used: research is full of such strings.

A rule is tried only at its needles (lower case), which are searched first: the library, which takes
0.1 s to import, is imported for a text that may hold a finding, and for no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Final

from msgspec import Struct

from hubsync.errors import ConfigError
from hubsync.leaks.plausible import is_example, like_password

_REACH: Final = 4000
"""How far behind its needle a match may end, in characters."""


class Rule(Struct, frozen=True):
    """One kind of secret, whose match begins at a needle.

    ``plugin``: a module and class of ``detect_secrets.plugins``, asked where ``glance`` matches;
    without one, ``glance`` is the shape. The value is ``group`` of the match.
    """

    kind: str
    needles: tuple[str, ...]
    glance: re.Pattern[str]
    plugin: str = ""
    group: int = 0
    whole_word: bool = True


def _own(kind: str, needle: str, shape: str) -> Rule:
    compiled = re.compile(shape)
    return Rule(kind, (needle,), compiled, group=min(compiled.groups, 1))


def _library(kind: str, plugin: str, needles: str, glance: str = r"\S+") -> Rule:
    return Rule(kind, tuple(needles.split()), re.compile(glance), plugin)


_KEY_HEADER: Final = re.compile(
    r"(?:BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?|PuTTY-User-Key-File-[23])"
)
_KEY_BODY: Final = re.compile(r"[A-Za-z0-9+/]{40}")
_KEY_HEADERS: Final = 600

PRIVATE_KEY: Final = Rule(
    "private key", ("begin ", "putty-user-key-file-"), _KEY_HEADER, whole_word=False
)
URL_PASSWORD: Final = Rule(
    "password in a URL",
    ("://",),
    re.compile(r"://[^\s/:@\"'<>]+:([^\s/@\"'<>]+)@"),
    group=1,
    whole_word=False,
)
NETRC: Final = _own(
    "password of a .netrc",
    "machine ",
    r"(?i:machine\s+\S{1,200}\s+login\s+\S{1,200}\s+password\s+)([^\s\"'\\]{6,200})",
)

RULES: Final = (
    PRIVATE_KEY,
    URL_PASSWORD,
    NETRC,
    _library(
        "AWS key", "aws:AWSKeyDetector", "akia asia abia acca a3t", r"[A-Z0-9]{20}(?![A-Za-z0-9])"
    ),
    Rule(
        "AWS key",
        ("aws",),
        re.compile(r"(?i:aws.{0,20}?(?:key|pwd?|pass|token).{0,20}?['\"])"),
        "aws:AWSKeyDetector",
        group=1,
    ),
    _library("Azure storage key", "azure_storage_key:AzureStorageKeyDetector", "accountkey="),
    _library("GitHub token", "github_token:GitHubTokenDetector", "ghp_ gho_ ghu_ ghs_ ghr_"),
    _library(
        "GitLab token",
        "gitlab_token:GitLabTokenDetector",
        "glpat- gldt- glft- glsoat- glrt- gr1348941 glcbt- glimt- glptt- glagent- gloas-",
    ),
    _library("OpenAI key", "openai:OpenAIDetector", "sk-", r"sk-[A-Za-z0-9_-]{20}"),
    _library("PyPI token", "pypi_token:PypiTokenDetector", "pypi-age"),
    _library("SendGrid key", "sendgrid:SendGridDetector", "sg.", r"SG\.[\w-]{22}\."),
    _library("Slack token", "slack:SlackDetector", "xox https://hooks.slack.com/services/"),
    _library("Square secret", "square_oauth:SquareOAuthDetector", "sq0csp-"),
    _library("Stripe key", "stripe:StripeDetector", "sk_live_ rk_live_"),
    _own("GitHub token", "github_pat_", r"github_pat_\w{60,}"),
    _own("Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{30,}"),
    _own("Google API key", "aiza", r"AIza[\w-]{35}(?![\w-])"),
    _own("Google client secret", "gocspx-", r"GOCSPX-[\w-]{28}"),
    _own("Google token", "ya29.", r"ya29\.[\w-]{40,}"),
    _own("Google token", "1//0", r"1//0[\w-]{40,}"),
    _own("OpenAI key", "sk-proj-", r"sk-proj-[\w-]{60,}"),
    _own("Anthropic key", "sk-ant-", r"sk-ant-[\w-]{40,}"),
    _own("npm token", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _own("Docker token", "dckr_pat_", r"dckr_pat_[\w-]{20,}"),
    _own("Databricks token", "dapi", r"dapi[0-9a-f]{32}(?![0-9a-z])"),
    _own("Dropbox token", "sl.", r"sl\.(?:u\.)?[\w-]{100,}"),
    _own("Mapbox secret token", "sk.eyj", r"sk\.eyJ[\w-]{20,}\.[\w-]{15,}"),
    _own("age key", "age-secret-key-1", r"AGE-SECRET-KEY-1([0-9A-Z]{58})"),
    _own("Telegram token", "bot", r"bot(\d{8,10}:AA[\w-]{33})(?![\w-])"),
    _own("JSON web token", "eyj", r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
    _own(
        "Copernicus key",
        "copernicus.eu/api",
        r"copernicus\.eu/api(?:/v2)?[\"']?[,\s]+[\"']?key[\"']?\s*[:=]\s*[\"']?"
        r"((?:\d{2,7}:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})",
    ),
    _own(
        "Weights & Biases key",
        "wandb.login(",
        r"wandb\.login\(\s*(?:key\s*=\s*)?[\"']([0-9a-f]{40}|wandb_v1_\w{40,})[\"']",
    ),
    _own(
        "authorization header",
        "authorization",
        r"(?i:authorization[\"']?\s*[:=,]\s*f?[\"']?(?:bearer|basic|token)\s+)([\w.=+/~-]{20,})",
    ),
)

BY_NEEDLE: Final[dict[str, list[Rule]]] = {}
for _rule in RULES:
    for _needle in _rule.needles:
        BY_NEEDLE.setdefault(_needle, []).append(_rule)


def matches(rule: Rule, text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where in ``text`` values of this rule begin and end, if a match begins at ``at``.

    Raises ConfigError if the library is not there: nothing is let through unseen for that.
    """
    if rule.whole_word and at and text[at - 1].isalnum():
        return
    end = min(len(text), at + _REACH)
    glance = rule.glance.match(text, at, end)
    if glance is None:
        return
    if rule is PRIVATE_KEY:
        yield from _private_key(text, glance.start(), glance.end(), end)
        return
    for shape in _shapes(rule.plugin) if rule.plugin else (rule.glance,):
        found = shape.match(text, at, end)
        if found is None:
            continue
        # Some groups of the library are prefixes and no values: two tokens would be the same.
        group = min(rule.group, shape.groups)
        value = found.group(group)
        if like_password(value) if rule in (URL_PASSWORD, NETRC) else not is_example(value):
            yield found.span(group)


def _private_key(text: str, start: int, header: int, end: int) -> Iterator[tuple[int, int]]:
    """A key has a body; texts about keys have a header only. The value is both."""
    last = text.find("-----END", header, end)
    body = _KEY_BODY.search(text, header, min(header + _KEY_HEADERS, end))
    if body is not None and (last < 0 or body.start() < last):
        yield start, last if last >= 0 else body.end()


@cache
def _shapes(plugin: str) -> tuple[re.Pattern[str], ...]:
    module, name = plugin.split(":")
    try:
        found = import_module(f"detect_secrets.plugins.{module}")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Checking for secrets needs the package {error.name}.",
            "Install it: pip install 'hubsync[git]'.",
            "missing-package",
        ) from error
    return tuple(getattr(found, name).denylist)
