"""Refuse settings that lead to another tenant, or that narrow what is read of it.

The ids of one tenant mean nothing in another, and rows that a read did not ask for are not gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

import duckdb

from pipelines.failures import Refused
from pipelines.sources import registry
from pipelines.sql import create_tables
from pipelines.warehouse import run_tables

LAST_SQL = """
select source_name, max_by({column}, (started_at, run_id)) from main.runs
where status = 'complete' and {column} is not null group by all
"""


class TargetChanged(Refused):
    """One source's settings lead elsewhere. The settings of other sources may be right."""

    def __init__(self, source: str, what: str, why: str, next: str) -> None:
        super().__init__(f"guard: {source}.{what}", why, next)
        self.source = source


def check_targets(
    candidate: Path, sources: list[str], accepted: Iterable[str]
) -> dict[str, list[str]]:
    """Return the accepted changes of tenant and scope since the last complete run, by source.

    Raise TargetChanged for a change that was not accepted. A scope that is widened to the whole
    tenant needs no acceptance.
    """
    with duckdb.connect(str(candidate)) as connection:
        create_tables(connection, [run_tables.RUNS])
        tenants, scopes = (
            dict(connection.execute(LAST_SQL.format(column=column)).fetchall())
            for column in ("tenant", "scope")
        )
    found: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        before, now = tenants.get(source), registry.source_tenant(source)
        if before not in (None, now):
            change = f"{source}.tenant:{before}->{now}"
            if change not in accepted:
                raise TargetChanged(
                    source,
                    "tenant",
                    f"the published data is of tenant {before}, the settings lead to tenant {now}",
                    "correct the settings; if the tenant has moved,"
                    f" run `rollcall sync --accept {quote(change)}`",
                )
            found[source].append(change)
        before, now = scopes.get(source), registry.source_scope(source)
        if before not in (None, now) and now != registry.WHOLE:
            change = f"{source}.scope:{before}->{now}"
            if change not in accepted:
                raise TargetChanged(
                    source,
                    "scope",
                    f"the last complete run asked for {before}, the settings ask for {now} only",
                    "correct the settings; if less is to be read, run"
                    f" `rollcall sync --accept {quote(change)}`: what is not read stays as it was",
                )
            found[source].append(change)
    return found
