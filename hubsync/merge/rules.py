"""Merge of files of rules that say what is ignored: where both sides changed the same lines, what
either hides stays hidden. Kept twice, one side's rules would hold no more, and what they hid would
be sent (rule 8)."""

from __future__ import annotations

from hubsync.merge.text import is_text, merge_text


def merge_rules(base: bytes, local: bytes, remote: bytes) -> bytes | None:
    """The merged rules, whichever side is which; None for what is no text. ``base`` is empty where
    nobody has it any more."""
    merged = merge_text(base, local, remote)
    if merged is not None or not (is_text(local) and is_text(remote)):
        return merged
    # The last rule that fits a path counts (gitignore(5)), so exceptions come as early as may be.
    first, second = sorted((local.splitlines(), remote.splitlines()), key=_exceptions_first)
    lines = [*first, *second]
    if any(map(_is_exception, second)):  # of both: what the first one hides comes once more
        lines += [line for line in first if not _is_exception(line)]
    elif not any(map(_is_exception, first)):
        lines = list(dict.fromkeys(lines))
    return b"".join(line + b"\n" for line in lines)


def _exceptions_first(lines: list[bytes]) -> tuple[bool, list[bytes]]:
    return not any(map(_is_exception, lines)), lines


def _is_exception(line: bytes) -> bool:
    return line.startswith(b"!")
