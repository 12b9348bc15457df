"""HaloITSM: agents (disabled and API agents too), teams, roles, and who belongs to which.

The three lists are read completely on every sync, because agents have no filter "changed since".
Older builds answer with bare arrays and without memberships; then the team, role or agent details
are read, too. Only the tickets that `apply` opened are read. End users (customers) are no agents
and are not read.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import dlt
from dlt.extract import DltResource

from pipelines.http.policy import Counters, Policy
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.haloitsm.client import Connection, HaloITSM
from pipelines.sources.haloitsm.roles import read_role_agents
from pipelines.sources.haloitsm.ticket_states import TicketReader
from pipelines.sources.raw_rows import make_resource

TITLE = "HaloITSM"  # the name that reviewers read

# What `rollcall init` writes beside the settings
SETTINGS = {
    "base_url": "such as https://acme.haloitsm.com",
    "client_id": "of an API application (Configuration > Integrations > HaloITSM API)",
    "client_secret": "shown once, when the application is made",
}


def tenant(base_url: str, tenant: str = "") -> str:
    """Return the host of the instance, and its tenant where a host has several."""
    return f"{urlsplit(base_url).hostname or ''} {tenant}".strip().lower()


def connect(
    *,
    base_url: str,
    client_id: str,
    client_secret: str,
    auth_url: str | None,
    tenant: str | None,
    scope: str,
    page_size: int,
    requests_per_second: float,
    concurrency: int,
    counters: Counters,
    earlier: EarlierRows | None = None,
) -> HaloITSM:
    """Return the client of one instance; no request is sent yet."""
    connection = Connection(
        base_url=base_url,
        auth_url=auth_url,
        tenant=tenant,
        client_id=client_id,
        client_secret=client_secret,
        scope=scope,
        policy=Policy(requests_per_second=requests_per_second, concurrency=concurrency),
        page_size=page_size,
    )
    return HaloITSM(connection, counters, earlier)


@dlt.source(name="haloitsm", max_table_nesting=0)
def source(
    base_url: str = dlt.config.value,
    client_id: str = dlt.secrets.value,
    client_secret: str = dlt.secrets.value,
    auth_url: str | None = None,
    tenant: str | None = None,
    scope: str = "all",
    page_size: int = 100,
    requests_per_second: float = 2.0,
    concurrency: int = 1,
    counters=None,
    earlier=None,
) -> tuple[DltResource, ...]:
    """Read one HaloITSM instance.

    `counters` counts requests and rows; `earlier` gives the rows of the last complete sync.
    """
    halo = connect(
        base_url=base_url,
        client_id=client_id,
        client_secret=client_secret,
        auth_url=auth_url,
        tenant=tenant,
        scope=scope,
        page_size=page_size,
        requests_per_second=requests_per_second,
        concurrency=concurrency,
        counters=counters or Counters(),
        earlier=earlier,
    )
    return (
        make_resource(
            "agents",
            lambda: halo.agent_list,
            "One row per agent, disabled and API agents included.",
        ),
        make_resource("teams", lambda: halo.team_list, "One row per team, inactive ones included."),
        make_resource(
            "roles", lambda: halo.role_list, "One row per role, with the teams that it gives."
        ),
        make_resource(
            "team_details",
            lambda: halo.team_details,
            "One row per team with its members; only if the rows of agents lack teams.",
        ),
        make_resource(
            "role_agents",
            lambda: read_role_agents(halo),
            "One row per role with its holders; only if the rows of agents lack `roles`.",
        ),
        make_resource(
            "agent_details",
            halo.read_agent_details,
            "One row per agent, read one by one; only if teams do not list their members either.",
        ),
        make_resource(
            "tickets", TicketReader(halo).read_tickets, "One row per ticket that Rollcall opened."
        ),
    )
