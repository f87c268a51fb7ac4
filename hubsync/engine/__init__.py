"""The engine: one sync cycle in small named steps. `run` is its door."""
