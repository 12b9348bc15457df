"""An SFTP server in this process that gives the files of one folder to one user."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko

USER, PASSWORD = "rollcall", "geheim-7"


class _Doorman(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        is_right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


def _serve_folder(root: Path) -> type[paramiko.SFTPServerInterface]:
    class Folder(paramiko.SFTPServerInterface):
        def list_folder(self, path: str) -> Any:
            entries = []
            for one in sorted((root / path.lstrip("/")).iterdir()):
                about = paramiko.SFTPAttributes.from_stat(one.stat())
                about.filename = one.name
                entries.append(about)
            return entries

        def stat(self, path: str) -> Any:
            try:
                return paramiko.SFTPAttributes.from_stat((root / path.lstrip("/")).stat())
            except OSError as error:
                return paramiko.SFTPServer.convert_errno(error.errno)

        lstat = stat

        def open(self, path: str, flags: int, attr: Any) -> Any:
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = (root / path.lstrip("/")).open("rb")
            return handle

    return Folder


@contextmanager
def serve_sftp(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the address `user@host:port` of a server, and the fingerprint of its key."""
    key = paramiko.RSAKey.generate(2048)
    listener = socket.create_server(("127.0.0.1", 0))
    transports = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _serve_folder(root))
            transport.start_server(server=_Doorman(), event=threading.Event())

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"{USER}@127.0.0.1:{listener.getsockname()[1]}", key.fingerprint
    finally:
        listener.close()
        for transport in transports:
            transport.close()
