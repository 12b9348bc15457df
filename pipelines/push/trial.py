"""Try push rules before they are saved: who is wanted, and what would change in the target.

Everything is told of published data. Only a query in the words of the HR system is sent to it.
Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.failures import Misconfigured, Refused
from pipelines.push.evaluate import evaluate_rules
from pipelines.push.question import UNNAMED, Question, Trial, choose_rules
from pipelines.push.rules import FieldRule, GroupRule, read_rules
from pipelines.push.target import PublishedTarget
from pipelines.warehouse.publish import open_published
from pipelines.warehouse.source_states import read_source_states

Rows = list[dict[str, Any]]
GROUP_STATES = ("member", "to_add", "to_remove", "kept", "blocked")
FIELD_STATES = ("same", "differs", "kept", "blocked")
SHOWN = ("person_id", "full_name", "work_email", "account_id", "username")


def try_rules(warehouse: Path, target: str, question: Question, limit: int) -> dict[str, Any]:
    """Return what the rules want of the published people, and what would change in the target, with
    so many rows of each state.

    Raises Misconfigured for a wrong file, query or name, and Refused where the target was never
    read.
    """
    with _evaluate(warehouse, target, question) as (published, trial, document):
        groups = [_try_group(published, name, rule, trial) for name, rule in trial.groups.items()]
        fields = [_try_field(published, name, rule) for name, rule in trial.fields.items()]
    return document | {
        "groups": [_shorten(one, limit) for one in groups],
        "fields": [_shorten(one, limit) for one in fields],
    }


def explain_person(warehouse: Path, target: str, mail: str) -> dict[str, Any]:
    """Return everything that the rules want for the people with a work email, and why.

    Raises Misconfigured if nobody has the address. Two people may share one.
    """
    with _evaluate(warehouse, target, Question()) as (published, trial, document):
        persons = published.list_persons("lower(work_email) = lower(trim(?))", mail)
        if not persons:
            why = "no person has this work email in the published data"
            raise Misconfigured("--person", why, "look it up in the table `people`")
        groups = [_try_group(published, name, rule, trial) for name, rule in trial.groups.items()]
        fields = [_try_field(published, name, rule) for name, rule in trial.fields.items()]
    return document | {"persons": [_select_person(one, groups, fields) for one in persons]}


@contextmanager
def _evaluate(
    warehouse: Path, target: str, question: Question
) -> Iterator[tuple[PublishedTarget, Trial, dict[str, Any]]]:
    """Yield the target beside what the rules want, the rules that are tried, and when was read."""
    rules = read_rules(target)
    # One file is read even if a sync publishes another one meanwhile
    with open_published(warehouse) as connection:
        states = _read_states(connection, target)
        trial = choose_rules(rules, question)
        with trial.name_flag():
            wanted = evaluate_rules(warehouse, trial.rules)
        refused = wanted.refused.items()
        document = {
            "target": target,
            "rules": str(rules.path),
            "read_at": {state["source_name"]: state["as_of"] for state in states},
            "stale": [state["source_name"] for state in states if state["is_stale"]],
            "people": wanted.accounts.num_rows,
            "warnings": [f"{place}: {why}" for place, why in refused if place[:7] == "people."],
        }
        yield PublishedTarget(connection, trial.rules, wanted), trial, document


def _read_states(connection: duckdb.DuckDBPyConnection, target: str) -> Rows:
    states = read_source_states(connection)
    if not any(state["source_name"] == target and state["as_of"] for state in states):
        why = "it was never read completely, so nobody knows who is in which group"
        raise Refused(f"target {target}", why, f"run `rollcall sync {target}`")
    return states


def _try_group(
    published: PublishedTarget, name: str, rule: GroupRule, trial: Trial
) -> dict[str, Any]:
    """Return whom a group rule finds, and who would join and leave its group."""
    refused = published.refused.get(f"groups.{name}")
    is_named = name != UNNAMED
    group = published.find_group(name, rule) if is_named else {"entitlement_id": None}
    rows = [] if refused else published.list_members(name, rule, group["entitlement_id"])
    found = sum(row["is_wanted"] for row in rows)
    would_empty = bool(rows) and rule.members == "exact"
    has_answer = found or refused or group.get("why")
    # A rule makes no group until it finds somebody, and empties none
    if is_named and not has_answer and (would_empty or not group["entitlement_id"]):
        group |= {"state": "blocked", "why": "it gives nobody"}
    outside, unknown = _list_outside(published, trial.found or ())
    texts = {kind: getattr(rule, kind) for kind in ("where", "sql", "carrot")}
    return {
        "rule": f"groups.{name}" if is_named else None,
        "query": trial.query or {kind: text for kind, text in texts.items() if text},
        **group,
        "refused": refused,
        "found": found,
        "outside": len(outside),
        "unknown": unknown,
        "counts": _count(rows, GROUP_STATES) if is_named else {"found": found},
        "rows": rows if is_named else [row | {"state": "found"} for row in rows],
        "outside_rows": outside,
    }


def _list_outside(published: PublishedTarget, found: tuple[str, ...]) -> tuple[Rows, int]:
    """Return the people whom the HR system finds and the push is not about, and the number of those
    whom the warehouse does not have yet."""
    known = published.list_persons("list_contains(?, person_id)", [*found])
    outside = [
        {name: row[name] for name in SHOWN} | {"state": "outside", "why": row["outside_because"]}
        for row in known
        if not row["is_in_scope"]
    ]
    return outside, len({*found}) - len(known)


def _try_field(published: PublishedTarget, name: str, rule: FieldRule) -> dict[str, Any]:
    """Return which values of an attribute a rule would change."""
    refused = published.refused.get(f"fields.{name}")
    rows = [] if refused else published.list_values(name, rule)
    warning = "no sync has read which attributes the target has: run `rollcall sync`"
    return {
        "rule": f"fields.{name}",
        "query": {kind: text for kind in ("field", "sql") if (text := getattr(rule, kind))},
        "refused": refused,
        "warning": None if published.knows_attributes() else warning,
        "counts": _count(rows, FIELD_STATES),
        "rows": rows,
    }


def _count(rows: Rows, states: tuple[str, ...]) -> dict[str, int]:
    found = Counter(row["state"] for row in rows)
    return {state: found[state] for state in states}


def _shorten(tried: dict[str, Any], limit: int) -> dict[str, Any]:
    """Return what was tried, with so many rows of each state."""
    shown: dict[str, Any] = {}
    for name in tried.keys() & {"rows", "outside_rows"}:
        seen: Counter[str] = Counter()
        shown[name] = []
        for row in tried[name]:
            seen[row["state"]] += 1
            shown[name] += [row] if seen[row["state"]] <= limit else []
    return tried | shown


def _select_person(person: dict[str, Any], groups: Rows, fields: Rows) -> dict[str, Any]:
    """Return what the rules want for one person: each rule with its query, state and reason."""

    def select(tried: Rows) -> Rows:
        return [
            {name: one[name] for name in ("rule", "query", "name") if name in one}
            | {"group_blocked_because": one.get("why")}
            | {name: value for name, value in row.items() if name not in SHOWN}
            for one in tried
            for row in one["rows"]
            if row["person_id"] == person["person_id"]
        ]

    found = {"groups": select(groups), "fields": select(fields)}
    named = {row["rule"] for rows in found.values() for row in rows}
    others = [one for one in (*groups, *fields) if one["rule"] not in named]
    asked = [{name: one[name] for name in ("rule", "query", "refused")} for one in others]
    return person | found | {"other_rules": asked}
