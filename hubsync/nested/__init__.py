"""Git repositories inside a workspace: captured into one file each, and brought back from it."""
