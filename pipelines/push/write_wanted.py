"""Write what the push rules want into schema `push` of a warehouse that is not published yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.failures import Misconfigured, Refused
from pipelines.push.evaluate import Wanted, evaluate_rules
from pipelines.push.rules import PushRules, find_targets, read_all_rules
from pipelines.sql import Table, has_table, quote
from pipelines.warehouse import push_tables


def has_rules(candidate: Path) -> bool:
    """Return whether there are rules now, or whether the warehouse has what earlier ones want."""
    with duckdb.connect(str(candidate)) as connection:
        return bool(find_targets()) or (
            has_table(connection, push_tables.TARGETS.name, push_tables.TARGETS.schema)
            and bool(connection.execute("from push.targets limit 1").fetchone())
        )


def write_wanted(candidate: Path, report: Callable[[str], None]) -> None:
    """Write anew what the rules of all targets want of the people of this warehouse.

    The tables exist, because `transform` makes them. Rules that have no answer stop no sync: the
    tables say why, and so does `report`.
    """
    answers = [(rules, *_evaluate(candidate, rules, report)) for rules in read_all_rules()]
    with duckdb.connect(str(candidate)) as connection:
        for table in push_tables.TABLES:
            connection.execute(f"delete from {table.schema}.{table.name}")
        for rules, wanted, refused_because in answers:
            _insert_rows(connection, push_tables.TARGETS, [_describe(rules, refused_because)])
            refused = wanted.refused if wanted else {}
            _insert_rows(connection, push_tables.RULES, _list_rules(rules, refused))
            if wanted:
                _insert_wanted(connection, rules.target, wanted)


def _evaluate(
    candidate: Path, rules: PushRules, report: Callable[[str], None]
) -> tuple[Wanted | None, str | None]:
    """Return what the rules of one target want, or why they have no answer."""
    try:
        wanted = evaluate_rules(candidate, rules)
    except (Misconfigured, Refused) as failure:
        report(f"push rules: {failure}")
        return None, f"{failure.what}: {failure.why}"
    for place, why in wanted.refused.items():
        report(f"push rules: {rules.path} {place}: {why}")
    return wanted, None


def _describe(rules: PushRules, refused_because: str | None) -> dict[str, Any]:
    profiles = rules.definition.profiles
    return {
        "target": rules.target,
        "refused_because": refused_because,
        "creates_accounts": profiles.create,
        "reactivates": profiles.reactivate,
        "activates": profiles.activate,
        "sends_mail": profiles.activation_mail,
        "user_type": profiles.user_type or None,
        "rules_sha256": rules.digest(""),  # the tenant is known only where the target is changed
    }


def _list_rules(rules: PushRules, refused: dict[str, str]) -> list[dict[str, Any]]:
    """Return one row per rule. `refused` says why a rule (`groups.finance`) has no answer."""
    fields, groups = rules.definition.fields, rules.definition.groups
    return [
        {
            "target": rules.target,
            "kind": "field",
            "rule_id": name,
            "name": None,
            "description": None,
            "adopts": None,
            "removes_members": False,
            "clears": field.when_blank == "clear",
            "identifies": field.identifies,
            "refused_because": refused.get(f"fields.{name}"),
        }
        for name, field in fields.items()
    ] + [
        {
            "target": rules.target,
            "kind": "group",
            "rule_id": name,
            "name": group.name,
            "description": group.description.strip() or None,
            "adopts": group.adopt or None,
            "removes_members": group.members == "exact",
            "clears": False,
            "identifies": False,
            "refused_because": refused.get(f"groups.{name}"),
        }
        for name, group in groups.items()
    ]


def _insert_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: list[dict[str, Any]]
) -> None:
    if rows:
        _insert_table(connection, f"{table.schema}.{table.name}", pa.Table.from_pylist(rows))


def _insert_wanted(connection: duckdb.DuckDBPyConnection, target: str, wanted: Wanted) -> None:
    parts: dict[str, pa.Table] = {
        "people": wanted.accounts,
        "wanted_members": wanted.members,
        "wanted_profiles": wanted.profiles,
    }
    for name, rows in parts.items():
        _insert_table(connection, f"push.{name}", rows, f"{quote(target)} as target,")


def _insert_table(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, constant: str = ""
) -> None:
    connection.register("wanted_rows", rows)
    # By name: a column that came with an update is the last one of an older table
    connection.execute(f"insert into {name} by name select {constant} * from wanted_rows")
    connection.unregister("wanted_rows")
