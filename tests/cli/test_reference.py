"""The reference pages are those of the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from hubsync_cli.tree import cli

HELP = ["-h", "--help"]
ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_pages_are_up_to_date() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "scripts/reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def _every(group: click.Group, above: click.Context) -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=above, help_option_names=HELP)
        found.append((context.command_path, command))
        if isinstance(command, click.Group):
            found += _every(command, context)
    return found


COMMANDS = _every(cli, click.Context(cli, info_name="hubsync", help_option_names=HELP))


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_command_has_help_and_an_example_that_parses(
    path: str, command: click.Command
) -> None:
    assert command.help
    examples: tuple[str, ...] = getattr(command, "examples", ())
    assert examples
    assert all(path in example for example in examples)
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
