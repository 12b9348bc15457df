"""Write the changes that people make by hand as CSV: those that neither an API nor a ticket makes.

The next complete sync sees each change that was made, so nobody has to report it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.failures import storage_failure
from pipelines.files import output
from pipelines.files.safe_csv import write_csv
from pipelines.sources.writer import Change
from pipelines.write_back.limits import find_fresh_states
from pipelines.write_back.plan import Plan
from pipelines.write_back.wanted import NO_CHANNEL

# The only reason that people get around by doing it themselves; any other one stays a reason
ONLY_REASON = re.compile(rf"{NO_CHANNEL}(: [\w ]+)?")
COLUMNS = (
    *("person", "account", "username", "email", "account_id", "system", "action"),
    *("access", "access_id", "scope", "how", "why", "decided_by", "due", "change_id"),
)


def list_by_hand(plan: Plan) -> list[Change]:
    """Return the blocked changes of a plan that a person can make."""
    fields = Change.__dataclass_fields__
    return [
        Change.of({name: value for name, value in item.items() if name in fields})
        for item in plan.document["blocked"]
        if ONLY_REASON.fullmatch(item["blocked_because"])
    ]


def write_by_hand(
    warehouse: duckdb.DuckDBPyConnection, changes: list[Change], path: Path
) -> None:
    """Write one row per change, over an earlier list if there is one.

    Raises Refused for data that is not fresh, and Misconfigured for a path that has another file.
    """
    find_fresh_states({change.source_name for change in changes}, warehouse, "plan")
    names = ("person_id", *COLUMNS[1:])
    rows = [dict(zip(names, _describe(change), strict=True)) for change in changes]
    schema = pa.schema([(name, pa.string()) for name in names])
    warehouse.register("by_hand", pa.Table.from_pylist(rows, schema))
    sql = (
        f"select coalesce(full_name, account) as person, {', '.join(COLUMNS[1:])}"
        " from by_hand left join people using (person_id)"
    )
    try:
        with TemporaryDirectory() as folder:
            draft = Path(folder) / "draft.csv"
            write_csv(warehouse, draft, sql, "system, person, action, access, change_id")
            output.replace_output(path, draft.read_bytes(), "list of changes", _is_ours)
    except OSError as error:
        raise storage_failure(path, error, "check the disk, or choose another FILE") from None


def _describe(change: Change) -> tuple[str | None, ...]:
    """Return the cells of a change, in the order of COLUMNS, with its person's id first."""
    system = change.source_title or change.source_name
    how = change.how_to_revoke or f"change it in {system}"
    if change.asks_for == "create_account":
        values: dict[str, Any] = json.loads(change.wanted_state or "{}")
        how = "; ".join(f"{name}: {value}" for name, value in values.items() if value is not None)
    return (
        change.person_id,
        change.account_name,
        change.account_username,
        change.account_email,
        change.account_id,
        system,
        change.asks_for.replace("_", " "),
        change.entitlement_name or change.resource_name,
        change.entitlement_id,
        change.scope_id,
        how,
        change.reason or change.reason_kind,
        change.approved_by,
        change.due_at,
        change.change_id,
    )


def _is_ours(path: Path) -> bool:
    header = ",".join(COLUMNS).encode()
    with path.open("rb") as file:
        return file.read(len(header)) == header
