"""HaloITSM changed: by tickets only, which people carry out.

Halo does not say whether a write replaces its nested lists or merges them, so its own teams and
roles are left to people, like all else that no API changes. Two calls would make two tickets: each
ticket carries the mark of its change, which is looked for before it is made and after.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pipelines.failures import Rejected, Unknown
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import check_secret
from pipelines.http.policy import NEXT_SYNC, Counters, Policy, origin_of
from pipelines.http.write_once import send_once
from pipelines.redact import redact_text
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.haloitsm.client import HaloITSM
from pipelines.sources.haloitsm.service_desk import TICKETS as RIGHT
from pipelines.sources.haloitsm.service_desk import Desk, Names
from pipelines.sources.haloitsm.ticket_text import details, note, reference, summary
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Receipt, Seen, wait_until_settled

SHOWN = ("tickettype_id", "priority_id", "category_1", "team", "user_id")  # and compared afterwards
OUTCOME = "set PROVISION__HALOITSM__NOTE_OUTCOME to an outcome of this instance, by name or by id"


def tenant(base_url: str, tenant: str | None = None) -> str:
    """One instance."""
    return origin_of(base_url) + (f" {tenant.strip()}" if tenant else "")


def connect(
    base_url: str,
    client_id: str,
    client_secret: str,
    auth_url: str | None = None,
    tenant: str | None = None,
    scope: str = "all",
    requests_per_second: float = 2.0,
    sync_client_id: str | None = None,
    sync_client_secret: str | None = None,
    sync_scope: str = "all",
    ticket_type: str | None = None,
    ticket_status: str | None = None,
    ticket_closed_status: str = "Closed",
    ticket_reopened_status: str | None = None,
    ticket_priority: str | None = None,
    ticket_category: str | None = None,
    ticket_team: str | None = None,
    ticket_requester: str | None = None,
    note_outcome: str = "Internal Note",
    settle_seconds: float = 10.0,
) -> Provisioner:
    """The ticket_… settings are names on the instance, looked up there, and `note_outcome` is the
    action by which notes are added, by name or id."""
    for name, value in (("ID", client_id), ("SECRET", client_secret)):
        check_secret(f"PROVISION__HALOITSM__CLIENT_{name}", value)
    policy = Policy(requests_per_second=requests_per_second, concurrency=1)
    names = Names(
        ticket_type,
        ticket_status,
        ticket_closed_status,
        ticket_reopened_status,
        ticket_priority,
        ticket_category,
        ticket_team,
        ticket_requester,
    )

    def desk(id_: str, secret: str, scope: str) -> Desk:
        halo = HaloITSM(
            base_url, auth_url, tenant, id_, secret, scope, 100, policy, Counters(), EarlierRows()
        )
        return Desk(halo, names)

    desks = [desk(client_id, client_secret, scope)]
    if sync_client_id and sync_client_secret:
        desks.append(desk(sync_client_id, sync_client_secret, sync_scope))
    return Provisioner(desks, note_outcome, settle_seconds)


class Provisioner:
    """One instance, as the agent that the write credential acts as. `desks` are of that one, and of
    the one that reads if this host has it."""

    def __init__(self, desks: list[Desk], outcome: str, settle: float) -> None:
        self.desks, self.desk, self.api = desks, desks[0], desks[0].api
        self.outcome, self.settle = outcome, settle

    def own_accounts(self) -> set[str]:
        """The agents that the API applications act as. Raises Denied or Unreadable."""
        return {f"haloitsm:agent:{desk.me}" for desk in self.desks}

    # ---- looking

    def look(self, change: Change, asked_at: datetime | None = None) -> Seen:
        return wait_until_settled(lambda: self.seen(change, asked_at), asked_at, self.settle)

    def seen(self, change: Change, asked_at: datetime | None) -> Seen:
        match change.action:
            case "open_ticket":
                return self.opened(change, asked_at)
            case "close_ticket" | "reopen_ticket" | "comment_ticket":
                return self.existing(change)
        return Seen("drift", "HaloITSM is changed by tickets only")

    def opened(self, change: Change, asked_at: datetime | None) -> Seen:
        """Whether there is a ticket for this change, and what it lacks: rules of the instance may
        take a ticket elsewhere, and a property that it does not know is dropped without a word."""
        wanted, mark = self.desk.new_ticket, reference(change.change_id)
        row = self.desk.find(mark, asked_at)
        if row is None:
            return Seen("pending")
        ticket = self.desk.ticket(str(to_text_id(row.get("id"))))
        if ticket is None:
            return Seen("drift", "its ticket was deleted", facts_of(row, mark))
        lacks = [
            f"{name} {ticket.get(name)} and not {wanted[name]}"
            for name in SHOWN
            if name in wanted and not is_same(ticket.get(name), wanted[name])
        ]
        why = f"the ticket has {', '.join(lacks)}" if lacks else ""
        return Seen("done", redact_text(why), facts_of(ticket, mark))

    def existing(self, change: Change) -> Seen:
        """The state of a ticket that was opened before; one without its mark is not touched."""
        expected = json.loads(change.expected_state or "{}")
        key, mark = native(expected), str(expected.get("reference"))
        if not key.isdecimal():
            return Seen("drift", "the change does not say of which ticket")
        ticket = self.desk.ticket(key)
        if ticket is None:
            return Seen("absent", "the ticket is not there any more")
        facts = facts_of(ticket, mark)
        if mark not in f"{ticket.get('summary')} {ticket.get('details')}":
            return Seen("drift", "the ticket does not carry its mark any more", facts)
        if change.action == "comment_ticket":
            own = reference(change.change_id)
            notes = self.desk.notes(key)
            is_there = any(own in f"{row.get('note')} {row.get('note_html')}" for row in notes)
            return Seen("done" if is_there else "pending", facts=facts)
        is_to_be_closed = change.action == "close_ticket"
        is_done = self.desk.is_closed(ticket) == is_to_be_closed
        return Seen("done" if is_done else "pending", facts=facts)

    # ---- acting

    def act(self, change: Change, seen: Seen) -> Receipt:
        path, element = self.call(change, seen)
        try:
            answer = send_once(self.api, "POST", path, [element])
        except Rejected as refused:
            told = refused.next
            if refused.status == 403:
                told = f"give the write credential {RIGHT}"
            elif path == "Actions":  # some builds want the id, and each has outcomes of its own
                told = f"see what Halo wants of a note or of a closure, or {OUTCOME}"
            what, status, body = refused.what, refused.status, refused.body
            raise Rejected(what, refused.why, told, status, body) from None
        made = answer.json()
        made = made[-1] if isinstance(made, list) and made else made
        made = made if isinstance(made, dict) else {}
        key = to_text_id(made.get("id"))
        facts = {"status": answer.status_code}
        if made.get("_warning"):
            facts["warning"] = redact_text(made["_warning"])
        if change.action != "open_ticket":
            return Receipt(facts=facts)
        if not key:
            raise Unknown("haloitsm: POST Tickets", "its answer tells no id", NEXT_SYNC)
        mark = reference(change.change_id)
        return Receipt(key, mark, facts | {"ticket_id": f"haloitsm:ticket:{key}"})

    def call(self, change: Change, seen: Seen) -> tuple[str, Row]:
        """Where to post, and what. Without an id a post creates, so each has one that is to change
        something."""
        if change.action == "open_ticket":
            told = {"summary": summary(change), "details": details(change)}
            return "Tickets", told | self.desk.new_ticket
        outcome = {"outcome_id": int(self.outcome)} if self.outcome.isdecimal() else {}
        element = {
            "ticket_id": int(seen.facts["ticket_id"].split(":")[-1]),
            "note_html": note(change),
            "hiddenfromuser": True,
            **(outcome or {"outcome": self.outcome}),
        }
        if change.action == "close_ticket":
            element["new_status"] = self.desk.closed_status
        if change.action == "reopen_ticket":
            element["new_status"] = self.desk.reopened_status
        return "Actions", element


def facts_of(ticket: Row, mark: str) -> dict[str, Any]:
    key = to_text_id(ticket.get("id"))
    facts = {"ticket_id": f"haloitsm:ticket:{key}", "reference": mark}
    return facts | {"status_id": ticket.get("status_id")}


def native(expected: Row) -> str:
    """Halo's own id of a ticket that is there."""
    return str(to_text_id(expected.get("ticket_id"))).split(":")[-1]


def is_same(live: Any, wanted: Any) -> bool:
    return (to_text_id(live) or "").casefold() == (to_text_id(wanted) or "").casefold()
