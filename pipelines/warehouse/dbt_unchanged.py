"""Whether what depends on policy and decisions is still what dbt would build.

A sync builds everything. Opening a campaign, closing it and applying changes build again what the
company's files and our own tables decide, and those models ask nothing else: no clock, no network.
Where all of that is as it was at the last build, so are they.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

from pipelines import __version__
from pipelines.warehouse import change_tables, review_tables, run_tables

ABOUT = "What the marts that depend on policy and decisions were last built from: one row."
DIGEST = "SHA-256 over settings, models, tables of ours, and how many rows all others have."

# Frozen with their campaign: that it is there says the same
FROZEN = {table.name for table in (review_tables.ITEMS, review_tables.EXCLUSIONS)}
OURS = {
    table.name for table in (*review_tables.TABLES, *change_tables.TABLES, *run_tables.TABLES)
} - FROZEN


def is_current(candidate: Path, project: Path, variables: dict[str, Any]) -> bool:
    """Whether nothing has changed since `note`."""
    with duckdb.connect(str(candidate)) as connection:
        known = connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'built' and table_name = 'decisions'"
        ).fetchone()
        return bool(known) and connection.execute("from built.decisions").fetchall() == [
            (_digest(connection, project, variables),)
        ]


def note_build(candidate: Path, project: Path, variables: dict[str, Any]) -> None:
    """From now on it is current."""
    with duckdb.connect(str(candidate)) as connection:
        connection.execute("create schema if not exists built")
        connection.execute("create or replace table built.decisions (digest varchar)")
        connection.execute(f"comment on table built.decisions is '{ABOUT}'")
        connection.execute(f"comment on column built.decisions.digest is '{DIGEST}'")
        digest = _digest(connection, project, variables)
        connection.execute("insert into built.decisions values (?)", [digest])


def _digest(connection: duckdb.DuckDBPyConnection, project: Path, variables: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps([__version__, duckdb.__version__, variables]).encode())
    for path in sorted(project.rglob("*")):
        if path.suffix in (".sql", ".yml"):
            digest.update(path.read_bytes())
    for schema, table in connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where not temporary and schema_name <> 'built' order by all"
    ).fetchall():
        is_ours = schema == "policy" or (schema == "main" and table in OURS)
        content = ", sum(hash(line))" if is_ours else ""
        counted = connection.execute(
            f'select count(*){content} from "{schema}"."{table}" as line'
        ).fetchone()
        digest.update(f"{schema}.{table} {counted}\n".encode())
    return digest.hexdigest()
