"""The decision files that came back, kept as they were until the packet takes them.

Each file is kept in a folder beside the warehouse, under its SHA-256, which `review_imports` has,
too. A file is on disk before its decisions are published, so no decision lacks its file. A file
without a row in `review_imports` (its import was refused or died) is never part of a packet.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from pipelines.failures import Refused, storage_failure
from pipelines.files.text_stream import open_new_file, sync_to_disk
from pipelines.warehouse.publish import NEXT_DISK

CHUNK_BYTES = 1 << 20
MAX_NAME_CHARACTERS = 80


def returned_folder(warehouse: Path) -> Path:
    """Return the folder that keeps the files; it may not exist yet."""
    return warehouse.with_name(f".{warehouse.name}.returned")


def keep_file(warehouse: Path, path: Path, sha256: str) -> None:
    """Keep a copy of a file (mode 0600) durably, unless there is one already.

    Raises Refused if the file no longer has this SHA-256, and StorageFailed if it cannot be copied.
    """
    folder = returned_folder(warehouse)
    draft = folder / f"draft-{secrets.token_hex(8)}"
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        if digest_file(folder / sha256) == sha256:
            return
        found = copy_file(path, draft)
        if found != sha256:
            raise Refused(path.name, "it was changed while it was imported", "import it again")
        sync_to_disk(draft)
        draft.replace(folder / sha256)
        sync_to_disk(folder)
    except OSError as error:
        raise storage_failure(folder, error, NEXT_DISK) from None
    finally:
        draft.unlink(missing_ok=True)


def copy_file(path: Path, place: Path) -> str:
    """Copy a file to a new one with mode 0600, and return the SHA-256 of the copy."""
    digest = hashlib.sha256()
    with path.open("rb") as source, open_new_file(place) as copy:
        while part := source.read(CHUNK_BYTES):
            digest.update(part)
            copy.write(part)
    return digest.hexdigest()


def digest_file(path: Path) -> str | None:
    """Return the SHA-256 of a file; None if there is no such file, or if a link is in its place."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def packet_name(file_name: str, sha256: str) -> str:
    """Return the place of a returned file in a packet: no two files share one, and each is a name
    that any system allows."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", file_name)[-MAX_NAME_CHARACTERS:]
    return f"returned/{sha256[:12]}-{plain}"
