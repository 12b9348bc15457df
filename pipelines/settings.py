"""Read Rollcall's own settings. The settings of sources are in `sources/registry.py`.

dlt resolves values: environment first, then `.dlt/secrets.toml` and `.dlt/config.toml`. An unknown
name is an error, because a misspelt setting must not silently mean the default.
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
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # Rollcall itself prints each failure once
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")


def warehouse_path() -> Path:
    """Return where the published DuckDB file is or will be."""
    return Path(dlt.config.get("warehouse") or "data/access.duckdb").expanduser().absolute()


def read_setting(name: str, default: str = "") -> str:
    """Return a setting, such as `review.owner` (REVIEW__OWNER)."""
    return str(dlt.config.get(name) or default).strip()


def read_numbers(kind: type[Numbers], section: str) -> Numbers:
    """Return a dataclass of numbers; a field that is not configured has its default. The field
    `added_rows` in section `guard` is the setting GUARD__ADDED_ROWS. Raises Misconfigured."""
    types, values = {field.name: type(field.default) for field in fields(kind)}, {}
    for variable in sorted(os.environ):
        name = variable.removeprefix(f"{section}__".upper())
        if name != variable and name.lower() not in types:
            raise Misconfigured(variable, "unknown setting", f"use one of {', '.join(types)}")
    for name, to_number in types.items():
        text = read_setting(f"{section}.{name}")
        try:
            if text:
                values[name] = to_number(text)
                if not 0 <= values[name] < float("inf"):
                    raise ValueError
        except ValueError:
            variable = f"{section}__{name}".upper()
            raise Misconfigured(variable, f"{text} is not a number", f"set {variable}") from None
    return kind(**values)


def read_actor() -> str:
    """Return who runs the command, for the record: the user and host of the machine.

    REVIEW__ACTOR is what somebody claims, so it stands beside the user and never in its place.
    """
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = f"user {os.getuid()}"
    machine, claim = f"{user}@{socket.gethostname()}", read_setting("review.actor")
    return f"{claim} ({machine})" if claim else machine
