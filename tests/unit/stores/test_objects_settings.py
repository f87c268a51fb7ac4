"""What a bucket's URL, options and environment amount to."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubsync.errors import ConfigError
from hubsync.stores.objects import OBJECT_OPTIONS, open_objects
from hubsync.stores.objects_settings import Settings, settings_for

KEYS = {"AWS_ACCESS_KEY_ID": "from-env", "AWS_SECRET_ACCESS_KEY": "secret-from-env"}


def aws_home(tmp_path: Path, credentials: str = "", config: str = "") -> dict[str, str]:
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(credentials)
    (folder / "config").write_text(config)
    return {"HOME": str(tmp_path)}


def s3(options: dict[str, str], env: dict[str, str]) -> Settings:
    return settings_for("s3://bucket/some/prefix/", options, {"HOME": "/nonexistent", **env})


def test_bucket_and_prefix_are_told_apart() -> None:
    found = settings_for("s3://bucket/some%20where/deep/", {"anonymous": "true"}, {})
    assert (found.bucket, found.prefix) == ("bucket", "some where/deep")


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///prefix", "s3://bucket?x=1", "gs://b/#f", "ftp://x"]
)
def test_a_url_that_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        settings_for(url, {}, {})


def test_an_azure_url_may_name_the_account() -> None:
    found = settings_for("abfss://box@account.dfs.core.windows.net/p", {}, {})
    assert (found.bucket, found.prefix, found.config["account_name"]) == ("box", "p", "account")


def test_options_win_over_variables() -> None:
    env = {**KEYS, "AWS_ENDPOINT_URL": "https://env.example", "AWS_REGION": "env-region"}
    options = {"endpoint": "http://own.example:9000", "access_key": "mine", "secret_key": "secret"}
    found = s3(options, env)
    assert found.config["endpoint"] == "http://own.example:9000"
    assert found.config["access_key_id"] == "mine"
    assert found.config["secret_access_key"] == "secret"
    assert found.config["region"] == "env-region"
    assert found.client["allow_http"] is True


def test_the_narrower_variable_wins() -> None:
    env = {
        **KEYS,
        "AWS_ENDPOINT_URL": "https://all.example",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "AWS_DEFAULT_REGION": "default",
        "AWS_REGION": "narrow",
    }
    found = s3({}, env)
    assert found.config["endpoint"] == "https://s3.example"
    assert found.config["region"] == "narrow"
    assert "allow_http" not in found.client


def test_anonymous_access_uses_no_keys_of_a_profile(tmp_path: Path) -> None:
    env = aws_home(tmp_path, "[default]\naws_access_key_id=a\naws_secret_access_key=b\n")
    found = settings_for("s3://bucket", {"anonymous": "true"}, env)
    assert found.config["skip_signature"] is True
    assert "access_key_id" not in found.config


def test_the_default_profile_is_found(tmp_path: Path) -> None:
    env = aws_home(
        tmp_path,
        "[default]\naws_access_key_id=file-key\naws_secret_access_key=file-secret\n",
        "[default]\nregion=eu-north-1\nendpoint_url=https://files.example\n",
    )
    found = settings_for("s3://bucket", {}, env)
    assert found.config["access_key_id"] == "file-key"
    assert found.config["region"] == "eu-north-1"
    assert found.config["endpoint"] == "https://files.example"


def test_a_profile_asked_for_wins_over_keys_in_the_environment(tmp_path: Path) -> None:
    secrets = "[work]\naws_access_key_id=work-key\naws_secret_access_key=x\n"
    env = {**KEYS, **aws_home(tmp_path, secrets, "[profile work]\nregion=ap-south-1\n")}
    asked = settings_for("s3://bucket", {"profile": "work"}, env)
    assert asked.config["access_key_id"] == "work-key"
    assert asked.config["region"] == "ap-south-1"
    named = settings_for("s3://bucket", {}, {**env, "AWS_PROFILE": "work"})
    assert named.config["access_key_id"] == "from-env"
    alone = settings_for("s3://bucket", {}, {"HOME": env["HOME"], "AWS_PROFILE": "work"})
    assert alone.config["access_key_id"] == "work-key"


def test_a_profile_that_fetches_its_keys_is_asked_when_needed(tmp_path: Path) -> None:
    script = tmp_path / "keys"
    script.write_text(
        '#!/bin/sh\necho \'{"Version": 1, "AccessKeyId": "fetched", "SecretAccessKey": "s"}\'\n'
    )
    script.chmod(0o700)
    env = aws_home(tmp_path, config=f"[profile sso]\ncredential_process={script}\n")
    found = settings_for("s3://bucket", {"profile": "sso"}, env)
    assert found.credentials is not None
    assert found.credentials()["access_key_id"] == "fetched"


def test_a_missing_profile_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        settings_for("s3://bucket", {"profile": "nowhere"}, aws_home(tmp_path))


def test_a_broken_profile_file_is_told_without_its_lines(tmp_path: Path) -> None:
    env = aws_home(tmp_path, "aws_secret_access_key = my-secret\n")
    with pytest.raises(ConfigError) as refused:
        settings_for("s3://bucket", {}, env)
    assert "my-secret" not in str(refused.value)


def test_the_storage_emulator_is_used_without_credentials() -> None:
    found = settings_for("gs://bucket", {}, {"STORAGE_EMULATOR_HOST": "localhost:4443"})
    assert found.config == {"base_url": "http://localhost:4443", "skip_signature": True}
    assert found.client["allow_http"] is True


def test_googles_credentials_file_is_used() -> None:
    env = {"GOOGLE_APPLICATION_CREDENTIALS": "/somewhere/key.json"}
    found = settings_for("gs://bucket", {}, env)
    assert found.config == {"application_credentials": "/somewhere/key.json"}


def test_an_azure_connection_string_is_read() -> None:
    text = "AccountName=me;AccountKey=a2V5PT0=;BlobEndpoint=http://127.0.0.1:1/me"
    found = settings_for("az://box/p", {}, {"AZURE_STORAGE_CONNECTION_STRING": text})
    assert found.config["account_name"] == "me"
    assert found.config["account_key"] == "a2V5PT0="
    assert found.endpoint() == "http://127.0.0.1:1/me"


def test_an_unknown_option_is_told() -> None:
    with pytest.raises(ConfigError, match="colour"):
        settings_for("s3://bucket", {"colour": "blue"}, {})


def test_every_option_that_is_said_to_be_served_is_taken_by_one_cloud() -> None:
    for name in OBJECT_OPTIONS - {"profile", "connection_string"}:
        taken = 0
        for url in ("s3://b", "gs://b", "az://b"):
            try:
                value = "http://host" if "endpoint" in name or name == "base_url" else "1"
                settings_for(url, {name: value}, {"HOME": "/nonexistent"})
            except ConfigError:
                continue
            taken += 1
        assert taken, name


def test_no_credential_shows_itself() -> None:
    options = {"access_key": "my-key", "secret_key": "my-secret", "session_token": "my-token"}
    found = s3({**options, "endpoint": "https://user:pass-word@host/x?sig=my-sig"}, {})
    store = open_objects("s3://bucket", {**options, "endpoint": "https://host"}, {})
    said = f"{found!r} {found} {found.endpoint()} {store!r} {store.description}"
    for secret in ("my-", "pass-word"):
        assert secret not in said
