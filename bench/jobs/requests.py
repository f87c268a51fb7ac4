"""How many requests a push and a sync make where the server enforces conditions, as S3 does."""

from __future__ import annotations

from collections import Counter

from bench.harness import timed
from bench.place import Place
from bench.programs import do, hubsync, requests_of
from bench.results import Finding, Verdict, at_most, finding
from tests.servers.moto import moto_s3

_SIZE = 256
_BESIDE_WRITES = 5
_BESIDE_LISTING = 3


def counted(place: Place, rounds: int) -> Finding:
    """A first push, a push of edits, and a sync with nothing to do. One round says it all."""
    number = max(20, place.scale.some // 10)
    edits = max(1, number // 20)
    with moto_s3() as server:
        workspace = place.copy(place.files(number, _SIZE), "workspace")
        env = {**server.env, "AWS_ENDPOINT_URL": server.options["endpoint"]}

        def requests(*arguments: str) -> Counter[str]:
            return Counter(requests_of(timed(hubsync(workspace, env, *arguments))))

        do(hubsync(workspace, env, "init", f"{server.url}/mirror"))
        first = requests("push")
        quiet = requests("sync")
        for path in sorted(workspace.glob("*/*/*.dat"))[:edits]:
            with path.open("ab") as file:
                file.write(b"one more line\n")
        edited = requests("push")
    return finding(
        "requests",
        f"requests to an S3 server that enforces conditions (moto), {number:,} files",
        {},
        _beside(f"first push of {number:,}: beside the writes", first, number),
        _beside(f"push of {edits:,} edits: beside writes and copies", edited, 2 * edits),
        at_most(
            "sync with nothing to do: beside the listing",
            quiet.total() - quiet["list"],
            _BESIDE_LISTING,
            "requests",
        ),
        requests=first + edited + quiet,
    )


def _beside(what: str, requests: Counter[str], work: int) -> Verdict:
    return at_most(what, requests.total() - work, _BESIDE_WRITES, "requests")
