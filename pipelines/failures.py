"""What can go wrong, told so that someone can act on it at 7 a.m.

Each class is one exit code. A failure says what broke (source, endpoint, phase), why (observed and
expected) and what to do next; the verb that catches it adds the effect on what is published.
"""

from __future__ import annotations

import errno


class Failure(Exception):
    """A failure that is explained. `next` is one command or setting."""

    code = 1

    def __init__(
        self, what: str, why: str, next: str = "", status: int | None = None, body: bytes = b""
    ) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why
        self.next = next
        self.status = status  # of the HTTP answer behind it, where there was one
        self.body = body


class Misconfigured(Failure):
    """Wrong usage or a setting that is missing or wrong."""

    code = 2


class Denied(Failure):
    """Credentials, rights or scopes of a source."""

    code = 3


class Unreadable(Failure):
    """A source that was unavailable, or could not be read completely."""

    code = 4


class Refused(Failure):
    """Data that a guard, a contract or a test does not let through."""

    code = 5


class StorageFailed(Failure):
    """Disk full, lock medium, damaged or foreign file."""

    code = 6


class Incomplete(Failure):
    """An apply that has not come to its end, and can be run again."""

    code = 7


class Unsent(Incomplete):
    """A call that surely had no effect: it did not leave, or was turned away unread."""


class Unknown(Incomplete):
    """A call that may have had its effect: only reading can tell."""


class Rejected(Incomplete):
    """A call that the vendor refused, in `why`; its answer is in `status` and `body`."""


class Locked(Failure):
    """Another run holds the lock."""

    code = 75


DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
FULL = ("No space left on device", "Disk quota exceeded", "File too large")  # as libraries tell it


def explain(error: BaseException) -> Failure | None:
    """The failure behind an exception that a library wrapped, if there is one."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        if isinstance(link, Failure):
            return link
        full = next((words for words in FULL if words in str(link)), None)
        if full or getattr(link, "errno", None) in DISK:
            why = getattr(link, "strerror", None) or full or ""
            return StorageFailed("storage", why.lower(), "free some space, then run it again")
        if "Corrupt database file" in str(link):
            why = f"a file is damaged ({str(link).splitlines()[0][:120]})"
            return StorageFailed("storage", why, "restore the warehouse, or move it away")
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return None
