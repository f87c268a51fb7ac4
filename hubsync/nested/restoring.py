"""A captured repository made where there is none.

It is built whole in hubsync's own folder and renamed into place, so that a kill leaves none or all
of it (rule 13). Where files stand already, only what is equal to its files, or known to it, gives
way: such as the files of a folder that became a repository on another hub.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any

import pygit2
from pygit2.enums import CheckoutStrategy

from hubsync.local.trash import Trash
from hubsync.nested import arranging, findings
from hubsync.nested.bundle import File, unpack
from hubsync.nested.fetching import fetch_all, refuse_incomplete
from hubsync.nested.files import Files, Mover, files_in, files_of, lies, refuse_unsafe
from hubsync.nested.findings import Untold
from hubsync.nested.ground import Ground
from hubsync.nested.places import Places


def restore(path: str, file: File, places: Places, trash: Trash, env: Mapping[str, str]) -> None:
    """Raises Untold; nothing has changed then. RemoteFormatError for a damaged capture."""
    building = os.path.join(places.work, "building")
    shutil.rmtree(building, ignore_errors=True)
    os.makedirs(building, mode=0o700)
    try:
        _build(path, file, building, env)
        _put_in_place(path, building, places, trash)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _build(path: str, file: File, building: str, env: Mapping[str, str]) -> None:
    state = file.capture.state
    repository: Any = pygit2.init_repository(building)
    try:
        arranging.arrange_remotes(repository, state)
        why = fetch_all(repository, state, env)
        refuse_incomplete(path, repository, file, why)
        unpack(repository, file)
        refuse_unsafe(path, repository, state)
        arranging.arrange_refs(repository, None, state)
        if state.commit:
            tree = repository[state.commit].tree
            repository.checkout_tree(tree, strategy=CheckoutStrategy.FORCE)
        mover = Mover(path, repository, Trash(building))
        mover.overlay(files_of(repository, state.commit), files_in(repository, state))
        arranging.arrange_index(repository, state)
        arranging.arrange_stashes(repository, state)
    finally:
        repository.free()


def _put_in_place(path: str, building: str, places: Places, trash: Trash) -> None:
    if not places.is_real(path):
        raise Untold(findings.in_the_way(path, ""))
    target = places.folder(path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.chmod(building, 0o755)
    try:
        os.rename(building, target)  # takes the place of an empty folder, and of nothing else
    except OSError:
        _adopt(path, building, target, trash)


def _adopt(path: str, building: str, target: str, trash: Trash) -> None:
    """Make a repository of the folder ``target``: first its files, and ``.git`` last of all."""
    repository = pygit2.Repository(building)
    state_files = _built(repository)
    stale = []
    repository.workdir = target
    for name, entry in sorted(state_files.items()):
        there = os.path.join(target, name)
        if _blocked(target, name):
            raise Untold(findings.in_the_way(path, name))
        if os.path.lexists(there) and not lies(repository, name, entry):
            if not _is_known(repository, there):
                raise Untold(findings.in_the_way(path, name))
            stale.append(name)
    with Ground(path, target) as ground:
        for name in stale:
            spot = ground.file(name)
            if spot is not None:
                trash.put(f"{path}/{name}", spot)
        for name in state_files:
            here = os.path.join(building, name)
            if not os.path.lexists(os.path.join(target, name)) and os.path.lexists(here):
                spot = ground.spot(name, create=True)
                os.rename(here, spot.name, dst_dir_fd=spot.directory)
    repository.free()
    os.rename(os.path.join(building, ".git"), os.path.join(target, ".git"))


def _built(repository: Any) -> Files:
    """What lies in the working directory that was built."""
    found = {}
    for directory, folders, names in os.walk(repository.workdir):
        if ".git" in folders:
            folders.remove(".git")
        links = [one for one in folders if os.path.islink(os.path.join(directory, one))]
        for one in [*names, *links]:
            file = os.path.join(directory, one)
            mode = os.lstat(file).st_mode
            if os.path.islink(file):
                blob = pygit2.hash(os.fsencode(os.readlink(file)))
            else:
                blob = pygit2.hashfile(file)
            kind = 0o120000 if os.path.islink(file) else 0o100755 if mode & 0o100 else 0o100644
            found[os.path.relpath(file, repository.workdir)] = (str(blob), kind)
    return found


def _blocked(target: str, name: str) -> bool:
    """Whether a file or a link stands where a folder has to be."""
    place = target
    for part in name.split("/")[:-1]:
        place = os.path.join(place, part)
        if os.path.lexists(place) and (os.path.islink(place) or not os.path.isdir(place)):
            return True
    return False


def _is_known(repository: Any, file: str) -> bool:
    """Whether the repository has the content, so that it is not lost when the file gives way."""
    regular = os.path.isfile(file) and not os.path.islink(file)
    return regular and pygit2.hashfile(file) in repository
