"""Where findings are, what counts as new, and what is not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import msgspec
import pytest

from hubsync.leaks.leak import Leak
from hubsync.leaks.passages import LARGEST
from hubsync.leaks.search import find_secrets, search
from tests.unit.leaks import made_up
from tests.unit.leaks.made_up import github, notebook, password


def test_a_finding_names_its_line() -> None:
    text = f"import os\n\nclient = login('{github()}')\nx = 1\npassword = '{password()}'\n"
    assert find_secrets("src/a.py", text.encode()) == [
        Leak("src/a.py", 3, "GitHub token"),
        Leak("src/a.py", 5, "password"),
    ]


def test_a_finding_in_a_notebook_names_the_cell_and_the_line_in_it() -> None:
    data = notebook(
        ("import os\n", ""), (f"x = 1\nlogin('{github()}')", ""), ("3", f"a\n{github(2)}")
    )
    found = find_secrets("n.ipynb", data)
    assert found == [
        Leak("n.ipynb", 2, "GitHub token", 2),
        Leak("n.ipynb", 2, "GitHub token", 3, output=True),
    ]
    assert [one.place for one in found] == ["cell 2, line 2", "cell 3, output, line 2"]


def test_no_value_is_in_a_finding_or_what_is_made_of_it() -> None:
    secret = github()
    found = search("a.py", f"x = '{secret}'".encode())
    assert found
    for told in (repr(found), str(found), f"{found}", msgspec.json.encode(found).decode()):
        assert secret not in told
        assert secret[6:20] not in told


def test_what_was_there_before_is_no_finding_wherever_it_is_now() -> None:
    before = f"a = 1\nx = '{github()}'\n".encode()
    assert find_secrets("a.py", before, before) == []
    moved = f"def f():\n    return login('{github()}')\n".encode()
    assert find_secrets("a.py", moved, before) == []
    more = before + f"y = '{github(2)}'\n".encode()
    assert find_secrets("a.py", more, before) == [Leak("a.py", 3, "GitHub token")]
    assert find_secrets("a.py", before, b"a = 1\n") == [Leak("a.py", 2, "GitHub token")]


def test_a_word_that_was_there_before_is_a_finding_once_it_is_a_password() -> None:
    word = password()
    before = f"name = '{word}'\n".encode()
    assert find_secrets("a.py", f"password = '{word}'\n".encode(), before) != []


def test_another_private_key_is_not_taken_for_the_one_before() -> None:
    before = made_up.private_key(seed=1).encode()
    after = made_up.private_key(seed=2).encode()
    assert find_secrets("key", before, before) == []
    assert len(find_secrets("key", after, before)) == 1


def test_cells_that_move_are_no_finding() -> None:
    one, other = (f"login('{github()}')", ""), ("x = 1", "")
    assert find_secrets("n.ipynb", notebook(other, one), notebook(one, other)) == []


def test_one_secret_is_one_finding_under_the_most_telling_name() -> None:
    assert [one.kind for one in find_secrets("a.py", f"token = '{github()}'".encode())] == [
        "GitHub token"
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"text/plain": f"'{github()}'"},
        {"text/html": [f"<b>{github()}", "</b>"]},
        {"application/json": {"a": [github()]}},
    ],
)
def test_text_outputs_are_looked_at(data: dict[str, object]) -> None:
    assert len(find_secrets("n.ipynb", notebook(("x", ""), **data))) == 1


def test_images_and_scripts_in_outputs_are_not_looked_at() -> None:
    data = {"image/png": github(), "application/javascript": github(), "image/svg+xml": github()}
    assert find_secrets("n.ipynb", notebook(("x", ""), **data)) == []


def test_a_coloured_traceback_is_read_without_its_colours() -> None:
    line = f"password \x1b[38;5;241m=\x1b[39m \x1b[38;5;124m'{password()}'\x1b[39m"
    document = json.loads(notebook(("x", "")))
    document["cells"][0]["outputs"] = [
        {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["first", line]}
    ]
    (leak,) = find_secrets("n.ipynb", json.dumps(document).encode())
    assert (leak.kind, leak.output) == ("password", True)


def test_an_old_notebook_is_read_by_cells_too() -> None:
    cell = {"cell_type": "code", "input": [f"x = '{github()}'"], "outputs": []}
    data = json.dumps({"nbformat": 3, "worksheets": [{"cells": [cell]}]}).encode()
    assert find_secrets("n.ipynb", data) == [Leak("n.ipynb", 1, "GitHub token", 1)]


@pytest.mark.parametrize("broken", ["<<<<<<< ours\n", "[]\n", '{"cells": 3}\n', '{"cells": [1]}\n'])
def test_what_is_no_notebook_is_read_as_text(broken: str) -> None:
    data = f"{broken}{github()}".encode()
    assert find_secrets("n.ipynb", data) == [Leak("n.ipynb", 2, "GitHub token")]


@pytest.mark.parametrize("outputs", [None, 3, [3], [{"data": 3}], [{"text": {"a": 1}}]])
def test_a_notebook_with_odd_outputs_is_read_all_the_same(outputs: object) -> None:
    cell = {"cell_type": "code", "source": github(), "outputs": outputs}
    assert len(find_secrets("n.ipynb", json.dumps({"cells": [cell]}).encode())) == 1


def test_text_in_other_encodings_is_read() -> None:
    text = f"password = '{password()}'"
    assert len(find_secrets("a.py", text.encode("utf-16"))) == 1
    assert len(find_secrets("a.py", "é = 1\n".encode("latin-1") + text.encode())) == 1
    assert find_secrets("a.py", f"İİİ\n{text}".encode()) == [Leak("a.py", 2, "password")]


def test_binary_and_large_files_are_not_looked_at() -> None:
    secret = f"password = '{password()}'".encode()
    assert find_secrets("a.bin", b"\x00\x01" + secret) == []
    assert find_secrets("a.txt", secret + b" " * (LARGEST - len(secret))) != []
    assert find_secrets("a.txt", secret + b" " * (LARGEST - len(secret) + 1)) == []


def test_the_library_is_imported_only_where_something_may_be_found() -> None:
    program = (
        "import sys\n"
        "from hubsync.leaks.search import find_secrets\n"
        "text = b'x = tokenizer(secret)  # https://example.org/a aws s3 sk-learn password'\n"
        "assert find_secrets('a.py', text) == []\n"
        "assert 'detect_secrets' not in sys.modules\n"
        "text = b'x = \"gh' + b'p_" + github()[4:] + "\"'\n"
        "assert len(find_secrets('a.py', text)) == 1\n"
        "assert 'detect_secrets' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_file_full_of_findings_takes_no_time_that_grows_faster_than_the_file() -> None:
    lines = [f'"access_token": "{github(n)}", "password": "{password(n)}"' for n in range(20_000)]
    data = "\n".join(lines).encode()
    began = time.process_time()
    found = find_secrets("a.json", data)
    assert time.process_time() - began < 10
    assert len(found) > 30_000
    assert found[-1].line == 20_000


def test_one_long_line_of_needles_takes_no_time_that_grows_faster_than_the_line() -> None:
    for part in ("://a:", "password", "token=", "begin ", "machine ", "aws", "eyj", "bot", "xox"):
        data = (part * (1_000_000 // len(part))).encode()
        began = time.process_time()
        assert find_secrets("a.txt", data) == []
        assert time.process_time() - began < 15, part


def test_without_the_library_nothing_is_let_through_unseen() -> None:
    program = (
        "import sys\n"
        "sys.modules['detect_secrets'] = None\n"
        "from hubsync.errors import ConfigError\n"
        "from hubsync.leaks.search import find_secrets\n"
        "assert find_secrets('a.py', b'x = 1') == []\n"
        "try:\n"
        "    find_secrets('a.py', b'x = \"gh' + b'p_" + github()[4:] + "\"')\n"
        "except ConfigError as error:\n"
        "    assert error.code == 'missing-package' and 'hubsync[git]' in error.hint\n"
        "else:\n"
        "    raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_small_file_takes_less_than_a_millisecond() -> None:
    part = "ds = xr.open_dataset('https://example.org/a.nc')  # see tokens, keys\nprint(ds, key)\n"
    data = (part * 60)[:4096].encode()
    find_secrets("a.py", data)
    began = time.process_time()
    for _ in range(200):
        find_secrets("a.py", data)
    assert (time.process_time() - began) / 200 < 0.001
