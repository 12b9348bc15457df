"""One exclusive lock for folders and files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
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
