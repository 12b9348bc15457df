"""A published warehouse many times as large: the same company again and again, under other ids."""

from __future__ import annotations

import duckdb

GROUPS = 25  # so many copies of the entitlements are shared by all copies of the people

# Table -> the columns that are different in each copy of a person, and in each copy of a group
OF_PEOPLE = {
    "people": ("person_id", "full_name", "work_email", "employee_number", "manager_person_id"),
    "accounts": ("account_id", "person_id", "display_name", "username", "email"),
    "accounts_history": ("history_id", "account_id", "person_id", "display_name", "username"),
    "grants": ("grant_id", "account_id"),
    "grants_history": ("history_id", "grant_id", "account_id"),
    "findings": ("finding_id", "person_id", "account_id"),
    "findings_history": ("history_id", "finding_id", "person_id", "account_id"),
    "exposures": ("exposure_id", "account_id", "person_id", "full_name"),
}
OF_GROUPS = {
    "entitlements": ("entitlement_id", "resource_id", "resource_name", "display_name"),
    "entitlements_history": ("history_id", "entitlement_id", "resource_id", "display_name"),
    "intermediate.int_entitlement_implications": ("entitlement_id", "implied_entitlement_id"),
}


def multiply(warehouse: duckdb.DuckDBPyConnection, times: int) -> None:
    """Make a warehouse so many times as large, in place."""
    warehouse.execute("set TimeZone = 'UTC'")
    for table, columns in OF_GROUPS.items():
        changed = [f"{column} || '-' || number as {column}" for column in columns]
        _insert(warehouse, table, changed, min(times, GROUPS))
    group = f"'-' || (number % {GROUPS})"
    own = f"number % {GROUPS} = 0"  # these copies share the entitlements of the original
    for table, columns in OF_PEOPLE.items():
        changed = [f"{_copied(column)} as {column}" for column in columns]
        names = {row[0] for row in warehouse.execute(f"describe {table}").fetchall()}
        if "entitlement_id" in names:
            changed.append(
                f"case when {own} then entitlement_id else entitlement_id || {group} end"
                " as entitlement_id"
            )
        if "inherited_from" in names:
            changed.append(
                f"case when {own} then inherited_from else"
                f" [origin || {group} for origin in inherited_from] end as inherited_from"
            )
        _insert(warehouse, table, changed, times)


def _copied(column: str) -> str:
    """Return the value for a copy: ids get random letters, like real ones, and names a number."""
    if column.endswith("_id"):
        return f"{column} || '-' || md5({column} || number)"
    return f"{column} || ' ' || number"


def _insert(
    warehouse: duckdb.DuckDBPyConnection, table: str, changed: list[str], times: int
) -> None:
    warehouse.execute(
        f"insert into {table} by name select * exclude (number) replace ({', '.join(changed)})"
        f" from {table}, range(1, {times}) as numbers(number)"
    )
