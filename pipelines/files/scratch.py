"""Make folders that last as long as a command and are removed however the command ends.

A signal raises no exception here, because libraries would catch it, or would wait for threads that
wait for a host. The signal handler calls `clear_scratch` and exits instead.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERRUPTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # SIGHUP: the terminal was closed

DRAFT_NAME = re.compile(r"\.rollcall-[0-9a-f]{16}")

_present: set[Path] = set()


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Make an empty folder at this path, and remove it at the end of the block."""
    _present.add(folder)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _present.discard(folder)


@contextmanager
def scratch_in(parent: Path) -> Iterator[Path]:
    """Make a folder with a random name in a user's folder, and remove it at the end of the block.

    Folders that killed runs left there are removed too, so the caller must hold the lock of
    `parent`. Nothing with another name is touched.
    """
    for left in parent.iterdir():
        if DRAFT_NAME.fullmatch(left.name) and left.is_dir() and left not in _present:
            shutil.rmtree(left, ignore_errors=True)  # leaves a link as it is
    with scratch(parent / f".rollcall-{os.urandom(8).hex()}") as folder:
        yield folder


def clear_scratch() -> None:
    """Remove all scratch folders; try five times, since threads may still write there."""
    for folder in [*_present] * 5:
        shutil.rmtree(folder, ignore_errors=True)
