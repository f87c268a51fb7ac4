"""`init` and `clone`: a workspace begins."""

from __future__ import annotations

import os
from urllib.parse import unquote

import click

from hubsync.errors import UsageError
from hubsync_cli import documents, environment, sync_report, words
from hubsync_cli.options import (
    Place,
    command,
    exclusive,
    git_options,
    pass_shell,
    store_options,
)
from hubsync_cli.shell import Shell


@command(
    "init",
    examples=(
        "hubsync init s3://bucket/me",
        "hubsync init s3://bucket/me -o endpoint=https://minio.example.org -o region=eu-west-1",
        "hubsync init                    # to a folder among your own files",
    ),
)
@click.argument("url", required=False, type=Place())
@store_options
@exclusive
@git_options
@pass_shell
def init(
    shell: Shell,
    url: str | None,
    options: dict[str, str],
    exclusive: bool,
    mode: str | None,
    branch: str | None,
    user: str | None,
) -> None:
    """Make this directory a workspace linked to URL.

    Without URL it is linked to an embedded local remote under your data directory; or, with --mode,
    --branch or --user in a Git clone, to the clone's origin. No file of yours is changed; if both
    sides have files, the first sync unites them.
    """
    from hubsync import GitChoice, Workspace

    with Workspace.init(
        os.getcwd(),
        url,
        options=options,
        exclusive=exclusive,
        git=GitChoice(mode, branch, user),
        identity=environment.identity(),
        data_home=environment.data_home(),
        env=environment.for_remotes(),
    ) as workspace:
        root, remotes = workspace.root, workspace.remotes()
        shell.done(
            lambda: {"workspace": root, "remotes": documents.remotes_document(remotes)},
            f"{words.name(root)} is a workspace now, linked to"
            f" {', '.join(words.line(remote.url) for remote in remotes)}.",
            *(words.line(remark) for remark in workspace.remarks),
            "Next: hubsync sync",
        )


@command(
    "clone",
    examples=(
        "hubsync clone s3://bucket/me",
        "hubsync clone s3://bucket/me work",
        "hubsync clone https://github.com/ada/work.git --mode shadow",
    ),
)
@click.argument("url", type=Place())
@click.argument("directory", required=False, type=click.Path())
@store_options
@exclusive
@git_options
@click.option(
    "--only-this", is_flag=True, help="Link no other remote that its .hubsync.toml names."
)
@pass_shell
def clone(
    shell: Shell,
    url: str,
    directory: str | None,
    options: dict[str, str],
    exclusive: bool,
    mode: str | None,
    branch: str | None,
    user: str | None,
    only_this: bool,
) -> int:
    """Make a new workspace from a remote.

    DIRECTORY is the last part of URL unless given; it must be empty or not exist. If
    .hubsync.toml there names other remotes, they are linked too.
    """
    from hubsync import GitChoice, Workspace

    target = os.path.abspath(directory or directory_of(url))
    with shell.progress() as progress:
        workspace, result = Workspace.clone(
            url,
            target,
            options=options,
            exclusive=exclusive,
            git=GitChoice(mode, branch, user),
            only_this=only_this,
            identity=environment.identity(),
            reporter=progress,
            env=environment.for_remotes(),
        )
    with workspace:
        root, remotes = workspace.root, workspace.remotes()
    if shell.json:
        document = documents.sync_document(result)
        named = documents.remotes_document(remotes)
        shell.output.document({"workspace": root, **document, "remotes": named})
    else:
        if not shell.quiet:
            shell.output.lines([f"Cloned {words.line(url)} into {words.name(root)}."])
            shell.output.lines(
                f"Linked {words.line(one.name)} too, as .hubsync.toml says: {words.line(one.url)}"
                for one in remotes[1:]
            )
        lines = sync_report.report(result, "pull", shell.view(root), quiet=shell.quiet)
        shell.output.lines(lines)
    return result.exit_status()


def directory_of(url: str) -> str:
    """The last part of a URL, as `git clone` takes it; its escapes (``%20``) are undone."""
    _, is_url, path = url.partition("://")
    last = (path or url).partition("?")[0].rstrip("/").replace(":", "/").rpartition("/")[2]
    last = last.removesuffix(".git")
    if is_url:
        last = unquote(last).rpartition("/")[2]
    if last in ("", ".", ".."):
        raise UsageError(
            "The URL names no directory.",
            "Say where to: hubsync clone URL DIR",
            code="no-directory",
        )
    return last
