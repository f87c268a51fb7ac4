"""The `hubsync` command: parses, calls the library, and shows what came back."""
