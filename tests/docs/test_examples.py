"""What the README and the documentation show is so: examples are run, names are looked up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsync.remotes.mirror.wire import decode_format
from tests.docs.examples import Example, examples, matches, run_page
from tests.docs.python_examples import run_python
from tests.git_hubs import git
from tests.servers import Server, fake_github, moto_s3
from tests.servers.git_bare import bare
from tests.servers.moto import empty

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
USAGE = ROOT / "docs" / "reference" / "command.md"
"""Made of the command's own help; `test_command_page` runs each of its lines by itself."""
WITH_EXAMPLES = [page for page in PAGES if "```console" in page.read_text() and page != USAGE]
WITH_PYTHON = [page for page in PAGES if "```pycon" in page.read_text()]
DRAWINGS = {
    "docs/architecture.md": ["text"],
    "docs/guides/jupyter-server.md": ["json", "text"],
    "docs/operators/binder.md": ["bash", "json", "text"],
    "docs/operators/github-app.md": ["yaml"],
    "docs/operators/image.md": ["dockerfile", "json"],
    "docs/operators/kubernetes.md": ["yaml"],
    "docs/operators/metrics.md": ["yaml"],
    "docs/reference/jupyter-settings.md": ["json"],
    "docs/reference/mirror-format.md": ["json"],
}
"""Blocks that are no commands; what they show is tested below or in the layers' contracts."""


def _name(page: Path) -> str:
    return os.fspath(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with moto_s3() as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    """One with an empty bucket."""
    empty(running)
    return running


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=_name)
def test_examples_of_the_page_run(page: Path, tmp_path: Path, server: Server) -> None:
    repositories = tmp_path / "repositories"
    with fake_github(interval=1, repositories=repositories, read_only={"lab/thesis"}) as github:
        _repository_of_others(repositories)
        environment = {
            **server.env,
            **github.env,
            "PERSONAL_TOKEN": github.give_token(),
            "REPOSITORY": f"git+http://{github.host}/lab/thesis.git",
            "AWS_ENDPOINT_URL": server.options["endpoint"],
            "AWS_REGION": "us-east-1",
        }
        assert run_page(page.read_text(), tmp_path, environment) > 0


def _repository_of_others(folder: Path) -> None:
    """lab/thesis, with a file in it."""
    (folder / "lab").mkdir(parents=True)
    repository = bare(folder / "lab/thesis.git")
    git(folder, "clone", "-q", os.fspath(repository), "first")
    (folder / "first/notes.md").write_text("one\n")
    git(folder / "first", "add", "-A")
    git(folder / "first", "commit", "-qm", "Begin")
    git(folder / "first", "push", "-q", "origin", "HEAD:main")


@pytest.mark.parametrize("page", WITH_PYTHON, ids=_name)
def test_python_examples_of_the_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run_python(page.read_text(), _name(page)) > 0


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_page_has_no_example_that_escapes_the_tests(page: Path) -> None:
    kinds = set(
        re.findall(r"^ *(?:```|~~~)(\S*)[^\n]*\n.*?^ *(?:```|~~~)$", page.read_text(), re.M | re.S)
    )
    assert kinds <= {"console", "pycon", *DRAWINGS.get(_name(page), ())}


def test_readme_and_first_steps_have_examples() -> None:
    assert {"README.md", "docs/getting-started.md"} <= {_name(page) for page in WITH_EXAMPLES}


def test_the_library_page_has_examples() -> None:
    assert [_name(page) for page in WITH_PYTHON] == ["docs/reference/library.md"]


def test_format_file_of_the_mirror_format_page_is_one_that_is_read() -> None:
    page = (ROOT / "docs" / "reference" / "mirror-format.md").read_text()
    [shown] = re.findall(r"```json\n(.*?)```", page, re.S)
    assert decode_format(shown.encode()).writes == "conditional"


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md", "README.md"])
def test_every_file_that_the_page_names_is_there(name: str) -> None:
    page = (ROOT / name).read_text()
    named = re.findall(r"[`(]((?:hubsync|cli|tests|bench|docs|scripts)/[\w/.-]*)[`)]", page)
    assert [one for one in sorted(set(named)) if not (ROOT / one).exists()] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md"])
def test_every_make_target_that_the_page_names_is_there(name: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    named = re.findall(r"`make ([a-z]+)", (ROOT / name).read_text())
    assert named
    assert set(named) <= set(targets)


def test_the_architecture_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {
        one.relative_to(ROOT / "hubsync").parts[0].removesuffix(".py")
        for one in (ROOT / "hubsync").rglob("*.py")
    } - {"__init__"}
    tests = {
        one.relative_to(ROOT / "tests").parts[0] for one in (ROOT / "tests").rglob("test_*.py")
    }
    drawing = page.split("```text")[2]
    assert [room for room in rooms if not re.search(rf"\b{room}\b", drawing)] == []
    assert [room for room in tests if f"`tests/{room}/`" not in page] == []


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "zensical.toml").read_text()
    named = set(re.findall(r'"([^"]+\.md)"', navigation))
    pages = {os.fspath(page.relative_to(ROOT / "docs")) for page in PAGES[1:]}
    assert named == pages


def test_commands_prompts_and_expected_output_are_told_apart() -> None:
    page = (
        "```console\n$ hubsync sync   # exit status 3\n1 up\nhub-b$ ls\n```\n<!-- before\ntrue\n-->"
    )
    assert list(examples(page)) == [
        Example("hub-a", "hubsync sync", 3, "1 up"),
        Example("hub-b", "ls", 0, None),
        Example("hub-a", "true\n", 0, None),
    ]


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("3 up", "3 up\n", True),
        ("3 up", "4 up\n", False),
        ("a … z", "a b\nc z", True),
        ("a\n…\nz\n…", "a\nb\nc\nz\n", True),
        ("a\n…\nz", "a\nb", False),
        ("1.5 s", "115 s", False),
    ],
)
def test_output_is_compared_with_gaps(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) is same


def test_a_wrong_example_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="exit status 1"):
        run_page("```console\n$ false\n```\n", tmp_path, {})


def test_a_wrong_python_example_is_found() -> None:
    with pytest.raises(AssertionError, match="Expected:\n    3"):
        run_python("```pycon\n>>> 1 + 1\n3\n```\n", "a page")
