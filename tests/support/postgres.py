"""A PostgreSQL server of Debian's, started for the tests that need one."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

PASSWORD = "owner-of-all-5#"  # with a character that an address must encode
UNPRIVILEGED = "nobody"  # whom a server runs as, because it refuses to run as root


@dataclass
class Postgres:
    """A running server. `run` asks it as its owner."""

    port: int
    database: str = "erp"

    def address(self, user: str = "owner", password: str = PASSWORD, database: str = "") -> str:
        from urllib.parse import quote

        word = quote(password, safe="")
        return f"postgresql://{user}:{word}@127.0.0.1:{self.port}/{database or self.database}"

    def run(self, sql: str) -> list[Any]:
        """Run statements as the owner of the server, and return the rows of the last one."""
        import psycopg

        settings = {"host": "127.0.0.1", "port": self.port, "user": "owner", "password": PASSWORD}
        with psycopg.connect(**settings, dbname=self.database, autocommit=True) as connection:
            cursor = connection.execute(sql)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []


def find_programs() -> Path | None:
    """Return the folder of the server's programs; None if it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def serve_postgres() -> Iterator[Postgres]:
    """Start a server. Skips the test where none can be started."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    run_as = [] if os.getuid() else ["setpriv", "--reuid", UNPRIVILEGED, "--clear-groups", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *arguments: str) -> None:
        command = [*run_as, str(programs / program), *arguments]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert 0 == ended.returncode, ended.stderr

    # Not in pytest's own folder, which every run of pytest closes to other users
    with TemporaryDirectory() as folder:
        data, secret, log = (f"{folder}/{name}" for name in ("data", "password", "log"))
        Path(secret).write_text(PASSWORD)
        if run_as:
            subprocess.run(["chown", "-R", UNPRIVILEGED, folder], check=True)
        call("initdb", "-D", data, "-U", "owner", f"--pwfile={secret}", "-A", "scram-sha-256")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
        call("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            Postgres(port, "postgres").run("create database erp encoding 'UTF8' template template0")
            yield Postgres(port)
        finally:
            call("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
