"""The service desk: what a ticket is made of, looked up by name, and the tickets that are ours.

Ids of types, statuses and priorities belong to the instance, so they are settings by name. Whether
`search` finds a word of a summary is not documented: it is tried once, on a ticket that is there.
Where it does not, and where a call may have made a ticket that no search finds yet, the list itself
is read, newest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from pipelines.failures import Misconfigured, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.haloitsm.client import HaloITSM
from pipelines.sources.haloitsm.paging import RecordCountPaginator, find_rows
from pipelines.sources.haloitsm.ticket_text import REFERENCE
from pipelines.sources.raw_rows import Row, read_id
from pipelines.sources.reading import Api

TICKETS = "the scope `edit:tickets` or `all`, and an agent that may see and change tickets"
CUSTOMERS = "the scope `read:customers` or `all`"
NO_TICKET = "RC-0000000000000000"
CLOCKS = timedelta(days=1)  # the times of an instance may be in any zone
FIRST_REAL_DATE = "1901"  # Halo writes an earlier date for "never"
MOST_NAMES = 30  # in an error


@dataclass(frozen=True, kw_only=True)
class TicketSettings:
    """What a ticket is to have, by the names that the instance knows; None is its own default."""

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


class Desk:
    """The desk of one instance. What is looked up is kept as long as it lasts."""

    def __init__(self, halo: HaloITSM, settings: TicketSettings) -> None:
        self.halo, self.api, self.settings = halo, halo.api, settings
        self.references: dict[str, Row] = {}  # tickets of the list by the mark in their summary
        self.listed: set[int] = set()

    # ---- looked up by name

    @cached_property
    def new_ticket(self) -> Row:
        """What every new ticket has. Raises Misconfigured for a name that is not one thing."""
        made: Row = {"tickettype_id": self.ticket_type["id"]}
        if self.settings.status:
            made["status_id"] = self.status("TICKET_STATUS", self.settings.status)["id"]
        if self.settings.priority:
            rows = self.read("Priority")
            found = choose("TICKET_PRIORITY", self.settings.priority, rows, "id", "name")
            made |= {"priority_id": found.get("priorityid"), "sla_id": found.get("slaid")}
        if self.settings.category:
            rows = self.read("Category", tickettype_id=self.ticket_type["id"], type_id=1)
            names = ("value", "category_name")
            found = choose("TICKET_CATEGORY", self.settings.category, rows, "id", *names)
            made["category_1"] = found.get("value") or found.get("category_name")
        if self.settings.team:
            rows = self.read("Team", includeenabled="true", showall="true")
            made["team"] = choose("TICKET_TEAM", self.settings.team, rows, "id", "name")["name"]
        return made | self.requester

    @cached_property
    def ticket_type(self) -> Row:
        if not self.settings.ticket_type:
            raise Misconfigured(
                "PROVISION__HALOITSM__TICKET_TYPE",
                "it is not set, and a ticket has to be of a type",
                "set it to the name of a ticket type",
            )
        rows = self.read("TicketType", can_create_only="true", showinactive="false")
        rows = [row for row in rows if row.get("cancreate") is not False]
        return choose("TICKET_TYPE", self.settings.ticket_type, rows, "id", "name")

    @cached_property
    def requester(self) -> Row:
        """The end user in whose name tickets are opened, with customer and site."""
        wanted = self.settings.requester
        if not wanted:
            return {}
        rows = self.read("Users", CUSTOMERS, search=wanted, includeactive="true")
        user = choose("TICKET_REQUESTER", wanted, rows, "id", "name", "emailaddress")
        site = user.get("site_id_int") or user.get("site_id")
        made = {"user_id": user["id"], "client_id": user.get("client_id")}
        made["site_id"] = int(site) if isinstance(site, int | float) else None
        return {name: value for name, value in made.items() if value is not None}

    def status(self, setting: str, wanted: str) -> Row:
        rows = self.read("Status", tickettype_id=self.ticket_type["id"])
        return choose(setting, wanted, rows, "id", "name")

    @cached_property
    def statuses(self) -> Statuses:
        return read_statuses(self.api, TICKETS)

    @cached_property
    def closing_statuses(self) -> dict[str, str]:
        """Return the closed statuses, id to name; the configured one if the build tells none."""
        if self.statuses.closed:
            return self.statuses.closed
        row = self.status("TICKET_CLOSED_STATUS", self.settings.closed_status)
        return {str(row["id"]): str(row.get("name"))}

    @cached_property
    def closed_status(self) -> Any:
        found = self.status("TICKET_CLOSED_STATUS", self.settings.closed_status)
        if to_text_id(found["id"]) not in self.closing_statuses:
            known = names_of(self.closing_statuses)
            raise Misconfigured(
                "PROVISION__HALOITSM__TICKET_CLOSED_STATUS",
                f"{found['name']} does not close a ticket; these do: {known}",
                "set it to one of them",
            )
        return found["id"]

    @cached_property
    def reopened_status(self) -> Any:
        if wanted := self.settings.reopened_status or self.settings.status:
            return self.status("TICKET_REOPENED_STATUS", wanted)["id"]
        rows = self.read("Status", tickettype_id=self.ticket_type["id"])
        rows = [row for row in rows if to_text_id(row.get("id")) not in self.closing_statuses]
        return min(rows, key=lambda row: (row.get("sequence") or 0, row["id"]))["id"]

    def is_closed(self, ticket: Row) -> bool:
        """Return whether a ticket is closed; where nothing tells, by the configured status."""
        closed = is_closed(ticket, self.statuses)
        if closed is None:
            return to_text_id(ticket.get("status_id")) in self.closing_statuses
        return closed

    # ---- tickets

    def ticket(self, key: str) -> Row | None:
        """One ticket as it is; None if it was deleted, which the instance must be there to say."""
        try:
            found = self.api.get_object(
                f"Tickets/{key}", TICKETS, includedetails="true", nocache="true"
            )
        except Unreadable as failure:
            if failure.status != 404 or not self.me:
                raise
            return None
        if to_text_id(found.get("id")) != key:
            raise self.api.unexpected_body(f"Tickets/{key}", found, "the ticket of this id")
        return found

    @cached_property
    def me(self) -> str:
        """The id of the agent that this credential acts as."""
        found = to_text_id(self.api.get_object("Agent/me", "an agent to act as").get("id"))
        if not found:
            raise Unreadable("haloitsm: GET Agent/me", "it tells no id", "run `rollcall check`")
        return found

    def notes(self, key: str) -> list[Row]:
        return self.read(
            "Actions", TICKETS, ticket_id=key, excludesys="true", includehtmlnote="true"
        )

    def find(self, reference: str, asked_at: datetime | None) -> Row | None:
        """The ticket that carries a mark, wherever it may be found by now."""
        found = marked(self.search(reference), reference)
        if found or (asked_at is None and self.search_works):
            return found
        self.read_list(asked_at - CLOCKS if asked_at else None)
        return self.references.get(reference)

    @cached_property
    def search_works(self) -> bool:
        """Whether `search` finds a ticket that is there by its summary, and leaves out others."""
        rows = [row for row in next(self.pages(page_size=10), []) if row.get("summary")]
        ours = [row for row in rows if REFERENCE.search(row["summary"])]
        if not rows or self.search(NO_TICKET):
            return False
        wanted = (ours or rows)[0]
        text = REFERENCE.findall(wanted["summary"])[0] if ours else wanted["summary"][:60].strip()
        return any(row.get("id") == wanted["id"] for row in self.search(text))

    def search(self, text: str) -> list[Row]:
        """The first hundred: a build that does not know the parameter would give every ticket."""
        return next(self.pages(page_size=100, search=text), [])

    def read_list(self, since: datetime | None) -> None:
        """Take the marks of all tickets that are new since the last reading, and of those that were
        logged after `since`. A list that does not come newest first is read to its end."""
        read, last = set[int](), float("inf")
        for rows in self.pages(page_size=100):
            keys = [int(read_id("haloitsm: tickets", row, "id")) for row in rows]
            in_order = all(after < before for before, after in pairwise([last, *keys]))
            last = keys[-1] if in_order and keys else 0
            for row in rows:
                for mark in REFERENCE.findall(str(row.get("summary"))):
                    self.references[mark] = row
            read |= {*keys}
            is_known = len(rows) > 1 and not self.listed.isdisjoint(keys)
            if in_order and is_known and (since is None or is_before(rows[-1], since)):
                break
        self.listed |= read  # not before: of a reading that fails, the older tickets are unread

    def pages(self, **params: Any) -> Iterator[list[Row]]:
        """Every ticket, open or closed, newest first."""
        params |= {"order": "id", "orderdesc": "true", "pageinate": "true"}
        for rows, _ in self.api.read_pages(
            "Tickets", find_rows, RecordCountPaginator(), TICKETS, **params
        ):
            yield rows

    def read(self, path: str, right: str = TICKETS, **params: Any) -> list[Row]:
        return read_list(self.api, path, right, **params)


def read_list(api: Api, path: str, right: str, **params: Any) -> list[Row]:
    """Return a list to its end, paged if the build pages it."""
    params = {"pageinate": "true", "page_size": 100} | params
    pages = api.read_pages(path, find_rows, RecordCountPaginator(), right, **params)
    return [row for rows, _ in pages for row in rows]


def read_statuses(api: Api, right: str) -> Statuses:
    """Return all statuses, and the closed ones: those not returned with `excludeclosed=true`."""

    def read(**params: str) -> dict[str, str]:
        rows = read_list(api, "Status", right, **params)
        return {read_id("haloitsm: Status", row, "id"): str(row.get("name")) for row in rows}

    every, still_open = read(), read(excludeclosed="true")
    is_told = still_open.keys() < every.keys()
    closed = {key: name for key, name in every.items() if is_told and key not in still_open}
    return Statuses(every, closed)


def is_closed(ticket: Row, statuses: Statuses) -> bool | None:
    """Return whether a ticket is closed, or None if nothing tells.

    Its status decides if the build tells closed statuses apart; else its dates do.
    """
    if statuses.closed:
        status_id = to_text_id(ticket.get("status_id"))
        return status_id in statuses.closed if status_id in statuses.all else None
    if ticket.get("hasbeenclosed") is False:
        return False
    return True if str(ticket.get("dateclosed") or "") >= FIRST_REAL_DATE else None


def choose(setting: str, wanted: str, rows: list[Row], key: str, *names: str) -> Row:
    """The one row of this name, or of this id. Raises Misconfigured, with what there is."""

    def called(*columns: str) -> list[Row]:
        told = wanted.strip().casefold()
        return [
            row
            for row in rows
            if told in {(to_text_id(row.get(column)) or "").casefold() for column in columns}
        ]

    found = called(*names) or called(key)
    if len(found) == 1:
        return found[0]
    there = {str(row.get(key)): next((row[n] for n in names if row.get(n)), "") for row in rows}
    why = f"there is none named {wanted}; there are: {names_of(there)}"
    if found:
        ids = ", ".join(str(row.get(key)) for row in found)
        why = f"{len(found)} are named {wanted}, with the ids {ids}"
    variable = f"PROVISION__HALOITSM__{setting}"
    raise Misconfigured(variable, why, f"set {variable} to one name, or to an id")


def names_of(there: dict[str, Any]) -> str:
    told = sorted({str(name) for name in there.values()})
    more = f" and {len(told) - MOST_NAMES} more" if len(told) > MOST_NAMES else ""
    return (", ".join(told[:MOST_NAMES]) or "none") + more


def marked(rows: list[Row], reference: str) -> Row | None:
    """The first ticket with a mark; more than one are told apart by nobody."""
    found = [row for row in rows if reference in str(row.get("summary"))]
    return min(found, key=lambda row: row["id"], default=None)


def is_before(row: Row, since: datetime) -> bool:
    try:
        logged = datetime.fromisoformat(str(row.get("dateoccurred")))
    except ValueError:
        return False
    return (logged if logged.tzinfo else logged.replace(tzinfo=UTC)) < since
