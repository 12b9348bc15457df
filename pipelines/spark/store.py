"""The store: one folder per generation, which is never changed once it is complete.

The work folder of a warehouse has a list of the generations that its builds have begun. Nothing
else in the store is ever removed, so several warehouses may share a store.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

LIST = "generations.txt"


def begin_generation(store: Path, home: Path) -> Path:
    """Make the folder of a new generation, and note it in the work folder of the warehouse."""
    folder = store / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    with (home / LIST).open("a", encoding="utf-8") as noted:
        noted.write(f"{folder}\n")
    make_folder(folder)
    return folder


def make_folder(folder: Path) -> None:
    """Make a folder that those may use who may use its parent: Spark may run as another user."""
    folder.mkdir()
    folder.chmod(folder.parent.stat().st_mode & 0o7777)


def open_to_readers(file: Path) -> None:
    """Let those read and replace a file who may do so in its folder."""
    file.chmod(file.parent.stat().st_mode & 0o666)


def list_generations(home: Path) -> set[str]:
    """Return the generations that builds have begun and that were not removed."""
    noted = home / LIST
    return {*noted.read_text(encoding="utf-8").splitlines()} if noted.exists() else set()


def remove_generations(home: Path, kept: Collection[str]) -> None:
    """Remove all generations that builds have begun, but for those that are kept.

    What cannot be removed now stays in the list.
    """
    begun = list_generations(home)
    for folder in begun - {*kept}:
        shutil.rmtree(folder, ignore_errors=True)
    if begun:
        left = sorted(one for one in begun if one in kept or Path(one).exists())
        (home / LIST).write_text("".join(f"{folder}\n" for folder in left), encoding="utf-8")
