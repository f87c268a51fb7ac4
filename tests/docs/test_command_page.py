"""Every example on the page of the command can be run as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.examples import Shell
from tests.servers import fake_github, moto_s3

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/command.md").read_text()
EXAMPLES = [
    line.removeprefix("$ ")
    for block in re.findall(r"^Examples:\n\n```console\n(.*?)```", PAGE, re.M | re.S)
    for line in block.splitlines()
]
INSTEAD = {
    "https://minio.example.org": '"$AWS_ENDPOINT_URL"',
    "eu-west-1": "us-east-1",
    "s3://other/me": "s3://bucket/other",
    "2026-11-20T12:00:00Z": '"$THEN"',
    "github.example.org": '"$GH_HOST"',
    "--at VERSION": '--at "$VERSION"',
    "https://github.com/ada/work.git": "git+file://$HOME/work.git",
    "hubsync watch": "timeout --foreground --preserve-status -s INT 12 hubsync watch",
}
"""What stands for something of the reader's own."""

PREPARED = """
git init -q --bare -b main ~/work.git || exit
mkdir -p ~/project/results ~/.config/fish/completions && cd ~/project || exit
printf 'first\\n' > notes.md && printf '1\\n' > results/one.csv
hubsync init s3://bucket/me && hubsync sync || exit
hubsync clone s3://bucket/me ~/other || exit
VERSION=$(hubsync log --json | sed -n 's/.*"version": *"\\([^"]*\\)".*/\\1/p' | head -n 1)
sleep 1.1; THEN=$(date -u +%Y-%m-%dT%H:%M:%SZ); sleep 1.1
printf 'of A\\n' > notes.md && rm -r results && hubsync sync || exit
cd ~/other && printf 'of B\\n' > notes.md && hubsync sync
cd ~/project && hubsync sync && rm -r ~/other && test -n "$VERSION" || exit
printf '%s\\n' "$PERSONAL_TOKEN" > ~/token.txt && hubsync login github
"""
"""A workspace with a history, a conflict, and a directory that is gone; a login and a token."""

Run = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with moto_s3() as server, fake_github(interval=1) as github:
        place = {
            "AWS_ENDPOINT_URL": server.options["endpoint"],
            "AWS_REGION": "us-east-1",
            **github.env,
            "PERSONAL_TOKEN": github.give_token(),
        }
        home = tmp_path_factory.mktemp("page") / "home"
        shell = Shell(home, "hub-a", {**server.env, **place})
        status, printed = shell.run(PREPARED)
        assert status == 0, printed
        yield shell.run
        shell.close()


@pytest.mark.parametrize("example", dict.fromkeys(EXAMPLES))
def test_example_of_the_command_runs(example: str, run: Run) -> None:
    """In a copy of the workspace, or, where one is begun, in an empty folder."""
    command = example
    for shown, real in INSTEAD.items():
        command = command.replace(shown, real)
    if re.match(r"hubsync remote (remove|set) bulk", command):
        command = f"hubsync remote add bulk s3://bucket/bulk && {command}"
    if re.match(r"hubsync remote (accept|decline) bulk", command):
        told = "cp .hubsync.toml ~/told && hubsync remote remove bulk && cp ~/told .hubsync.toml"
        command = f"hubsync remote add bulk s3://bucket/bulk && {told} && {command}"
    if re.match(r"hubsync (init|clone)", command):
        prepare = "rm -rf ~/try && mkdir ~/try"
    else:
        prepare = "rm -rf ~/try && cp -a ~/project ~/try"
    # zsh's completion is no bash: it is printed, not evaluated.
    command = re.sub(r'^eval "\$\((.*zsh)\)"', r"\1", command)
    status, printed = run(f"{prepare} && (cd ~/try\n{command}\n)")
    # 3 is what these say of the conflict that waits there.
    assert status == (3 if example.startswith(("hubsync status", "hubsync watch")) else 0), printed


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 30
