"""The continuous session: what wakes it, what it does next, and who does it.

- `agenda`: when what is due; pure
- `status`: what a session is in, and which words for it; pure
- `wire`, `worker`, `job`: cycles run in a process of their own; what is said to it and by it
- `process`: a process and the pipes to it; `child`: the one that does cycles
- `loop`: the session itself, for asyncio
"""
