"""Find the files of a system, and copy each of them once.

What is read is the copy, which nobody changes meanwhile. A file that is still being written is not
copied: its size and time must stay the same from before the copy until after it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlt.common.storages.fsspec_filesystem import FileItemDict, glob_files

from pipelines.failures import Unreadable
from pipelines.sources.declared.files.entries import FILE, GZIP, SFTP, FileTable
from pipelines.sources.declared.files.stores import name_failures, open_store

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from pipelines.sources.declared.read_tables import ReadTables

LOOKS = 6  # at files that change, before they are given up
SECONDS_BETWEEN = 2.0  # two looks; a file that changed more recently may be still being written
CHUNK_BYTES = 1 << 20
MAX_BYTES = 1 << 36  # of one file, unpacked; ten million rows have about 1 GiB
# Names that programs give to files that are not complete, or are nobody's data
UNFINISHED = re.compile(
    r"[.~].*|.*~|.*\.(tmp|temp|part|partial|filepart|crdownload|download|swp|lock)", re.I
)
GLOB_BRACKET = "[[]"
EXPORT_AGAIN = "let the export run again"


@dataclass(frozen=True)
class Found:
    """One file as its folder lists it."""

    table: str
    name: str
    url: str
    bytes: int
    modified: datetime
    item: FileItemDict


@dataclass(frozen=True)
class Copy:
    """Our copy of a file, unpacked. The digest is that of the file."""

    found: Found
    path: Path
    sha256: str

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def modified(self) -> datetime:
        return self.found.modified


def copy_files(into: ReadTables, tables: dict[str, FileTable], folder: Path) -> list[Copy]:
    """Copy the files of all tables. Raises Unreadable if one is missing, or keeps changing."""
    stores = {name: _open_store(into, table) for name, table in tables.items()}

    def look_again() -> list[Found]:
        return [
            one
            for name, table in tables.items()
            for one in _list_table(into, name, table, stores[name])
        ]

    before: list[tuple[Any, ...]] = []
    found: list[Found] = []
    for look in range(LOOKS):
        if look:
            time.sleep(SECONDS_BETWEEN)
        found = look_again()
        signs = _list_signs(found)
        if not any(_is_young(one, tables) for one in found) or signs == before:
            try:
                copies = [_copy(into, one, folder, n) for n, one in enumerate(found)]
            except FileNotFoundError:  # since it was listed
                copies = []
            if copies and _list_signs(look_again()) == signs:
                return copies
        before = signs
    newest = max(found, key=lambda one: one.modified)
    raise Unreadable(
        f"{into.what}: {newest.name}",
        "it is still being written",
        "let the export finish, and run `rollcall sync` again",
    )


def _open_store(into: ReadTables, table: FileTable) -> AbstractFileSystem:
    system = into.system
    with name_failures(f"{into.what}: {table.path}"):
        return open_store(
            str(system.path), system.declaration, system.secrets, table.path, table.scheme
        )


def _list_table(
    into: ReadTables, name: str, table: FileTable, store: AbstractFileSystem
) -> list[Found]:
    """Return the files that a table asks for. Raises Unreadable if there is none."""
    what = f"{into.what}: {table.path}"
    root, pattern = _split_path(table)
    items: list[Any] = []
    with suppress(FileNotFoundError), name_failures(what):
        items += glob_files(store, root, pattern)
    found = [
        Found(
            name,
            item["file_name"],
            item["file_url"],
            item.get("size_in_bytes", -1),
            item["modification_date"].astimezone(UTC),
            FileItemDict(item, store),
        )
        for item in items
        if not (table.has_wildcard and UNFINISHED.fullmatch(item["file_name"]))
    ]
    if not found:
        why = "no file matches it" if table.has_wildcard else "there is no such file"
        raise Unreadable(what, why, "correct `path`, or see why the export did not come")
    if table.take == "newest":
        return [max(found, key=lambda one: (one.modified, one.name))]
    return sorted(found, key=lambda one: one.url)


def _split_path(table: FileTable) -> tuple[str, str]:
    """Return the root of a path as an address, and the pattern below it, in which only wildcards
    have a meaning."""
    if table.scheme == FILE:
        path = Path(table.path.partition("://")[2] or table.path).expanduser().absolute()
        root, below = Path(path.anchor).as_uri(), path.relative_to(path.anchor).as_posix()
    else:
        scheme, _, rest = table.path.partition("://")
        host, _, below = rest.partition("/")
        root = f"{scheme.lower()}://{host}/"
    return root, below.replace("[", GLOB_BRACKET)


def _list_signs(found: list[Found]) -> list[tuple[Any, ...]]:
    return [(one.table, one.url, one.bytes, one.modified) for one in found]


def _is_young(found: Found, tables: dict[str, FileTable]) -> bool:
    """Return whether a file changed so recently that its writer may not be done.

    An object store shows an object only when the object is complete.
    """
    if tables[found.table].scheme not in (FILE, SFTP):
        return False
    return found.modified > datetime.now(UTC) - timedelta(seconds=SECONDS_BETWEEN)


def _copy(into: ReadTables, found: Found, folder: Path, number: int) -> Copy:
    """Copy a file, and unpack the copy of a compressed one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{found.table}-{number}"
    what = f"{into.what}: {found.name}"
    if not found.url.startswith(f"{FILE}:"):
        into.counters.requests += 1
    digest = hashlib.sha256()
    with name_failures(what), found.item.open(compression="disable") as file, path.open("wb") as to:
        while chunk := file.read(CHUNK_BYTES):
            if time.monotonic() > into.counters.ends:
                why = "the run has taken as long as a run may take (SYNC__MAX_HOURS)"
                raise Unreadable(what, why, "set SYNC__MAX_HOURS")
            digest.update(chunk)
            to.write(chunk)
    if found.name.lower().endswith(GZIP):
        path = _unpack(path, what)
    return Copy(found, path, digest.hexdigest())


def _unpack(packed: Path, what: str) -> Path:
    path = packed.with_suffix(".unpacked")
    try:
        with gzip.open(packed) as file, path.open("wb") as to:
            while chunk := file.read(CHUNK_BYTES):
                to.write(chunk)
                if to.tell() > MAX_BYTES:
                    why = f"unpacked, it has more than {MAX_BYTES >> 30} GiB"
                    raise Unreadable(what, why, "export the rows of accounts and grants only")
    except EOFError:
        raise Unreadable(what, "it is cut off in the middle", EXPORT_AGAIN) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Unreadable(what, f"it is no gzip file ({error})", EXPORT_AGAIN) from None
    packed.unlink()
    return path
