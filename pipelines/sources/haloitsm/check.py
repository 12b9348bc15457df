"""What a HaloITSM application can read, what this build tells in its lists, and whether tickets
could be opened as they are configured. None is."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.sources.haloitsm.client import AGENTS_RIGHT, EVERY_AGENT, EVERY_TEAM, HaloITSM
from pipelines.sources.haloitsm.paging import find_rows
from pipelines.sources.haloitsm.service_desk import ServiceDesk
from pipelines.sources.haloitsm.ticket_search import TicketSearch
from pipelines.sources.haloitsm.writer import TicketWriter
from pipelines.sources.probe import Probe, ProbeWarning


def probes(halo: HaloITSM) -> Iterator[Probe]:
    yield Probe("the application's agent", lambda: me(halo))
    yield Probe("agents", lambda: agents(halo))
    yield Probe("teams", lambda: some(halo, "Team", **EVERY_TEAM))
    yield Probe("roles", lambda: some(halo, "Roles"))


def me(halo: HaloITSM) -> str:
    agent = halo.api.object("Agent/me", AGENTS_RIGHT)
    if agent.get("is_admin") is not True:
        raise ProbeWarning(
            "it is no administrator, as far as Halo says: agents, teams or roles may be hidden"
            " from it without a word",
            "let the API application act as an administrator agent",
        )
    return "it is an administrator"


def agents(halo: HaloITSM) -> str:
    body = halo.api.get(
        "Agent", AGENTS_RIGHT, pageinate="true", page_no=1, page_size=10, **EVERY_AGENT
    )
    found = find_rows(body)
    if found is None:
        raise halo.api.unexpected("Agent", body, "a list of agents")
    build = "an older build (bare list)" if isinstance(body, list) else "a newer build (paged)"
    tells = [key for key in ("teams", "roles", "role_list") if any(row.get(key) for row in found)]
    return f"can be read; {build}; rows tell {', '.join(tells) or 'neither teams nor roles'}"


def some(halo: HaloITSM, path: str, **params: str) -> str:
    body = halo.api.get(path, AGENTS_RIGHT, **params)
    found = find_rows(body)
    if found is None:
        raise halo.api.unexpected(path, body, "a list")
    return f"{len(found)} can be read"


def write_probes(writer: TicketWriter) -> Iterator[Probe]:
    yield Probe("write: the application's agent", lambda: f"it is agent {writer.desk.own_agent_id}")
    yield Probe("write: tickets", lambda: tickets(writer.desk.search))
    yield Probe("write: what a ticket is made of", lambda: names(writer.desk))


def tickets(search: TicketSearch) -> str:
    next(search.request_tickets(page_size=1), None)
    by = "the search" if search.has_working_search else "reading the list: the search does not tell"
    return f"can be read, and are found by {by}"


def names(desk: ServiceDesk) -> str:
    """Every name that is configured, looked up."""
    made, closed, again = desk.new_ticket_fields, desk.closed_status_id, desk.reopened_status_id
    told = ", ".join(f"{name} {value}" for name, value in made.items())
    return f"is all there: {told}; closed by status {closed}, opened again by {again}"
