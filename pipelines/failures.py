"""Every failure that someone can act on at 7 a.m. A class's `code` is the command's exit code.

A failure says what broke (source, endpoint, phase), why (observed and expected) and what to do
next. The command that catches the failure adds the effect on the published data.
"""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from shlex import quote


class Failure(Exception):
    """A failure and its explanation. `next` is the remedy: one command or setting."""

    code = 1

    def __init__(
        self, what: str, why: str, next: str = "", status: int | None = None, body: bytes = b""
    ) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why
        self.next = next
        self.status = status  # of the HTTP response, where there was one
        self.body = body


class Misconfigured(Failure):
    """Wrong usage or a setting that is missing or wrong."""

    code = 2


class Denied(Failure):
    """Credentials that a source rejects, or that lack a right or a scope."""

    code = 3


class Unreadable(Failure):
    """A source that was unavailable or could not be read completely."""

    code = 4


class Refused(Failure):
    """Data or a file that did not pass a check."""

    code = 5


class StorageFailed(Failure):
    """A full disk, a file system without locks, or a damaged file."""

    code = 6


class Incomplete(Failure):
    """An apply that did not finish; the same command resumes it."""

    code = 7


class Unsent(Incomplete):
    """A call that had no effect: it was not sent, or the vendor rejected it unread."""


class Unknown(Incomplete):
    """A call that may or may not have taken effect; only a later read can tell."""


class Rejected(Incomplete):
    """A call that the vendor refused; its response is in `status` and `body`."""


class Locked(Failure):
    """Another run holds the lock."""

    code = 75


def install_extra(name: str) -> str:
    """Return the remedy for a package that an extra installs.

    The remedy names this environment. Where Rollcall is not installed, pip would install a
    stranger's package of the same name.
    """
    return f"run `{quote(sys.executable)} -m pip install 'rollcall[{name}]'`"


def storage_failure(path: Path, error: OSError, next: str) -> StorageFailed:
    """Return a failure about a file or folder, with the operating system's reason."""
    return StorageFailed(str(path), (error.strerror or str(error)).lower(), next)


DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
# how libraries word a full disk in exceptions of their own
FULL_TEXTS = ("No space left on device", "Disk quota exceeded", "File too large")


def explain(error: BaseException) -> Failure | None:
    """Return the failure behind an exception that a library wrapped, if there is one."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        if isinstance(link, Failure):
            return link
        full = next((words for words in FULL_TEXTS if words in str(link)), None)
        if full or getattr(link, "errno", None) in DISK_ERRORS:
            why = getattr(link, "strerror", None) or full or ""
            return StorageFailed(
                "storage", why.lower(), "free some space, then run the command again"
            )
        if "Corrupt database file" in str(link):
            why = f"a file is damaged ({' '.join(str(link).split())})"
            return StorageFailed("storage", why, "restore the warehouse, or move its file away")
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return None
