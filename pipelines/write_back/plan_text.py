"""Describe a plan in words: one line per change, and the blocked changes with their reasons.

The lines of a profile show the values of a person, so they are for whoever approves the plan, and
for no log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.sources.writer import COUNTED_ACTIONS
from pipelines.words import count_noun
from pipelines.write_back.plan import Plan

MAX_BLOCKED_LINES = 20  # per reason; --json has all of them
MEMBERSHIPS = {"grant": "+ joins", "revoke": "- leaves"}  # of a group that a push fills


def describe_plan(plan: Plan, path: Path | None) -> Iterator[str]:
    """Yield the lines that a person reads before approving the plan."""
    document = plan.document
    if document["items"]:
        count = count_noun(len(document["items"]), "change")
        yield f"{count}, from data of {document['snapshot']['data_as_of']}"
        for source, tenant in sorted(document["tenants"].items()):
            yield f"  through {source}: {tenant}"
        accepted = "as accepted" if plan.kind == "access" else "so only a person may approve it"
        for why in document["exceeded"]:
            yield f"  beyond a limit, {accepted}: {why}"
        yield from _describe_items(document["items"])
        yield from _describe_how(document["items"])
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
    yield from describe_commands(plan, path)


def describe_commands(plan: Plan, path: Path | None) -> Iterator[str]:
    """Yield how to try and to apply a plan that was written to a file."""
    if path:
        yield str(path)
        yield f"digest {plan.digest}"
        yield f"dry run: rollcall apply {path}"
        yield f"apply:   rollcall apply {path} --digest {plan.digest}"


def _describe_items(items: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of all changes. Whoever joins or leaves a pushed group is listed under it."""
    members = []
    for item in items:
        if item["reason_kind"] == "push" and item["action"] in MEMBERSHIPS:
            members.append(item)
        else:
            yield from describe_change(item)
    members.sort(key=lambda one: (one["reason_id"], one["action"], one["account_name"] or ""))
    for _, found in groupby(members, lambda one: one["reason_id"]):
        group = [*found]
        yield f"members: {_describe_group(group[0])} ({_describe_reason(group[0])})"
        for item in group:
            yield f"  {MEMBERSHIPS[item['action']]} {_describe_account(item)}"


def _describe_how(items: list[dict[str, Any]]) -> Iterator[str]:
    """Yield once for each declared system how people take access away there."""
    systems = {item["source_name"]: item for item in items if item["how_to_revoke"]}
    for item in systems.values():
        first, *others = item["how_to_revoke"].splitlines()
        yield f"how, in {item['source_title']}: {first}"
        yield from (f"  {line}" for line in others)


def describe_briefly(item: dict[str, Any]) -> str:
    """Return the action on which account and which access, by name, in one line."""
    return f"{_describe_action(item)} {_describe_subject(item)}"


def describe_change(item: dict[str, Any]) -> Iterator[str]:
    """Yield the line of one change, and lines about its values, what remains, and what is final."""
    yield f"{describe_briefly(item)} ({_describe_reason(item)})"
    yield from _describe_values(item)
    if item["residual"]:
        what = (
            "access that comes back" if item["action"] == "enable_account" else "remaining access"
        )
        yield f"    {what}: {item['residual']}"
    if item["action"] in COUNTED_ACTIONS and not item["inverse_action"]:
        yield "    cannot be undone"


def _describe_values(item: dict[str, Any]) -> Iterator[str]:
    """Yield each value that a change sets: of a profile, or of a group."""
    expected, wanted = (
        json.loads(item[name] or "{}") for name in ("expected_state", "wanted_state")
    )
    if item["action"] in ("create_group", "rename_group"):
        expected, wanted = {"profile": expected}, {"profile": wanted}
    if item["action"] == "create_account":
        yield f"    login: {_show(wanted.get('username'))}"
    if wanted.get("sends_mail") is True:
        yield "    a mail is sent"
    old, new = (state.get("profile") or {} for state in (expected, wanted))
    for name, value in sorted(new.items()):
        before = f"{_show(old.get(name))} -> " if name in old else ""
        if name not in old or old[name] != value:
            yield f"    {name}: {before}{_show(value)}"


def _show(value: Any) -> str:
    return "nothing" if value in (None, "") else json.dumps(value, ensure_ascii=False)


def _describe_action(item: dict[str, Any]) -> str:
    verb = item["action"].replace("_", " ")
    asked = (item["wanted_action"] or "").replace("_", " ")
    return f"{verb} in {item['through']} to {asked}:" if asked else f"{verb}:"


def _describe_subject(item: dict[str, Any]) -> str:
    """Return who and what, by name, or by id if there is no name."""
    is_group = not (item["account_id"] or item["account_name"] or item["person_id"])
    if is_group and (item["entitlement_id"] or item["resource_name"]):
        return _describe_group(item)
    who = _describe_account(item)
    what = item["entitlement_name"] or item["entitlement_id"]
    where = f" for {item['scope_id']}" if item["scope_id"] else ""
    return f"{item['source_name']}: {who}" + (f", {what}{where}" if what else "")


def _describe_account(item: dict[str, Any]) -> str:
    nobody = "several accounts" if item["action"] == "update_account" else "a new account"
    return item["account_name"] or item["account_id"] or item["person_id"] or nobody


def _describe_group(item: dict[str, Any]) -> str:
    name = item["resource_name"] or item["entitlement_name"] or item["entitlement_id"]
    return f"{item['source_name']}: {name}"


def _describe_reason(item: dict[str, Any]) -> str:
    reason = f"{item['reason_kind']} {item['reason_id']}"
    return f"{reason}: {item['reason']}" if item["reason"] else reason
