"""Folders that are there while a command works, and gone after it, however it ends.

A signal does not raise: libraries catch what is raised, and wait for threads that wait for a host.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERRUPTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # a terminal that closes, too

_present: set[Path] = set()


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """This folder, new and empty, until the end of the block."""
    _present.add(folder)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _present.discard(folder)


def clear_scratch() -> None:
    """Take away all of them, though threads may still be writing there."""
    for folder in [*_present] * 5:
        shutil.rmtree(folder, ignore_errors=True)
