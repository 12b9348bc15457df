"""Describe what a push did, for the terminal and for a message: who and what, and never a value."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pipelines.redact import redact_text
from pipelines.sources.writer import Change
from pipelines.unattended.push_run import PushOutcome

MAX_LINES = 50


def choose_message(outcome: PushOutcome) -> list[str] | None:
    """Return the lines of the message about a push, as the rules want it; None for no message.

    Failures are always told, and so are rules that cannot be read.
    """
    notify = outcome.rules.definition.notify if outcome.rules else None
    is_news = outcome.failures or outcome.results or (notify and notify.when == "always")
    return summarize_push(outcome, notify.detail if notify else "changes") if is_news else None


def summarize_push(outcome: PushOutcome, detail: str = "changes") -> list[str]:
    """Return what a push did, in at most MAX_LINES lines: counts, failures, then each change.

    With the detail `counts` nobody is named. Values of attributes, mail addresses and secrets are
    never in it.
    """
    begin = [outcome.describe_counts(), *_describe_failures(outcome)]
    return _shorten([*begin, *_list_details(outcome, detail)])


def describe_details(outcome: PushOutcome) -> list[str]:
    """Return the same lines without counts and failures."""
    return _shorten([*_list_details(outcome, "changes")])


def _list_details(outcome: PushOutcome, detail: str) -> Iterator[str]:
    for why, number in outcome.blocked.items():
        yield f"blocked: {redact_text(why)} ({number})"
    if outcome.unproven:
        yield f"not seen by the sync at the end: {outcome.unproven} of these changes"
    if detail == "changes":
        yield from _describe_changes(outcome)


def _shorten(lines: list[str]) -> list[str]:
    hidden = len(lines) - MAX_LINES + 1
    return lines if hidden <= 1 else [*lines[: MAX_LINES - 1], f"and {hidden} lines more"]


def _describe_failures(outcome: PushOutcome) -> Iterator[str]:
    for failure in outcome.failures:
        yield redact_text(f"{failure.what}: {failure.why}", 600)
        if failure.next:
            yield f"  next: {redact_text(failure.next, 600)}"


def _describe_changes(outcome: PushOutcome) -> Iterator[str]:
    for result in outcome.results.values():
        why = f": {redact_text(result.why)}" if result.why else ""
        text = redact_text(describe_change(result.change))
        yield f"{result.outcome.replace('_', ' ')}: {text}{why}"


def describe_change(change: Change) -> str:
    """Return who is changed and what, in words and without any value of an attribute."""
    wanted = json.loads(change.wanted_state or "{}")
    who = change.account_name or change.account_id or change.person_id or "somebody"
    group = change.entitlement_name or change.resource_name or change.entitlement_id
    return {
        "update_account": f"set {', '.join(sorted(wanted.get('profile') or {}))} of {who}",
        "create_account": f"create an account for {who}",
        "enable_account": f"activate the account of {who}",
        "create_group": f"create the group {wanted.get('name')}",
        "rename_group": f"rename the group {group} to {wanted.get('name')}",
        "grant": f"add {who} to {group}",
        "revoke": f"take {who} out of {group}",
    }.get(change.action, f"{change.action.replace('_', ' ')} {who}")
