"""Remotes: the places a workspace is synced with, each behind `remotes.protocol.Remote`."""
