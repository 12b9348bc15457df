"""Turn the tables that were read into the tables of the contract, and check every row of them.

The company's SQL runs in a database that can neither write nor look outside. What it gives has the
system's own keys; the ids of Rollcall are made here. A row that is wrong refuses the whole system,
because a row that is left out would look like a removal.
"""

from __future__ import annotations

import difflib

import duckdb

from pipelines.failures import Misconfigured, Refused
from pipelines.sources.declared import contract
from pipelines.sources.declared.conversion import check_words, convert
from pipelines.sources.declared.declaration import Mapping
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.declared.simple import map_rows
from pipelines.sql import quote
from pipelines.sql_text import LOCK_DOWN, check_query, name_mistakes

TODAY = "use (select today from reading), the day of the data"
READING = "create table reading as select ?::timestamptz as as_of, (?::timestamptz)::date as today"

# The ids, made of the system's own keys
ENTITLEMENT_IDS = """
create temp table entitlement_ids as
select
    entitlement_id as key,
    {system} || ':' || resource_type || ':' || resource_id || ':' || slug as id,
    resource_id,
    resource_type
from typed_entitlements
"""
SCOPE_ID = "{system} || ':' || scope_type || ':' || scope_id as scope_id"
OUTPUT = {
    "accounts": """
        select
            {system} || ':user:' || account_id as account_id,
            account_id as source_account_id,
            account_type,
            display_name,
            username,
            email,
            employee_number,
            person_id,
            status,
            source_status,
            mfa_enabled,
            bool_or(last_login_at is not null) over () as reports_logins,
            last_login_at,
            created_at,
            updated_at
        from typed_accounts
    """,
    "entitlements": """
        select
            ids.id as entitlement_id,
            given.resource_type,
            {system} || ':' || given.resource_type || ':' || given.resource_id as resource_id,
            given.resource_name,
            given.slug,
            given.display_name,
            given.description,
            {system} || ':' || coalesce(parents.resource_type, 'resource') || ':'
            || given.parent_resource_id as parent_resource_id,
            given.is_privileged,
            given.is_rule_managed,
            given.unchangeable_because
        from typed_entitlements as given
        join entitlement_ids as ids on given.entitlement_id = ids.key
        left join (
            select resource_id, min(resource_type) as resource_type
            from entitlement_ids group by resource_id
        ) as parents on given.parent_resource_id = parents.resource_id
    """,
    "grants": """
        select
            {system} || ':user:' || given.account_id as account_id,
            ids.id as entitlement_id,
            through.id as inherited_through,
            given.scope_type,
            {scope_id},
            given.scope_name,
            given.source_grant_id,
            given.granted_at,
            given.granted_by,
            given.is_inherited,
            given.is_read_only
        from typed_grants as given
        join entitlement_ids as ids on given.entitlement_id = ids.key
        left join entitlement_ids as through on given.inherited_through = through.key
    """,
    "implications": """
        select
            ids.id as entitlement_id,
            implied.id as implied_entitlement_id,
            given.scope_type,
            {scope_id},
            given.scope_name
        from typed_implications as given
        join entitlement_ids as ids on given.entitlement_id = ids.key
        join entitlement_ids as implied on given.implied_entitlement_id = implied.key
    """,
}
# What a table leaves out
DEFAULTS = {
    "accounts": {"account_type": "'unknown'", "status": "'unknown'"},
    "entitlements": {
        "resource_type": "'role'",
        "resource_id": "entitlement_id",
        "slug": "'assigned'",
        "display_name": "coalesce(resource_name, entitlement_id)",
        "resource_name": "coalesce(display_name, entitlement_id)",
        "is_rule_managed": "false",
    },
    "grants": {"is_inherited": "inherited_through is not null"},
    "implications": {},
}
REFERENCES = {
    "grants": {
        "account_id": ("typed_accounts", "account_id", "accounts"),
        "entitlement_id": ("typed_entitlements", "entitlement_id", "entitlements"),
        "inherited_through": ("typed_entitlements", "entitlement_id", "entitlements"),
    },
    "implications": {
        "entitlement_id": ("typed_entitlements", "entitlement_id", "entitlements"),
        "implied_entitlement_id": ("typed_entitlements", "entitlement_id", "entitlements"),
    },
}


def map_tables(tables: ReadTables) -> None:
    """Make the tables `mapped_<name>` of the contract from the tables that were read.

    Raises Misconfigured for SQL that is wrong, and Refused for rows that are.
    """
    declaration, connection = tables.system.declaration, tables.connection
    check_words(tables)
    moment = tables.as_of or tables.read_at
    connection.execute(READING, [moment, moment])
    connection.execute(LOCK_DOWN)
    mapping = declaration.mapping or declaration.default_mapping()
    if declaration.columns:
        mapping = map_rows(tables)
    else:
        _check_queries(tables, mapping)
    for table in contract.TABLES:
        _make_typed(tables, table, getattr(mapping, table))
        _refuse_wrong_rows(tables, table)
    system = quote(tables.system.name)
    connection.execute(ENTITLEMENT_IDS.format(system=system))
    _refuse_equal_ids(tables)
    scope_id = SCOPE_ID.format(system=system)
    for table, sql in OUTPUT.items():
        tables.add_select(f"mapped_{table}", sql.format(system=system, scope_id=scope_id))


def _check_queries(tables: ReadTables, mapping: Mapping) -> None:
    if tables.system.declaration.mapping is None:
        return  # the kind's own
    for table in contract.TABLES:
        if query := getattr(mapping, table):
            check_query(f"{tables.system.path} mapping.{table}", query, TODAY)


def _make_typed(tables: ReadTables, table: str, query: str | None) -> None:
    """Run one select, and keep its rows with the types and the defaults of the contract."""
    place, connection = f"{tables.system.path} mapping.{table}", tables.connection
    if query is None:
        query = f"select {', '.join(f'null as {one}' for one in contract.TABLES[table])} limit 0"
    try:
        with name_mistakes(place):
            connection.execute(f"create temp table given_{table} as select * from ({query}\n)")
            given = {
                row[0]: row[1] for row in connection.execute(f"describe given_{table}").fetchall()
            }
    except Misconfigured as failure:
        if "PermissionException" in failure.why:
            why = "it reads something outside of the tables that were read"
            raise Misconfigured(place, why, "read only the tables of this system") from None
        raise
    known = contract.TABLES[table]
    for column in given:
        if column not in known:
            near = difflib.get_close_matches(column, known, 1)
            next = f"did you mean {near[0]}?" if near else f"use {', '.join(known)}"
            raise Misconfigured(place, f"unknown column {column}", next)
    for column in contract.KEYS[table]:
        if column not in given:
            raise Misconfigured(place, f"it has no column {column}", f"select … as {column}")
    convert(tables, table, given)
    defaults = DEFAULTS[table]
    columns = ", ".join(
        f"coalesce({column}, {defaults[column]}) as {column}" if column in defaults else column
        for column in known
    )
    connection.execute(
        f"create temp table typed_{table} as select {columns} from converted_{table}"
    )


def _refuse_wrong_rows(tables: ReadTables, table: str) -> None:
    """Raise Refused for keys that are missing, come twice, or name what is not there."""
    keys, where = contract.KEYS[table], f"{tables.what}: {table}"
    for key in keys:
        rows = _count(tables.connection, f"typed_{table} where {key} is null")
        if rows:
            raise Refused(where, f"{rows} rows have no {key}", "correct the mapping or the system")
    if table == "accounts" and not _count(tables.connection, "typed_accounts"):
        raise Refused(where, "there is no account", "see whether the system was read completely")
    if table in ("accounts", "entitlements"):
        found = tables.connection.execute(
            f"select {keys[0]}, count(*) from typed_{table} group by all having count(*) > 1"
            f" order by all limit 1"
        ).fetchone()
        if found:
            why = f"{keys[0]} {found[0]} comes {found[1]} times"
            raise Refused(where, why, "one row per key: correct the mapping or the system")
    for column, (other, other_key, of) in REFERENCES.get(table, {}).items():
        found = tables.connection.execute(
            f"select min({column}), count(*) from typed_{table} as given"
            f" anti join {other} as known on given.{column} = known.{other_key}"
            f" where {column} is not null"
        ).fetchone()
        if found[1]:
            why = f"{found[1]} rows name {column} {found[0]}, which {of} do not have"
            next = f"add it to {of}, or correct the system"
            raise Refused(where, why if found[1] == 1 else f"{why} (and others)", next)
    for column in {*contract.TYPE_NAMES} & {*contract.TABLES[table]}:
        found = tables.connection.execute(
            f"select min({column}) from typed_{table}"
            f" where not regexp_full_match({column}, '[a-z][a-z0-9_]*')"
        ).fetchone()
        if found[0]:
            next = "use small letters, digits and _, such as cost_centre"
            raise Refused(where, f"{column} {found[0]} is not one word", next)
    if "scope_id" in contract.TABLES[table]:
        half = "(scope_id is null) <> (scope_type is null)"
        if _count(tables.connection, f"typed_{table} where {half}"):
            why = "a scope needs both scope_type and scope_id"
            raise Refused(where, why, "correct the mapping")


def _refuse_equal_ids(tables: ReadTables) -> None:
    found = tables.connection.execute(
        "select id, min(key), max(key) from entitlement_ids group by id having count(*) > 1 limit 1"
    ).fetchone()
    if found:
        why = f"{found[1]} and {found[2]} have the same resource_type, resource_id and slug"
        raise Refused(f"{tables.what}: entitlements", why, "give each resource and slug once")


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    [(rows,)] = connection.execute(f"select count(*) from {source}").fetchall()
    return rows
