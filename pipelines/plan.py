"""rollcall plan: what is wanted and not so yet, as a file that a person reads and apply is held to.

The file is canonical JSON and holds the digest of all the rest of it, so that no byte of it can be
another; whoever gives this digest to `rollcall apply` has approved exactly this. What is wanted is
decided by the mart planned_changes; here it is limited, guarded and frozen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines import (
    __version__,
    audit,
    changes,
    ledger,
    limits,
    provision,
    publish,
    redact,
    settings,
)
from pipelines.failures import Misconfigured, Refused
from pipelines.provision import Change
from pipelines.records import fetched, named
from pipelines.status import sources

FORMAT = "rollcall plan 1"
FIELDS = {"format", "rollcall", "made_at", "made_by", "tenants", "snapshot", "decisions_sha256",
          "undoes", "exceeded", "totals", "items", "blocked", "digest"}  # fmt: skip
ORDER = ("disable_account", "revoke", "open_ticket", "enable_account", "create_account", "grant",
         "delete_account", "reopen_ticket", "comment_ticket", "close_ticket")  # fmt: skip
DECIDED = "select to_json(row)::varchar from {} as row order by all"
NEW = "make a new plan: `rollcall plan`"


@dataclass(frozen=True)
class Plan:
    """One plan, as its file says it."""

    document: dict[str, Any]

    @property
    def digest(self) -> str:
        return self.document["digest"]

    @property
    def changes(self) -> list[Change]:
        return [Change.of(item) for item in self.document["items"]]


def run(arguments: argparse.Namespace) -> int:
    from pipelines import plan_text
    from pipelines.export import opened

    folder, actor = changes.folder(), settings.actor()
    with opened(settings.warehouse()) as warehouse:
        plan = make(warehouse, actor, arguments.max_changes, _undone(arguments, folder, actor))
    totals = plan.document["totals"]
    arguments.counts = [
        f"{totals['changes']} changes, {totals['blocked']} blocked",
        *(f"{action}: {number}" for action, number in totals["by_action"].items()),
    ]
    path = None
    if plan.changes:
        path = arguments.out or folder / f"{plan.digest[:12]}.plan.json"
        with ledger.alone(folder, "plan or apply"):
            audit.Log(folder, actor).write("plan_made", plan.digest, changes=len(plan.changes))
            try:
                ledger.replace(path, ledger.canonical(plan.document))
            except OSError as error:
                raise publish.unwritable(path, error, "check the disk, or say --out") from None
    if arguments.json:
        print(json.dumps({"code": 0, "path": str(path) if path else None} | plan.document,
                         indent=2, ensure_ascii=False))  # fmt: skip
    else:
        for line in plan_text.lines(plan, path):
            print(redact.UNPRINTABLE.sub(" ", line))  # a name may hold what moves a cursor
    return 0


@dataclass(frozen=True)
class Undone:
    """What takes back the plan with this digest."""

    digest: str
    changes: list[tuple[Change, str | None]]


def _undone(arguments: argparse.Namespace, folder: Path, actor: str) -> Undone | None:
    from pipelines import undo

    if not arguments.undo:
        return None
    if not arguments.because.strip():
        raise Misconfigured("--because", "who takes something back says why", "say --because '…'")
    plan = read(arguments.undo)
    return Undone(plan.digest, undo.inverses(plan, folder, actor, arguments.because.strip()))


def make(
    warehouse: duckdb.DuckDBPyConnection,
    actor: str,
    most: int | None = None,
    undone: Undone | None = None,
) -> Plan:
    """What is published and wanted, or takes another plan back, as a plan. Raises Refused for data
    that is not fresh, and for more changes than the limits let through unless their exact number is
    given."""
    changes = undone.changes if undone else read_planned_changes(warehouse)
    wanted, blocked = sorted_out(changes, _own_accounts())
    states = _fresh({change.source_name for change in wanted}, warehouse)
    counted = Counter(change.action for change in wanted)
    document = {
        "format": FORMAT,
        "rollcall": __version__,
        "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "made_by": actor,
        "tenants": {
            source: provision.tenant(source) for source in {change.through for change in wanted}
        },
        "snapshot": {
            "data_as_of": min((state["as_of"] for state in states.values()), default=None),
            "runs": {name: state["complete_run_id"] for name, state in states.items()},
        },
        "decisions_sha256": _decided(warehouse),
        "undoes": undone.digest if undone else None,
        "exceeded": limits.judge(wanted, warehouse, most, "plan"),
        "totals": {
            "changes": len(wanted),
            "blocked": len(blocked),
            "by_action": {action: counted[action] for action in ORDER if counted[action]},
            "by_source": dict(Counter(change.source_name for change in wanted)),
        },
        "items": [change.item() for change in wanted],
        "blocked": [change.item() | {"blocked_because": why} for change, why in blocked],
    }
    return Plan(document | {"digest": digest_of(document)})


def read(path: Path) -> Plan:
    """A plan from its file. Raises Refused for one that is not byte for byte what `plan` wrote."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(str(path), (error.strerror or "").lower(), NEW) from None
    document = ledger.parsed(content.removesuffix(b"\n")) if content.endswith(b"\n") else None
    if document is None or document.get("format") != FORMAT or {*document} != FIELDS:
        raise Refused(f"plan {path}", "it is no plan of this version, or it was edited", NEW)
    if document["digest"] != digest_of(document):
        raise Refused(f"plan {path}", "it was edited: its digest is another", NEW)
    return Plan(document)


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256 of a plan's canonical JSON without its own digest."""
    bare = {name: value for name, value in document.items() if name != "digest"}
    return hashlib.sha256(ledger.canonical(bare)).hexdigest()


def read_planned_changes(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Change, str | None]]:
    """What the mart asks for, and why not where it cannot be done. Raises Misconfigured where there
    is no planned_changes yet."""
    warehouse.execute("set TimeZone = 'UTC'")
    try:
        columns = warehouse.execute("describe planned_changes").fetchall()
    except duckdb.CatalogException:
        raise Misconfigured(
            "plan", "what is published has no planned_changes yet", "run `rollcall sync`"
        ) from None
    cells = ", ".join(_text(name, kind) for name, kind, *_ in columns)
    found = []
    for row in named(warehouse.execute(f"select {cells} from planned_changes")):
        why = row.pop("blocked_because")
        found.append((Change.of(row), why))
    return found


def sorted_out(
    changes: list[tuple[Change, str | None]], own: set[str]
) -> tuple[list[Change], list[tuple[Change, str]]]:
    """The changes that can be made, in the order in which to make them, and those that cannot, with
    the reason: what is known of them, the policy as it is now, or that they touch one of our `own`
    accounts."""
    patterns, wanted, blocked = limits.protected(), [], []
    for change, known in changes:
        why = known or limits.untouchable(change, patterns, own)
        if not why and change.through not in provision.sources():
            why = "no write channel"
        if why:
            blocked.append((change, why))
        else:
            wanted.append(change)
    wanted.sort(key=lambda change: (ORDER.index(change.action), change.change_id))
    blocked.sort(key=lambda one: (one[1], one[0].change_id))
    return wanted, blocked


def _text(name: str, kind: str) -> str:
    """A column as the text that a change holds."""
    if kind.startswith("TIMESTAMP"):
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ') as {name}"
    return f"{name}::varchar as {name}"


def _own_accounts() -> set[str]:
    """The accounts of the pipeline, as far as this host has the credential to ask for them; `apply`
    asks for all of them."""
    return {
        account
        for source in provision.sources()
        if provision.is_configured(source)
        for account in provision.connect(source).own_accounts()
    }


def _fresh(
    touched: set[str], warehouse: duckdb.DuckDBPyConnection
) -> dict[str, dict[str, Any]]:
    """The state of every source that is to be changed. Raises Refused unless its last run was
    complete, not long ago."""
    hours = limits.Limits.configured().max_data_age_hours
    found = {state["source_name"]: state for state in sources(warehouse)}
    for name in sorted(touched):
        state = found.get(name)
        if state is None or state["is_stale"]:
            why = "its last sync was not complete, so who holds what may be otherwise"
        elif older(state["as_of"], hours):
            why = f"its data is of {state['as_of']}, more than {hours:g} hours old"
        else:
            continue
        raise Refused(f"plan: {name}", why, "run `rollcall sync`, or set PLAN__MAX_DATA_AGE_HOURS")
    return {name: found[name] for name in sorted(touched)}


def older(spoken: str, hours: float) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(spoken) > timedelta(hours=hours)


def _decided(warehouse: duckdb.DuckDBPyConnection) -> str:
    """SHA-256 of every decision and of the company's policy: what the plan carries out."""
    digest = hashlib.sha256()
    for (table,) in warehouse.execute(
        "select format('{}.{}', schema_name, table_name) from duckdb_tables()"
        " where schema_name = 'policy' or table_name = 'review_decisions' order by all"
    ).fetchall():
        digest.update(f"{table}\n".encode())
        for (row,) in fetched(warehouse.execute(DECIDED.format(table))):
            digest.update(row.encode() + b"\n")
    return digest.hexdigest()
