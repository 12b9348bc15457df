"""Why a database gave no answer, and what to do about it: one sentence for each cause.

A message of a database may quote people's data. Its text is repeated only where it is about the
query or about the connection.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.failures import Denied, Failure, Misconfigured, Unreadable
from pipelines.redact import redact_text

GRANT = "let an administrator run `grant select on … to …` for the user of the address"
AGAIN = "run the same command again later"
TIMEOUT = "make the query faster, or give it more time (SYNC__MAX_HOURS)"
QUERY = "correct the query"

Cause = tuple[type[Failure], str, str]  # `{text}` stands for the message of the database
# Beginnings of SQLSTATE, and what they mean; the first that fits counts
STATES: dict[str, Cause] = {
    "28": (Denied, "the database refused the user or the password", "correct the address"),
    "42501": (Denied, "the user of the address lacks a right: {text}", GRANT),
    "42": (Misconfigured, "{text}", QUERY),
    "3F": (Misconfigured, "{text}", QUERY),
    "3D": (Misconfigured, "there is no database of that name", "correct the address"),
    "25006": (Misconfigured, "it writes, and nothing may be written: {text}", QUERY),
    "57014": (Unreadable, "the database gave up the query, because it took too long", TIMEOUT),
    "57": (Unreadable, "the connection was lost: {text}", AGAIN),
    "08": (Unreadable, "the connection was lost: {text}", AGAIN),
    "40": (Unreadable, "the database took the transaction back: {text}", AGAIN),
    "53": (Unreadable, "the database is at its limit: {text}", AGAIN),
}
# Texts of errors that have no SQLSTATE: those of a connection that fails, and SQLite's
LOST = r"server closed|connection.*(lost|reset|closed)|terminating connection|eof detected"
TEXTS: dict[str, Cause] = {
    r"authentication failed|no password supplied|pg_hba\.conf|role .* does not exist"
    r"|access denied for user|login failed": STATES["28"],
    r"database .* does not exist|unknown database": STATES["3D"],
    r"resolve host|translate host|name or service not known|getaddrinfo|nodename": (
        *(Unreadable, "the host of the address is unknown"),
        "correct the address, or the names of your network",
    ),
    r"connection refused|no route to host|network is unreachable|can't connect": (
        *(Unreadable, "nothing answers at the host and port of the address"),
        "see whether the database runs, and may be reached from here",
    ),
    r"timeout expired|timed out": (Unreadable, "the database did not answer in time", AGAIN),
    LOST: STATES["08"],
    r"no such (table|column|function)|syntax error|incomplete input": STATES["42"],
    r"readonly database|not authorized": STATES["25006"],
    r"interrupted": STATES["57014"],
    r"not a database|malformed": (Unreadable, "the file is no SQLite database", "correct it"),
    r"database is locked": (Unreadable, "another program holds the database", AGAIN),
}
# What other databases say of a missing right, with the SQLSTATE of any mistake in a query
DENIED = re.compile(r"command denied|permission was denied|insufficient privileges", re.IGNORECASE)
OTHER: Cause = (Unreadable, "it cannot be answered ({kind})", QUERY)
UNCLEAR: Cause = (Unreadable, "the connection failed: {text}", "run `rollcall check`")


@contextmanager
def explain_error(what: str, place: str, ends: float) -> Iterator[None]:
    """Raise a Failure where the database, its driver or the connection fails."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        yield
    except DBAPIError as error:
        raise _describe(f"{what}: {place}", error, ends) from None
    except SQLAlchemyError as error:
        why = f"it cannot be answered ({type(error).__name__})"
        raise Unreadable(f"{what}: {place}", why, QUERY) from None
    except UnicodeError:
        why = "it holds text that is not UTF-8"
        raise Unreadable(f"{what}: {place}", why, "correct it in the database") from None


def _describe(what: str, error: Exception, ends: float) -> Failure:
    cause = getattr(error, "orig", None) or error
    text = redact_text((str(cause).strip().splitlines() or [""])[0])
    state = str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
    kind, why, next = _find_cause(state, str(cause), what.endswith("the connection"))
    if why == STATES["08"][1] and time.monotonic() > ends:
        kind, why, next = STATES["57014"]
    name = " ".join(filter(None, [type(cause).__name__, state]))
    return kind(what, why.format(text=text, kind=name), next)


def _find_cause(state: str, text: str, is_connecting: bool) -> Cause:
    if DENIED.search(text):
        return STATES["42501"]
    for beginning, cause in STATES.items():
        if state and state.startswith(beginning):
            return cause
    if not state:
        for pattern, cause in TEXTS.items():
            if re.search(pattern, text, re.IGNORECASE):
                return cause
    return UNCLEAR if is_connecting else OTHER
