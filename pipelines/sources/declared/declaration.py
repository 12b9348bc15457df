"""The file that declares a system: how it is read (`kind`), and what its rows mean (`columns`).

A wrong entry or an unknown name ends the command, because an entry that is silently ignored would
hide access.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

import dlt
import duckdb
from pydantic import BaseModel, ConfigDict, Field

from pipelines.failures import Misconfigured
from pipelines.files.toml_file import Strict, Text, parse_toml
from pipelines.redact import hide
from pipelines.settings import missing_setting
from pipelines.sources.declared.folder import system_path

KINDS = {
    "files": ("files", "Files"),
    "sql": ("database", "Database"),
    "rest": ("rest", "Rest"),
    "scim": ("scim", "Scim"),
    "baton": ("baton", "Baton"),
}
TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED_SQL = """
select 1 from duckdb_keywords() where keyword_category = 'reserved' and keyword_name = ?
"""
# How the names of the tables begin that Rollcall makes beside those that are read
OWN_TABLES = (
    *("mapped_", "given_", "typed_", "converted_", "entitlement_ids", "user_rows", "arrow_batches"),
    *("reading", "system"),
)
SECRET_NAME = re.compile(
    r"(?i)((api|access|account|private)_?key|token|password|passwd|secret|credentials?|authorization)$"
)

Hours = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rows = Annotated[int, Field(ge=1)]


class Mapping(Strict):
    """One select per table of the contract, over the tables that were read."""

    accounts: Text
    entitlements: Text
    grants: Text
    implications: Text | None = None


class Declaration(Strict):
    """What the files of all kinds have. Each kind adds how it is read, and two methods more.

    `read_tables(into: ReadTables)` reads every table completely, or raises a Failure.
    `find_probes(into: ReadTables)` yields one cheap `Probe` per thing that a read needs.
    """

    model_config = ConfigDict(strict=True)
    reads_files: ClassVar[bool] = False  # which say how old the data is

    kind: str
    title: Text | None = None
    how_to_revoke: str = ""
    max_age_hours: Hours | None = None
    columns: dict[str, Text] = Field({})
    role_separator: Text | None = None
    values: dict[str, dict[str, str]] = Field({})
    formats: dict[str, Text] = Field({})
    mapping: Mapping | None = None

    def check_entries(self, path: Path) -> None:
        """Raise Misconfigured for entries that do not fit together; `path` is the file."""

    def list_secrets(self) -> dict[str, str]:
        """Return the secrets that the read needs, each with what it is."""
        return {}

    def list_tables(self) -> list[str]:
        """Return the names of the tables that are read."""
        raise NotImplementedError

    def describe_tenant(self, secrets: dict[str, str]) -> str:
        """Return what identifies the system that is read, whatever the credential is."""
        raise NotImplementedError

    def default_mapping(self) -> Mapping | None:
        """Return the mapping of a kind whose tables always mean the same."""
        return None


class System:
    """One declared system: its name, its file, and what the file says."""

    def __init__(self, name: str) -> None:
        self.name, self.path = name, system_path(name)
        self.declaration = read_declaration(self.path)
        self.digest = hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def title(self) -> str:
        return self.declaration.title or self.name

    @property
    def secret_names(self) -> dict[str, str]:
        return self.declaration.list_secrets()

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Return the secrets from the settings. Raises Misconfigured for one that is not set."""
        return {name: self._read_secret(name, about) for name, about in self.secret_names.items()}

    def _read_secret(self, name: str, about: str) -> str:
        variable = f"SOURCES__{self.name}__{name}".upper()
        value = str(dlt.secrets.get(f"sources.{self.name}.{name}") or "").strip()
        if not value:
            next = f"set {variable}, or {name} under [sources.{self.name}] in .dlt/secrets.toml"
            raise missing_setting(f"system {self.name}", f"{variable} is not set: {about}", next)
        hide(value)
        return value


class _Head(BaseModel):
    kind: Literal["files", "sql", "rest", "scim", "baton"]


def read_declaration(path: Path) -> Declaration:
    """Return what a file declares. Raises Misconfigured for the first wrong entry."""
    _refuse_secrets(path)
    module, name = KINDS[parse_toml(path, _Head).kind]
    declaration = parse_toml(path, getattr(import_module(f"{__package__}.{module}"), name))
    for table in declaration.list_tables():
        _check_table(path, table)
    ways = [declaration.columns, declaration.mapping or declaration.default_mapping()]
    if declaration.max_age_hours is not None and not declaration.reads_files:
        why = f"max_age_hours is for files, and kind {declaration.kind} reads the system itself"
        raise Misconfigured(str(path), why, "remove it")
    if declaration.role_separator and "role" not in declaration.columns:
        why = "role_separator takes apart the cells of `columns.role`, and there is none"
        raise Misconfigured(str(path), why, "name the column of the role, or remove it")
    if declaration.columns and declaration.mapping:
        raise Misconfigured(str(path), "it has `columns` and `mapping`", "keep one of them")
    if declaration.columns and len(declaration.list_tables()) > 1:
        why = f"`columns` is for one table; there are {', '.join(declaration.list_tables())}"
        raise Misconfigured(str(path), why, "remove `columns`, or write [mapping] instead")
    if not any(ways):
        why = "neither `columns` nor `mapping` says what the rows mean"
        raise Misconfigured(str(path), why, 'add columns = {account = "User ID", role = "Role"}')
    declaration.check_entries(path)
    return declaration


def _check_table(path: Path, table: str) -> None:
    """Raise Misconfigured for a name that raw tables of Rollcall's own have, or that SQL uses."""
    why = ""
    if not TABLE_NAME.fullmatch(table):
        why = "a table is one word of at most 40 small letters, digits and _, such as users"
    elif table.startswith(OWN_TABLES):
        why = f"{table} is a table of Rollcall's own"
    elif duckdb.execute(RESERVED_SQL, [table]).fetchone():
        why = f"{table} is a word of SQL"
    if why:
        raise Misconfigured(f"{path} {table}", why, "give the table another name")


def _refuse_secrets(path: Path) -> None:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return  # parse_toml says why
    for place, value in _walk(document, ()):
        is_named = SECRET_NAME.search(place[-1]) and "columns" not in place
        if is_named or (isinstance(value, str) and urlsplit_password(value)):
            variable = f"SOURCES__{path.stem}__{place[-1]}".upper()
            raise Misconfigured(
                f"{path} {'.'.join(place)}",
                "a secret does not belong in this file, which others may read",
                f"remove it, and set {variable}",
            )


def urlsplit_password(text: str) -> str:
    """Return the password in an address; empty where there is none."""
    try:
        return urlsplit(text).password or ""
    except ValueError:
        return ""


def _walk(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _walk(part, (*place, str(name)))
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, place)
    elif place:
        yield place, value
