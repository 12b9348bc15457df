"""The commonest shape: one row per user and role. `columns` says which column has what.

The tables of the contract follow from it, so no SQL is needed. A user who comes in several rows has
the same values in all of them.
"""

from __future__ import annotations

import difflib

from pipelines.failures import Misconfigured, Refused
from pipelines.settings import refuse_name
from pipelines.sources.declared.conversion import to_text
from pipelines.sources.declared.declaration import Mapping, System
from pipelines.sources.declared.read_tables import ReadTables, name
from pipelines.sql import quote

ACCOUNT = {
    "account": "account_id",
    "name": "display_name",
    **{
        one: one
        for one in (
            *("username", "email", "employee_number", "person_id", "account_type", "status"),
            *("mfa_enabled", "last_login_at", "created_at", "updated_at"),
        )
    },
}
ROLE = {
    "role": "entitlement_id",
    "role_name": "display_name",
    "role_description": "description",
    "is_privileged": "is_privileged",
}
GRANT = {"granted_at": "granted_at", "granted_by": "granted_by"}
KNOWN = (*ACCOUNT, *ROLE, *GRANT)

ROWS_SQL = """
create or replace temp view user_rows as
select rowid + 1 as row_number, {columns}
from (select *, rowid from {table}) as line {unnest}
"""
DIFFERENT_SQL = """
select {key}, min(row_number), max(row_number) from user_rows
where {key} is not null group by {key}
having count(distinct {column}) > 1 limit 1
"""
WITHOUT_ID = "select row_number from user_rows where account is null limit 1"


def map_rows(tables: ReadTables) -> Mapping:
    """Return the mapping of a system whose rows are users and roles.

    Raises Misconfigured for a column that is missing, and Refused for a row without an account or
    for an account with two values of one thing.
    """
    declaration, system = tables.system.declaration, tables.system
    for word in declaration.columns:
        if word not in KNOWN:
            refuse_name(f"{system.path} columns.{word}", word, KNOWN, "column")
    [table] = declaration.list_tables()
    described = tables.connection.execute(f"describe {name(table)}").fetchall()
    kinds = {row[0]: row[1] for row in described}
    columns = match_columns(system, table, [*kinds])
    role_rows = ""
    if declaration.role_separator and "role" in columns:
        separator = quote(declaration.role_separator)
        source = f"line.{name(columns['role'])}::varchar"
        role_rows = f"left join unnest(string_split({source}, {separator})) as part(role) on true"
    texts = {
        word: to_text(f"line.{name(column)}", kinds[column]) for word, column in columns.items()
    }
    if role_rows:
        texts["role"] = "nullif(trim(part.role), '')"
    selected = ", ".join(f"{sql} as {name(word)}" for word, sql in texts.items())
    tables.connection.execute(
        ROWS_SQL.format(columns=selected, table=name(table), unnest=role_rows)
    )
    _refuse_contradictions(tables, table, columns)
    return _write_mapping(tables, columns)


def match_columns(system: System, table: str, present: list[str]) -> dict[str, str]:
    """Return the column of each word of `columns`, as the table spells it. Raises Misconfigured for
    a column that the table does not have."""
    found = {}
    for word, column in system.declaration.columns.items():
        same = [one for one in present if one.strip().casefold() == column.casefold()]
        if len(same) != 1:
            near = difflib.get_close_matches(column, present, 1, 0.5)
            raise Misconfigured(
                f"{system.path} columns.{word}",
                f"{table} has no column {column}" if not same else f"{table} has {column} twice",
                f"did you mean {near[0]}?" if near else f"use one of {', '.join(present[:20])}",
            )
        found[word] = same[0]
    if "account" not in found:
        where = f"{system.path} columns"
        raise Misconfigured(where, "no column has the account", 'add account = "User ID"')
    return found


def _refuse_contradictions(tables: ReadTables, table: str, columns: dict[str, str]) -> None:
    where = f"{tables.what}: {table}"
    if lacking := tables.connection.execute(WITHOUT_ID).fetchone():
        why = f"row {lacking[0]} has no {columns['account']}"
        raise Refused(where, why, "complete the row in the system, and export again")
    for key, words in (("account", ACCOUNT), ("role", ROLE)):
        if key not in columns:
            continue
        for word in words:
            if word in columns and word != key:
                sql = DIFFERENT_SQL.format(key=name(key), column=name(word))
                if found := tables.connection.execute(sql).fetchone():
                    raise Refused(
                        where,
                        f"rows {found[1]} to {found[2]} have different values of"
                        f" {columns[word]} for {columns[key]} {found[0]}",
                        "correct the export: one thing has one value",
                    )


def _write_mapping(tables: ReadTables, columns: dict[str, str]) -> Mapping:
    accounts = _select_each("account", ACCOUNT, columns)
    if "role" not in columns:
        everybody = quote(tables.system.name)
        entitlements = (
            f"select {everybody} as entitlement_id, 'system' as resource_type,"
            f" {quote(tables.system.title)} as display_name"
        )
        grants = _select_grants(everybody, columns)
        return Mapping(accounts=accounts, entitlements=entitlements, grants=grants)
    return Mapping(
        accounts=accounts,
        entitlements=_select_each("role", ROLE, columns),
        grants=f"{_select_grants('role', columns)} where role is not null",
    )


def _select_each(key: str, words: dict[str, str], columns: dict[str, str]) -> str:
    """Return the query of each thing with its values; a value that one row has holds for all."""
    chosen = [
        f"{name(key) if word == key else f'max({name(word)})'} as {column}"
        for word, column in words.items()
        if word in columns
    ]
    return f"select {', '.join(chosen)} from user_rows where {key} is not null group by {key}"


def _select_grants(entitlement: str, columns: dict[str, str]) -> str:
    more = [f", {name(word)} as {column}" for word, column in GRANT.items() if word in columns]
    return (
        f"select distinct account as account_id, {entitlement} as entitlement_id{''.join(more)}"
        " from user_rows"
    )
