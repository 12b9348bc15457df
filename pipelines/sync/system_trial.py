"""Try a declared system: read it, map it, match its accounts, and publish nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from pipelines.failures import Misconfigured
from pipelines.http.policy import Counters
from pipelines.settings import refuse_name
from pipelines.sources import load_function, source_title, system_names
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sql import fetch_dicts, has_table, quote
from pipelines.sync import guard
from pipelines.sync.shrink_limits import ShrinkLimits
from pipelines.warehouse.model_sql import render_model

MAPPED_KEYS = {  # as the published tables have them
    "accounts": "account_id",
    "entitlements": "entitlement_id",
    "grants": "account_id || '/' || entitlement_id || coalesce('/' || scope_id, '')",
}
SHOWN = {
    "accounts": "account_id, account_type, display_name, username, email, employee_number,"
    " person_id, status, source_status, mfa_enabled, last_login_at",
    "entitlements": "entitlement_id, display_name, is_privileged, description",
    "grants": "account_id, entitlement_id, inherited_through, scope_id, granted_at, granted_by",
    "implications": "entitlement_id, implied_entitlement_id",
}
MATCHES_SQL = """
select accounts.account_id, accounts.display_name, accounts.match_rule, people.full_name,
    people.employment_status
from ({matched}) as accounts left join people on accounts.person_id = people.person_id
order by
    accounts.match_rule in ('none', 'ambiguous') desc,
    people.employment_status = 'leaver' desc,
    accounts.account_id
"""


@dataclass
class Trial:
    """What a system would become. `tables` has per table its number of rows and the first of them.

    `matches` counts the accounts by the rule that finds their person, and `leavers` those of people
    who have left. Both are None without published people. `changes` has, per table, how many rows
    would be new and how many would be gone. `refused` says which of them the guard would refuse.
    """

    system: str
    title: str
    as_of: datetime | None
    came: dict[str, Any] = field(default_factory=dict)
    becomes: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    matches: dict[str, int] | None = None
    leavers: int | None = None
    matched_rows: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, dict[str, int]] | None = None
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def try_system(name: str, warehouse: Path, show: int) -> Trial:
    """Read and map one declared system, as a sync would, in a folder that is removed afterwards.

    `show` is how many rows of each table are kept. Raises the Failure that would stop a sync.
    """
    if name not in system_names():
        _refuse_unknown(name)
    counters = Counters()
    with TemporaryDirectory(prefix="rollcall-") as folder:
        read = load_function(name, "read_mapped")
        as_of, tables = read(Path(folder), counters, EarlierRows(warehouse, name))
        trial = Trial(name, source_title(name), as_of, warnings=counters.warnings)
        with duckdb.connect(str(Path(folder) / "read.duckdb"), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            for table in tables:
                trial.came[table] = _describe(connection, f'"{table}"', "*", show)
            for table, columns in SHOWN.items():
                trial.becomes[table] = _describe(connection, f"mapped_{table}", columns, show)
            trial.statuses = _count(connection, "select status from mapped_accounts")
            if warehouse.exists():
                connection.execute(f"attach {quote(str(warehouse))} as published (read_only)")
                connection.execute("use published")
                _compare(connection, trial, show)
    return trial


def _refuse_unknown(name: str) -> None:
    known = system_names()
    if known:
        refuse_name(f"system {name}", name, known, "system")
    why = "no file declares a system"
    raise Misconfigured(f"system {name}", why, f"write systems/{name}.toml (docs/systems.md)")


def _describe(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, show: int
) -> dict[str, Any]:
    [(rows,)] = connection.execute(f"select count(*) from {table}").fetchall()
    found = connection.execute(f"select {columns} from {table} limit {show}")
    names = [column[0] for column in found.description]
    return {"rows": rows, "columns": names, "first": list(fetch_dicts(found))}


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(
        connection.execute(
            f"select value, count(*) from ({query}) as found(value) group by value order by all"
        ).fetchall()
    )


def _compare(connection: duckdb.DuckDBPyConnection, trial: Trial, show: int) -> None:
    """Match the accounts with the published people, and count what would be new and gone."""
    if not has_table(connection, "people"):
        return
    accounts = "select *, null::varchar as source_name from read.mapped_accounts"
    candidates = render_model("int_account_candidates", {"int_people": "main.people"}, accounts)
    relations = {"int_account_candidates": f"({candidates})"}
    matched = render_model("int_accounts_matched_to_people", relations, accounts)
    rows = list(fetch_dicts(connection.execute(MATCHES_SQL.format(matched=matched))))
    trial.matches, trial.leavers = {}, 0
    for row in rows:
        trial.matches[row["match_rule"]] = trial.matches.get(row["match_rule"], 0) + 1
        trial.leavers += row["employment_status"] == "leaver"
    trial.matched_rows = rows[:show]
    trial.changes, limits = {}, ShrinkLimits.configured()
    for table, key in MAPPED_KEYS.items():
        counts = connection.execute(
            f"with now as (select distinct {key} as key from read.mapped_{table}),"
            f" before as (select {guard.KEYS[table]} as key from main.{table}"
            f" where source_name = {quote(trial.system)}"
            f" {'and is_direct' if table == 'grants' else ''})"
            " select (select count(*) from now anti join before using (key)),"
            " (select count(*) from before anti join now using (key)),"
            " (select count(*) from before), (select count(*) from now)"
        ).fetchone()
        new, gone, before, after = counts
        trial.changes[table] = {"new": new, "gone": gone}
        if why := guard.explain_refusal(table, limits, before, after, gone, new, before):
            trial.refused.append(f"{trial.system}.{table}:{before}->{after} ({why})")
