"""Show the main job: two hubs and one remote, with the real command and its real output.

``python scripts/demo.py`` makes a small project; ``python scripts/demo.py DIR`` works on a copy of
DIR. Everything happens in ``demo-out/``, which stays for a look around. Ends with status 1 if the
two hubs are not equal at the end or if any content that was written can be found nowhere.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

from demo_hub import LEFT_TO_A_PERSON, Failed, Hub
from demo_trees import Nodes, contents, copy_folder, differences, digest_of, read_tree, text_lines

import hubsync

PLACE = Path(__file__).resolve().parent.parent / "demo-out"

NOTES = "\n".join(["# Sea level, 1993 to 2025", *(f"Point {n}." for n in range(1, 9)), ""])
PLAN = "\n".join([*(f"Week {n}: to be planned" for n in range(1, 10)), ""])


class Chosen(NamedTuple):
    """What the story edits, out of what is there."""

    merged: str
    contested: str
    deleted: str
    script: str


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    try:
        shutil.rmtree(PLACE, ignore_errors=True)
        hub_a, hub_b = _hubs()
        _begin(hub_a, Path(arguments[0]) if arguments else None)
        chosen = _first_push_and_clone(hub_a, hub_b)
        _edits_on_both_sides(hub_a, hub_b, chosen)
        _conflict(hub_a, hub_b, chosen)
        _deletion_and_restored_version(hub_a, hub_b, chosen)
        _verify(hub_a, hub_b)
    except Failed as failure:
        print(f"\nThe demonstration failed: {failure}", file=sys.stderr)
        return 1
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look around in {os.path.relpath(PLACE)}/")
    return 0


def _hubs() -> tuple[Hub, Hub]:
    data = PLACE / "data"
    hub_a = Hub("hub-a", "ada", PLACE / "hub-a" / "work", data)
    hub_b = Hub("hub-b", "ada", PLACE / "hub-b" / "work", data)
    return hub_a, hub_b


def _argument(path: str) -> str:
    """A path that is not taken for an option."""
    return f"./{path}" if path.startswith("-") else path


def _title(text: str) -> None:
    print(f"\n── {text} {'─' * (74 - len(text))}\n", flush=True)


def _begin(hub: Hub, folder: Path | None) -> None:
    if folder is None:
        _title("A project on hub A")
        hub.root.mkdir(parents=True)
        hub.write("notes.md", NOTES, "writes")
        hub.write("plan.md", PLAN, "writes")
        hub.write("data/buoys.csv", "buoy,mm\n41001,2.9\n", "writes")
        hub.write("data/tide gauges.csv", "station,mm\nBrest,3.1\n", "writes")
        hub.write("run.sh", "#!/bin/sh\necho measuring\n", "writes")
        (hub.root / "run.sh").chmod(0o755)
        (hub.root / "latest.csv").symlink_to("data/tide gauges.csv")
        (hub.root / "figures").mkdir()
        return
    _title(f"A copy of {folder} on hub A")
    if not folder.is_dir():
        raise Failed(f"{folder} is no directory")
    if PLACE.is_relative_to(folder.resolve()):
        raise Failed(f"{folder} holds the demonstration itself; name another folder")
    number = copy_folder(folder, hub.root)
    hub.written |= contents(hub.root)
    print(f"hub-a: {number:,} files and links")


def _first_push_and_clone(hub_a: Hub, hub_b: Hub) -> Chosen:
    _title("The first push")
    hub_a.run("init")
    hub_a.run("push", "-m", "first push")
    url = json.loads(hub_a.ask("remote", "list"))[0]["url"]
    _title("On hub B: a clone of the same")
    hub_b.root.parent.mkdir(parents=True)
    hub_b.run("clone", url, hub_b.root.name, into=hub_b.root.parent)
    chosen = _choose(hub_b)
    missing = [path for path in chosen if not (hub_b.root / path).exists()]
    if missing:  # a folder with no text to edit: the story brings its own
        for path, text in zip(chosen, (NOTES, PLAN, "station,mm\n", "echo\n"), strict=True):
            if path in missing:
                hub_a.write(path, text, "writes")
        hub_a.run("sync")
        hub_b.run("sync")
    return chosen


def _choose(hub: Hub) -> Chosen:
    """Two texts, a file to delete and one to make executable; else names of our own."""
    tree = read_tree(hub.root)
    files = [path for path, node in sorted(tree.items()) if node.kind == "file"]
    texts = [path for path in files if text_lines(hub.root / path) is not None]
    rest = [path for path in files if path not in texts[:2]]
    own = ["demo notes.md", "demo plan.md", "demo table.csv", "demo script.sh"]
    return Chosen(*(texts[:2] + own[:2])[:2], *(rest[:2] + own[2:])[:2])


def _edits_on_both_sides(hub_a: Hub, hub_b: Hub, chosen: Chosen) -> None:
    _title("Both hubs edit; one file on both: its lines are merged")
    hub_a.edit(chosen.merged, 0, "edited on hub A")
    hub_a.write("results/from hub A.txt", "made on hub A\n", "writes")
    hub_b.edit(chosen.merged, -1, "edited on hub B")
    script = hub_b.root / chosen.script
    print(f"hub-b: changes the mode of {chosen.script!r}")
    script.chmod(script.stat().st_mode ^ 0o100)
    hub_a.run("sync", "-m", "from hub A")
    hub_b.run("status")
    hub_b.run("sync", "-v", "-m", "from hub B")
    hub_a.run("sync")
    merged = (hub_a.root / chosen.merged).read_text()
    if "edited on hub A" not in merged or "edited on hub B" not in merged:
        raise Failed(f"{chosen.merged!r} on hub A has not both edits")


def _conflict(hub_a: Hub, hub_b: Hub, chosen: Chosen) -> None:
    _title("Both hubs edit the same line: both contents are kept")
    hub_a.edit(chosen.contested, 0, "what hub A thinks")
    hub_b.edit(chosen.contested, 0, "what hub B thinks")
    hub_a.run("sync")
    if hub_b.run("sync") != LEFT_TO_A_PERSON:
        raise Failed("a conflict was not reported by the exit status")
    hub_b.run("conflicts")
    hub_a.run("sync")
    hub_a.run("resolve", _argument(chosen.contested), "--keep", "both")
    hub_a.run("sync")
    hub_b.run("sync")


def _deletion_and_restored_version(hub_a: Hub, hub_b: Hub, chosen: Chosen) -> None:
    _title("A file is deleted on hub A, and brought back on hub B")
    before = digest_of(hub_a.root / chosen.deleted)
    hub_a.delete(chosen.deleted)
    hub_a.run("sync")
    hub_b.run("sync")
    if (hub_b.root / chosen.deleted).exists():
        raise Failed(f"{chosen.deleted!r} is still on hub B")
    hub_b.run("log", _argument(chosen.deleted))
    hub_b.run("restore", _argument(chosen.deleted))
    if digest_of(hub_b.root / chosen.deleted) != before:
        raise Failed(f"{chosen.deleted!r} came back with another content")
    hub_b.run("sync", "-m", "brought back")
    hub_a.run("sync")
    hub_a.run("log", "-n", "3")


def _verify(hub_a: Hub, hub_b: Hub) -> None:
    _title("Nothing is left to do, both sides are equal, nothing is lost")
    hub_a.run("sync")
    hub_b.run("sync")
    on_a, on_b = read_tree(hub_a.root), read_tree(hub_b.root)
    excused = _not_synced(hub_a, on_a, on_b)
    unequal = differences({p: n for p, n in on_a.items() if p not in excused}, on_b)
    for line in unequal[:20]:
        print(f"  {line}")
    if unequal:
        raise Failed(f"{len(unequal):,} paths are not equal")
    lost = (hub_a.written | hub_b.written) - contents(PLACE)
    if lost:
        raise Failed(f"{len(lost):,} contents that were written are nowhere")
    kinds = [node.kind for node in on_b.values()]
    print(
        f"equal on both hubs: {kinds.count('file'):,} files (contents, modes and times),"
        f" {kinds.count('link'):,} links, {kinds.count('empty directory'):,} empty directories"
    )
    if excused:
        print(f"on hub A alone, by an ignore rule or for a reported problem: {len(excused):,}")
    print(f"every one of {len(hub_a.written | hub_b.written):,} contents written is still there")


def _not_synced(hub: Hub, here: Nodes, there: Nodes) -> set[str]:
    """Paths that hubsync itself said it would not carry: ignored, or with a problem."""
    missing = [path for path in here if path not in there]
    if not missing:
        return set()
    with hubsync.Workspace.open(os.fspath(hub.root)) as workspace:
        problems = {problem.path for problem in workspace.status().problems}
        ignored = cache(lambda path: workspace.why_ignored(path) is not None)

        def excused(path: str) -> bool:
            parts = path.split("/")
            above = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
            return not problems.isdisjoint(above) or any(ignored(each) for each in above)

        return {path for path in missing if excused(path)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
