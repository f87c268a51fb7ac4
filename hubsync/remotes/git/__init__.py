"""A Git repository as a remote: the workspace is an ordinary clone of it."""

from hubsync.remotes.git.remote import GitRemote

__all__ = ["GitRemote"]
