"""Side-by-side measurements of hubsync and its peers: ``python -m bench``."""
