"""HaloITSM's service desk: tickets, their actions, and the lists that their ids refer to.

A deleted ticket is only hidden. Unset dates are in the year 1900, and times are UTC without a time
zone. Action ids begin at 1 in every ticket, and a ticket refers to its team by name.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from tests.sandbox.haloitsm.agents import now
from tests.sandbox.haloitsm.lookups import Lookups
from tests.sandbox.haloitsm.switches import Refused, flag, number, numbers

if TYPE_CHECKING:
    from tests.sandbox.haloitsm.server import HaloITSM

LIST = (  # Faults_List
    *("id", "dateoccurred", "summary", "status_id", "tickettype_id", "priority_id", "sla_id"),
    *("client_id", "site_id", "user_id", "user_name", "team", "agent_id", "category_1"),
    *("dateclosed", "last_update", "lastactiondate", "hasbeenclosed", "inactive", "parent_id"),
)
SETTABLE = {
    *("summary", "details", "details_html", "status_id", "tickettype_id", "priority_id"),
    *("sla_id", "client_id", "site_id", "user_id", "team", "agent_id", "impact", "urgency"),
    *("category_1", "category_2", "category_3", "category_4", "third_party_id_string"),
    *("reportedby", "emailcclist", "parent_id", "template_id"),
}


class Desk(Lookups):
    """Tickets by id. Keys that begin with an underscore are never shown."""

    def __init__(self, halo: HaloITSM) -> None:
        super().__init__(halo)
        self.tickets: dict[int, dict] = {}
        self.actions: dict[int, list[dict]] = {}

    # --- reading

    def get(self, parts: list[str], query: dict[str, str]) -> Any:
        match parts:
            case ["tickets"]:
                return self._tickets(query)
            case ["tickets", key]:
                return self._detail(self._ticket(key), query)
            case ["actions"]:
                return self._actions(query)
        return self.looked_up(parts, query)

    def _ticket(self, key: str) -> dict:
        ticket = self._one(self.tickets, key)
        if ticket.get("_deleted"):
            raise Refused(404, "Ticket not found.")
        return ticket

    def _row(self, ticket: dict) -> dict[str, Any]:
        """Return a ticket as a list shows it (Faults_List)."""
        row = {name: ticket[name] for name in LIST if ticket.get(name) is not None}
        if self.halo.switches.list_has_custom_fields:
            row["customfields"] = ticket["customfields"]
        if unset := self.halo.switches.unset_date:
            row.setdefault("dateclosed", unset)
        return row

    def _detail(self, ticket: dict, query: dict[str, str]) -> dict[str, Any]:
        """Return a ticket with all details (Faults): description and custom fields too."""
        shown = {k: v for k, v in ticket.items() if not k.startswith("_") and v is not None}
        shown = self._row(ticket) | shown
        if flag(query, "includelastaction"):
            shown["lastaction"] = self.actions[ticket["id"]][-1]
        return shown

    def _tickets(self, query: dict[str, str]) -> dict[str, Any]:
        """Answer a list of tickets, newest first. An unknown `order` is ignored."""

        def show(rows: list[dict]) -> list[dict]:
            if flag(query, "ticketidonly"):
                return [{"id": row["id"]} for row in rows]
            return [self._row(row) for row in rows]

        rows = [ticket for ticket in self.tickets.values() if self._fits(ticket, query)]
        rows.sort(key=lambda ticket: ticket["id"], reverse=not self.halo.switches.order_ignored)
        if self.halo.switches.order_ignored:
            query = {name: value for name, value in query.items() if name != "order"}
        return self._listed(rows, query, "tickets", show)

    def _fits(self, ticket: dict, query: dict[str, str]) -> bool:
        closed = self._closed(ticket["status_id"])
        if self._is_new(ticket, self.halo.switches.list_lag):
            return False
        if bool(ticket.get("_deleted")) != flag(query, "deleted"):
            return False
        if (flag(query, "open_only") and closed) or (flag(query, "closed_only") and not closed):
            return False
        ids = numbers(query, "ticketids")
        if ids and ticket["id"] not in ids:
            return False
        own = {"requesttype_id": "tickettype_id"}
        for name in ("status_id", "requesttype_id", "tickettype_id", "agent_id", "client_id"):
            if query.get(name) and ticket.get(own.get(name, name)) != number(query, name):
                return False
        return self._found(ticket, query) and self._in_time(ticket, query)

    def _found(self, ticket: dict, query: dict[str, str]) -> bool:
        switches, wanted = self.halo.switches, query.get("search", "").lower()
        if not wanted or switches.search == "ignored":
            return True
        if switches.search == "nothing" or self._is_new(ticket, switches.search_lag):
            return False
        text = f"{ticket['id']} {ticket.get('details', '')}"
        if switches.search != "details":
            text += f" {ticket.get('summary', '')}"
        if switches.search_finds_custom_fields:
            text += " ".join(str(row.get("value")) for row in ticket["customfields"])
        words = re.findall(r"\w+", wanted) if switches.search == "words" else [wanted]
        return any(word in text.lower() for word in words)

    @staticmethod
    def _is_new(ticket: dict, lag: float) -> bool:
        """Return whether the ticket is so new that an index does not contain it yet."""
        return time.monotonic() < ticket.get("_logged", -lag) + lag

    def _in_time(self, ticket: dict, query: dict[str, str]) -> bool:
        first, last = query.get("startdate", ""), query.get("enddate", "") or "9999"
        column = query.get("datesearch", "")
        if column in self.halo.switches.date_columns:
            own = "dateclosed" if column == "datecleared" else "dateoccurred"
            if not first <= (ticket.get(own) or "") <= last:
                return False
        since = query.get("lastupdatefromdate", "")
        return not self.halo.switches.ticket_update_dates_filter or ticket["last_update"] >= since

    def _closed(self, status_id: int) -> bool:
        return bool(self.statuses.get(status_id, {}).get("_closed"))

    def _actions(self, query: dict[str, str]) -> dict[str, Any]:
        ticket = self._ticket(query.get("ticket_id", ""))
        hidden = flag(query, "excludesys")
        rows = [
            {key: value for key, value in row.items() if not key.startswith("_")}
            for row in self.actions[ticket["id"]]
            if not (hidden and row.get("_system"))
        ]
        return {"ticket_id": ticket["id"], "record_count": len(rows), "actions": rows}

    # --- writing

    def upsert(self, element: dict[str, Any]) -> dict[str, Any]:
        """Log the posted ticket if it has no id, else change or restore it."""
        ticket_id = element.get("id") or 0
        if ticket_id and ticket_id not in self.tickets:
            raise Refused(400, f"Ticket {ticket_id} does not exist.")
        if not ticket_id and not (element.get("summary") or element.get("details")):
            raise Refused(400, "summary is required.")
        self._refuse_unknown(element)
        if not ticket_id:
            ticket_id = self._log()
            dropped = {*self.halo.switches.drops}
            element = {key: value for key, value in element.items() if key not in dropped}
            if cap := self.halo.switches.summary_cap:
                element["summary"] = element.get("summary", "")[:cap]
        ticket = self.tickets[ticket_id]
        if element.get("_recover"):
            ticket["_deleted"] = False
        if ticket.get("_deleted"):
            raise Refused(400, f"Ticket {ticket_id} is deleted.")
        if "status_id" in element:
            self._move(ticket, element["status_id"])
        ticket.update({key: value for key, value in element.items() if key in SETTABLE})
        if user := self.users.get(ticket.get("user_id") or 0):
            ticket["user_name"] = user["name"]
        for given in element.get("customfields") or []:
            field = self._field(given)
            kept = [row for row in ticket["customfields"] if row["id"] != field["id"]]
            value = {"id": field["id"], "name": field["name"], "value": given.get("value")}
            ticket["customfields"] = [*kept, value]
        ticket["last_update"] = now()
        return self._detail(ticket, {})

    def _log(self) -> int:
        ticket_id = max(self.tickets, default=2000) + 1
        first = min(self.statuses, default=1)
        kind = min(self.ticket_types, default=1)
        self.tickets[ticket_id] = {
            **{"id": ticket_id, "status_id": first, "tickettype_id": kind},
            **{"dateoccurred": now(), "hasbeenclosed": False, "customfields": []},
            **{"_logged": time.monotonic()},
        }
        self.actions[ticket_id] = []
        self._note(ticket_id, "Logged", "Ticket logged", _system=True)
        return ticket_id

    def _refuse_unknown(self, element: dict[str, Any]) -> None:
        known = {
            "status_id": self.statuses,
            "tickettype_id": self.ticket_types,
            "agent_id": self.halo.agents,
            "user_id": self.users,
            "client_id": self.clients,
        }
        for key, things in known.items():
            if element.get(key) and element[key] not in things:
                raise Refused(400, f"{key} {element[key]} does not exist.")
        teams = {team["name"] for team in self.halo.teams.values()}
        if element.get("team") and element["team"] not in teams:
            raise Refused(400, f"Team {element['team']} does not exist.")
        for given in element.get("customfields") or []:
            self._field(given)

    def _field(self, given: dict[str, Any]) -> dict:
        """Return a custom field by id or by name."""
        for field in self.fields.values():
            if given.get("id", field["id"]) == field["id"] and (
                given.get("name", field["name"]) == field["name"]
            ):
                return field
        raise Refused(400, f"Custom field {given.get('id', given.get('name'))} does not exist.")

    def _move(self, ticket: dict, status_id: int) -> None:
        """Move a ticket to another status. Closing and reopening record their dates."""
        if self._closed(status_id):
            notes = [row for row in self.actions[ticket["id"]] if not row.get("_system")]
            if self.halo.switches.closing_needs_note and not notes:
                raise Refused(400, "A closure note is required.")
            ticket |= {"dateclosed": now(), "hasbeenclosed": True}
        else:
            ticket["dateclosed"] = None
        ticket["status_id"] = status_id

    def act(self, element: dict[str, Any]) -> dict[str, Any]:
        """Add the posted action: a note on a ticket, which may also move the ticket."""
        ticket = self._ticket(str(element.get("ticket_id", "")))
        needed = "outcome_id" if self.halo.switches.actions_need_outcome_id else "outcome"
        if not element.get(needed) and not element.get("outcome_id"):
            raise Refused(400, f"{needed} is required.")
        new = {key: element.get(f"new_{key}") for key in ("status", "team", "agent")}
        moved = {"status_id": new["status"], "team": new["team"], "agent_id": new["agent"]}
        self._refuse_unknown({key: value for key, value in moved.items() if value})
        shown = {"hiddenfromuser": bool(element.get("hiddenfromuser"))}
        note = element.get("note") or element.get("note_html") or ""
        action = self._note(ticket["id"], element.get("outcome") or "Note", note, **shown)
        if self.halo.switches.new_status_ignored:
            new["status"] = moved["status_id"] = None
        if new["status"]:
            self._move(ticket, new["status"])
        ticket |= {key: value for key, value in moved.items() if value}
        ticket |= {"last_update": now(), "lastactiondate": now()}
        return action

    def _note(self, ticket_id: int, outcome: str, note: str, **more: Any) -> dict[str, Any]:
        rows = self.actions[ticket_id]
        action = {"id": len(rows) + 1, "ticket_id": ticket_id, "outcome": outcome, "note": note}
        action |= {"who_agentid": self.halo.acting_agent, "datetime": now(), **more}
        rows.append(action)
        return {key: value for key, value in action.items() if not key.startswith("_")}

    def delete(self, key: str) -> dict[str, Any]:
        """Hide a ticket; `_recover` restores it."""
        ticket = self._ticket(key)
        ticket["_deleted"] = True
        return self._detail(ticket, {})
