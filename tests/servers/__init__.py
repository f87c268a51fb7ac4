"""Real servers on free loopback ports, as context managers; each stops its own process."""

from tests.servers.git_http import GitHttp, git_http
from tests.servers.git_ssh import GitSsh, git_ssh
from tests.servers.github import FakeGitHub, fake_github
from tests.servers.moto import moto_s3
from tests.servers.processes import Server
from tests.servers.rclone import rclone_s3, rclone_sftp, rclone_webdav

__all__ = [
    "FakeGitHub",
    "GitHttp",
    "GitSsh",
    "Server",
    "fake_github",
    "git_http",
    "git_ssh",
    "moto_s3",
    "rclone_s3",
    "rclone_sftp",
    "rclone_webdav",
]
