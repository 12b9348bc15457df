"""Read a .c1z: a SQLite database, compressed by zstd, that a connector of ConductorOne's wrote.

Facts from github.com/ConductorOne/baton-sdk, pkg/dotc1z: decoder.go (the header), sync_runs.go,
resources.go, entitlements.go and grants.go. What surprises:

* A file holds several syncs. One that is not finished, and one of a part only, is no state.
* Times are the connector's own local time, without its zone (`time.Now().Format`).
* Expanded grants are in the file beside the direct ones. Their `sources` name the entitlements that
  they come from; a grant that names its own entitlement there is direct, too (sync/syncer.go).
* Files that begin with C1Z3 hold a Pebble database, which no library of Python's reads. A connector
  writes SQLite with `--storage-engine sqlite`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import pyarrow as pa

from pipelines.failures import Unreadable
from pipelines.sources.declared.baton import messages
from pipelines.sources.declared.baton.rows import Row

MAGIC, NEWER_MAGIC = b"C1ZF\x00", b"C1Z3\x00"
CHUNK_BYTES = 1 << 20
MAX_UNPACKED_BYTES = 10 << 30
AGAIN = "let the connector write the file again, and move it here when it is complete"
USER_TYPE = "user"
TRAITS = {1: "user", 2: "group", 3: "role", 4: "app"}
STATUSES = {1: "enabled", 2: "disabled", 3: "disabled"}  # 3 is deleted
ACCOUNT_TYPES = {1: "human", 2: "service", 3: "service"}  # 3 is system


@dataclass(frozen=True)
class Sync:
    """The last sync of the file that is finished and whole. `ended_at` has no zone."""

    id: str
    ended_at: str
    is_followed: bool  # by one that is not finished


@contextmanager
def open_c1z(what: str, path: Path, folder: Path) -> Iterator[C1z]:
    """Unpack a file into a folder, and open the database in it. Raises Unreadable."""
    database = folder / "c1z.sqlite"
    folder.mkdir(parents=True, exist_ok=True)
    _unpack(what, path, database)
    file = f"file:{quote(str(database.absolute()))}?mode=ro&immutable=1"
    # DuckDB takes the rows in a thread of its own, one at a time
    with closing(sqlite3.connect(file, uri=True, check_same_thread=False)) as connection:
        try:
            [(state,)] = connection.execute("pragma quick_check(1)").fetchall()
            if state != "ok":
                raise Unreadable(what, "the database in it is damaged", AGAIN)
            yield C1z(what, connection)
        except sqlite3.Error as error:
            why = f"the database in it cannot be read ({error})"
            raise Unreadable(what, why, AGAIN) from None
        except messages.NotReadable as error:
            raise Unreadable(what, str(error), AGAIN) from None
        finally:
            database.unlink(missing_ok=True)


def _unpack(what: str, path: Path, database: Path) -> None:
    with path.open("rb") as file, database.open("wb") as unpacked:
        magic = file.read(len(MAGIC))
        if magic == NEWER_MAGIC:
            why = "it is of the newer kind that holds no SQLite database"
            next = "run the connector with `--storage-engine sqlite`"
            raise Unreadable(what, why, next)
        if magic != MAGIC:
            raise Unreadable(what, "it is no .c1z, which begins with C1ZF", "correct `path`")
        size = 0
        for chunk in _decompress(what, file):
            size += len(chunk)
            if size > MAX_UNPACKED_BYTES:
                raise Unreadable(what, "unpacked, it is larger than 10 GiB", AGAIN)
            unpacked.write(chunk)
    if not size:
        raise Unreadable(what, "it is empty", AGAIN)


def _decompress(what: str, file: BinaryIO) -> Iterator[bytes]:
    try:
        with pa.CompressedInputStream(file, "zstd") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except (OSError, pa.ArrowException):
        raise Unreadable(what, "it is damaged, or not written to its end", AGAIN) from None


class C1z:
    """The database of an open file."""

    def __init__(self, what: str, connection: sqlite3.Connection) -> None:
        self.what, self.connection = what, connection

    def find_sync(self) -> Sync:
        """Return the last sync that is finished and whole. Raises Unreadable if there is none."""
        is_whole = "true"
        if "sync_type" in self._find_columns("v1_sync_runs"):
            is_whole = "sync_type = 'full'"
        elif "is_partial" in self._find_columns("v1_sync_runs"):
            is_whole = "not is_partial"
        found = self.connection.execute(
            f"select sync_id, ended_at, started_at from v1_sync_runs"
            f" where ended_at is not null and {is_whole} order by ended_at desc limit 1"
        ).fetchone()
        if found is None:
            raise Unreadable(self.what, "no sync in it is finished and complete", AGAIN)
        [(later,)] = self.connection.execute(
            "select count(*) from v1_sync_runs where ended_at is null and started_at > ?",
            [found[2]],
        ).fetchall()
        return Sync(found[0], found[1], bool(later))

    def read_tables(self, sync: Sync) -> dict[str, Iterator[Row]]:
        """Return the rows of each table, read when they are asked for."""
        types = [
            messages.parse("ResourceType", data) for (data,) in self._read("resource_types", sync)
        ]
        traits = {one.id: TRAITS.get(one.traits[0]) for one in types if one.traits}
        return {
            "users": self._read_users(sync, traits),
            "resources": self._read_resources(sync, traits),
            "entitlements": self._read_entitlements(sync),
            "grants": self._read_grants(sync),
            "inheritance": self._read_inheritance(sync),
        }

    def _find_columns(self, table: str) -> set[str]:
        return {row[1] for row in self.connection.execute(f"pragma table_info({table})")}

    def _read(self, table: str, sync: Sync, *columns: str) -> Iterator[tuple[Any, ...]]:
        selected = ", ".join([*columns, "data"])
        return self.connection.cursor().execute(
            f"select {selected} from v1_{table} where sync_id = ? order by id", [sync.id]
        )

    def _read_users(self, sync: Sync, traits: dict[str, str | None]) -> Iterator[Row]:
        for kind, data in self._read("resources", sync, "resource_type_id"):
            resource = messages.parse("Resource", data)
            trait = messages.find_annotation(resource, "UserTrait")
            if traits.get(kind) == "user" or trait is not None:
                yield _describe_user(resource, trait or messages.parse("UserTrait", b""))

    def _read_resources(self, sync: Sync, traits: dict[str, str | None]) -> Iterator[Row]:
        for (data,) in self._read("resources", sync):
            resource = messages.parse("Resource", data)
            has_parent = resource.HasField("parent_resource_id")
            yield {
                "resource": _make_key(resource.id),
                "resource_type": resource.id.resource_type,
                "resource_id": resource.id.resource,
                "trait": traits.get(resource.id.resource_type),
                "display_name": resource.display_name,
                "description": resource.description,
                "parent": _make_key(resource.parent_resource_id) if has_parent else None,
            }

    def _read_entitlements(self, sync: Sync) -> Iterator[Row]:
        columns = ("external_id", "resource_type_id", "resource_id")
        for key, kind, resource, data in self._read("entitlements", sync, *columns):
            entitlement = messages.parse("Entitlement", data)
            yield {
                "entitlement": key,
                "resource": f"{kind}:{resource}",
                "slug": entitlement.slug or key.rpartition(":")[2],
                "display_name": entitlement.display_name,
                "description": entitlement.description,
            }

    def _read_each_grant(self, sync: Sync) -> Iterator[tuple[Row, Any, Any]]:
        """Yield each grant as a row, with its message and how it expands, if it does."""
        columns = ["external_id", "entitlement_id"]
        columns += ["principal_resource_type_id", "principal_resource_id"]
        is_apart = "expansion" in self._find_columns("v1_grants")
        columns.append("expansion" if is_apart else "null")
        for grant_id, entitlement, kind, principal, expansion, data in self._read(
            "grants", sync, *columns
        ):
            grant = messages.parse("Grant", data)
            expands = (
                messages.parse("GrantExpandable", expansion)
                if expansion
                else messages.find_annotation(grant, "GrantExpandable")
            )
            if expands is not None and not expands.entitlement_ids:
                expands = None
            row = {"principal": f"{kind}:{principal}", "entitlement": entitlement}
            yield row | {"grant_id": grant_id, "expands": expands is not None}, grant, expands

    def _read_grants(self, sync: Sync) -> Iterator[Row]:
        """Yield a row if the grant is direct, and one per entitlement that it comes from."""
        for row, grant, _ in self._read_each_grant(sync):
            row["is_read_only"] = messages.find_annotation(grant, "GrantImmutable") is not None
            sources = {one.key for one in grant.sources.sources}
            if not sources or row["entitlement"] in sources:
                yield row
            for source in sorted(sources - {row["entitlement"]}):
                yield row | {"through": source}

    def _read_inheritance(self, sync: Sync) -> Iterator[Row]:
        for row, _, expands in self._read_each_grant(sync):
            for entitlement in expands.entitlement_ids if expands else ():
                yield {
                    "entitlement": entitlement,
                    "implied": row["entitlement"],
                    "is_shallow": expands.shallow,
                    "resource_types": json.dumps([*expands.resource_type_ids]),
                }


def _describe_user(resource: Any, trait: Any) -> Row:
    key = _make_key(resource.id)
    emails = sorted(trait.emails, key=lambda one: not one.is_primary)
    status = trait.status if trait.HasField("status") else resource.status
    profile = messages.read_profile(trait) or messages.read_profile(resource)
    return {
        "principal": key,
        "account_id": resource.id.resource if resource.id.resource_type == USER_TYPE else key,
        "resource_type": resource.id.resource_type,
        "display_name": resource.display_name,
        "email": emails[0].address if emails else None,
        "login": trait.login,
        "employee_number": trait.employee_ids[0] if len(trait.employee_ids) == 1 else None,
        "account_type": ACCOUNT_TYPES.get(trait.account_type, "unknown"),
        "status": STATUSES.get(status.status, "unknown"),
        "status_details": status.details or ("deleted" if status.status == 3 else None),
        "mfa_enabled": trait.mfa_status.mfa_enabled if trait.HasField("mfa_status") else None,
        "last_login_at": messages.read_time(trait, "last_login"),
        "created_at": messages.read_time(trait, "created_at")
        or messages.read_time(resource, "created_at"),
        "profile": json.dumps(profile, ensure_ascii=False) if profile else None,
    }


def _make_key(id: Any) -> str:
    return f"{id.resource_type}:{id.resource}"
