"""Loading the extension with a server imports next to nothing."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import jupyter_server.serverapp, jupyter_server.extension.application
before = set(sys.modules)
import hubsync_jupyter
hubsync_jupyter._jupyter_server_extension_points()
print(*sorted(set(sys.modules) - before), sep="\\n")
"""


def test_loading_imports_the_settings_and_nothing_that_does_the_work() -> None:
    ran = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    loaded = set(ran.stdout.split())
    ours = {one for one in loaded if one.startswith("hubsync")}
    assert ours == {"hubsync", "hubsync_jupyter", "hubsync_jupyter.app", "hubsync_jupyter.entrance"}
    assert not loaded & {"msgspec", "obstore", "pygit2", "fsspec", "click"}
