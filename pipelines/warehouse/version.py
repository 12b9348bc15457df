"""The version of a published file: which Rollcall built it, and whether this one can read it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import duckdb

from pipelines import __version__, settings
from pipelines.failures import Misconfigured
from pipelines.sql import Table, has_table, replace_table
from pipelines.warehouse import PROJECT_FOLDER

SCHEMA_VERSION = 1  # raise this when an earlier Rollcall could no longer use the file
VERSION = Table(
    "version",
    "Who built this file: one row.",
    {
        "version": (
            "integer",
            "The version of the file's schema; a higher one needs a newer Rollcall.",
        ),
        "rollcall": ("varchar", "The Rollcall that built all models."),
        "models": ("varchar", "SHA-256 of the dbt project."),
    },
    schema="built",
)


def record_version(candidate: Path) -> None:
    """Record this Rollcall as the one that built all models of the candidate."""
    with duckdb.connect(str(candidate)) as connection:
        replace_table(connection, VERSION)
        connection.execute(
            "insert into built.version values (?, ?, ?)",
            [SCHEMA_VERSION, __version__, digest_project()],
        )


def has_these_models(candidate: Path) -> bool:
    """Return whether all models of the candidate were built by the dbt project of this Rollcall."""
    with duckdb.connect(str(candidate)) as connection:
        return _read_version(connection)[2] == digest_project()


def must_not_be_newer(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Raise Misconfigured for a file whose schema is newer than this Rollcall."""
    version, rollcall, _ = _read_version(connection)
    if version > SCHEMA_VERSION:
        raise Misconfigured(
            str(warehouse),
            f"it needs Rollcall {rollcall} or newer, which wrote it with schema {version}; this is"
            f" Rollcall {__version__} with schema {SCHEMA_VERSION}",
            f"install Rollcall {rollcall} or newer",
        )


def explain_older(error: BaseException) -> Misconfigured | None:
    """Return the failure behind a query that failed because another Rollcall built the file."""
    if not isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        return None
    warehouse = settings.warehouse_path()
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            _, rollcall, models = _read_version(connection)
    except duckdb.Error:
        return None
    if models == digest_project():
        return None
    builder = f"Rollcall {rollcall}" if rollcall else "an earlier Rollcall"
    return Misconfigured(
        str(warehouse),
        f"{builder} built it with other models, and it lacks what Rollcall {__version__} reads",
        "run `rollcall sync`",
    )


def _read_version(connection: duckdb.DuckDBPyConnection) -> tuple[int, str, str]:
    """Return the schema version, the Rollcall and the models' digest; 0 and empty if unrecorded."""
    if not has_table(connection, "version", "built"):
        return 0, "", ""
    [found] = connection.execute("select version, rollcall, models from built.version").fetchall()
    return found


@cache
def digest_project() -> str:
    """Return the SHA-256 of what decides the rows that dbt builds from given tables."""
    digest = hashlib.sha256((PROJECT_FOLDER / "dbt_project.yml").read_bytes())
    digest.update((PROJECT_FOLDER / "profiles.yml").read_bytes())
    for folder in ("models", "macros", "tests"):  # dbt puts its own results beside these folders
        for path in sorted((PROJECT_FOLDER / folder).rglob("*")):
            if path.suffix in (".sql", ".yml") and path.is_file():
                digest.update(f"{path.relative_to(PROJECT_FOLDER)}\n".encode() + path.read_bytes())
    return digest.hexdigest()
