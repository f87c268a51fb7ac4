"""Decisions, pure: what to do about two sides, what is safe, what is ignored, which names pass."""
