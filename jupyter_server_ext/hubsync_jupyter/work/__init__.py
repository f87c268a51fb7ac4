"""Calls of the library in processes beside the server.

Decoding the state of 100,000 files, or one call into a storage library, holds the interpreter for
longer than an event loop may stand still; and what a call needs of memory goes with its process.

- `frames`: what is said between the server and such a process
- `desk`: the process: `python -P -m hubsync_jupyter.work.desk`
- `calls`: which calls there are; one module for each theme beside it
- `clerk`: one process, as the event loop sees it
- `office`: which process a call goes to, and for how long it is kept
"""
