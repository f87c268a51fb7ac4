"""Credentials, region and endpoint of an AWS profile, from the files under ``~/.aws``.

Keys that stand in the files are read here, without loading botocore (0.3 s). A profile that has to
fetch its keys (SSO, an assumed role, an external process) is left to botocore, which knows how.
"""

from __future__ import annotations

import configparser
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from hubsync.errors import ConfigError


class Profile(Struct, frozen=True):
    """What the files say. At most one of ``keys`` and ``provider`` is set."""

    keys: dict[str, str]
    region: str = ""
    endpoint: str = ""
    provider: Callable[[], dict[str, object]] | None = None

    def __repr__(self) -> str:
        return f"Profile(region={self.region!r})"


_FETCHED = ("sso_session", "sso_start_url", "role_arn", "credential_process", "login_session")


def read_profile(name: str, env: Mapping[str, str]) -> Profile:
    """The profile ``name``, or the default one if ``name`` is empty (which may be absent).

    Raises ConfigError if a named profile does not exist.
    """
    home = Path(env.get("HOME") or env.get("USERPROFILE") or "~").expanduser()
    keys_file = Path(env.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials")
    config_file = Path(env.get("AWS_CONFIG_FILE") or home / ".aws" / "config")
    wanted = name or "default"
    stored, secrets = _section(keys_file, (wanted,))
    settled, section = _section(config_file, (f"profile {wanted}", wanted))
    if name and not stored and not settled:
        raise ConfigError(
            f"There is no AWS profile named {name!r}.",
            hint=f"Look into {config_file} and {keys_file}.",
        )
    both = {**section, **secrets}
    region = both.get("region", "")
    endpoint = both.get("endpoint_url", "")
    if "aws_access_key_id" in both and "aws_secret_access_key" in both and "role_arn" not in both:
        keys = {
            "access_key_id": both["aws_access_key_id"],
            "secret_access_key": both["aws_secret_access_key"],
        }
        if both.get("aws_session_token"):
            keys["session_token"] = both["aws_session_token"]
        return Profile(keys, region, endpoint)
    if any(field in both for field in _FETCHED):
        return Profile({}, region, endpoint, _fetching(wanted, keys_file, config_file))
    return Profile({}, region, endpoint)


def _section(path: Path, names: tuple[str, ...]) -> tuple[bool, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False, {}
    except (configparser.Error, UnicodeDecodeError) as error:
        # The parser's own text quotes the line, which may be a key.
        raise ConfigError(f"{path} cannot be read as an AWS configuration file.") from error
    for name in names:
        if parser.has_section(name):
            return True, dict(parser.items(name))
    return False, {}


def _fetching(name: str, keys_file: Path, config_file: Path) -> Callable[[], dict[str, object]]:
    """A credential provider in obstore's sense over botocore's own resolution."""
    try:
        import botocore.session
    except ImportError as error:
        raise ConfigError(
            f"The AWS profile {name!r} fetches its keys, for which botocore is needed.",
            hint="Install it: pip install 'hubsync[s3]'",
        ) from error
    from datetime import UTC, datetime, timedelta

    session = botocore.session.Session(profile=name)
    session.set_config_variable("credentials_file", str(keys_file))
    session.set_config_variable("config_file", str(config_file))

    def provide() -> dict[str, object]:
        found = session.get_credentials()
        if found is None:
            raise ConfigError(f"The AWS profile {name!r} gives no credentials.")
        frozen = found.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.now(UTC) + timedelta(minutes=10),
        }

    return provide
