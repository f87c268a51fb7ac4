"""Byte access to storage: one module per kind, one protocol, one place that picks (`registry`)."""
