"""Checks what a HaloITSM application can read, which fields this build's lists have, and whether
tickets could be opened with this configuration. No ticket is opened."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipelines.sources.haloitsm.client import AGENTS_RIGHT, EVERY_AGENT, EVERY_TEAM, HaloITSM
from pipelines.sources.haloitsm.paging import find_rows
from pipelines.sources.haloitsm.service_desk import ServiceDesk
from pipelines.sources.haloitsm.ticket_search import TicketSearch
from pipelines.sources.haloitsm.writer import TicketWriter
from pipelines.sources.needed_fields import check_rows
from pipelines.sources.probe import Probe, ProbeWarning


def probes(halo: HaloITSM) -> Iterator[Probe]:
    """Yield the probes of a sync."""
    needs = partial(Probe, right=AGENTS_RIGHT)
    yield needs(
        "the application's agent",
        lambda: check_own_agent(halo),
        purpose="all agents and teams, hidden ones too",
    )
    yield needs("agents", lambda: check_agents(halo), purpose="the accounts")
    yield needs(
        "teams", lambda: check_list(halo, "Team", **EVERY_TEAM), purpose="who is in which team"
    )
    yield needs("roles", lambda: check_list(halo, "Roles"), purpose="who has which role")


def check_own_agent(halo: HaloITSM) -> str:
    agent = halo.api.get_object("Agent/me", AGENTS_RIGHT)
    if agent.get("is_admin") is not True:
        raise ProbeWarning(
            "Halo does not call it an administrator, so agents, teams or roles may be hidden from"
            " it silently",
            "let the API application act as an administrator agent",
        )
    return "it is an administrator"


def check_agents(halo: HaloITSM) -> str:
    body = halo.api.get(
        "Agent", AGENTS_RIGHT, pageinate="true", page_no=1, page_size=100, **EVERY_AGENT
    )
    found = find_rows(body)
    if found is None:
        raise halo.api.unexpected_body("Agent", body, "a list of agents")
    check_rows("haloitsm", "agents", found)
    build = "an older build (bare list)" if isinstance(body, list) else "a newer build (paged)"
    fields = [key for key in ("teams", "roles", "role_list") if any(row.get(key) for row in found)]
    return f"can be read; {build}; rows have {', '.join(fields) or 'neither teams nor roles'}"


def check_list(halo: HaloITSM, path: str, **params: str) -> str:
    body = halo.api.get(path, AGENTS_RIGHT, **params)
    found = find_rows(body)
    if found is None:
        raise halo.api.unexpected_body(path, body, "a list")
    check_rows("haloitsm", path.lower(), found)
    return f"{len(found)} can be read"


def write_probes(writer: TicketWriter) -> Iterator[Probe]:
    """Yield the probes of `apply`, all of which only read."""
    yield Probe("write: the application's agent", lambda: f"it is agent {writer.desk.own_agent_id}")
    yield Probe("write: tickets", lambda: check_tickets(writer.desk.search))
    yield Probe("write: what a ticket is made of", lambda: check_ticket_settings(writer.desk))


def check_tickets(search: TicketSearch) -> str:
    next(search.request_tickets(page_size=1), None)
    by = (
        "the search"
        if search.has_working_search
        else "reading the list, as the search does not find them"
    )
    return f"can be read, and are found by {by}"


def check_ticket_settings(desk: ServiceDesk) -> str:
    """Look up every configured name. Raises Misconfigured if Halo does not know it."""
    made, closed, again = desk.new_ticket_fields, desk.closed_status_id, desk.reopened_status_id
    found = ", ".join(f"{name} {value}" for name, value in made.items())
    return f"all of it exists: {found}; closed by status {closed}, reopened by {again}"
