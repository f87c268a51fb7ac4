"""Secrets and large files are found before a remote that keeps everything for ever gets them.

Begin with `gate`, which is what publishing asks; `search` finds, `rules` and `named` say what.
"""
