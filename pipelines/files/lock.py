"""Locks on folders and files, held by the operating system until the process ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def wait_for_lock(out: Path) -> Iterator[None]:
    """One export at a time into this folder: the next one waits, and tidies up after a dead one."""
    handle = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
