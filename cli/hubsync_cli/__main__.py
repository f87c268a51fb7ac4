"""`python -m hubsync_cli` is the same as `hubsync`."""

from hubsync_cli.main import main

if __name__ == "__main__":
    main()
