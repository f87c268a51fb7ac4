"""The mirror remote: plain files under a URL, with ``.hubsync/`` beside them."""

from hubsync.remotes.mirror.remote import MirrorRemote

__all__ = ["MirrorRemote"]
