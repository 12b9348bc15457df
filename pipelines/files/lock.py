"""One exclusive lock for folders and files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path


@contextmanager
def exclusive(path: Path, wait: bool = True) -> Iterator[int]:
    """Lock a folder, or a file that is created where it is missing, and yield its descriptor.

    Raises OSError: BlockingIOError where another process holds the lock and `wait` is false. The
    kernel frees the lock of a process that died. A link in the place of the file is not followed.
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
    """Lock a file that holds nothing else at once, and write into it which process locks it, and
    since when. Raises BlockingIOError with that text where another process holds the lock."""
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
    """Return which process holds the lock, as the process itself wrote it."""
    text = path.read_text(encoding="ascii", errors="replace").strip()
    return text or "a process that has not said its name yet"
