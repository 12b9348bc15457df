"""A plan in words: what it does, one line each, and what it does not do and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.write_back.plan import Plan

MAX_BLOCKED_LINES = 20  # lines of one reason for not doing something; --json has them all


def describe_plan(plan: Plan, path: Path | None) -> Iterator[str]:
    """What a person reads before they approve it."""
    document = plan.document
    if document["items"]:
        yield (
            f"{count_noun(len(document['items']), 'change')}, from data of "
            + (document["snapshot"]["data_as_of"])
        )
        for source, tenant in sorted(document["tenants"].items()):
            yield f"  through {source}: {tenant}"
        for why in document["exceeded"]:
            yield f"  beyond a limit, as accepted: {why}"
        for item in document["items"]:
            yield from describe_change(item)
    else:
        yield "nothing to change"
    for why, group in groupby(document["blocked"], lambda item: item["blocked_because"]):
        items = [*group]
        yield f"not done: {why} ({len(items)})"
        for item in items[:MAX_BLOCKED_LINES]:
            yield f"  {describe_subject(item)} ({describe_reason(item)})"
        if len(items) > MAX_BLOCKED_LINES:
            yield f"  and {len(items) - MAX_BLOCKED_LINES} more"
    if path:
        yield str(path)
        yield f"digest {plan.digest}"
        yield f"look first: rollcall apply {path}"
        yield f"carry out:  rollcall apply {path} --digest {plan.digest}"


def describe_change(item: dict[str, Any]) -> Iterator[str]:
    """One change, and what of the access stays nevertheless."""
    yield f"{describe_action(item)} {describe_subject(item)} ({describe_reason(item)})"
    if item["residual"]:
        yield f"    stays nevertheless: {item['residual']}"


def describe_action(item: dict[str, Any]) -> str:
    verb = item["action"].replace("_", " ")
    asked = (item["wanted_action"] or "").replace("_", " ")
    return f"{verb} in {item['through']} to {asked}:" if asked else f"{verb}:"


def describe_subject(item: dict[str, Any]) -> str:
    """Who and what, by name, and by id where there is no name."""
    who = item["account_name"] or item["account_id"] or item["person_id"] or "a new account"
    what = item["entitlement_name"] or item["entitlement_id"]
    where = f" for {item['scope_id']}" if item["scope_id"] else ""
    return f"{item['source_name']}: {who}" + (f", {what}{where}" if what else "")


def describe_reason(item: dict[str, Any]) -> str:
    said = f"{item['reason_kind']} {item['reason_id']}"
    return f"{said}: {item['reason']}" if item["reason"] else said


def count_noun(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
