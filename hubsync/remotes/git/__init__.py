"""A Git repository as a remote; see `remote`."""
