"""One read-only transaction of a database: all queries see one state, and nothing can be written.

dlt's sql_database is not used. It reads tables that it has looked up and takes a query only in the
place of one; it opens a connection for each, so its tables are of different moments; and it chooses
the types of each batch by itself.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipelines.failures import Misconfigured, Unreadable, install_extra
from pipelines.sources.declared.database.address import DRIVERS, import_sqlalchemy
from pipelines.sources.declared.database.causes import explain_error

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

ROWS_PER_FETCH = 10_000
CONNECT_SECONDS = 10
MAX_TIMEOUT = 2**31 - 1  # milliseconds, of PostgreSQL
STEPS_PER_LOOK = 10_000  # of SQLite, between two looks at the clock
POSTGRESQL = {
    "connect_timeout": CONNECT_SECONDS,
    "client_encoding": "utf8",
    "application_name": "rollcall",
    # A server that vanishes without a word is noticed after a minute
    **{"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3},
}
SNAPSHOTS = ("REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE")  # the first that a dialect has
MYSQL = ("set session time_zone = '+00:00'", "set session transaction read only")
# What a dialect is told before its transaction begins, or as its first statement
READ_ONLY = {
    "mysql": MYSQL,
    "mariadb": MYSQL,
    "oracle": ("set transaction read only",),
    "sqlite": ("begin",),
}


class Session:
    """An open transaction. `ends` is when it must be over, on the monotonic clock."""

    def __init__(self, what: str, connection: Connection, ends: float) -> None:
        self.what, self.connection, self.ends = what, connection, ends

    @property
    def is_read_only(self) -> bool:
        """Return whether the database itself refuses to write in this transaction."""
        return self.connection.dialect.name in ("postgresql", *READ_ONLY)

    @contextmanager
    def run_query(self, place: str, query: str) -> Iterator[tuple[list[str], Iterator[Any]]]:
        """Run a query, and give its columns and its rows, in batches. Raises a Failure."""
        with explain_error(self.what, place, self.ends):
            self._limit_time()
            # Without parameters, no `:name` and no `%` of the query means anything to the driver
            options = {"no_parameters": True, "stream_results": True}
            result = self.connection.exec_driver_sql(query, execution_options=options)
            try:
                yield [*result.keys()], self._fetch(result)
            finally:
                result.close()

    def _fetch(self, result: Any) -> Iterator[Sequence[Any]]:
        for rows in result.partitions(ROWS_PER_FETCH):
            yield rows
            self._limit_time()

    def _limit_time(self) -> None:
        """Raise Unreadable at the end of the time; let PostgreSQL look at the clock meanwhile."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise Unreadable(
                self.what,
                "the run has taken as long as a run may take (SYNC__MAX_HOURS)",
                "make its queries faster, or set SYNC__MAX_HOURS",
            )
        if self.connection.dialect.name == "postgresql" and left < float("inf"):
            milliseconds = min(max(1, int(left * 1000)), MAX_TIMEOUT)
            self.connection.exec_driver_sql(f"set local statement_timeout = {milliseconds}")


@contextmanager
def open_session(what: str, url: URL, ends: float) -> Iterator[Session]:
    """Open a read-only transaction, which is rolled back at the end. Raises a Failure."""
    engine = _make_engine(what, url, ends)
    with explain_error(what, "the connection", ends), engine.connect() as connection:
        _begin(what, connection)
        yield Session(what, connection, ends)  # without a commit, closing it rolls back


def _make_engine(what: str, url: URL, ends: float) -> Engine:
    sqlalchemy = import_sqlalchemy(what)
    logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)  # a failure is printed once, by us
    options: dict[str, Any] = {"poolclass": sqlalchemy.NullPool}
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        options["creator"] = lambda: _open_sqlite(what, Path(str(url.database)), ends)
    elif dialect == "postgresql":
        given = {name: value for name, value in POSTGRESQL.items() if name not in url.query}
        options["connect_args"] = given
    why = ""
    try:
        return sqlalchemy.create_engine(url, **options)
    except sqlalchemy.exc.NoSuchModuleError:
        why, next = f"{url.drivername} is no dialect that is installed", "correct the address"
    except ModuleNotFoundError as error:
        why = f"its driver {error.name} is not installed"
        next = (
            install_extra("sql") if dialect in DRIVERS else "install it with pip, beside Rollcall"
        )
    raise Misconfigured(what, why, next)


def _begin(what: str, connection: Connection) -> None:
    dialect = connection.dialect
    if dialect.name == "postgresql":
        connection.execution_options(isolation_level=SNAPSHOTS[0], postgresql_readonly=True)
        found = connection.exec_driver_sql("show transaction_read_only").scalar()
        if found != "on":
            why = "the database does not make the transaction read-only"
            raise Unreadable(what, why, "connect to the database itself instead of a proxy")
        return
    if dialect.name in READ_ONLY:
        for statement in READ_ONLY[dialect.name]:
            connection.exec_driver_sql(statement)
        return
    levels = dialect.get_isolation_level_values(connection.connection.dbapi_connection)
    if level := next((one for one in SNAPSHOTS if one in levels), None):
        connection.execution_options(isolation_level=level)


def _open_sqlite(what: str, path: Path, ends: float) -> sqlite3.Connection:
    """Open a file that must exist, for reading only."""
    if not path.is_file():
        raise Unreadable(what, f"there is no file {path}", "correct the address")
    file = f"file:{quote(str(path.absolute()))}?mode=ro"
    # DuckDB takes the rows in a thread of its own, one at a time
    connection = sqlite3.connect(file, uri=True, check_same_thread=False)
    connection.set_progress_handler(lambda: time.monotonic() > ends, STEPS_PER_LOOK)
    return connection
