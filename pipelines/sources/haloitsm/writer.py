"""Write tickets to HaloITSM, for changes that people carry out.

Halo does not say whether a write replaces its nested lists or merges into them. Halo's own teams
and roles are therefore changed by tickets too, like everything that no API can change. A repeated
call would open a second ticket, so each ticket has the reference of its change in the summary. The
reference is looked for before the call and after it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from pipelines.failures import Rejected, Unknown
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import check_secret
from pipelines.http.policy import NEXT_SYNC, Counters, Policy, origin_of
from pipelines.http.write_once import send_once
from pipelines.redact import redact_text
from pipelines.sources.haloitsm import ticket_text
from pipelines.sources.haloitsm.client import Connection, HaloITSM
from pipelines.sources.haloitsm.service_desk import ServiceDesk, TicketSettings, fold_text
from pipelines.sources.haloitsm.ticket_search import TICKETS_RIGHT
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Receipt, Seen, wait_until_settled

COMPARED_FIELDS = ("tickettype_id", "priority_id", "category_1", "team", "user_id")
NEXT_OUTCOME = "set PROVISION__HALOITSM__NOTE_OUTCOME to an outcome's name or id on this instance"


def tenant(base_url: str, tenant: str | None = None) -> str:
    """Return the instance that the settings lead to, and its tenant where a host has several."""
    return origin_of(base_url) + (f" {tenant.strip()}" if tenant else "")


def connect(
    *,
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
) -> TicketWriter:
    """Return the writer of one instance; no request is sent yet.

    The ticket_… settings are names (or ids) of entries on the instance. `note_outcome` names the
    action that adds notes. The sync's credential, if this host has it, only tells who its agent is.
    """
    for name, value in (("ID", client_id), ("SECRET", client_secret)):
        check_secret(f"PROVISION__HALOITSM__CLIENT_{name}", value)
    connection = Connection(
        base_url=base_url,
        auth_url=auth_url,
        tenant=tenant,
        client_id=client_id,
        client_secret=client_secret,
        scope=scope,
        policy=Policy(requests_per_second=requests_per_second, concurrency=1),
        section="PROVISION",
    )
    settings = TicketSettings(
        ticket_type=ticket_type,
        status=ticket_status,
        closed_status=ticket_closed_status,
        reopened_status=ticket_reopened_status,
        priority=ticket_priority,
        category=ticket_category,
        team=ticket_team,
        requester=ticket_requester,
    )
    connections = [connection]
    if sync_client_id and sync_client_secret:
        sync = {"client_id": sync_client_id, "client_secret": sync_client_secret}
        sync |= {"section": "SOURCES"}
        connections.append(replace(connection, **sync, scope=sync_scope))
    desks = [ServiceDesk(HaloITSM(each, Counters()), settings) for each in connections]
    return TicketWriter(desks, note_outcome=note_outcome, settle_seconds=settle_seconds)


class TicketWriter:
    """One instance, written to as the agent of the write credential.

    The first of `desks` has the write credential; a second one has the credential of the sync.
    """

    def __init__(
        self, desks: list[ServiceDesk], *, note_outcome: str, settle_seconds: float
    ) -> None:
        self.desks, self.desk, self.api = desks, desks[0], desks[0].api
        self.note_outcome, self.settle_seconds = note_outcome, settle_seconds

    def own_accounts(self) -> set[str]:
        """Return the agents that the API applications act as. Raises Denied or Unreadable."""
        return {f"haloitsm:agent:{desk.own_agent_id}" for desk in self.desks}

    # ---- looking

    def look(self, change: Change, asked_at: datetime | None = None) -> Seen:
        settle = self.settle_seconds
        return wait_until_settled(lambda: self.read_state(change, asked_at), asked_at, settle)

    def read_state(self, change: Change, asked_at: datetime | None) -> Seen:
        match change.action:
            case "open_ticket":
                return self.read_new_ticket(change, asked_at)
            case "close_ticket" | "reopen_ticket" | "comment_ticket":
                return self.read_existing_ticket(change)
        return Seen("drift", "HaloITSM can be changed by tickets only")

    def read_new_ticket(self, change: Change, asked_at: datetime | None) -> Seen:
        """Return whether the change has a ticket, and which of its fields differ.

        Fields can differ because rules of the instance change a new ticket, or because Halo
        silently drops a property that it does not know.
        """
        wanted = self.desk.new_ticket_fields
        reference = ticket_text.make_reference(change.change_id)
        row = self.desk.search.find_ticket(reference, asked_at)
        if row is None:
            return Seen("pending")
        ticket = self.desk.read_ticket(str(to_text_id(row.get("id"))))
        if ticket is None:
            return Seen("drift", "its ticket was deleted", collect_facts(row, reference))
        differences = [
            f"{name} {ticket.get(name)} instead of {wanted[name]}"
            for name in COMPARED_FIELDS
            if name in wanted and fold_text(ticket.get(name)) != fold_text(wanted[name])
        ]
        why = f"the ticket has {', '.join(differences)}" if differences else ""
        return Seen("done", redact_text(why), collect_facts(ticket, reference))

    def read_existing_ticket(self, change: Change) -> Seen:
        """Return the state of an earlier ticket; one without its reference is not touched."""
        expected = json.loads(change.expected_state or "{}")
        key, reference = parse_ticket_key(expected.get("ticket_id")), str(expected.get("reference"))
        if not key.isdecimal():
            return Seen("drift", "the change names no ticket")
        ticket = self.desk.read_ticket(key)
        if ticket is None:
            return Seen("absent", "the ticket does not exist any more")
        facts = collect_facts(ticket, reference)
        if reference not in f"{ticket.get('summary')} {ticket.get('details')}":
            return Seen("drift", "the ticket does not contain its reference any more", facts)
        if change.action == "comment_ticket":
            is_done = self.has_note(key, ticket_text.make_reference(change.change_id))
        else:
            is_done = self.desk.is_closed(ticket) == (change.action == "close_ticket")
        return Seen("done" if is_done else "pending", facts=facts)

    def has_note(self, key: str, reference: str) -> bool:
        notes = self.desk.read_notes(key)
        return any(reference in f"{row.get('note')} {row.get('note_html')}" for row in notes)

    # ---- acting

    def act(self, change: Change, seen: Seen) -> Receipt:
        path, element = self.build_call(change, seen)
        try:
            answer = send_once(self.api.session, "POST", f"{self.api.base_url}/{path}", [element])
        except Rejected as refused:
            remedy = refused.next
            if refused.status == 403:
                remedy = f"give the write credential {TICKETS_RIGHT}"
            elif path == "Actions":  # some builds want the id, and each has outcomes of its own
                remedy = f"check what Halo requires of a note or a closure, or {NEXT_OUTCOME}"
            what, status, body = refused.what, refused.status, refused.body
            raise Rejected(what, refused.why, remedy, status, body) from None
        created = answer.json()
        created = created[-1] if isinstance(created, list) and created else created
        created = created if isinstance(created, dict) else {}
        facts = {"status": answer.status_code}
        if created.get("_warning"):
            facts["warning"] = redact_text(created["_warning"])
        if change.action != "open_ticket":
            return Receipt(facts=facts)
        key = to_text_id(created.get("id"))
        if not key:
            raise Unknown("haloitsm: POST Tickets", "the answer has no id", NEXT_SYNC)
        reference = ticket_text.make_reference(change.change_id)
        return Receipt(key, reference, facts | {"ticket_id": f"haloitsm:ticket:{key}"})

    def build_call(self, change: Change, seen: Seen) -> tuple[str, Row]:
        """Return the path to post to, and the element to post.

        A post without an id creates something, so every other element has the id of its ticket.
        """
        if change.action == "open_ticket":
            summary, details = ticket_text.write_summary(change), ticket_text.write_details(change)
            return "Tickets", {"summary": summary, "details": details} | self.desk.new_ticket_fields
        outcome = self.note_outcome
        element = {
            "ticket_id": int(parse_ticket_key(seen.facts["ticket_id"])),
            "note_html": ticket_text.write_note(change),
            "hiddenfromuser": True,
            **({"outcome_id": int(outcome)} if outcome.isdecimal() else {"outcome": outcome}),
        }
        if change.action == "close_ticket":
            element["new_status"] = self.desk.closed_status_id
        if change.action == "reopen_ticket":
            element["new_status"] = self.desk.reopened_status_id
        return "Actions", element


def collect_facts(ticket: Row, reference: str) -> dict[str, Any]:
    ticket_id = f"haloitsm:ticket:{to_text_id(ticket.get('id'))}"
    return {"ticket_id": ticket_id, "reference": reference, "status_id": ticket.get("status_id")}


def parse_ticket_key(ticket_id: Any) -> str:
    """Return Halo's own id of a ticket, from our ticket_id."""
    return str(to_text_id(ticket_id)).split(":")[-1]
