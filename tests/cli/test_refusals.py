"""What is asked for wrongly is refused in words, and nothing is changed by it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.running import SCRIPT, Hub, Ran


def _refused(ran: Ran, status: int = 2) -> None:
    assert ran.status == status, ran
    assert ran.out == ""
    assert ran.err.startswith("error: "), ran
    message, hint = ran.err.removesuffix("\n").split("\nhint: ")
    assert message.endswith("."), ran
    assert hint
    for internals in ("Traceback", "panicked", "Internal error", "TypeError("):
        assert internals not in ran.err


def _everything(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


BAD_PLACES = [
    (("s3://bucket/me", "-o", "endpoint=foo"), "bad-option"),
    (("s3://bucket/me", "-o", "endpoint=http://"), "bad-option"),
    (("s3://bucket/me", "-o", "anonymous=maybe"), "bad-option"),
    (("s3://bucket/me", "-o", "bogus=1"), "unknown-option"),
    (("file:///x", "-o", "bogus=1"), "unknown-option"),
    (("ftp://127.0.0.1:1/x", "-o", "bogus=1"), "unknown-option"),
    (("sftp://127.0.0.1:1/x", "-o", "bogus=1"), "unknown-option"),
    (("s3://bucket/me", "-o", "pass=x"), "secret-in-options"),
    (("s3://bucket/me", "-o", "endpoint=http://user:pass@host"), "secret-in-options"),
    (("s3://bucket/a/../b",), "bad-url"),
    (("s3://bucket//a",), "bad-url"),
    (("s3://buc ket/a",), "bad-url"),
    (("dropbox:///",), "bad-url"),
    (("gdrive:///",), "bad-url"),
    (("zip://x",), "not-writable"),
    (("github://owner/name",), "not-writable"),
    (("https://host/x",), "not-writable"),
    (("reference://x",), "not-writable"),
    (("jupyter://127.0.0.1:1/x",), "bad-option"),
    (("ftp:///x",), "bad-option"),
    (("nosuch://x",), "unknown-protocol"),
    (("dask://host:1/x",), "missing-library"),
    (("memory://x",), "not-lasting"),
    (("MEMORY://",), "not-lasting"),
]


@pytest.mark.parametrize(("arguments", "code"), BAD_PLACES, ids=lambda value: str(value))
def test_a_place_that_cannot_be_a_remote_leaves_nothing_behind(
    outside: Hub, hub_a: Hub, arguments: tuple[str, ...], code: str
) -> None:
    _refused(outside.run("init", *arguments))
    assert outside.run("init", *arguments, "--json").json()["error"]["code"] == code
    _refused(outside.run("clone", arguments[0], "deep/er", *arguments[1:]))
    assert _everything(outside.directory) == set()
    before = (hub_a / ".hubsync/config.toml").read_bytes()
    _refused(hub_a.run("remote", "add", "bulk", *arguments))
    _refused(hub_a.run("remote", "set", "origin", "--url", *arguments))
    assert (hub_a / ".hubsync/config.toml").read_bytes() == before
    hub_a.run("sync").ok()


def test_the_hint_for_an_unknown_option_names_the_known_ones(outside: Hub) -> None:
    ran = outside.run("init", "s3://bucket/me", "-o", "bogus=1")
    assert "endpoint" in ran.err
    assert "region" in ran.err
    assert "secret_access_key" not in ran.err


def test_an_option_that_only_sounds_like_a_secret_is_taken(outside: Hub) -> None:
    ran = outside.run(
        *("init", "s3://bucket/me", "-o", "endpoint=http://127.0.0.1:1", "-o", "anonymous=true"),
        *("-o", "sse_kms_key_id=arn"),
    )
    assert ran.status == 5, ran


def test_a_clone_onto_a_file_is_refused(hub_a: Hub, outside: Hub, remote: Path) -> None:
    outside.write("here", "mine")
    _refused(outside.run("clone", remote.as_uri(), "here"))
    assert (outside / "here").read_bytes() == b"mine"


def test_a_failed_clone_leaves_no_directory_of_its_path(outside: Hub) -> None:
    (outside / "deep").mkdir()
    _refused(outside.run("clone", "file:///proc/nowhere/at/all", "deep/er/and/deeper"), 5)
    assert _everything(outside.directory) == {"deep"}


def test_init_without_a_place_for_the_embedded_remote_is_refused(outside: Hub) -> None:
    outside.environ |= {"HOME": "/proc/nohome", "XDG_DATA_HOME": ""}
    ran = outside.run("init")
    _refused(ran)
    assert "/proc/nohome" in ran.err
    assert _everything(outside.directory) == set()


@pytest.mark.parametrize("folder", ["/proc/nowhere/x", "/dev/null/x", "/dev/null"])
def test_a_folder_that_cannot_be_made_is_named(outside: Hub, folder: str) -> None:
    ran = outside.run("init", f"file://{folder}")
    _refused(ran, 5)
    assert folder in ran.err
    assert _everything(outside.directory) == set()


@pytest.mark.parametrize(
    "pattern", ["", "  ", "a\nb", "a\r", "#x", "/", "//", "[", "!", "a\\", "a\udcff"]
)
def test_what_is_no_pattern_is_not_written_down(hub_a: Hub, pattern: str) -> None:
    _refused(hub_a.run("ignore", "--", pattern))
    assert not (hub_a / ".hubsyncignore").exists()


def test_a_rule_is_not_written_through_a_link(hub_a: Hub, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("mine\n")
    (hub_a / ".hubsyncignore").symlink_to(target)
    _refused(hub_a.run("ignore", "*.bak"))
    assert target.read_text() == "mine\n"


def test_a_rule_is_added_to_a_file_that_is_not_utf8(hub_a: Hub) -> None:
    hub_a.write(".hubsyncignore", b"caf\xe9")
    hub_a.run("ignore", "*.bak").ok()
    assert (hub_a / ".hubsyncignore").read_bytes() == b"caf\xe9\n*.bak\n"


@pytest.mark.parametrize("size", ["-5", "3XB", "nan", "inf", "1e30", "", "MB"])
def test_what_is_no_size_is_refused(hub_a: Hub, tmp_path: Path, size: str) -> None:
    before = (hub_a / ".hubsync/config.toml").read_bytes()
    bulk = (tmp_path / "bulk").as_uri()
    _refused(hub_a.run("remote", "add", "bulk", bulk, f"--larger-than={size}"))
    assert (hub_a / ".hubsync/config.toml").read_bytes() == before
    assert not (tmp_path / "bulk").exists()


@pytest.mark.parametrize("pattern", ["", "[", "#x"])
def test_what_is_no_pattern_is_no_rule_of_a_remote(
    hub_a: Hub, tmp_path: Path, pattern: str
) -> None:
    bulk = (tmp_path / "bulk").as_uri()
    _refused(hub_a.run("remote", "add", "bulk", bulk, "--include", pattern))
    assert not (tmp_path / "bulk").exists()


def test_a_url_typed_wrong_makes_no_mirror_there(hub_a: Hub, tmp_path: Path) -> None:
    before = (hub_a / ".hubsync/config.toml").read_bytes()
    ran = hub_a.run("remote", "set", "origin", "--url", (tmp_path / "typo").as_uri())
    _refused(ran, 5)
    assert "--create" in ran.err
    assert "hubsync remote add" in ran.err
    assert not (tmp_path / "typo").exists()
    assert (hub_a / ".hubsync/config.toml").read_bytes() == before
    assert hub_a.run("sync").ok().out.startswith("Nothing to do")


def test_a_new_mirror_begins_where_that_is_asked_for(hub_a: Hub, tmp_path: Path) -> None:
    there = tmp_path / "new"
    hub_a.run("remote", "set", "origin", "--url", there.as_uri(), "--create").ok()
    hub_a.run("sync").ok()
    assert (there / "notes.md").exists()


def test_a_remote_that_moved_is_found_at_its_new_url(hub_a: Hub, remote: Path) -> None:
    moved = remote.with_name("moved")
    remote.rename(moved)
    hub_a.run("remote", "set", "origin", "--url", moved.as_uri()).ok()
    assert hub_a.run("sync").ok().out.startswith("Nothing to do")


@pytest.mark.parametrize("arguments", ["status", "sync", "status --json", "--version", "nope"])
def test_with_standard_output_closed_nothing_is_done(
    hub_a: Hub, remote: Path, arguments: str
) -> None:
    hub_a.write("new.txt", "new")
    ran = _in_a_shell(hub_a, f'exec "{SCRIPT}" {arguments} >&-')
    _refused(ran)
    assert not (remote / "new.txt").exists()


@pytest.mark.parametrize(
    "arguments", ["status", "status --json", "--version", "--help", "log", "completion bash"]
)
def test_a_full_disk_under_standard_output_is_told(hub_a: Hub, arguments: str) -> None:
    _refused(_in_a_shell(hub_a, f'exec "{SCRIPT}" {arguments} >/dev/full'), 1)


def test_an_error_that_json_cannot_tell_is_told_in_words(hub_a: Hub) -> None:
    _refused(_in_a_shell(hub_a, f'exec "{SCRIPT}" nope --json >/dev/full'))


def test_with_standard_error_closed_a_command_works(hub_a: Hub, remote: Path) -> None:
    hub_a.write("new.txt", "new")
    assert _in_a_shell(hub_a, f'exec "{SCRIPT}" sync -v 2>&- <&-').ok().out.startswith("1 up\n")
    assert (remote / "new.txt").read_bytes() == b"new"
    assert _in_a_shell(hub_a, f'exec "{SCRIPT}" nope 2>&-').status == 2


def _in_a_shell(hub: Hub, program: str) -> Ran:
    ran = subprocess.run(
        ["sh", "-c", program], cwd=hub.directory, capture_output=True, text=True, check=False
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)
