"""Every shell example in the README and the documentation does what the page says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.docs.examples import Example, examples, matches, run_page
from tests.servers import moto_s3

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
USAGE = ROOT / "docs" / "reference" / "command.md"
"""Made of the command's own help, which the tests of the command parse; its lines tell no story."""
WITH_EXAMPLES = [page for page in PAGES if "```console" in page.read_text() and page != USAGE]


def _name(page: Path) -> str:
    return os.fspath(page.relative_to(ROOT))


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=_name)
def test_examples_of_the_page_run(page: Path, tmp_path: Path) -> None:
    with moto_s3() as server:
        environment = {
            **server.env,
            "AWS_ENDPOINT_URL": server.options["endpoint"],
            "AWS_REGION": "us-east-1",
        }
        assert run_page(page.read_text(), tmp_path, environment) > 0


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_page_has_no_shell_example_that_escapes_the_test(page: Path) -> None:
    found = re.findall(r"^ *```(?:bash|sh|shell|shell-session|zsh)\b", page.read_text(), re.M)
    assert not found


def test_readme_and_first_steps_have_examples() -> None:
    assert {"README.md", "docs/getting-started.md"} <= {_name(page) for page in WITH_EXAMPLES}


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
