"""The workspace's disk: looking at it, staging, changing it safely, and hubsync's own files there."""
