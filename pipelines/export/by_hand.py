"""Write the changes that people make by hand as CSV: those that neither an API nor a ticket makes.

The next complete sync sees each change that was made, so nobody has to report it.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from tempfile import gettempdir

import duckdb
import pyarrow as pa

from pipelines.failures import storage_failure
from pipelines.files import output
from pipelines.files.safe_csv import write_csv
from pipelines.files.scratch import scratch
from pipelines.sources.writer import Change

COLUMNS = (
    *("person", "account", "username", "email", "account_id", "system", "action"),
    *("access", "access_id", "scope", "how", "why", "decided_by", "due", "change_id"),
)
ORDER = "system, person, action, access, change_id"


def write_by_hand(warehouse: duckdb.DuckDBPyConnection, changes: list[Change], path: Path) -> None:
    """Write one row per change, over an earlier list if there is one.

    Raises Misconfigured for a path that has another file.
    """
    rows = [_describe(change) for change in changes]
    schema = pa.schema([(name, pa.string()) for name in ("person_id", *COLUMNS[1:])])
    warehouse.register("by_hand", pa.Table.from_pylist(rows, schema))
    sql = (
        f"select coalesce(full_name, account) as person, {', '.join(COLUMNS[1:])}"
        " from by_hand left join people using (person_id)"
    )
    try:
        with scratch(Path(gettempdir()) / f".rollcall-{secrets.token_hex(8)}") as folder:
            draft = folder / "changes.csv"
            write_csv(warehouse, draft, sql, ORDER)
            output.replace_output(path, draft.read_bytes(), "list of changes", _is_ours)
    except OSError as error:
        raise storage_failure(path, error, "check the disk, or choose another FILE") from None


def _describe(change: Change) -> dict[str, str | None]:
    system = change.source_title or change.source_name
    return {
        "person_id": change.person_id,
        "account": change.account_name,
        "username": change.account_username,
        "email": change.account_email,
        "account_id": change.account_id,
        "system": system,
        "action": change.asks_for.replace("_", " "),
        "access": change.entitlement_name or change.resource_name,
        "access_id": change.entitlement_id,
        "scope": change.scope_id,
        "how": _tell_how(change) or f"change it in {system}",
        "why": change.reason or change.reason_kind,
        "decided_by": change.approved_by,
        "due": change.due_at,
        "change_id": change.change_id,
    }


def _tell_how(change: Change) -> str | None:
    """Return how it is done; for a new account, with which values."""
    if change.asks_for != "create_account":
        return change.how_to_revoke
    values = json.loads(change.wanted_state or "{}")
    return "; ".join(f"{name}: {value}" for name, value in values.items() if value is not None)


def _is_ours(path: Path) -> bool:
    header = ",".join(COLUMNS).encode()
    with path.open("rb") as file:
        return file.read(len(header)) == header
