"""The lines that `push test` prints: whom the rules find, and what would change in the target."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

SIGNS = {"to_add": "+", "to_remove": "-", "differs": "~", "blocked": "!", "kept": "="}
WORDS = {
    "member": "stay",
    "to_add": "would be added",
    "to_remove": "would be removed",
    "kept": "kept",
    "blocked": "blocked",
    "same": "as wanted",
    "differs": "would change",
}


def describe_trial(document: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a result of `try_rules` or `explain_person`."""
    for name in document["stale"]:
        yield f"warning: {name} is stale; its last complete state counts"
    yield from (f"warning: {text}" for text in document["warnings"])
    yield f"{document['rules']}: about {_count(document['people'], 'people')}"
    for group in document.get("groups", ()):
        yield from _describe_group(group)
    for field in document.get("fields", ()):
        yield from _describe_field(field)
    for person in document.get("persons", ()):
        yield from _describe_person(person)


def _describe_group(group: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield _describe_rule(group)
    if group["refused"]:
        yield f"  no answer: {group['refused']}"
        return
    yield f"  finds {_count(group['found'], 'people')}"
    if group["rule"]:
        place = group["entitlement_id"] or "not there yet"
        why = f", blocked: {group['why']}" if group["why"] else ""
        yield f"  group {group['name']} ({place}){why}: {_describe_counts(group['counts'])}"
    yield from _list_rows(group["rows"], group["counts"])
    if group["outside"]:
        yield f"  {_count(group['outside'], 'people')} more, but [people] leaves them out:"
        yield from (f"    {_name(row)}: {row['why']}" for row in group["outside_rows"])
        yield from _more(len(group["outside_rows"]), group["outside"])
    if group["unknown"]:
        yield f"  {_count(group['unknown'], 'people')} more, not read yet: run `rollcall sync`"


def _describe_field(field: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield _describe_rule(field)
    if field["warning"]:
        yield f"  warning: {field['warning']}"
    if field["refused"]:
        yield f"  no answer: {field['refused']}"
        return
    yield f"  {_describe_counts(field['counts'])}"
    changes = [row for row in field["rows"] if row["state"] != "same"]
    yield from _list_rows(changes, field["counts"] | {"same": 0})


def _list_rows(rows: list[dict[str, Any]], counts: dict[str, int]) -> Iterator[str]:
    """Yield one line per row, those that change first, and how many of a state are not shown."""
    for state in (*SIGNS, "member", "found"):
        found = [row for row in rows if row["state"] == state]
        for row in found:
            why = f" ({row['why']})" if row["why"] else ""
            yield f"    {SIGNS.get(state, ' ')} {_name(row)}{_describe_change(row)}{why}"
        yield from _more(len(found), counts.get(state, 0))


def _describe_person(person: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"{_name(person)}: {person['employment_status']}"
    if not person["is_in_scope"]:
        yield f"  [people] leaves them out: {person['outside_because']}"
    account = person["account_id"] or "no account"
    name = f" {person['username']}" if person["username"] else ""
    why = f": {person['why']}" if person["why"] else ""
    yield f"  {account}{name} ({person['state']}){why}"
    for row in (*person["fields"], *person["groups"]):
        blocked = row.get("group_blocked_because")
        why = "; ".join(filter(None, (row["why"], blocked and f"group blocked: {blocked}")))
        state = WORDS.get(row["state"], row["state"])
        yield f"  {_describe_rule(row)}{_describe_change(row)}"
        yield f"    {state}{f' ({why})' if why else ''}"
    for rule in person["other_rules"]:
        no_answer = f", no answer: {rule['refused']}" if rule["refused"] else ""
        yield f"  not in {_describe_rule(rule)}{no_answer}"


def _describe_rule(tried: dict[str, Any]) -> str:
    [(kind, text)] = tried["query"].items()
    query = f"{kind} = {text}"
    return f"{tried['rule']}: {query}" if tried["rule"] else query


def _describe_counts(counts: dict[str, int]) -> str:
    found = [f"{number} {WORDS[state]}" for state, number in counts.items() if number]
    return ", ".join(found) or "nobody"


def _describe_change(row: dict[str, Any]) -> str:
    """Return the value now and the wanted one; empty if both are the same, or for a group."""
    if "wanted_value" not in row or row["state"] == "same":
        return ""
    return f": {_value(row['current_value'])} -> {_value(row['wanted_value'])}"


def _more(shown: int, count: int) -> Iterator[str]:
    if count > shown > 0:
        yield f"      and {count - shown} more; see --limit"


def _count(number: int, what: str) -> str:
    return "1 person" if number == 1 and what == "people" else f"{number} {what}"


def _name(row: dict[str, Any]) -> str:
    mail = row["work_email"] or row["username"]
    return f"{row['full_name']} <{mail}>" if mail else str(row["full_name"])


def _value(text: str | None) -> str:
    """Return a JSON value as the text to show; null and an empty text are shown as `nothing`."""
    value = json.loads(text) if text else None
    return "nothing" if value in (None, "") else json.dumps(value, ensure_ascii=False)
