"""What holds for every command: where it runs, how it fails, what it never does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import SCRIPT, Hub

EVERY = [
    ("init",),
    ("clone", "file:///proc/nowhere/at/all", "here"),
    ("status",),
    ("status", "--short"),
    ("sync",),
    ("push",),
    ("pull",),
    ("log",),
    ("log", "notes.md"),
    ("restore", "notes.md"),
    ("conflicts",),
    ("resolve", "notes.md", "--keep", "mine"),
    ("remote", "list"),
    ("remote", "add", "bulk", "file:///proc/nowhere/at/all"),
    ("remote", "remove", "origin"),
    ("remote", "set", "origin", "--exclusive"),
    ("ignore", "x"),
    ("ignore", "--list"),
    ("ignore", "--why", "x"),
    ("gc",),
    ("doctor",),
    ("completion", "bash"),
]
IN_A_WORKSPACE = [a for a in EVERY if a[0] not in ("init", "clone", "completion")]


def _no_internals(ran: object, text: str) -> None:
    assert "Traceback" not in text, ran
    assert "internal error" not in text, ran


def test_the_version(outside: Hub) -> None:
    ran = outside.script("--version").ok()
    assert ran.out.startswith("hubsync ")
    assert outside.run("--json", "--version").ok().json().keys() == {"version"}


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("sync", "--help"), ("remote", "-h")])
def test_help_is_data_and_has_examples(outside: Hub, arguments: tuple[str, ...]) -> None:
    ran = outside.run(*arguments).ok()
    assert ran.out.startswith("Usage: hubsync")
    assert "Examples:\n  hubsync " in ran.out
    assert ran.err == ""


@pytest.mark.parametrize("arguments", [(), ("remote",)])
def test_a_missing_command_is_wrong_usage(outside: Hub, arguments: tuple[str, ...]) -> None:
    ran = outside.run(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("Usage: hubsync")


@pytest.mark.parametrize("arguments", [("nope",), ("sync", "--nope"), ("sync", "extra"), ("-Z",)])
def test_wrong_usage_points_to_the_help(outside: Hub, arguments: tuple[str, ...]) -> None:
    ran = outside.run(*arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert "--help' shows how it is used." in ran.err


@pytest.mark.parametrize("arguments", IN_A_WORKSPACE, ids=" ".join)
def test_outside_a_workspace_every_command_says_so(
    outside: Hub, arguments: tuple[str, ...]
) -> None:
    ran = outside.run(*arguments)
    assert ran.status == 2
    assert "hubsync init" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    "arguments",
    [("resolve", "x"), ("remote", "add"), ("sync", "-m"), ("init", "x", "--mode", "y"), ("nope",)],
)
def test_wrong_usage_is_told_in_one_sentence(hub_a: Hub, arguments: tuple[str, ...]) -> None:
    message, hint = hub_a.run(*arguments).err.removesuffix("\n").split("\n")
    assert "\t" not in message
    assert "\\t" not in message
    assert message.endswith(".")
    assert hint.endswith(".")


def test_words_too_many_are_named(hub_a: Hub) -> None:
    said = hub_a.run("sync", "takes", "0 positional").err
    assert said.startswith("error: Nothing more is expected here: takes 0 positional.\n")


def test_the_workspace_is_found_upwards(hub_a: Hub) -> None:
    hub_a.write("data/more.csv", "1")
    assert hub_a.run("sync", cwd=hub_a / "data").ok().out == "1 up\n"


def test_c_runs_as_if_started_there(hub_a: Hub, outside: Hub) -> None:
    hub_a.write("data/more.csv", "1")
    assert outside.run("-C", str(hub_a.directory), "sync").ok().out == "1 up\n"
    ran = outside.run("-C", str(hub_a.directory), "-C", "data", "log", "more.csv").ok()
    assert ran.out.startswith("VERSION")


def test_a_deleted_current_directory_is_an_error_in_words(hub_a: Hub) -> None:
    gone = hub_a / "gone"
    gone.mkdir()
    program = f'cd "{gone}" && rmdir "{gone}" && exec "{SCRIPT}" status'
    ran = subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode in (1, 2)
    assert ran.stderr.startswith("error: ")
    _no_internals(ran, ran.stderr)


@pytest.mark.parametrize("arguments", EVERY, ids=" ".join)
@pytest.mark.parametrize("damage", ["config", "state", "remote-gone", "lock", "remote-books"])
def test_no_damage_shows_a_traceback(
    hub_a: Hub, remote: Path, damage: str, arguments: tuple[str, ...]
) -> None:
    metadata = hub_a / ".hubsync"
    if damage == "config":
        (metadata / "config.toml").write_bytes(b"[[[\xff")
    elif damage == "state":
        for path in (metadata / "state").rglob("*"):
            if path.is_file():
                path.write_bytes(b"\x00garbage\xff" * 9)
    elif damage == "lock":
        (metadata / "lock").write_bytes(b"\xffgarbage")
        os.utime(metadata / "lock", (0, 0))  # whoever wrote it has been silent for long
    elif damage == "remote-gone":
        remote.rename(remote.with_name("elsewhere"))
    else:
        for path in (remote / ".hubsync").rglob("*"):
            if path.is_file():
                path.write_bytes(b"\x00garbage\xff" * 9)
    ran = hub_a.run(*arguments)
    _no_internals(ran, ran.out + ran.err)
    assert ran.status in (0, 1, 2, 3, 4, 5)
    if ran.status in (1, 2, 4, 5):
        assert ran.err.startswith("error: "), ran
        assert "\nhint: " in ran.err, ran
    assert (hub_a / "notes.md").read_bytes() == b"one\ntwo\nthree\n"


@pytest.mark.parametrize("arguments", [("status",), ("sync",), ("log",), ("gc",), ("doctor",)])
def test_standard_input_is_never_read(hub_a: Hub, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"for another program\n")
    with hub_a.start(*arguments, stdin=reading) as process:
        process.communicate(timeout=60)
    os.close(writing)
    assert os.read(reading, 100) == b"for another program\n"
    os.close(reading)
    assert process.returncode == 0


def test_a_closed_standard_input_is_no_error(hub_a: Hub) -> None:
    program = f'exec "{SCRIPT}" status <&-'
    subprocess.run(["sh", "-c", program], cwd=hub_a.directory, check=True, capture_output=True)


def test_a_reader_that_has_enough_is_no_error_message(hub_a: Hub) -> None:
    for number in range(3000):
        hub_a.write(f"many/a file with a long name number {number}", "")
    ran = subprocess.run(
        ["bash", "-c", f'"{SCRIPT}" status | head -n 1'],
        cwd=hub_a.directory,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"Workspace {hub_a.directory}\n"
    assert ran.stderr == ""


def test_an_ascii_terminal_gets_every_name(hub_a: Hub) -> None:
    hub_a.environ["PYTHONIOENCODING"] = "ascii"
    hub_a.write("Übung", "x")
    ran = hub_a.script("status", "--short").ok()
    assert ran.out == "L+ \\xdcbung\n"
    assert hub_a.script("status", "--json").ok().json()["local"][0]["path"] == "Übung"


def test_no_colour_where_nobody_sees_it(hub_a: Hub) -> None:
    hub_a.write("new.txt", "new")
    assert "\x1b" not in hub_a.script("status").ok().out
    assert "\x1b" not in hub_a.script("nope").err


def test_a_start_imports_nothing_that_it_does_not_need() -> None:
    import sys

    program = (
        "import sys\n"
        "from hubsync_cli.main import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'hubsync.workspace', 'rich', 'fsspec', 'obstore', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"
