"""What is configured: dlt's own settings, with the mistakes told that dlt would pass over.

dlt resolves values (environment first, then `.dlt/secrets.toml` and `.dlt/config.toml`). A source
is configured when its secrets are there. A name that no source knows is a mistake, not a comment: a
misspelt setting must not quietly mean its default.
"""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import dlt

from pipelines.failures import Misconfigured

Numbers = TypeVar("Numbers")


os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")


os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # failures are told by us, once


os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")


def warehouse_path() -> Path:
    """Where the published DuckDB file is or will be."""
    return Path(dlt.config.get("warehouse") or "data/access.duckdb").expanduser().absolute()


def read_setting(name: str, default: str = "") -> str:
    """One of our own settings, such as `review.owner` (REVIEW__OWNER)."""
    return str(dlt.config.get(name) or default).strip()


def read_numbers(kind: type[Numbers], section: str) -> Numbers:
    """A dataclass of numbers, each its default unless configured: GUARD__ADDED_ROWS for its field
    `added_rows` in section `guard`. Raises Misconfigured."""
    known, found = {field.name: type(field.default) for field in fields(kind)}, {}
    for variable in sorted(os.environ):
        name = variable.removeprefix(f"{section}__".upper())
        if name != variable and name.lower() not in known:
            raise Misconfigured(
                variable, "there is no setting of this name", f"use one of {', '.join(known)}"
            )
    for name, number in known.items():
        text = read_setting(f"{section}.{name}")
        try:
            if text:
                found[name] = number(text)
                if not 0 <= found[name] < float("inf"):
                    raise ValueError
        except ValueError:
            variable = f"{section}__{name}".upper()
            raise Misconfigured(variable, f"{text} is no number", f"set {variable}") from None
    return kind(**found)


def read_actor() -> str:
    """Who acts, for the evidence: the setting REVIEW__ACTOR, else the user of this machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        user = f"user {os.getuid()}"
    return read_setting("review.actor", f"{user}@{socket.gethostname()}")
