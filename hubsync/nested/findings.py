"""What keeps a nested repository from travelling, in words for people (rule 7)."""

from __future__ import annotations

from typing import Final

from hubsync.core.paths import display
from hubsync.model import Problem

DIVERGED: Final = "nested-diverged"
TOO_LARGE: Final = "nested-too-large"


class Untold(Exception):
    """A repository that cannot be captured or brought back; ``problem`` tells why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def lasts(problem: Problem) -> bool:
    """Whether it is there until the repository itself changes."""
    return problem.code == TOO_LARGE


def needs_package(path: str, package: str) -> Problem:
    return Problem(
        path,
        "nested-package",
        f"The Git repository is not synced: it needs the package {package}.",
        "Install it: pip install 'hubsync[git]'.",
    )


def unreadable(path: str, why: str) -> Problem:
    hint = "Look what 'git status' says there."
    if "not owned by" in why:
        hint = f"If you trust it: git config --global --add safe.directory '*/{display(path)}'"
    return Problem(
        path,
        "nested-unreadable",
        f"The Git repository cannot be read, and nothing in it is synced: {why}.",
        hint,
    )


def busy(path: str, what: str) -> Problem:
    return Problem(
        path,
        "nested-busy",
        f"The Git repository is in the middle of {what}; what was synced of it before stays.",
        "Finish it (or abort it) with git, then sync.",
    )


def not_finished(path: str, lock: str) -> Problem:
    return Problem(
        path,
        "nested-busy",
        f"Another git command is at work in the repository, or left {lock} behind.",
        "Wait until it has ended. If no git command runs, remove that file.",
    )


def secret(path: str, file: str, found: Problem) -> Problem:
    return Problem(
        f"{path}/{file}",
        found.code,
        f"{found.message}; so nothing new of the repository {display(path)} is synced",
        found.hint,
    )


def all_gone(paths: list[str]) -> Problem:
    return Problem(
        paths[0],
        "nested-gone",
        f"All {len(paths)} Git repositories of this workspace are gone; they stay on the remote.",
        "If you removed them: hubsync sync --confirm-deletes.",
    )


def deleted_elsewhere(path: str) -> Problem:
    return Problem(
        path,
        "nested-deleted",
        "The Git repository was deleted on another hub. It stays here, and is synced again once"
        " it changes.",
        "Delete the folder if you do not need it here either.",
    )


def in_the_way(path: str, file: str) -> Problem:
    what = f"{display(path)}/{display(file)}" if file else display(path)
    return Problem(
        path,
        "nested-in-the-way",
        f"The Git repository of another hub cannot come here: {what} has other content.",
        "Move it elsewhere, then sync.",
    )


def refused(path: str, why: str) -> Problem:
    return Problem(
        path,
        "nested-refused",
        f"A captured Git repository is refused: {why}.",
        "Remove it on the remote if you do not know it.",
    )


def missing_commits(path: str, remotes: list[str], why: str) -> Problem:
    where = ", ".join(remotes) or "no remote"
    return Problem(
        path,
        "nested-unreachable",
        f"The Git repository is not brought here yet: it needs commits of {where}"
        + (f", and {why}" if why else ", which does not have them"),
        "Check that you may read it, then sync; hubsync tries again each time.",
    )


def diverged(path: str, hub: str, refs: list[str], commit: str) -> Problem:
    """``refs``: what of the other hub's lies beside the repository's own. If there is none, it has
    less than this one; ``commit``: what it has checked out."""
    folder, other = display(path), display(hub) or "another hub"
    names = [ref.removeprefix("refs/") for ref in refs]
    merges = [f"git -C {folder} merge {one}" for one in names if not _is_uncommitted(one)]
    looks = [f"git -C {folder} diff {one}" for one in names if one.endswith("/worktree")]
    looks += [f"git -C {folder} stash apply {one}" for one in names if "/stash/" in one][:3]
    steps = "; ".join([*merges[:3], *looks])
    told = "and what the other one has is beside it"
    if not names:
        told = f"and {other} took something back that is still here"
        looks = [f"git -C {folder} diff {commit[:9]}"] if commit else []
    start = f"Take what you need: {steps}. " if steps else f"Look: {looks[0]}. " if looks else ""
    return Problem(
        path,
        DIVERGED,
        f"The Git repository was changed here and on {other}; nothing was overwritten, {told}.",
        f"{start}To end it with one of both: hubsync resolve {folder} --keep mine (or theirs).",
    )


def _is_uncommitted(name: str) -> bool:
    return name.endswith(("/worktree", "/staged")) or "/stash/" in name


def changed_meanwhile(path: str, file: str) -> Problem:
    return Problem(
        path,
        "nested-changed",
        f"{display(path)}/{display(file)} was changed while the repository was brought forward;"
        " it stays as it is.",
        "Run the command again.",
    )


def checked_out(path: str, branch: str, where: str) -> Problem:
    return Problem(
        path,
        "nested-checked-out",
        f"Another hub went on with the branch {display(branch)} of {display(path)}, which is"
        f" checked out in {display(where)} here; the repository stays as it is.",
        "Switch to another branch there, or remove it with 'git worktree remove', then sync.",
    )


def moved_meanwhile(path: str, what: str) -> Problem:
    return Problem(
        path,
        "nested-changed",
        f"In {display(path)}, {what} was changed while the repository was brought forward; it stays"
        " as it is.",
        "Run the command again.",
    )


def large_file(path: str, file: str, size: int, limit: int) -> Problem:
    """A file that keeps all of a repository from being captured: Git has it, or had it."""
    return Problem(
        path,
        TOO_LARGE,
        f"The Git repository is not synced: {display(file)} in it is too large to be carried with"
        f" it ({_mb(size)}; the limit is {_mb(limit)}).",
        "Keep large files beside the repository, where they are synced as files; what was pushed to"
        " its own remote needs not be carried.",
    )


def heavy_file(path: str, file: str, size: int, limit: int) -> Problem:
    """A file that Git does not know yet, without which the repository travels."""
    return Problem(
        f"{path}/{file}",
        TOO_LARGE,
        f"The file is too large to be carried with its Git repository ({_mb(size)}; the limit is"
        f" {_mb(limit)}); all else in it is synced.",
        "Move it out of the repository, where it is synced as a file, or name it in .gitignore.",
    )


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
