"""Refuse a warehouse whose newest run lies in the future, because a clock was wrong.

Every later run would have to be dated after that run, so that a contractor until 2030 would be a
leaver today. If the operator accepts that, the runs in the future get new times just before this
run, in their order, because they ended before now and nothing says when.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import clock
from pipelines.failures import Refused
from pipelines.sql import has_table
from pipelines.warehouse.on_spark import views

STAMPS = {"runs": ("started_at", "ended_at", "data_as_of")} | {
    f"{name}_history": ("first_seen_at", "valid_from", "valid_to")
    for name in ("people", "accounts", "entitlements", "grants", "findings")
}
HISTORY_ID = r"regexp_replace(history_id, '@-?\d+$', '@' || epoch_us(valid_from))"


def check_newest_run(copy: Path, started_at: datetime, accepted: Iterable[str]) -> str | None:
    """Return the accepted change if runs in the future got new times; None if there are none.

    Raise Refused if the newest run lies in the future and that was not accepted.
    """
    with duckdb.connect(str(copy)) as connection:
        if not has_table(connection, "runs"):
            return None
        [newest] = connection.execute("select max(started_at) from main.runs").fetchone()
        if newest is None or not clock.is_ahead(newest, started_at):
            return None
        change = f"clock:{newest.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        if change not in accepted:
            raise Refused(
                "guard: clock",
                f"the newest run is dated {newest.astimezone(UTC):%Y-%m-%d %H:%M}, in the future:"
                f" the clock of this machine says {started_at:%Y-%m-%d %H:%M} (UTC)",
                "correct this machine's clock; if it is right, the earlier runs were misdated:"
                f" run `rollcall sync --accept '{change}'` to date them before this run",
            )
        _date_before(connection, started_at)
    return change


def _date_before(connection: duckdb.DuckDBPyConnection, started_at: datetime) -> None:
    """Replace each time of a run after `started_at` by one just before it; the order stays."""
    views.restore_tables(connection, only_histories=True)
    stamps = {table: columns for table, columns in STAMPS.items() if has_table(connection, table)}
    moments = " union ".join(
        f"select {column} as moment from main.{table}"
        for table, columns in stamps.items()
        for column in columns
    )
    connection.execute(
        "create temp table redated as select moment,"
        " $1::timestamptz - to_microseconds(row_number() over (order by moment desc)) as earlier"
        f" from ({moments}) where moment > $1",
        [started_at],
    )
    for table, columns in stamps.items():
        for column in columns:
            connection.execute(
                f"update main.{table} set {column} = earlier from redated where {column} = moment"
            )
        if table.endswith("_history"):
            connection.execute(
                f"update main.{table} set history_id = {HISTORY_ID}"
                " where valid_from in (select earlier from redated)"
            )
