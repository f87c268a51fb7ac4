"""Who one is at a Git host: secrets, where they are found, and what `hubsync login` keeps.

- `secret`, `login`: the values;
- `places`: where everything lies, told by the environment that the shell passes in;
- `found`: what is there without a login, in order; `helpers`: Git's own credential helpers;
- `own`: what `hubsync login` keeps, in the file of `stored`; `github`: how GitHub gives it;
- `logins`: the calls that the shells use;
- `keys`: keys for SSH.
"""
