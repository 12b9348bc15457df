"""Write output where a user asks for it, but never over a file that is not Rollcall's.

The content goes into a draft first. The draft has a random name and is opened exclusively, so
nobody can put a link in its place. The warehouse and its files are never overwritten.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from pipelines.failures import Misconfigured
from pipelines.files.text_stream import open_new_file, sync_to_disk

NEXT_OUT = "choose another --out"


def check_output(path: Path) -> None:
    """Raise Misconfigured if a path is the warehouse, or lies among the files of the warehouse."""
    from pipelines import settings  # only commands with an output need dlt

    warehouse = settings.warehouse_path()
    names = {warehouse.name, f"{warehouse.name}.wal"}
    home = warehouse.parent.resolve()
    place = path.parent.resolve() / path.name
    for one in {place, *place.parents, path.resolve(), *path.resolve().parents}:
        if one.parent == home and (one.name in names or one.name.startswith(f".{warehouse.name}.")):
            why = "this place belongs to the warehouse, and is not written over"
            raise Misconfigured(str(path), why, NEXT_OUT)


def replace_output(
    path: Path, content: bytes, kind: str, is_ours: Callable[[Path], bool], mode: int = 0o600
) -> None:
    """Write a file in one step and durably; an existing file is replaced only if `is_ours` says so.

    Raises Misconfigured if the path is a link or another file, and OSError if writing fails.
    """
    check_output(path)
    if path.is_symlink() or (path.exists() and not (path.is_file() and is_ours(path))):
        why = f"the file is not a {kind}, and is not written over"
        raise Misconfigured(str(path), why, NEXT_OUT)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_file(path, content, mode)


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file in one step and durably. A link in its place is replaced, not followed."""
    draft = path.with_name(f".rollcall-{secrets.token_hex(8)}")
    try:
        with open_new_file(draft) as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_to_disk(path.parent)
    finally:
        draft.unlink(missing_ok=True)
