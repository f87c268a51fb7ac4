"""Rule 8: built-in rules, files of rules, and the same answers as Git's."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hubsync.core.gitrules import GitRules, pattern_file
from hubsync.core.ignore import IgnoreRule, IgnoreRules
from hubsync.core.patterns import PatternFile, parse_text
from tests.yardstick import times_as_long

BUILT_IN = IgnoreRules.builtin()

DIRECTORIES = ["a", "a/b", "a/b/c", "ab", "foo", "foo/a", "foo/foo", "d e", "foo/bar"]
FILES = [
    *("x.txt", "a/x.txt", "a/b/x.txt", "a/b/c/x.txt", "foo/a/b", "foo/foo/foo", "foo/ab"),
    *("ab/a", "ab/b", "b", "bar", "foo/bar/a", "foo/bar/x.txt", "d e/a", "d e/a b", "#a", "!b"),
    *("a/[a]", "a/*", "a/?", "a/b\\c", "x ", "foo/#a", "a.b", "a/a.b", "ab/line\nb", "line\nb"),
]


@pytest.mark.parametrize(
    "path",
    [
        ".ipynb_checkpoints/",
        "work/.ipynb_checkpoints/a-checkpoint.ipynb",
        "pkg/__pycache__/m.cpython-311.pyc",
        "m.pyc",
        ".cache/pip/x",
        ".venv/bin/python",
        "proj/node_modules/x/index.js",
        ".conda/",
        ".local/lib/python3.11/site-packages/x.py",
        ".DS_Store",
        "notes.md~",
        ".notes.md.swp",
        ".#notes.md",
        "#notes.md#",
        ".~notes.ipynb",
        ".~lock.sheet.ods#",
        "~$report.docx",
        ".nfs0000000001a2b3c4d5e6",
        "core.12345",
        ".aws/credentials",
        ".ssh/id_ed25519",
        ".netrc",
        ".git-credentials",
        ".config/gcloud/application_default_credentials.json",
        ".config/rclone/rclone.conf",
        ".docker/config.json",
        ".pypirc",
        ".kube/config",
        ".azure/accessTokens.json",
        ".local/share/jupyter/runtime/jpserver-1.json",
        ".local/share/jupyter/nbsignatures.db",
        ".local/share/jupyter/file_id_manager.db-journal",
        ".ipython/profile_default/history.sqlite",
        ".jupyter/lab/workspaces/default-37a8.jupyterlab-workspace",
        "home/me/.jupyter/lab/workspaces/default-37a8.jupyterlab-workspace",
        "home/me/.aws/config",
        ".git/config",
        "sub/repo/.git/HEAD",
        ".hubsync/config.toml",
        "sub/.hubsync/state/x",
    ],
)
def test_caches_environments_temporaries_and_secrets_are_ignored(path: str) -> None:
    assert BUILT_IN.ignores_deep(path)


@pytest.mark.parametrize(
    "path",
    [
        "notes.ipynb",
        "core",
        "core/model.py",
        "core.2d.nc",
        "core.12a",
        "core.123456789",
        "venv",
        ".venv",
        "environment.yml",
        ".gitignore",
        ".hubsyncignore",
        ".config/git/config",
        ".config/gh/config.yml",
        "docker/config.json",
        ".docker/daemon.json",
        "aws/credentials.md",
        "cache/x",
        ".bashrc",
        "sw.swp.txt",
        "data/a~b",
        "gcloud/x",
        ".jupyter/jupyter_lab_config.py",
        ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings",
        ".ipython/profile_default/startup/first.py",
        "lab/workspaces/x",
    ],
)
def test_work_is_not_ignored(path: str) -> None:
    assert not BUILT_IN.ignores_deep(path)


def test_a_rule_takes_a_built_in_back() -> None:
    rules = BUILT_IN.with_file("", "!.venv/\n!*.pyc\n!.netrc\n")
    assert not rules.ignores_deep(".venv/bin/python")
    assert not rules.ignores_deep("m.pyc")
    assert not rules.ignores_deep("sub/.netrc")
    assert rules.ignores_deep("__pycache__/m.pyc")


@pytest.mark.parametrize("path", [".git/config", "r/.git/x", ".hubsync/x", ".GIT/x", "s/.hubsync/"])
def test_no_rule_takes_git_and_hubsync_back(path: str) -> None:
    rules = BUILT_IN.with_file("", "!.git/\n!.git\n!.hubsync/\n!.hubsync\n!.GIT\n!**\n")
    assert rules.ignores_deep(path)


def test_nested_files_rule_below_their_directory_and_before_the_root() -> None:
    rules = BUILT_IN.with_file("", "*.log\n/top\n").with_file("d/e", "!keep.log\n/top\n*.tmp\n")
    assert rules.ignores("x.log", False)
    assert rules.ignores("d/e/x.log", False)
    assert not rules.ignores("d/e/keep.log", False)
    assert not rules.ignores("d/e/f/keep.log", False)
    assert rules.ignores("d/keep.log", False)
    assert rules.ignores("d/e/top", False)
    assert not rules.ignores("d/top", False)
    assert not rules.ignores("x.tmp", False)


def test_nothing_below_an_ignored_directory_is_taken_back() -> None:
    rules = BUILT_IN.with_file("", "out/\n!out/keep\n")
    assert rules.ignores_deep("out/keep")


def test_a_directory_rule_leaves_files() -> None:
    rules = BUILT_IN.with_file("", "out/\n")
    assert rules.ignores("out", True)
    assert not rules.ignores("out", False)
    assert rules.ignores_deep("out/")
    assert not rules.ignores_deep("out")


def test_rules_are_values() -> None:
    before = BUILT_IN.with_file("", "a\n")
    after = before.with_file("", "b\n")
    assert before.ignores("a", False)
    assert not after.ignores("a", False)
    assert after.ignores("b", False)


def test_bad_lines_are_left_out_and_reported() -> None:
    rules = BUILT_IN.with_file("d", "good\n//\n# comment\n\n[a\nalso\n")
    assert rules.ignores("d/good", False)
    assert rules.ignores("d/also", False)
    assert [(p.path, p.code) for p in rules.problems] == [
        ("d/.hubsyncignore", "ignore-pattern")
    ] * 2
    assert "Line 2" in rules.problems[0].message
    assert "Line 5" in rules.problems[1].message
    assert rules.with_file("d", "good\n").problems == ()


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    rules = BUILT_IN.with_file("", "\ufeffa.txt\r\nb.txt\r\n")
    assert rules.ignores("a.txt", False)
    assert rules.ignores("b.txt", False)


def test_the_rule_that_hides_a_path_is_named() -> None:
    rules = BUILT_IN.with_file("", "# mine\n*.log\nout/\n!keep.log\n").with_file("d", "x\n")
    assert rules.explain("a/b.log") == IgnoreRule(".hubsyncignore", 2, "*.log")
    assert rules.explain("out/deep/file") == IgnoreRule(".hubsyncignore", 3, "out/")
    assert rules.explain("d/x") == IgnoreRule("d/.hubsyncignore", 1, "x")
    assert rules.explain("m.pyc") == IgnoreRule("built-in", 0, "*.pyc")
    assert rules.explain("r/.git/config") == IgnoreRule("built-in", 0, ".git")
    assert rules.explain("keep.log") is None
    assert rules.explain("notes.md") is None


def test_all_rules_are_listed() -> None:
    listed = BUILT_IN.with_file("", "a\n!b\n").rules()
    assert listed[-2:] == (
        IgnoreRule(".hubsyncignore", 1, "a"),
        IgnoreRule(".hubsyncignore", 2, "!b"),
    )
    assert IgnoreRule("built-in", 0, ".hubsync") in listed
    assert ".ssh/" in {rule.pattern for rule in listed}


NEW_PATHS = [f"data/run {i % 100}/some file name {i}.nc" for i in range(10_000)]


def _taken_apart() -> None:
    seen: dict[str, bool] = {}
    for path in NEW_PATHS:
        directory, _, name = path.rpartition("/")
        if seen.get(directory) is None:
            seen[directory] = name in seen


def test_many_new_paths_are_asked_about_quickly() -> None:
    # 4.5 times as long as to take them apart; it was 8.4 when each name met the expressions.
    def asked() -> None:
        assert not any(map(IgnoreRules.builtin().ignores_deep, NEW_PATHS))

    assert times_as_long(asked, _taken_apart, at_most=6.5) <= 6.5


def test_many_new_paths_are_asked_about_quickly_in_a_clone() -> None:
    # 12.5 times; it was 25 when the files of rules above each path were looked for anew.
    def asked() -> None:
        git = GitRules(lambda path, is_dir: False, [("exclude", pattern_file("/.hubsync/"))])
        rules = IgnoreRules.builtin(git).with_file("", "*.log\nbuild/\n", ".gitignore")
        assert not any(map(rules.ignores_deep, NEW_PATHS))

    assert times_as_long(asked, _taken_apart, at_most=18) <= 18


_LETTERS = st.text("ab.*?[]\\~#!-", min_size=1, max_size=5)


@given(st.lists(_LETTERS, max_size=4), st.text("ab.[]\\~#!-", min_size=1, max_size=5))
@example(["*"], "a")
@example(["[ab]"], "b")
@example(["\\#*#"], "#a#")
@example(["a/*b"], "ab")
def test_what_the_letters_rule_out_no_pattern_matches(globs: list[str], name: str) -> None:
    file = PatternFile(parse_text("\n".join(globs))[0])
    if file.is_strange(name):
        for path in (name, f"a/{name}", f"a/b/{name}"):
            assert not any(one.matches(path, True) for one in file.patterns)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ignore")
    subprocess.run(["git", "init", "-q", root], check=True)
    for directory in DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        if not (root / file).is_dir():
            (root / file).touch()
    return root


def _ignored_by_git(root: Path, files: Mapping[str, str], paths: list[str]) -> set[str]:
    for directory, text in files.items():
        (root / directory / ".gitignore").write_bytes(text.encode())
    try:
        asked = subprocess.run(
            ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "-z", "--stdin"],
            cwd=root,
            input="".join(f"./{path}\0" for path in paths).encode(),
            capture_output=True,
            check=False,
        )
    finally:
        for directory in files:
            (root / directory / ".gitignore").unlink()
    assert asked.returncode in (0, 1), asked.stderr
    return {p.removeprefix("./") for p in asked.stdout.decode().split("\0") if p}


_PIECES = r"""
a b ab foo x.txt bar . \a \#a \!b * ? ** *.txt a* *b f?o fo*o d?e a.?
[ab] [!a] [^a-c]* [a-c] [[:alpha:]] [![:digit:]x] [z-a] []-] [\]a]
"""
_pieces = st.sampled_from([*_PIECES.split(), "d e", "x\\ "])
_patterns = st.builds(
    lambda negated, anchored, pieces, directory: negated + anchored + "/".join(pieces) + directory,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_pieces, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
)
_texts = st.lists(_patterns, max_size=5).map("\n".join)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(root_text=_texts, nested_text=_texts)
@example("*\n!a/\n!*.txt", "")
@example("foo/**", "")
@example("foo/**/", "!bar")
@example("**/foo", "a")
@example("a/**/x.txt", "")
@example("foo/*\n!foo/bar", "a")
@example("*/", "")
@example("**/", "")
@example("/*", "!a")
@example("x\\ ", "")
@example("x ", "")
@example("a/\\*\na/[[]a]", "")
@example("line*\n", "")
def test_answers_are_those_of_git(repository: Path, root_text: str, nested_text: str) -> None:
    files = {"": root_text, "foo": nested_text}
    rules = BUILT_IN
    for directory, text in files.items():
        rules = rules.with_file(directory, text)
    paths = sorted({*DIRECTORIES, *FILES})
    ours = {p for p in paths if rules.ignores_deep(p, (repository / p).is_dir())}
    assert ours == _ignored_by_git(repository, files, paths)


@pytest.mark.parametrize(
    ("path", "is_dir"),
    [
        (".env", False),
        ("a/.env.local", False),
        (".ssh", True),
        ("id_rsa", False),
        (".netrc", False),
    ],
)
def test_a_secret_is_withheld_and_a_rule_takes_it_back(path: str, is_dir: bool) -> None:
    assert BUILT_IN.ignores(path, is_dir)
    assert BUILT_IN.withholds(path, is_dir)
    back = BUILT_IN.with_file("", f"!{path.rpartition('/')[2]}\n")
    assert not back.ignores(path, is_dir)
    assert not back.withholds(path, is_dir)


@pytest.mark.parametrize("path", [".env.example", "id_rsa.pub", "ca.pem", "deck.key", ".envrc"])
def test_a_name_that_may_be_public_is_no_secret(path: str) -> None:
    assert not BUILT_IN.ignores(path, False)


def test_what_is_ignored_for_another_reason_is_not_withheld() -> None:
    assert not BUILT_IN.withholds("__pycache__", True)
    assert not BUILT_IN.with_file("", ".env\n").withholds(".env", False)


def test_captures_of_repositories_are_hidden_by_no_rule() -> None:
    rules = IgnoreRules.builtin().with_file("", "*\n.*\n*.bundle\n")
    assert not rules.ignores_deep(".hubsync-nested/p/x.bundle")
    assert rules.ignores_deep(".hubsync-nested-not/x.bundle")
    assert rules.with_hidden(["p"]).ignores_deep("p/file")
    assert not IgnoreRules.builtin().with_hidden(["p"]).ignores_deep("pp/file")
