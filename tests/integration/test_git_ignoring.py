"""A Git remote ignores what Git ignores, and nothing that Git tracks but by a rule of hubsync's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync import GitChoice, Identity, Workspace
from hubsync.results import IgnoreRule
from tests.git_hubs import GitSite, Hub, git, no_ones_settings, write


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Where the person's own Git settings lie."""
    folder = tmp_path / "settings"
    folder.mkdir()
    return folder


@pytest.fixture
def site(tmp_path: Path, settings: Path) -> Iterator[GitSite]:
    with no_ones_settings(settings):
        yield GitSite(tmp_path / "site")


def pair(site: GitSite, files: dict[str, str | None]) -> tuple[Hub, Hub]:
    one = site.hub("one", files)
    one.sync()
    return one, site.clone("two")


def committed(site: GitSite, files: dict[str, str | None]) -> None:
    """Somebody who has no hubsync puts files on the branch, whatever is ignored."""
    folder = site.folder / "somebody"
    if not folder.exists():
        git(site.folder, "clone", "-q", str(site.repository), "somebody")
    git(folder, "pull", "-q", check=False)
    write(folder, files)
    git(folder, "add", "-Af")
    git(folder, "commit", "-qm", "by somebody")
    git(folder, "push", "-q", "origin", "HEAD:main")


def test_what_gitignore_hides_is_neither_committed_nor_listed(site: GitSite) -> None:
    one = site.hub("one", {".gitignore": "*.log\n/out/\n!keep.log\n", "a": "1"})
    one.write({"x.log": "x", "keep.log": "k", "out/deep/y": "y", "d/.gitignore": "z\n", "d/z": "z"})
    one.sync()
    assert set(site.files()) == {".gitignore", "a", "keep.log", "d/.gitignore"}
    assert not one.workspace.status().local
    assert one.sync().nothing_done()
    assert one.is_clean()
    assert set(one.files()) == {*site.files(), "x.log", "out/deep/y", "d/z"}


def test_rules_outside_the_tree_count_as_they_do_in_git(site: GitSite, settings: Path) -> None:
    (settings / "ignore").write_text("*.mine\n")
    one, _ = pair(site, {"a": "1"})
    with open(one.directory / ".git/info/exclude", "a") as file:
        file.write("*.here\n!b.mine\n")
    one.write({"x.here": "x", "a.mine": "m", "b.mine": "m"})
    one.sync()
    assert set(site.files()) == {"a", "b.mine"}
    one.git("config", "core.excludesFile", str(settings / "other"))
    (settings / "other").write_text("*.other\n")
    one.write({"x.other": "x"})
    one.sync()
    assert set(site.files()) == {"a", "b.mine", "a.mine"}


NAMES = ["a", "b.txt", "x.log", "keep.log", "#h", "!n", "s p", "t ", "d*", "[q]", "é.txt"]
PLACES = ["", "d/", "d/e/", "out/", "d/out/", "node/deep/er/"]
RULES = {
    "negated": {"": "*\n!*/\n!*.txt\n"},
    "anchored": {"": "/a\nd/e\n/out\n", "d": "/b.txt\n!/a\n"},
    "folders": {"": "out/\na/\nnode/**/er/\n"},
    "taken back below": {"": "*.log\n!keep.log\nout/\n!out/keep.log\n", "d": "!x.log\nkeep.log\n"},
    "escaped": {"": "\\#h\n\\!n\ns\\ p\nt\\ \nd\\*\n[[]q]\n"},
    "stars": {"": "**/e/**\nnode/**/b.txt\n**/out/a\n?.txt\n"},
    "nested takes back a root's": {"": "*.txt\n/d/*\n!/d/e\n", "d/e": "!*.txt\n"},
    "not ascii": {"": "é*\n", "d": "?.txt\n", "out": "??.txt\n", "d/out": "[é].txt\n"},
    "odd lines": {"": "\ufeff*.log\r\n\n# *.txt\n[a\n//\n/\n"},
}


@pytest.mark.parametrize("case", RULES)
def test_what_is_committed_is_what_git_would_add(site: GitSite, settings: Path, case: str) -> None:
    (settings / "ignore").write_text("keep.log\n!*.log\n")
    one = site.hub("one", {place + name: "" for place in PLACES for name in NAMES})
    with open(one.directory / ".git/info/exclude", "a") as file:
        file.write("node/deep/er/a\n!b.txt\n")
    one.git("add", "-f", "d/out/x.log", "node/deep/er/a", "out/b.txt")
    one.git("commit", "-qm", "all the same")
    for place, text in RULES[case].items():
        (one.directory / place / ".gitignore").write_bytes(text.encode())
    rules = ("-c", f"core.excludesFile={settings}/ignore")
    listed = one.git(*rules, "ls-files", "-coz", "--exclude-standard").rstrip("\0").split("\0")
    one.sync()
    published = git(site.repository, "ls-tree", "-rz", "--name-only", "main").rstrip("\0")
    assert set(published.split("\0")) == set(listed)
    assert one.git(*rules, "status", "--porcelain") == ""


def test_a_tracked_path_is_never_ignored_by_git(site: GitSite) -> None:
    committed(site, {".gitignore": "data/\n*.log\n", "data/a": "1", "run.log": "1", "b": "1"})
    two = site.clone("two")
    assert two.files() == {".gitignore": "data/\n*.log", "data/a": "1", "run.log": "1", "b": "1"}
    two.write({"data/a": "2", "run.log": "2", "data/new": "ignored", "new.log": "ignored"})
    assert {one.path for one in two.workspace.status().local} == {"data/a", "run.log"}
    two.sync()
    assert site.files()["data/a"] == site.files()["run.log"] == "2"
    assert "data/new" not in site.files()
    assert two.is_clean()
    two.write({"data/a": None})
    two.sync()
    assert "data/a" not in site.files()
    assert two.is_clean()


def test_what_was_added_though_it_is_ignored_travels(site: GitSite) -> None:
    one, two = pair(site, {".gitignore": "*.log\nout/\n", "a": "1"})
    one.write({"x.log": "1", "out/y": "1"})
    one.git("add", "-f", "x.log", "out/y")
    one.git("commit", "-qm", "all the same")
    one.sync()
    two.sync()
    assert two.files() == one.files() == site.files()
    two.write({"out/y": "2"})
    two.sync()
    one.sync()
    assert one.files()["out/y"] == "2"
    assert one.is_clean()
    assert two.is_clean()


def test_a_staged_file_that_is_ignored_travels(site: GitSite) -> None:
    one, _ = pair(site, {".gitignore": "*.log\n", "a": "1"})
    one.write({"x.log": "1", "y.log": "1"})
    one.git("add", "-f", "x.log")
    one.sync()
    assert set(site.files()) == {".gitignore", "a", "x.log"}
    assert one.is_clean()


def test_a_rule_that_arrives_deletes_nothing(site: GitSite) -> None:
    one, two = pair(site, {"a": "1", "data/x": "1", "data/y": "1"})
    one.git("rm", "-rq", "--cached", "data")
    one.write({".gitignore": "data/\n"})
    one.git("add", ".gitignore")
    one.git("commit", "-qm", "data is not for git")
    one.sync()
    two.sync()
    assert set(site.files()) == {".gitignore", "a"}
    assert set(two.files()) == {".gitignore", "a", "data/x", "data/y"}
    assert two.files() == one.files()
    for hub in (one, two):
        hub.write({"data/x": "2"})
        assert hub.sync().nothing_done()
        assert hub.is_clean()
    assert set(site.files()) == {".gitignore", "a"}


def test_what_is_taken_out_of_git_and_edited_elsewhere_meanwhile_stays_in_it(
    site: GitSite,
) -> None:
    """Rule 3: the edit survives."""
    committed(site, {".gitignore": "*.log\n", "x.log": "1"})
    one, two = site.clone("one"), site.clone("two")
    one.git("rm", "-q", "--cached", "x.log")
    one.git("commit", "-qm", "no log")
    two.write({"x.log": "edited"})
    two.sync()
    one.sync()
    one.sync()
    two.sync()
    assert one.files() == two.files() == site.files()
    assert one.files()["x.log"] == "edited"
    assert one.is_clean()
    assert two.is_clean()


def tracking_what_it_ignores(site: GitSite, mode: str) -> tuple[Hub, Hub]:
    committed(site, {".gitignore": "*.csv\n", "res/t.csv": "1", "res/u.csv": "1", "a": "1"})
    one, two = site.clone("one", mode=mode), site.clone("two", mode=mode)
    (one.directory / "res/t.csv").unlink()
    (one.directory / "res/u.csv").unlink()
    one.sync()
    return one, two


@pytest.mark.parametrize("mode", ["branch", "shadow"])
def test_the_deletion_of_a_tracked_file_under_a_rule_arrives_and_an_edit_survives_it(
    site: GitSite, mode: str
) -> None:
    one, two = tracking_what_it_ignores(site, mode)
    two.write({"res/t.csv": "edited"})
    result = two.sync()
    assert result.deleted_locally == ("res/u.csv",)
    assert [one.path for one in result.up] == ["res/t.csv"]
    one.sync()
    assert one.files() == two.files() == {".gitignore": "*.csv", "a": "1", "res/t.csv": "edited"}
    assert one.sync().nothing_done()
    assert two.sync().nothing_done()


def test_an_edit_of_it_that_was_committed_by_hand_survives_too(site: GitSite) -> None:
    one, two = tracking_what_it_ignores(site, "branch")
    two.write({"res/t.csv": "edited"})
    two.git("commit", "-qam", "by hand")
    two.sync()
    one.sync()
    assert one.files() == two.files() == site.files()
    assert site.files()["res/t.csv"] == "edited"


def test_what_was_deleted_under_a_rule_in_a_shadow_travels_again_once_it_is_back(
    site: GitSite,
) -> None:
    one, two = tracking_what_it_ignores(site, "shadow")
    two.sync()
    one.git("checkout", "-q", "HEAD", "--", "res/t.csv")
    one.write({"res/u.csv": "new"})
    one.sync()
    two.sync()
    assert two.files() == one.files()
    assert two.files()["res/t.csv"] == "1"
    assert two.files()["res/u.csv"] == "new"


@pytest.mark.parametrize("forgotten", [False, True])
def test_an_edit_of_what_a_new_rule_takes_out_of_git_elsewhere_is_sent(
    site: GitSite, forgotten: bool
) -> None:
    committed(site, {"x.log": "1", "y.log": "1", "a": "1"})
    one, two = site.clone("one", mode="shadow"), site.clone("two", mode="shadow")
    one.git("rm", "-q", "--cached", "x.log", "y.log")
    one.write({".gitignore": "*.log\n"})
    one.sync()
    two.write({"x.log": "edited"})
    if forgotten:
        shutil.rmtree(two.directory / ".hubsync/state")
    two.sync()
    one.sync()
    assert two.files() == {".gitignore": "*.log", "x.log": "edited", "y.log": "1", "a": "1"}
    assert one.files() == two.files()
    assert two.sync().nothing_done()


def test_an_ignored_file_in_the_place_of_one_that_arrives_is_kept(site: GitSite) -> None:
    one, _ = pair(site, {".gitignore": "*.log\n", "a": "1"})
    one.write({"x.log": "mine"})
    committed(site, {"x.log": "theirs"})
    one.sync()
    assert sorted(v for k, v in one.files().items() if k.endswith("log")) == ["mine", "theirs"]
    assert one.is_clean()


def test_a_rule_that_is_taken_away_shows_what_it_hid(site: GitSite) -> None:
    one, two = pair(site, {".gitignore": "*.log\n", "a": "1"})
    two.write({"x.log": "x"})
    assert two.sync().nothing_done()
    one.write({".gitignore": "*.tmp\n"})
    one.sync()
    two.sync()
    assert "x.log" in site.files()


def test_a_lost_memory_brings_nothing_ignored_along(site: GitSite) -> None:
    one, _ = pair(site, {".gitignore": "out/\n", "a": "1"})
    one.write({"out/x": "x"})
    committed(site, {"out/tracked": "t"})
    one.sync()
    shutil.rmtree(one.directory / ".hubsync/state")
    one.sync()
    assert set(site.files()) == {".gitignore", "a", "out/tracked"}
    assert one.is_clean()


def test_an_ignored_folder_is_not_walked(site: GitSite) -> None:
    one, _ = pair(site, {".gitignore": "out/\n", "a": "1"})
    one.write({"out/.hubsyncignore": "[a\n"})
    assert not one.sync().problems


def test_the_rule_is_named(site: GitSite) -> None:
    one, _ = pair(site, {".gitignore": "*.log\n", "d/.gitignore": "\n/out/\n"})
    one.write({"a.log": "", "d/out/x": "", "m.pyc": ""})
    workspace = one.workspace
    assert workspace.why_ignored("a.log") == IgnoreRule(".gitignore", 1, "*.log")
    assert workspace.why_ignored("d/out/x") == IgnoreRule("d/.gitignore", 2, "/out/")
    assert workspace.why_ignored("m.pyc") == IgnoreRule("built-in", 0, "*.pyc")
    one.write({"é/.gitignore": "ü*\n", "é/über": ""})
    assert workspace.why_ignored("é/über") == IgnoreRule("é/.gitignore", 1, "ü*")
    listed = workspace.ignore_rules()
    assert IgnoreRule("d/.gitignore", 2, "/out/") in listed
    assert ".git/info/exclude" in {rule.source for rule in listed}
    one.git("add", "-f", "a.log", "m.pyc")
    assert workspace.why_ignored("a.log") is None
    assert workspace.why_ignored("m.pyc") is None


def test_what_git_ignores_goes_to_the_remote_that_takes_it(site: GitSite, tmp_path: Path) -> None:
    one, _ = pair(site, {".gitignore": "data/\n*.log\n", "a": "1"})
    one.write({"data/x": "x", "y.log": "y"})
    one.workspace.add_remote("data", f"file://{tmp_path}/bucket", include=("data/**",))
    one.sync()
    assert set(site.files()) == {".gitignore", ".hubsync.toml", "a"}
    assert (tmp_path / "bucket/data/x").read_text() == "x"
    assert not (tmp_path / "bucket/y.log").exists()
    assert one.workspace.why_ignored("data/x") is None
    assert one.workspace.why_ignored("y.log") == IgnoreRule(".gitignore", 2, "*.log")
    assert one.sync().nothing_done()
    assert one.is_clean()


def test_a_mirror_takes_what_git_would_ignore(tmp_path: Path) -> None:
    write(tmp_path / "work", {".gitignore": "*.log\n", "a.log": "1"})
    with Workspace.init(str(tmp_path / "work"), f"file://{tmp_path}/mirror") as workspace:
        workspace.sync(identity=Identity("ada", "one"))
        assert workspace.why_ignored("a.log") is None
    assert (tmp_path / "mirror/a.log").exists()


def test_a_clone_has_all_that_is_on_the_branch(site: GitSite) -> None:
    """What the built-in rules keep from being published is published here already."""
    files = {"pkg/__pycache__/m.pyc": "m", "notes~": "n", "node_modules/x/i.js": "i", "a": "1"}
    committed(site, files)
    two = site.clone("two")
    assert two.files() == files
    assert two.is_clean()
    two.write({"notes~": "edited", "pkg/__pycache__/new.pyc": "new", "b~": "new"})
    two.sync()
    assert site.files() == {**files, "notes~": "edited"}
    two.git("rm", "-rq", "--cached", "node_modules")
    two.git("commit", "-qm", "no modules")
    two.sync()
    assert "node_modules/x/i.js" not in site.files()
    assert "node_modules/x/i.js" in two.files()
    assert two.sync().nothing_done()


def test_what_hubsync_ignores_and_git_tracks_follows_as_with_git_pull(site: GitSite) -> None:
    committed(site, {".hubsyncignore": "big/\n", "big/x": "1", "big/y": "1", "a": "1"})
    two = site.clone("two")
    assert set(two.files()) == {".hubsyncignore", "big/x", "big/y", "a"}
    assert two.is_clean()
    committed(site, {"big/x": "2", "big/z": "2"})
    assert not two.sync().problems
    assert (two.files()["big/x"], two.files()["big/z"]) == ("2", "2")
    assert two.is_clean()
    assert two.sync().nothing_done()


def test_what_a_person_did_to_it_stays(site: GitSite) -> None:
    committed(site, {".hubsyncignore": "big/\n", "big/x": "1", "big/y": "1", "big/z": "1"})
    two = site.clone("two")
    two.write({"big/x": "mine", "big/y": None})
    committed(site, {"big/x": "2", "big/y": "2", "big/z": None, "a": "new"})
    told = two.sync()
    assert [(one.path, one.code) for one in told.problems] == [("big/x", "changed-under-a-rule")]
    assert "git diff" in told.problems[0].hint
    assert two.sync().problems == ()
    assert two.files() == {".hubsyncignore": "big/", "big/x": "mine", "big/z": "1", "a": "new"}
    assert site.files()["big/x"] == "2"
    two.write({"a": "newer"})
    two.sync()
    assert site.files()["big/x"] == site.files()["big/y"] == "2"


def test_a_rule_for_what_is_tracked_deletes_nothing_and_sends_nothing(site: GitSite) -> None:
    one, two = pair(site, {"big": "1", "a": "1"})
    one.write({".hubsyncignore": "big\n"})
    one.sync()
    two.sync()
    one.write({"big": None})
    two.write({"big": "edited"})
    assert one.sync().nothing_done()
    assert two.sync().nothing_done()
    assert site.files()["big"] == "1"


def test_a_push_leaves_what_it_would_have_to_bring(site: GitSite) -> None:
    committed(site, {".hubsyncignore": "big/\n", "big/x": "1", "a": "1"})
    two = site.clone("two")
    committed(site, {"big/x": "2"})
    two.write({"b": "new"})
    two.push()
    assert two.files()["big/x"] == "1"
    assert two.git("status", "--porcelain") == "?? b"
    two.sync()
    assert two.files()["big/x"] == "2"
    assert two.is_clean()


def test_hubsyncs_folder_is_ignored_in_a_worktree_too(site: GitSite) -> None:
    committed(site, {"a": "1"})
    somebody = site.folder / "somebody"
    git(somebody, "worktree", "add", "-qb", "other", "../tree")
    tree = site.folder / "tree"
    hub = Hub(tree, Workspace.init(str(tree), site.url, git=GitChoice("branch")))
    hub.write({"b": "2"})
    hub.sync()
    assert hub.is_clean()
    assert git(site.repository, "show", "other:b") == "2"
    assert not (tree / ".gitignore").exists()


def test_a_commit_that_changes_nothing_that_is_synced_is_pushed(site: GitSite) -> None:
    one, _ = pair(site, {".hubsyncignore": "big\n", "a": "1"})
    one.git("commit", "-q", "--allow-empty", "-m", "empty")
    one.sync()
    assert site.subjects()[0] == "empty"
    one.write({"big": "1"})
    one.git("add", "big")
    one.git("commit", "-qm", "big")
    one.sync()
    assert site.subjects()[0] == "big"
    assert one.sync().nothing_done()
    assert one.is_clean()


def with_submodule(site: GitSite) -> tuple[Hub, Hub]:
    library = site.folder / "library"
    write(library, {"code.py": "1"})
    git(library, "init", "-q", "-b", "main")
    git(library, "add", ".")
    git(library, "commit", "-qm", "library")
    one, _ = pair(site, {"a": "1"})
    allowed = ("-c", "protocol.file.allow=always")
    one.git(*allowed, "submodule", "--quiet", "add", str(library), "d/sub")
    one.git("commit", "-qm", "with a submodule")
    one.sync()
    return one, Hub(site.folder / "two", Workspace.open(str(site.folder / "two")))


def test_a_submodule_stays_a_gitlink_and_a_clone_of_it_is_clean(site: GitSite) -> None:
    one, two = with_submodule(site)
    assert git(site.repository, "ls-tree", "main", "d/sub").startswith("160000 commit")
    assert two.sync().exit_status() == 0
    assert two.workspace.status().submodules == ("d/sub",)
    three = site.clone("three")
    for hub in (one, two, three):
        assert hub.is_clean()
    three.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init")
    assert (three.directory / "d/sub/code.py").exists()
    three.write({"d/sub/code.py": "2", "d/sub/new.py": "new", "a": "2"})
    three.sync()
    assert (three.directory / "d/sub/new.py").read_text() == "new"
    assert git(site.repository, "show", "main:a") == "2"
    assert git(site.repository, "ls-tree", "-r", "--name-only", "main", "d/") == "d/sub"


def test_a_commit_that_moves_the_gitlink_is_pushed_and_followed(site: GitSite) -> None:
    one, two = with_submodule(site)
    two.sync()
    sub = one.directory / "d/sub"
    write(sub, {"code.py": "2"})
    git(sub, "commit", "-qam", "newer")
    moved = git(sub, "rev-parse", "HEAD")
    one.sync()
    assert moved not in git(site.repository, "ls-tree", "main", "d/sub")
    one.git("commit", "-qam", "newer library")
    one.sync()
    assert moved in git(site.repository, "ls-tree", "main", "d/sub")
    two.sync()
    assert moved in two.git("ls-files", "-s", "d/sub")
    assert (sub / "code.py").read_text() == "2"
    assert one.is_clean()
    assert two.is_clean()


def test_a_link_is_no_file_of_rules(site: GitSite) -> None:
    """As in Git (gitignore(5)); the link itself travels."""
    one, _ = pair(site, {"rules": "*.log\n", "a": "1"})
    (one.directory / ".gitignore").symlink_to("rules")
    one.write({"x.log": "x"})
    assert not one.sync().problems
    assert "x.log" in git(site.repository, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert one.is_clean()


def test_a_folder_in_the_place_of_a_file_of_rules_is_a_folder(site: GitSite) -> None:
    one, two = pair(site, {".gitignore/x": "x", "a": "1"})
    assert two.files() == {".gitignore/x": "x", "a": "1"}
    assert one.is_clean()


def test_what_follows_the_branch_is_not_written_through_a_link(
    site: GitSite, tmp_path: Path
) -> None:
    committed(site, {".hubsyncignore": "big\n", "big/x": "1"})
    two = site.clone("two")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("1")
    shutil.rmtree(two.directory / "big")
    (two.directory / "big").symlink_to(outside)
    committed(site, {"big/x": "2", "big/y": "2"})
    two.sync()
    assert sorted(path.name for path in outside.iterdir()) == ["x"]
    assert (outside / "x").read_text() == "1"


@pytest.mark.parametrize("linked", [False, True], ids=["first sync", "same line"])
def test_what_one_hub_ignores_is_not_published_by_another_hub_s_gitignore(
    site: GitSite, linked: bool
) -> None:
    one = site.hub("one", {".gitignore": "*.log\n"})
    if linked:
        one.sync()
        two = site.clone("two")
        one.write({".gitignore": "*.tmp\n"})
    else:
        two = site.hub("two", {})
    two.write({".gitignore": "private/\n", "private/key": "of two"})
    one.sync()
    assert not two.sync().conflicts
    one.sync()
    assert set(site.files()) == {".gitignore"}
    assert "private/" in one.files()[".gitignore"]
    assert two.sync().nothing_done()
    assert two.is_clean()


@pytest.mark.parametrize("verb", ["sync", "push"])
def test_what_the_other_hubs_gitignore_hides_is_not_committed_where_both_changed_it(
    site: GitSite, verb: str
) -> None:
    one, two = pair(site, {"a": "1", ".gitignore": "*.tmp\n"})
    one.write({".gitignore": "*.tmp\nsecret/\n"})
    one.sync()
    two.write({".gitignore": "*.tmp\nscratch/\n", "secret/s": "s", "scratch/s": "s"})
    getattr(two, verb)()
    two.sync()
    assert site.files().keys() == {"a", ".gitignore"}
    assert "secret/s" not in git(site.repository, "log", "--all", "--name-only", "--format=")


def test_what_a_person_commits_under_an_ignore_rule_is_known_when_the_rule_goes(
    site: GitSite,
) -> None:
    one, two = pair(site, {"d/x": "1", "a": "1"})
    one.write({".hubsyncignore": "d/\n"})
    one.sync()
    one.write({"d/x": "by hand"})
    one.git("commit", "-qam", "by hand")
    one.sync()
    assert site.files()["d/x"] == "by hand"
    one.write({".hubsyncignore": None})
    result = one.sync()
    assert (result.conflicts, result.down) == ((), ())
    two.sync()
    for hub in (one, two):
        assert hub.files()["d/x"] == "by hand"
        assert hub.is_clean()


def test_what_was_taken_out_of_git_here_and_edited_elsewhere_arrives_in_the_same_sync(
    site: GitSite,
) -> None:
    one, two = pair(site, {"data/d": "d", "n": "n"})
    one.write({".gitignore": "data/\n"})
    one.git("rm", "-q", "-r", "--cached", "data")
    one.git("add", ".gitignore")
    one.git("commit", "-qm", "untracked")
    two.write({"data/d": "edited"})
    two.sync()
    (notice,) = one.sync().notices
    assert notice.code == "tracked-again"
    assert "git rm --cached data/d" in notice.hint
    assert one.files()["data/d"] == "edited"
    assert one.is_clean()
    assert one.sync().notices == ()
    two.sync()
    assert two.files() == one.files()


def test_a_clone_that_is_made_again_has_its_branch_though_it_tracks_what_it_ignores(
    site: GitSite,
) -> None:
    site.begin({"data/d": "d\n", ".gitignore": "data/\n", "n": "n\n"})
    one = site.clone("one", "branch")
    one.workspace.close()
    shutil.rmtree(one.directory / ".git")
    one = Hub(one.directory, Workspace.open(str(one.directory)))
    one.sync()
    assert one.is_clean()
    assert one.git("rev-parse", "HEAD") == git(site.repository, "rev-parse", "main")
