"""What is ignored unless a rule ``!name`` takes it back (rule 8), in gitignore syntax.

A directory is listed only under a name that people do not give to their own work. ``core`` is a
name of directories of real work, and ``core.2d.nc`` may be data: only ``core.<process id>`` is
taken for a core dump. Among the secrets are no ``*.pem`` and ``*.key``: these are names of public
certificates and of documents too, and what is left out is missed on the other hub.
"""

from __future__ import annotations

from typing import Final

CACHES: Final = (
    ".ipynb_checkpoints/",
    ".virtual_documents/",
    ".jupyter_ystore.db",
    "__pycache__/",
    "*.pyc",
    "*.pyo",
    ".cache/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".npm/",
    ".nv/",
    "dask-scratch-space/",
    "dask-worker-space/",
    ".DS_Store",
    "Thumbs.db",
    "**/.local/share/Trash/",
    ".Trash/",
    ".Trash-[0-9]*/",
)

OF_THIS_HUB: Final = (
    "**/.jupyter/lab/workspaces/",
    *(
        f"**/{database}{beside}"
        for database in (
            ".local/share/jupyter/nbsignatures.db",
            ".local/share/jupyter/file_id_manager.db",
            ".ipython/profile_default/history.sqlite",
        )
        for beside in ("", "-journal")
    ),
)
"""What Jupyter writes down while it runs, of tabs and panels and into databases: two hubs that are
open at once would be in conflict about it all the time."""

ENVIRONMENTS: Final = (
    ".venv/",
    "venv/",
    ".virtualenvs/",
    "node_modules/",
    ".conda/",
    ".pixi/",
    ".tox/",
    ".nox/",
    "miniconda3/",
    "miniforge3/",
    "mambaforge/",
    "anaconda3/",
    "**/.local/lib/",
)

TEMPORARIES: Final = (
    "*~",
    ".*.sw[a-p]",
    ".#*",
    "\\#*#",
    ".~*",
    "~$*",
    ".nfs0*",
    ".fuse_hidden*",
    ".goutputstream-*",
    *("core." + "[0-9]" * digits for digits in range(1, 8)),
)

SECRETS: Final = (
    ".env",
    ".env.local",
    ".env.*.local",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".aws/",
    ".ssh/",
    ".gnupg/",
    ".azure/",
    ".kube/",
    ".netrc",
    ".git-credentials",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".boto",
    ".s3cfg",
    ".cdsapirc",
    ".edl_token",
    ".vault-token",
    "hubsync-logins.json",
    "hubsync-logins.json.*",
    ".Xauthority",
    ".ICEauthority",
    "**/.config/gcloud/",
    "**/.config/git/credentials",
    "**/.config/gh/hosts.yml",
    "**/.config/rclone/rclone.conf",
    "**/.docker/config.json",
    "**/.huggingface/token",
    "**/.kaggle/kaggle.json",
    "**/.local/share/jupyter/notebook_secret",
    "**/.local/share/jupyter/runtime/",
)

ALWAYS: Final = (".hubsync", ".git")
"""Never synced, whatever a rule says (rule 14)."""

BUILT_IN: Final = (*CACHES, *OF_THIS_HUB, *ENVIRONMENTS, *TEMPORARIES, *SECRETS)
