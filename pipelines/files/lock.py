"""Lock folders and files exclusively. The kernel frees the lock of a process that died."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path


@contextmanager
def exclusive(path: Path, wait: bool = True) -> Iterator[int]:
    """Lock a folder or a file, and yield its descriptor. A file that is missing is created.

    Raises OSError, and BlockingIOError if another process holds the lock and `wait` is false. A
    symbolic link in place of the file is refused.
    """
    new_file = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    flags = os.O_RDONLY if path.is_dir() else new_file
    handle = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield handle
    finally:
        os.close(handle)


@contextmanager
def exclusive_by_name(path: Path) -> Iterator[None]:
    """Lock a file without waiting, and write into it which process holds the lock since when.

    The file has no other content. Raises BlockingIOError with that text if the lock is taken.
    """
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(exclusive(path, wait=False))
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, _read_holder(path)) from None
        os.ftruncate(handle, 0)
        holder = f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        os.write(handle, holder.encode())
        yield


def _read_holder(path: Path) -> str:
    """Return the text by which the process that holds the lock names itself."""
    text = path.read_text(encoding="ascii", errors="replace").strip()
    return text or "a process that has not said its name yet"
