"""Write a .c1z as a connector does, from the documented facts: the header, SQLite, and protobuf."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

PACKAGE = "type.googleapis.com/c1.connector.v2."
SCHEMA = """
create table v1_resource_types (
    id integer primary key, external_id text not null, data blob not null,
    sync_id text not null, discovered_at datetime not null
);
create table v1_resources (
    id integer primary key, resource_type_id text not null, external_id text not null,
    parent_resource_type_id text, parent_resource_id text, data blob not null,
    sync_id text not null, discovered_at datetime not null
);
create unique index idx_resources_external_sync_v1 on v1_resources (external_id, sync_id);
create table v1_entitlements (
    id integer primary key, resource_type_id text not null, resource_id text not null,
    external_id text not null, data blob not null, sync_id text not null,
    discovered_at datetime not null
);
create table v1_grants (
    id integer primary key, resource_type_id text not null, resource_id text not null,
    entitlement_id text not null, principal_resource_type_id text not null,
    principal_resource_id text not null, external_id text not null, {expansion} data blob not null,
    sync_id text not null, discovered_at datetime not null
);
create table v1_sync_runs (
    id integer primary key, sync_id text not null, started_at datetime not null,
    ended_at datetime, sync_token text not null {type}
);
"""
TRAITS = {"user": 1, "group": 2, "role": 3}


def varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def encode(*fields: tuple[int, Any]) -> bytes:
    """Return a message: each field is its number, and a number, a text or the bytes of another."""
    written = b""
    for number, value in fields:
        if value is None:
            continue
        if isinstance(value, int):
            written += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            written += varint(number << 3 | 2) + varint(len(data)) + data
    return written


def annotate(kind: str, message: bytes) -> bytes:
    return encode((1, PACKAGE + kind), (2, message))


def encode_user(
    email: str, login: str, status: int = 1, kind: int = 1, profile: bytes | None = None
) -> bytes:
    """Return a UserTrait. The second mail address is the primary one."""
    first, main = encode((1, f"old.{email}")), encode((1, email), (2, 1))
    seen = encode((1, 1_764_000_000), (2, 500))
    fields = [(1, first), (1, main), (2, encode((1, status))), (3, profile), (5, kind), (6, login)]
    return annotate("UserTrait", encode(*fields, (9, seen), (10, encode((1, 1))), (13, "E-1")))


@dataclass
class C1zFile:
    """The rows of one sync. A resource is named `type:id`, an entitlement `type:id:slug`."""

    resources: list[tuple[str, str, str | None, list[bytes]]] = field(default_factory=list)
    entitlements: list[tuple[str, str]] = field(default_factory=list)
    grants: list[tuple[str, str, list[str], bytes | None]] = field(default_factory=list)
    is_newer: bool = True  # with the columns that later versions of the SDK have added

    def add(self, name: str, title: str, *annotations: bytes, parent: str | None = None) -> None:
        self.resources.append((name, title, parent, [*annotations]))

    def grant(
        self,
        principal: str,
        entitlement: str,
        *sources: str,
        expands: list[str] | None = None,
        shallow: bool = False,
        types: tuple[str, ...] = (),
    ) -> None:
        parts: list[tuple[int, Any]] = [(1, one) for one in expands or ()]
        parts += [(2, 1)] * shallow + [(3, one) for one in types]
        expansion = encode(*parts) if expands else None
        self.grants.append((principal, entitlement, [*sources], expansion))

    def write(
        self,
        path: Path,
        ended_at: str | None = "2026-11-29 22:00:00.123456789",
        kind: str = "full",
        earlier: Path | None = None,
    ) -> Path:
        """Write the file, and return its path. `earlier` is a file whose syncs come before."""
        database = sqlite3.connect(":memory:")
        if earlier:
            database.deserialize(unpack(earlier))
        else:
            expansion = (
                "expansion blob, needs_expansion integer not null default 0," * self.is_newer
            )
            column = ", sync_type text not null default 'full'" * self.is_newer
            database.executescript(SCHEMA.format(expansion=expansion, type=column))
        [(runs,)] = database.execute("select count(*) from v1_sync_runs").fetchall()
        sync = f"sync{runs}"
        database.execute(
            "insert into v1_sync_runs (sync_id, started_at, ended_at, sync_token)"
            " values (?, ?, ?, '')",
            [sync, ended_at or "2026-11-29 23:30:00", ended_at],
        )
        if self.is_newer:
            database.execute(
                "update v1_sync_runs set sync_type = ? where sync_id = ?", [kind, sync]
            )
        self._fill(database, (sync, "2026-11-29 21:00:00"))
        database.commit()
        path.write_bytes(b"C1ZF\x00" + pack(database.serialize()))
        return path

    def _fill(self, database: sqlite3.Connection, end: tuple[str, str]) -> None:
        for name in {resource.split(":")[0] for resource, *_ in self.resources}:
            data = encode((1, name), (2, name.title()), (3, TRAITS.get(name)))
            database.execute(
                "insert into v1_resource_types (external_id, data, sync_id, discovered_at)"
                " values (?, ?, ?, ?)",
                [name, data, *end],
            )
        for name, title, parent, notes in self.resources:
            kind, id = name.split(":", 1)
            above = encode(*zip((1, 2), parent.split(":"), strict=True)) if parent else None
            data = encode((1, encode((1, kind), (2, id))), (2, above), (3, title))
            data += encode(*((4, one) for one in notes), (99, "a field of a later version"))
            database.execute(
                "insert into v1_resources (resource_type_id, external_id, data, sync_id,"
                " discovered_at) values (?, ?, ?, ?, ?)",
                [kind, name, data, *end],
            )
        for name, title in self.entitlements:
            kind, id, slug = name.split(":")
            resource = encode((1, encode((1, kind), (2, id))))
            data = encode((1, resource), (2, name), (3, title), (4, f"About {name}"), (8, slug))
            database.execute(
                "insert into v1_entitlements (resource_type_id, resource_id, external_id, data,"
                " sync_id, discovered_at) values (?, ?, ?, ?, ?, ?)",
                [kind, id, name, data, *end],
            )
        for number, (principal, entitlement, sources, expansion) in enumerate(self.grants):
            notes = [annotate("GrantExpandable", expansion)] if expansion else []
            listed = encode(*((1, encode((1, one), (2, b""))) for one in sources)) or None
            grant = [(3, f"g{number}"), *((4, one) for one in notes if not self.is_newer)]
            columns = "resource_type_id, resource_id, entitlement_id, principal_resource_type_id,"
            columns += " principal_resource_id, external_id, data, sync_id, discovered_at"
            values = [*entitlement.split(":")[:2], entitlement, *principal.split(":", 1)]
            values += [f"g{number}", encode(*grant, (5, listed)), *end]
            if self.is_newer:
                columns, values = f"{columns}, expansion", [*values, expansion]
            marks = ", ".join("?" for _ in values)
            database.execute(f"insert into v1_grants ({columns}) values ({marks})", values)


def pack(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def unpack(path: Path) -> bytes:
    with pa.CompressedInputStream(io.BytesIO(path.read_bytes()[5:]), "zstd") as stream:
        return stream.read()
