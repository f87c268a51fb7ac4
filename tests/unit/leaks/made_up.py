"""Secrets that were never valid, made from parts: no scanner takes this repository's own text for
one."""

from __future__ import annotations

import base64
import json
import random
import string

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits


def noise(length: int, alphabet: str = ALNUM, seed: int = 1) -> str:
    """The same characters for the same arguments, letters and digits mixed."""
    return "".join(random.Random(f"{seed}/{length}").choices(alphabet, k=length))


def github(seed: int = 1) -> str:
    return "ghp" + "_" + noise(36, seed=seed)


def password(seed: int = 1) -> str:
    return "Tr" + noise(7, seed=seed) + "9!"


def web_token() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'uid': 'ada', 'exp': 1})}.{noise(43)}"


def private_key(kind: str = "RSA ", seed: int = 1) -> str:
    dashes = "-" * 5
    body = "\n".join(noise(64, seed=seed * 100 + line) for line in range(6))
    return f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}\n{body}\n{dashes}END {kind}PRIVATE KEY{dashes}"


def notebook(*cells: tuple[str, str], **data: object) -> bytes:
    """Code cells with a source and the text of a stream; ``data`` is shown by the last one."""
    made = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": None,
            "source": source.splitlines(keepends=True),
            "outputs": [{"output_type": "stream", "name": "stdout", "text": text}] if text else [],
        }
        for number, (source, text) in enumerate(cells)
    ]
    if data:
        shown = {"output_type": "display_data", "metadata": {}, "data": data}
        made[-1]["outputs"] = [shown]
    return json.dumps(
        {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    ).encode()
