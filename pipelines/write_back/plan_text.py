"""Describe a plan in words: one line per change, and the blocked changes with their reasons."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.sources.writer import COUNTED_ACTIONS
from pipelines.write_back.plan import Plan

MAX_BLOCKED_LINES = 20  # per reason; --json has all of them


def describe_plan(plan: Plan, path: Path | None) -> Iterator[str]:
    """Yield the lines that a person reads before approving the plan."""
    document = plan.document
    if document["items"]:
        count = count_noun(len(document["items"]), "change")
        yield f"{count}, from data of {document['snapshot']['data_as_of']}"
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
        for step in dict.fromkeys(item["next_step"] for item in items if item["next_step"]):
            yield f"  next: {step}"
        for item in items[:MAX_BLOCKED_LINES]:
            yield f"  {_describe_subject(item)} ({_describe_reason(item)})"
        if len(items) > MAX_BLOCKED_LINES:
            yield f"  and {len(items) - MAX_BLOCKED_LINES} more"
    if path:
        yield str(path)
        yield f"digest {plan.digest}"
        yield f"dry run: rollcall apply {path}"
        yield f"apply:   rollcall apply {path} --digest {plan.digest}"


def describe_change(item: dict[str, Any]) -> Iterator[str]:
    """Yield the line of one change, and lines about what remains in spite of it, or for good."""
    yield f"{_describe_action(item)} {_describe_subject(item)} ({_describe_reason(item)})"
    if item["residual"]:
        yield f"    remaining access: {item['residual']}"
    if item["action"] in COUNTED_ACTIONS and not item["inverse_action"]:
        yield "    cannot be undone"


def _describe_action(item: dict[str, Any]) -> str:
    verb = item["action"].replace("_", " ")
    asked = (item["wanted_action"] or "").replace("_", " ")
    return f"{verb} in {item['through']} to {asked}:" if asked else f"{verb}:"


def _describe_subject(item: dict[str, Any]) -> str:
    """Return who and what, by name, or by id if there is no name."""
    who = item["account_name"] or item["account_id"] or item["person_id"] or "a new account"
    what = item["entitlement_name"] or item["entitlement_id"]
    where = f" for {item['scope_id']}" if item["scope_id"] else ""
    return f"{item['source_name']}: {who}" + (f", {what}{where}" if what else "")


def _describe_reason(item: dict[str, Any]) -> str:
    reason = f"{item['reason_kind']} {item['reason_id']}"
    return f"{reason}: {item['reason']}" if item["reason"] else reason


def count_noun(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
