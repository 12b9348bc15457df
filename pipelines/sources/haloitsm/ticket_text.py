"""Write the text of a ticket: what to do, for whom, why, by when, and the ticket's reference."""

from __future__ import annotations

import hashlib
import html
import json
import re

from pipelines.redact import UNPRINTABLE, remove_secrets
from pipelines.sources.writer import Change

REFERENCE_PATTERN = re.compile(r"RC-[0-9a-f]{16}")
MAX_SUMMARY_LENGTH = 200
TASK_TEXTS = {
    "grant": "give {account} the access {access}",
    "revoke": "take the access {access} from {account}",
    "create_account": "make an account for {account}",
    "disable_account": "disable the account {account}",
    "enable_account": "enable the account {account}",
    "delete_account": "delete the account {account}",
    "modify": "change the access {access} of {account} as described below",
}
CLOSING_TEXT = (
    "Close this ticket when the task is done. The next access sync reads the system itself, and the"
    " ticket is reopened if the task turns out not to be done. Please leave the reference in the"
    " summary, because the ticket is found by it."
)


def make_reference(change_id: str) -> str:
    """Return the reference of one change, which no other ticket or note contains."""
    return f"RC-{hashlib.sha256(change_id.encode()).hexdigest()[:16]}"


def write_task(change: Change) -> str:
    """Return the task for a person, as one sentence without its full stop."""
    text = TASK_TEXTS.get(change.asks_for, change.asks_for)
    account = change.account_name or change.account_username or change.account_id or "somebody"
    access = change.entitlement_name or change.resource_name or change.entitlement_id or ""
    system = change.source_title or change.source_name
    return clean_line(f"In {system}, {text.format(account=account, access=access)}")


def write_summary(change: Change) -> str:
    """Return the summary; the reference comes first, so that a shortened summary still has it."""
    text = f"[{make_reference(change.change_id)}] {write_task(change)}"
    return text if len(text) <= MAX_SUMMARY_LENGTH else f"{text[: MAX_SUMMARY_LENGTH - 1]}…"


def write_details(change: Change) -> str:
    """Return all that somebody needs to carry the change out by hand, one fact a line."""
    scope = f"{change.scope_type} {change.scope_id}" if change.scope_id else None
    facts = {
        "What to do": f"{write_task(change)}.",
        "System": add_ids(change.source_title, change.source_name),
        "Account": add_ids(change.account_name, change.account_username, change.account_id),
        "Email": change.account_email,
        "Access": add_ids(change.entitlement_name, change.resource_name, change.entitlement_id),
        "Where": scope,
        "How": change.how_to_revoke,
        "Why": add_ids(change.reason or change.reason_kind, change.reason_id),
        "Approved by": change.approved_by,
        "Due": change.due_at,
        "What stays": change.residual,
    }
    if change.asks_for == "create_account":
        facts |= json.loads(change.wanted_state or "{}")
    lines = [
        clean_line(line)
        for name, value in facts.items()
        if value not in (None, "")
        for line in f"{name}: {value}".splitlines()  # how to do it may be a list of steps
    ]
    return "\n".join([*lines, "", CLOSING_TEXT, f"[{make_reference(change.change_id)}]"])


def write_note(change: Change) -> str:
    """Return a note for an existing ticket as HTML (`note_html`), with a reference of its own."""
    reason = change.reason or change.reason_kind
    text = clean_line(f"{reason} [{make_reference(change.change_id)}]")
    return f"<p>{html.escape(text)}</p>"


def add_ids(name: str | None, *ids: str | None) -> str:
    """Return a name, followed by those ids that are known and differ from it."""
    known = ", ".join(dict.fromkeys(key for key in ids if key and key != name))
    return f"{name or ''} ({known})".strip() if known else name or ""


def clean_line(text: str) -> str:
    return remove_secrets(UNPRINTABLE.sub(" ", text)).strip()
