"""Writes the reference pages and the OpenAPI document from the code; --check fails if they are old.

Run as ``python scripts/reference.py [--check]``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import openapi

from hubsync import errors
from hubsync.errors import HubsyncError
from hubsync_cli.tree import SECTIONS, cli
from hubsync_jupyter.app import HubSync

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

_COMMAND_HEAD = """\
# The command

<!-- Written by scripts/reference.py from the command itself: edit it there. -->

`hubsync` finds the workspace upwards from the current directory, as git does. Paths that you give
are relative to the current directory, and paths in texts for people are shown relative to it.

## What goes where

- **Standard output** gets the result: the summary of a sync, a status, a list, and with `--json`
  one JSON document in UTF-8.
- **Standard error** gets everything else: errors with their hints, and progress. A progress bar
  appears only on a terminal and only for what takes over a second; with `-v`, and no
  terminal, each step is named instead.
- Standard input is read by `login --with-token` and `git-credential` alone.
- With standard output closed nothing is done (exit status 2): the result would go nowhere. If it
  does not take the result, as on a full disk, what was asked for is done and the exit status is 1.
- Colours appear only on a terminal, and not if `NO_COLOR` is set or `TERM` is `dumb`.
- Long lists are cut after ten lines, except in `status` and with `-v`.
- A name that holds control characters, invisible characters or bytes that are not UTF-8 is shown
  in double quotes with escapes: `"a\\nb"`, `"caf\\xe9"`.

## Options of every command

They stand before or after the name of the sub-command; `-C` and `--version` only before.

{options}

## Exit status

| status | meaning |
| --- | --- |
| 0 | done |
| 1 | failed |
| 2 | wrong usage |
| 3 | done, but conflicts or problems are left and named |
| 4 | safety stop, nothing changed |
| 5 | a remote could not be reached or refused the credentials; others were synced |
| 130 | interrupted |

`sync`, `push`, `pull` and `clone` end with 3 if this run met a conflict or a problem, or left a
path that needs the other direction. A conflict copy from an earlier run is a file like any other to
them: once it is synced they end with 0. `status` tells what is left to a person, and ends with 3 as
long as there is a conflict copy or a problem; `conflicts` only lists, and ends with 0. `doctor`
ends with 3 if a check failed.

A storage that answers every try with an error of its own (HTTP 500, 503) counts as one that cannot
be reached: 5. If it fails only for single files, these are problems: 3.

The first SIGINT or SIGTERM stops a sync between two files, the second at once; both end with 130,
and the next run goes on from there.

## JSON

Each document is described by a JSON Schema in [json/](json/); fields are only ever added. Errors
have one form too: `{{"error": {{"code", "message", "hint"}}}}`; the codes are those of
[errors](errors.md). Paths are relative to the root of the workspace. Times are UTC in ISO 8601, in
microseconds, rounded up, so that `restore --at` with the time of a version finds that very version.
A byte of a file name that is not UTF-8 is written as `\\xNN` (a backslash, an x and two hex
digits), since JSON has no way to say it.

## Environment variables

| variable | meaning |
| --- | --- |
| `HUBSYNC_AUTHOR`, else `JUPYTERHUB_USER`, `USER`, `LOGNAME` | who syncs, for the history |
| `HUBSYNC_HUB`, else the host of `JUPYTERHUB_PUBLIC_URL`, `JUPYTERHUB_BASE_URL` or \
`BINDER_LAUNCH_HOST`, else the host's name | from which hub, for the history |
| `XDG_DATA_HOME` | where embedded local remotes and logins lie; `~/.local/share` unless set |
| `GH_HOST` | the GitHub that `login`, `whoami` and `logout` mean; github.com unless set |
| `GH_SCOPED_CREDS_CLIENT_ID`, `GH_SCOPED_CREDS_APP_URL` | the GitHub app of the hub for `login`, \
and where its repositories are chosen |
| `GITHUB_TOKEN`, `GH_TOKEN` | tokens for github.com and the `GH_HOST`, if there is no login |
| `NO_COLOR`, `TERM` | see above |

The standard variables of each cloud (`AWS_PROFILE`, `AWS_ENDPOINT_URL`,
`GOOGLE_APPLICATION_CREDENTIALS`, …) are respected by its storage.
"""

_ERRORS_HEAD = """\
# Errors

<!-- Written by scripts/reference.py from hubsync/errors.py: edit it there. -->

Every error has a message in plain words, a hint at the next step, and a code that scripts may rely
on. A more special code than that of its class may be given; the exit status is always the class's.

| error | code | exit status | meaning |
| --- | --- | --- | --- |
"""


def command_page() -> str:
    context = click.Context(cli, info_name="hubsync", help_option_names=["-h", "--help"])
    parts = [_COMMAND_HEAD.format(options=_options(cli, context))]
    for title, commands in SECTIONS.items():
        parts.append(f"## {title}\n")
        for name in commands:
            command = cli.get_command(context, name)
            assert command is not None
            parts += _command(command, click.Context(command, info_name=name, parent=context), 3)
    return "\n".join(parts)


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"{'#' * level} hubsync {context.command_path.removeprefix('hubsync ')}\n"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```console\n$ {context.command_path} {usage}\n```\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    own = _options(command, context, common=False)
    if own:
        yield f"{own}\n"
    examples = getattr(command, "examples", ())
    if examples:
        lines = "\n".join(f"$ {example}" for example in examples)
        yield f"Examples:\n\n```console\n{lines}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _command(
                child, click.Context(child, info_name=name, parent=context), level + 1
            )


def _options(command: click.Command, context: click.Context, *, common: bool = True) -> str:
    shared = {"--json", "--quiet", "--verbose", "--help"}
    rows = []
    for param in command.get_params(context):
        if not isinstance(param, click.Option):
            continue
        if not common and not shared.isdisjoint(param.opts):
            continue
        record = param.get_help_record(context)
        if record is not None:
            rows.append(f"| `{_cell(record[0])}` | {_cell(record[1])} |")
    return "\n".join(["| option | meaning |", "| --- | --- |", *rows]) if rows else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def errors_page() -> str:
    return _ERRORS_HEAD + "".join(_error_rows(HubsyncError, 0)) + _OTHERS


_MEANINGS: dict[type[HubsyncError], str] = {
    HubsyncError: "something failed that has no narrower name",
    errors.UsageError: "the request cannot be carried out as given",
    errors.NotAWorkspace: "neither this directory nor one above it is a workspace",
    errors.ConfigError: "`.hubsync/config.toml`, or a URL or an option in it, cannot be used",
    errors.SafetyStop: "something looks so wrong that nothing at all was changed",
    errors.RemoteUnavailable: "the remote cannot be used now; nothing was changed",
    errors.Unreachable: "the remote does not answer, or the place does not exist",
    errors.AccessDenied: "the remote refuses the credentials, or there are none",
    errors.RemoteMoved: "another hub kept publishing while this one planned; run it again",
    errors.RemoteFormatError: "the remote's metadata is damaged, of another version, or foreign",
    errors.LocalError: "this machine's disk: permissions, read-only, a failing device",
    errors.DiskFull: "this machine's disk or quota is full; the old files stay",
    errors.WorkspaceBusy: "another process holds the workspace",
    errors.NoSuchVersion: "there is no such version to restore",
    errors.Interrupted: "stopped between two files on request; the next run goes on from there",
}
"""In users' words; a test sees to it that no error is left out."""

_OTHERS = """
One more code comes from the command itself: `internal` (exit status 1) for what is a bug in
hubsync.
"""


def _error_rows(kind: type[HubsyncError], depth: int) -> Iterator[str]:
    if kind is errors.StoreError:  # never leaves a remote: no user meets one
        return
    name = "&nbsp;" * 4 * depth + f"`{kind.__name__}`"
    yield f"| {name} | `{kind.default_code}` | {kind.exit_status} | {_MEANINGS[kind]} |\n"
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _error_rows(child, depth + 1)


_SETTINGS_HEAD = """\
# Settings of the server extension

<!-- Written by scripts/reference.py from hubsync_jupyter/app.py: edit it there. -->

They stand in any configuration of the Jupyter server, such as
`/etc/jupyter/jupyter_server_config.d/hub.json` in a hub's image:

```json
{{"HubSync": {{"remote": "gs://our-bucket/{{username}}", "restore_on_start": true}}}}
```

or on the command line: `jupyter lab --HubSync.flush_timeout=20`. What they are for stands in
[hubsync in JupyterLab](../guides/jupyter-server.md).

| setting | default | meaning |
| --- | --- | --- |
{rows}"""


def settings_page() -> str:
    rows = []
    for name, trait in HubSync.class_own_traits(config=True).items():
        default = trait.default()
        shown = "" if default in ("", [], {}, None) else f"`{default}`"
        rows.append(f"| `HubSync.{name}` | {shown} | {_cell(str(trait.help))} |\n")
    return _SETTINGS_HEAD.format(rows="".join(rows))


def main(arguments: list[str]) -> int:
    pages = {
        REFERENCE / "command.md": command_page(),
        REFERENCE / "errors.md": errors_page(),
        REFERENCE / "jupyter-settings.md": settings_page(),
        openapi.FILE: openapi.text(),
    }
    old = [
        page
        for page, text in pages.items()
        if not page.exists() or page.read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for page in old:
            sys.stderr.write(f"{page.name} is out of date; run: python scripts/reference.py\n")
        return 1 if old else 0
    for page in old:
        page.write_text(pages[page], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
