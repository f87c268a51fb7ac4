"""The real command, killed at every step that it takes, and started again."""
