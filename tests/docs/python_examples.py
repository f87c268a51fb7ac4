"""Runs the Python examples of a page: its ```` ```pycon ```` blocks, as one session.

They are doctests: what stands below a ``>>>`` is what it must print, ``...`` for any text.
"""

from __future__ import annotations

import doctest
import re

_BLOCK = re.compile(r"```pycon\n(.*?)```", re.DOTALL)


def run_python(page: str, name: str) -> int:
    """How many examples there were. Raises AssertionError, with a report, if any was wrong."""
    session = "\n".join(_BLOCK.findall(page))
    examples = doctest.DocTestParser().get_doctest(session, {"__name__": name}, name, name, 0)
    told: list[str] = []
    ran = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=told.append)
    assert not ran.failed, "".join(told)
    return ran.attempted
