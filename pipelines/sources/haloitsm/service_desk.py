"""Look up the fields of a HaloITSM ticket, read one ticket, and find out whether it is closed.

Ids of types, statuses and priorities belong to the instance, so settings give their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipelines.failures import Misconfigured, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.haloitsm.client import HaloITSM
from pipelines.sources.haloitsm.paging import read_rows
from pipelines.sources.haloitsm.ticket_search import TICKETS_RIGHT, TicketSearch
from pipelines.sources.raw_rows import Row, read_id
from pipelines.sources.reading import Api

CUSTOMERS_RIGHT = "the scope `read:customers` or `all`"
FIRST_REAL_DATE = "1901"  # Halo writes an earlier date for "never"
MAX_NAMES_SHOWN = 30


@dataclass(frozen=True, kw_only=True)
class TicketSettings:
    """The fields of our tickets, by the instance's names; None leaves a field to the instance."""

    ticket_type: str | None
    status: str | None
    closed_status: str
    reopened_status: str | None
    priority: str | None
    category: str | None
    team: str | None
    requester: str | None


@dataclass(frozen=True)
class Statuses:
    """The ticket statuses of one instance, id to name."""

    all: dict[str, str]
    closed: dict[str, str]  # empty on a build that ignores `excludeclosed`


class ServiceDesk:
    """The service desk of one instance; every lookup is cached for the life of the object."""

    def __init__(self, halo: HaloITSM, settings: TicketSettings) -> None:
        self.api, self.settings = halo.api, settings
        self.search = TicketSearch(halo.api)

    # ---- looked up by name

    @cached_property
    def new_ticket_fields(self) -> Row:
        """Return the fields of every new ticket.

        Raises Misconfigured for a name that does not lead to exactly one entry.
        """
        settings, type_id = self.settings, self.ticket_type["id"]
        fields: Row = {"tickettype_id": type_id}
        if settings.status:
            fields["status_id"] = self.find_status("TICKET_STATUS", settings.status)["id"]
        if settings.priority:
            rows = self.read_list("Priority")
            found = choose_row("TICKET_PRIORITY", settings.priority, rows, "name")
            fields |= {"priority_id": found.get("priorityid"), "sla_id": found.get("slaid")}
        if settings.category:
            rows = self.read_list("Category", tickettype_id=type_id, type_id=1)
            names = ("value", "category_name")
            found = choose_row("TICKET_CATEGORY", settings.category, rows, *names)
            fields["category_1"] = found.get("value") or found.get("category_name")
        if settings.team:
            rows = self.read_list("Team", includeenabled="true", showall="true")
            fields["team"] = choose_row("TICKET_TEAM", settings.team, rows, "name")["name"]
        return fields | self.requester_fields

    @cached_property
    def ticket_type(self) -> Row:
        if not self.settings.ticket_type:
            raise Misconfigured(
                "PROVISION__HALOITSM__TICKET_TYPE",
                "it is not set, and every ticket needs a type",
                "set it to the name of a ticket type",
            )
        rows = self.read_list("TicketType", can_create_only="true", showinactive="false")
        rows = [row for row in rows if row.get("cancreate") is not False]
        return choose_row("TICKET_TYPE", self.settings.ticket_type, rows, "name")

    @cached_property
    def requester_fields(self) -> Row:
        """Return the end user in whose name tickets are opened, with customer and site."""
        wanted = self.settings.requester
        if not wanted:
            return {}
        rows = self.read_list("Users", CUSTOMERS_RIGHT, search=wanted, includeactive="true")
        user = choose_row("TICKET_REQUESTER", wanted, rows, "name", "emailaddress")
        site = user.get("site_id_int") or user.get("site_id")
        fields = {"user_id": user["id"], "client_id": user.get("client_id")}
        fields["site_id"] = int(site) if isinstance(site, int | float) else None
        return {name: value for name, value in fields.items() if value is not None}

    def find_status(self, setting: str, wanted: str) -> Row:
        rows = self.read_list("Status", tickettype_id=self.ticket_type["id"])
        return choose_row(setting, wanted, rows, "name")

    # ---- open or closed

    @cached_property
    def statuses(self) -> Statuses:
        return read_statuses(self.api, TICKETS_RIGHT)

    @cached_property
    def closing_statuses(self) -> dict[str, str]:
        """Return the closed statuses, id to name; the configured one if the build names none."""
        if self.statuses.closed:
            return self.statuses.closed
        row = self.find_status("TICKET_CLOSED_STATUS", self.settings.closed_status)
        return {str(row["id"]): str(row.get("name"))}

    @cached_property
    def closed_status_id(self) -> Any:
        found = self.find_status("TICKET_CLOSED_STATUS", self.settings.closed_status)
        if to_text_id(found["id"]) not in self.closing_statuses:
            known = list_names(self.closing_statuses.values())
            raise Misconfigured(
                "PROVISION__HALOITSM__TICKET_CLOSED_STATUS",
                f"{found['name']} does not close a ticket; these do: {known}",
                "set it to one of them",
            )
        return found["id"]

    @cached_property
    def reopened_status_id(self) -> Any:
        if wanted := self.settings.reopened_status or self.settings.status:
            return self.find_status("TICKET_REOPENED_STATUS", wanted)["id"]
        rows = self.read_list("Status", tickettype_id=self.ticket_type["id"])
        rows = [row for row in rows if to_text_id(row.get("id")) not in self.closing_statuses]
        return min(rows, key=lambda row: (row.get("sequence") or 0, row["id"]))["id"]

    def is_closed(self, ticket: Row) -> bool:
        """Return whether a ticket is closed; by the configured status if nothing else tells."""
        closed = is_closed(ticket, self.statuses)
        if closed is None:
            return to_text_id(ticket.get("status_id")) in self.closing_statuses
        return closed

    # ---- tickets

    def read_ticket(self, key: str) -> Row | None:
        """Return one ticket, or None if it was deleted."""
        try:
            found = self.api.get_object(
                f"Tickets/{key}", TICKETS_RIGHT, includedetails="true", nocache="true"
            )
        except Unreadable as failure:
            # A proxy may answer 404 too, so the instance itself must have answered, too.
            if failure.status != 404 or not self.own_agent_id:
                raise
            return None
        if to_text_id(found.get("id")) != key:
            raise self.api.unexpected_body(f"Tickets/{key}", found, "the ticket with this id")
        return found

    @cached_property
    def own_agent_id(self) -> str:
        """Return the id of the agent that this credential acts as."""
        found = to_text_id(self.api.get_object("Agent/me", "an agent to act as").get("id"))
        if not found:
            raise Unreadable(
                "haloitsm: GET Agent/me", "the answer has no id", "run `rollcall check`"
            )
        return found

    def read_notes(self, key: str) -> list[Row]:
        return self.read_list("Actions", ticket_id=key, excludesys="true", includehtmlnote="true")

    def read_list(self, path: str, right: str = TICKETS_RIGHT, **params: Any) -> list[Row]:
        return read_rows(self.api, path, right, **params)


def read_statuses(api: Api, right: str) -> Statuses:
    """Return all statuses, and the closed ones: those not returned with `excludeclosed=true`."""

    def read(**params: str) -> dict[str, str]:
        rows = read_rows(api, "Status", right, **params)
        return {read_id("haloitsm: Status", row, "id"): str(row.get("name")) for row in rows}

    every, still_open = read(), read(excludeclosed="true")
    if not still_open.keys() < every.keys():  # this build ignores `excludeclosed`
        return Statuses(every, {})
    return Statuses(every, {key: name for key, name in every.items() if key not in still_open})


def is_closed(ticket: Row, statuses: Statuses) -> bool | None:
    """Return whether a ticket is closed, or None if nothing tells.

    The status decides if the build tells which statuses are closed; else the dates decide.
    """
    if statuses.closed:
        status_id = to_text_id(ticket.get("status_id"))
        return status_id in statuses.closed if status_id in statuses.all else None
    if ticket.get("hasbeenclosed") is False:
        return False
    return True if str(ticket.get("dateclosed") or "") >= FIRST_REAL_DATE else None


def choose_row(setting: str, wanted: str, rows: list[Row], *names: str) -> Row:
    """Return the one row with this name in one of the columns `names`, or else with this id.

    Raises Misconfigured, with all known names, if no row fits or several do.
    """

    def find(*columns: str) -> list[Row]:
        text = fold_text(wanted)
        return [row for row in rows if text in {fold_text(row.get(column)) for column in columns}]

    found = find(*names) or find("id")
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(row.get("id")) for row in found)
        why = f"{len(found)} entries are named {wanted}, with the ids {ids}"
    else:
        known = [next((row[name] for name in names if row.get(name)), "") for row in rows]
        why = f"no entry is named {wanted}; known: {list_names(known)}"
    variable = f"PROVISION__HALOITSM__{setting}"
    raise Misconfigured(variable, why, f"set {variable} to one name, or to an id")


def fold_text(value: Any) -> str:
    """Return a name or an id as text that can be compared."""
    return (to_text_id(value) or "").casefold()


def list_names(names: Iterable[Any]) -> str:
    unique = sorted({str(name) for name in names})
    more = f" and {len(unique) - MAX_NAMES_SHOWN} more" if len(unique) > MAX_NAMES_SHOWN else ""
    return (", ".join(unique[:MAX_NAMES_SHOWN]) or "none") + more
