"""`allow`: what it says, writes and refuses."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hubsync.leaks.allowed import load
from hubsync.leaks.gate import held_back
from tests.cli.running import Hub
from tests.cli.test_json import validate
from tests.unit.leaks.made_up import github, notebook, password


def test_a_secret_in_a_message_is_refused_and_nothing_is_sent(hub_a: Hub, remote: Path) -> None:
    hub_a.write("new.txt", "new")
    ran = hub_a.run("sync", "-m", "with " + "ghp_" + "Zq7Rk2Lw9Xv4Bn8Mc3Td6Yf1Hs5Jg0Pa2Wb4")
    assert ran.status == 2
    assert "GitHub token" in ran.err
    assert "ghp_" not in ran.err
    assert not (remote / "new.txt").exists()


def test_a_file_is_let_through_as_it_is_now(hub_a: Hub) -> None:
    path = hub_a.write("src/a.py", f"\nx = '{github()}'\n")
    place = str(hub_a / ".hubsync/allowed.toml")
    assert held_back("src/a.py", str(path), load(place)) is not None
    ran = hub_a.run("allow", "a.py", cwd=hub_a / "src").ok()
    assert ran.out == "Let through from now on: a.py\n  GitHub token in line 2\n"
    assert held_back("src/a.py", str(path), load(place)) is None
    path.write_text(f"x = '{github()}'\ny = '{github(2)}'\n")
    problem = held_back("src/a.py", str(path), load(place))
    assert problem is not None
    assert problem.message == "held back: GitHub token in line 2"


def test_cells_of_a_notebook_are_named(hub_a: Hub) -> None:
    hub_a.write(
        "n.ipynb", notebook((f"login('{github()}')", ""), ("x", f"password: '{password()}'"))
    )
    assert hub_a.run("allow", "n.ipynb").ok().out.splitlines()[1:] == [
        "  GitHub token in cell 1, line 1",
        "  password in cell 2, output, line 1",
    ]


def test_what_was_let_through_before_stays(hub_a: Hub) -> None:
    for name in ("a.py", "b.py"):
        hub_a.write(name, github())
        hub_a.run("allow", name).ok()
        hub_a.run("allow", name).ok()
    place = hub_a / ".hubsync/allowed.toml"
    assert {one.path for one in load(str(place)).entries} == {"a.py", "b.py"}
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    hub_a.run("sync").ok()
    hub_a.run("gc").ok()
    hub_a.run("remote", "set", "origin", "--exclusive").ok()
    assert len(load(str(place)).entries) == 2


def test_no_secret_is_printed_or_written(hub_a: Hub) -> None:
    hub_a.write("a.py", f"password = '{password()}'")
    for arguments in (("allow", "a.py"), ("allow", "a.py", "--json"), ("-v", "allow", "a.py")):
        ran = hub_a.run(*arguments).ok()
        assert password() not in ran.out + ran.err
    for folder, _, names in os.walk(hub_a / ".hubsync"):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert password().encode() not in file.read()


def test_a_file_with_nothing_in_it_needs_no_letting_through(hub_a: Hub) -> None:
    assert hub_a.run("allow", "notes.md").ok().out == "Nothing looks like a secret in notes.md\n"
    assert not (hub_a / ".hubsync/allowed.toml").exists()


def test_the_document_is_as_described(hub_a: Hub) -> None:
    hub_a.write("a.py", f"\nx = '{github()}'\n")
    document = hub_a.run("allow", "a.py", "--json").ok().json()
    validate(document, "allow")
    assert document == {
        "path": "a.py",
        "allowed": [{"line": 2, "kind": "GitHub token", "cell": None, "output": False}],
    }
    validate(hub_a.run("allow", "notes.md", "--json").ok().json(), "allow")


def test_what_is_no_file_of_the_workspace_is_refused(hub_a: Hub) -> None:
    (hub_a / "link").symlink_to("notes.md")
    for path in ("nope.py", "data", "link", "..", "/etc/hostname"):
        ran = hub_a.run("allow", path)
        assert ran.status == 2, path
        assert "hint: " in ran.err
    assert hub_a.run("allow").status == 2


def test_a_damaged_list_is_not_overwritten(hub_a: Hub) -> None:
    hub_a.write("a.py", github())
    place = hub_a / ".hubsync/allowed.toml"
    place.write_text("[[allowed]")
    ran = hub_a.run("allow", "a.py")
    assert ran.status == 2
    assert "allowed.toml cannot be read" in ran.err
    assert place.read_text() == "[[allowed]"
