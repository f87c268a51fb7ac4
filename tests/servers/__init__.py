"""Real servers on free loopback ports, as context managers; each stops its own process."""

from tests.servers.moto import moto_s3
from tests.servers.processes import Server
from tests.servers.rclone import rclone_s3, rclone_sftp, rclone_webdav

__all__ = ["Server", "moto_s3", "rclone_s3", "rclone_sftp", "rclone_webdav"]
