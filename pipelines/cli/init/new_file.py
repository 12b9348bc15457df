"""Write a file that does not exist yet."""

from __future__ import annotations

from pathlib import Path

from pipelines.failures import storage_failure
from pipelines.files.text_stream import open_new_file


def write_if_new(path: Path, text: str) -> bool:
    """Write a file with mode 0600, and return whether it was new.

    Anything that is there stays, also a link that leads nowhere. Raises StorageFailed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = open_new_file(path)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            return False
        next = "make that folder, and let this user write into it"
        raise storage_failure(path.parent.absolute(), error, next) from None
    try:
        with file:
            file.write(text.encode())
    except OSError as error:
        path.unlink()  # the next run would leave half a file as it is
        next = "free some space, then run `rollcall init` again"
        raise storage_failure(path.absolute(), error, next) from None
    return True
