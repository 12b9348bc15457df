"""Decide whether the models with the tag `decisions` are up to date, so that dbt can be skipped.

A sync builds all models. Opening a campaign, closing it and applying changes build only the models
that depend on policy and decisions. These models read neither clock nor network. Such models are up
to date if settings, models and the tables of the warehouse are the same as at the last build.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

from pipelines import __version__
from pipelines.sql import has_table, quote
from pipelines.warehouse import change_tables, review_tables, run_tables
from pipelines.warehouse.version import digest_project

TABLE_COMMENT = "What the models with the tag decisions were last built from: one row."
DIGEST_COMMENT = "SHA-256 of settings, models, policy, rules, Rollcall's tables and all row counts."

# These tables never change after a campaign opens, so the row count is enough
FROZEN_TABLES = {table.name for table in (review_tables.ITEMS, review_tables.EXCLUSIONS)}
HASHED_TABLES = {
    table.name for table in (*review_tables.TABLES, *change_tables.TABLES, *run_tables.TABLES)
} - FROZEN_TABLES
UNREAD_TABLES = {table.name for table in change_tables.UNREAD_TABLES}


def is_current(candidate: Path, variables: dict[str, Any]) -> bool:
    """Return whether nothing has changed since `record_build` that these models read."""
    with duckdb.connect(str(candidate)) as connection:
        return has_table(connection, "decisions", "built") and connection.execute(
            "from built.decisions"
        ).fetchall() == [(_inputs_digest(connection, variables),)]


def record_build(candidate: Path, variables: dict[str, Any]) -> None:
    """Record what the models with the tag `decisions` were just built from."""
    with duckdb.connect(str(candidate)) as connection:
        connection.execute("create schema if not exists built")
        connection.execute("create or replace table built.decisions (digest varchar)")
        connection.execute(f"comment on table built.decisions is {quote(TABLE_COMMENT)}")
        connection.execute(f"comment on column built.decisions.digest is {quote(DIGEST_COMMENT)}")
        digest = _inputs_digest(connection, variables)
        connection.execute("insert into built.decisions values (?)", [digest])


def _inputs_digest(connection: duckdb.DuckDBPyConnection, variables: dict[str, Any]) -> str:
    versions = [__version__, duckdb.__version__, digest_project()]
    digest = hashlib.sha256(json.dumps([*versions, variables]).encode())
    for schema, table in connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where not temporary and schema_name <> 'built' order by all"
    ).fetchall():
        if schema == "main" and table in UNREAD_TABLES:
            continue
        is_hashed = schema in ("policy", "push") or (schema == "main" and table in HASHED_TABLES)
        content = ", sum(hash(line))" if is_hashed else ""
        counted = connection.execute(
            f'select count(*){content} from "{schema}"."{table}" as line'
        ).fetchone()
        digest.update(f"{schema}.{table} {counted}\n".encode())
    return digest.hexdigest()
