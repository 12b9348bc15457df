"""Wrong clocks: of a whole process, or of the runs in a warehouse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from tests.support.product import Rollcall

SITE = """\
import datetime, time

DAYS = {days}
right, seconds = datetime.datetime, time.time


class Kind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, right)


class datetime_(right, metaclass=Kind):
    @classmethod
    def now(cls, tz=None):
        return right.now(tz) + datetime.timedelta(days=DAYS)


datetime_.__name__ = datetime_.__qualname__ = "datetime"
datetime.datetime = datetime_
time.time = lambda: seconds() + DAYS * 86_400
"""


def write_site(folder: Path, days: float) -> Path:
    """Write a module that moves Python's clock so many days ahead; return the PYTHONPATH for it."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITE.format(days=days), encoding="utf-8")
    return folder


def date_newest_run(rollcall: Rollcall, ahead: timedelta) -> None:
    """Move every run and history so that the newest run is that far in the future."""
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        [newest] = connection.execute("select max(started_at) from runs").fetchone()
        step = datetime.now(UTC) + ahead - newest
        connection.execute(
            "update runs set started_at = started_at + $1, data_as_of = data_as_of + $1", [step]
        )
        for table in ("grants", "accounts", "people", "entitlements"):
            connection.execute(
                f"update {table}_history set valid_from = valid_from + $1,"
                " valid_to = valid_to + $1, first_seen_at = first_seen_at + $1",
                [step],
            )
    rollcall.warehouse.chmod(0o400)
