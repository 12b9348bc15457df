"""Make folders that last as long as a command and are removed however the command ends.

A signal does not raise an exception here. Libraries would catch the exception, or would wait for
threads that wait for a host. The signal handler calls `clear_scratch` and exits instead.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERRUPTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # SIGHUP: the terminal was closed

_present: set[Path] = set()


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Make this folder, empty, and remove it at the end of the block."""
    _present.add(folder)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _present.discard(folder)


def clear_scratch() -> None:
    """Remove all scratch folders; try five times, since threads may still write there."""
    for folder in [*_present] * 5:
        shutil.rmtree(folder, ignore_errors=True)
