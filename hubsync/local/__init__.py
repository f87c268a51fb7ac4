"""The workspace's disk: seeing it, staging, changing it safely, and hubsync's own files there."""
