"""What stands in a ticket: what to do, for whom, why, by when; and the mark that it is found by."""

from __future__ import annotations

import hashlib
import html
import json
import re

from pipelines.redact import UNPRINTABLE, remove_secrets
from pipelines.sources.writer import Change

REFERENCE = re.compile(r"RC-[0-9a-f]{16}")
LONGEST_SUMMARY = 200
TO_DO = {
    "grant": "give {account} the access {access}",
    "revoke": "take the access {access} from {account}",
    "create_account": "make an account for {account}",
    "disable_account": "disable the account {account}",
    "enable_account": "enable the account {account}",
    "delete_account": "delete the account {account}",
    "modify": "change the access {access} of {account}, as said below",
}
ENDING = (
    "Close this ticket when it is done. Whether the access is gone, or there, is then read from the"
    " system itself: the ticket is opened again if it is not so. Please leave the mark in the"
    " summary, the ticket is found by it."
)


def reference(change_id: str) -> str:
    """The mark of one change, which no other ticket or note carries."""
    return f"RC-{hashlib.sha256(change_id.encode()).hexdigest()[:16]}"


def to_do(change: Change) -> str:
    """One sentence without its full stop."""
    words = TO_DO.get(change.asks_for, change.asks_for)
    account = change.account_name or change.account_username or change.account_id or "somebody"
    access = change.entitlement_name or change.resource_name or change.entitlement_id or ""
    return line(f"In {change.source_name}, {words.format(account=account, access=access)}")


def summary(change: Change) -> str:
    """The mark comes first: a summary that is cut short still has it."""
    text = f"[{reference(change.change_id)}] {to_do(change)}"
    return text if len(text) <= LONGEST_SUMMARY else f"{text[: LONGEST_SUMMARY - 1]}…"


def details(change: Change) -> str:
    """All that somebody needs who does it by hand, one fact a line."""
    scope = f"{change.scope_type} {change.scope_id}" if change.scope_id else None
    facts = {
        "What to do": f"{to_do(change)}.",
        "System": change.source_name,
        "Account": with_id(change.account_name, change.account_username, change.account_id),
        "Access": with_id(change.entitlement_name, change.resource_name, change.entitlement_id),
        "Where": scope,
        "Why": with_id(change.reason or change.reason_kind, None, change.reason_id),
        "Approved by": change.approved_by,
        "Due": change.due_at,
        "What stays": change.residual,
    }
    if change.asks_for == "create_account":
        facts |= json.loads(change.wanted_state or "{}")
    told = [line(f"{name}: {value}") for name, value in facts.items() if value not in (None, "")]
    return "\n".join([*told, "", ENDING, f"[{reference(change.change_id)}]"])


def note(change: Change) -> str:
    """What a ticket is told, as HTML (`note_html`), with a mark of its own."""
    text = line(f"{change.reason or change.reason_kind} [{reference(change.change_id)}]")
    return f"<p>{html.escape(text)}</p>"


def with_id(name: str | None, other: str | None, key: str | None) -> str:
    """A name, what else it is known by, and its id."""
    more = ", ".join(dict.fromkeys(part for part in (other, key) if part and part != name))
    return f"{name or ''} ({more})".strip() if more else name or ""


def line(text: str) -> str:
    return remove_secrets(UNPRINTABLE.sub(" ", text)).strip()
