"""`remote`, `ignore`, `doctor` and `completion`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hubsync_cli.commands.remote import Size
from tests.cli.running import SCRIPT, Hub
from tests.servers import Server


def test_remotes_are_listed(hub_a: Hub, remote: Path) -> None:
    ran = hub_a.run("remote", "list").ok()
    heading, row = ran.out.splitlines()
    assert heading.split() == ["NAME", "URL", "LAST", "SYNC", "TAKES"]
    assert remote.as_uri() in row
    (document,) = hub_a.run("remote", "list", "--json").ok().json()
    assert document["url"] == remote.as_uri()
    assert document["last_sync"].endswith("Z")


def test_a_remote_is_added_changed_and_removed(hub_a: Hub, tmp_path: Path) -> None:
    bulk = tmp_path / "bulk"
    bulk.mkdir()
    hub_a.run("remote", "add", "bulk", bulk.as_uri(), "--include", "bulk/**").ok()
    hub_a.run("remote", "set", "bulk", "--larger-than", "20MB", "--exclusive").ok()
    found = {r["name"]: r for r in hub_a.run("remote", "list", "--json").ok().json()}
    assert found["bulk"]["include"] == ["bulk/**"]
    assert found["bulk"]["larger_than"] == 20_000_000
    assert found["bulk"]["exclusive"] is True
    hub_a.run("remote", "set", "bulk", "--no-exclusive").ok()
    found = {r["name"]: r for r in hub_a.run("remote", "list", "--json").ok().json()}
    assert found["bulk"]["exclusive"] is False
    hub_a.run("remote", "set", "bulk", "--no-rules", "--include", "raw/**").ok()
    found = {r["name"]: r for r in hub_a.run("remote", "list", "--json").ok().json()}
    assert (found["bulk"]["include"], found["bulk"]["larger_than"]) == (["raw/**"], None)
    hub_a.run("remote", "set", "bulk", "--larger-than", "1MB").ok()
    hub_a.run("remote", "set", "bulk", "--include", "").ok()
    found = {r["name"]: r for r in hub_a.run("remote", "list", "--json").ok().json()}
    assert (found["bulk"]["include"], found["bulk"]["larger_than"]) == ([], 1_000_000)
    hub_a.run("remote", "set", "bulk", "--larger-than", "").ok()
    found = {r["name"]: r for r in hub_a.run("remote", "list", "--json").ok().json()}
    assert found["bulk"]["larger_than"] is None
    assert hub_a.run("remote", "add", "more", bulk.as_uri(), "--larger-than", "").status == 2
    hub_a.run("remote", "remove", "bulk").ok()
    assert len(hub_a.run("remote", "list", "--json").ok().json()) == 1


def test_the_list_says_that_either_rule_of_a_remote_is_enough(hub_a: Hub, tmp_path: Path) -> None:
    rules = ("--include", "data/**", "--include", "*.nc", "--larger-than", "20MB", "--exclusive")
    hub_a.run("remote", "add", "bulk", (tmp_path / "bulk").as_uri(), *rules).ok()
    rows = hub_a.run("remote", "list").ok().out.splitlines()
    assert rows[1].endswith("everything")
    assert rows[2].endswith("data/**, *.nc or files above 20.0 MB (exclusive)")


def test_an_option_is_set_beside_those_that_are_there(
    outside: Hub, s3_with_conditions: Server
) -> None:
    server = s3_with_conditions
    outside.environ |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", **server.env}
    config = outside / ".hubsync/config.toml"
    endpoint = f"endpoint={server.options['endpoint']}"
    outside.run("init", server.url, "-o", endpoint, "-o", "allow_http=true").ok()
    outside.run("remote", "set", "origin", "-o", "region=eu-west-1").ok()
    assert 'region = "eu-west-1"' in config.read_text()
    assert "endpoint" in config.read_text()
    outside.run("remote", "set", "origin", "-o", "region=").ok()
    assert "region" not in config.read_text()
    outside.run("remote", "set", "origin", "--url", "../folder", "--create").ok()
    assert "endpoint" not in config.read_text()


def test_paths_go_to_the_remote_whose_rule_takes_them(
    hub_a: Hub, remote: Path, tmp_path: Path
) -> None:
    bulk = tmp_path / "bulk"
    bulk.mkdir()
    hub_a.run("remote", "add", "bulk", bulk.as_uri(), "--include", "raw/**").ok()
    hub_a.write("raw/big.bin", "big")
    hub_a.write("small.txt", "small")
    hub_a.run("sync").ok()
    assert (bulk / "raw/big.bin").read_bytes() == b"big"
    assert not (remote / "raw").exists()
    assert (remote / "small.txt").read_bytes() == b"small"


def test_wrong_uses_of_remote(hub_a: Hub) -> None:
    name = hub_a.run("remote", "list", "--json").json()[0]["name"]
    for arguments in (
        ("set", name),
        ("set", "nope", "--exclusive"),
        ("remove", "nope"),
        ("add", name, "file:///x"),
        ("add", "bad name!", "file:///x"),
        ("add", "bulk", "nosuch://x"),
        ("add", "bulk", "file:///x", "--larger-than", "lots"),
        ("add", "bulk", "s3://b/x", "-o", "secret=1"),
    ):
        ran = hub_a.run("remote", *arguments)
        assert ran.status == 2, arguments
        assert ran.err.startswith("error: ")
        assert "hint: " in ran.err


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("0", 0),
        ("500", 500),
        ("20MB", 20_000_000),
        ("1.5 gb", 1_500_000_000),
        ("3k", 3000),
        ("2TB", 2_000_000_000_000),
    ],
)
def test_sizes_have_units(text: str, octets: int) -> None:
    assert Size().convert(text, None, None) == octets


def test_an_ignored_path_is_invisible_and_explained(hub_a: Hub, remote: Path) -> None:
    hub_a.write("scratch/a.tmp", "a")
    assert hub_a.run("ignore", "scratch/").ok().out == "Ignored from now on: scratch/\n"
    assert hub_a.run("ignore", "scratch/").ok().out == "Was ignored already: scratch/\n"
    hub_a.run("sync").ok()
    assert not (remote / "scratch").exists()
    ran = hub_a.run("ignore", "--why", "a.tmp", cwd=hub_a / "scratch").ok()
    assert ran.out == "a.tmp is hidden by scratch/ (.hubsyncignore, line 1)\n"
    assert hub_a.run("ignore", "--why", "notes.md").ok().out == "notes.md is not ignored.\n"
    assert hub_a.run("ignore", "--why", "notes.md", "--json").json()["rule"] is None


def test_the_rules_are_listed_with_the_built_in_ones(hub_a: Hub) -> None:
    hub_a.run("ignore", "*.bak").ok()
    rules = hub_a.run("ignore", "--list", "--json").ok().json()
    assert {"source": ".hubsyncignore", "line": 1, "pattern": "*.bak"} in rules
    assert any(rule["source"] == "built-in" for rule in rules)
    assert "*.bak" in hub_a.run("ignore", "--list").ok().out


def test_a_built_in_rule_is_called_one_and_has_no_line(hub_a: Hub) -> None:
    ran = hub_a.run("ignore", "--why", "x/__pycache__/a.pyc").ok()
    assert ran.out == "x/__pycache__/a.pyc is hidden by __pycache__/ (a built-in rule)\n"
    assert hub_a.run("ignore", "--why", ".git").ok().out == (
        ".git is hidden by .git (a built-in rule)\n"
    )
    assert " 0 " not in hub_a.run("ignore", "--list").ok().out
    rules = hub_a.run("ignore", "--list", "--json").ok().json()
    assert {rule["line"] for rule in rules if rule["source"] == "built-in"} == {0}


def test_files_kept_back_as_secrets_are_named_by_status(hub_a: Hub, remote: Path) -> None:
    for name in (".env", ".ssh/id_ed25519", "deploy/id_rsa", "server.pem", ".env.example"):
        hub_a.write(name, "x")
    ran = hub_a.run("status").ok()
    line = "Not synced, as they may hold secrets: .env, .ssh, deploy/id_rsa"
    assert f"{line} (hubsync ignore --why PATH)" in ran.out.splitlines()
    assert hub_a.run("status", "--json").json()["withheld"] == [".env", ".ssh", "deploy/id_rsa"]
    assert "secrets" not in hub_a.run("status", "-q").out
    hub_a.run("sync").ok()
    assert not (remote / ".env").exists()
    assert (remote / "server.pem").exists()
    assert (remote / ".env.example").exists()
    hub_a.run("ignore", "!.env").ok()
    hub_a.run("sync").ok()
    assert (remote / ".env").exists()
    assert hub_a.run("status", "--json").json()["withheld"] == [".ssh", "deploy/id_rsa"]


def test_ignore_takes_one_request(hub_a: Hub) -> None:
    for arguments in ((), ("*.bak", "--list"), ("--list", "--why", "x")):
        assert hub_a.run("ignore", *arguments).status == 2
    assert not (hub_a / ".hubsyncignore").exists()


def test_doctor_finds_a_healthy_workspace_healthy(hub_a: Hub) -> None:
    ran = hub_a.run("doctor").ok()
    assert "ok" in ran.out
    states = {check["state"] for check in hub_a.run("doctor", "--json").json()["checks"]}
    assert "failed" not in states


def test_doctor_says_what_is_wrong_and_what_to_do(hub_a: Hub, remote: Path) -> None:
    shutil.move(remote, remote.with_name("elsewhere"))
    ran = hub_a.run("doctor")
    assert ran.status == 3
    assert "failed" in ran.out
    assert "hint: " in ran.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(outside: Hub, shell: str) -> None:
    script = outside.run("completion", shell).ok().out
    assert "_HUBSYNC_COMPLETE" in script
    assert f"{shell}_complete" in script
    assert outside.run("completion", "tcsh").status == 2


def test_completion_is_valid_bash_and_completes_commands(outside: Hub) -> None:
    script = outside.run("completion", "bash").ok().out
    # The function is called as bash's own completion would, for `hubsync st`.
    program = f"{script}\nCOMP_WORDS=(hubsync st); COMP_CWORD=1\n" + (
        '_hubsync_completion hubsync\necho "${COMPREPLY[@]}"\n'
    )
    path = f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path},
    )
    assert ran.stdout.split() == ["status"]
