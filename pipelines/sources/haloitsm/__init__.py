"""HaloITSM: agents (disabled and API agents too), teams, roles, and who is in what.

The three lists are read whole on every sync: there is no "changed since" for agents. Builds differ:
older ones answer with bare arrays and without membership in the list; then the team, role or agent
details are read as well. Of tickets, those are read that we opened. End users (customers) are not
agents and are not read.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import dlt
from dlt.extract import DltResource

from pipelines.http.policy import Counters, Policy
from pipelines.sources.haloitsm.client import Connection, HaloITSM
from pipelines.sources.haloitsm.roles import read_role_agents
from pipelines.sources.haloitsm.ticket_states import Tickets
from pipelines.sources.raw_rows import make_resource


def tenant(base_url: str, tenant: str = "") -> str:
    """One instance, and the tenant of it where a host has several."""
    return f"{urlsplit(base_url).hostname or ''} {tenant}".strip().lower()


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
    tally=None,
    held=None,
) -> tuple[DltResource, ...]:
    """One HaloITSM instance. `tally` counts what was asked; `held` is what an earlier load left
    (`pipelines.held`)."""
    tally = tally or Counters()
    policy = Policy(requests_per_second=requests_per_second, concurrency=concurrency)
    connection = Connection(
        base_url=base_url,
        auth_url=auth_url,
        tenant=tenant,
        client_id=client_id,
        client_secret=client_secret,
        scope=scope,
        policy=policy,
        page_size=page_size,
    )
    halo = HaloITSM(connection, tally, held)
    tally.client = halo
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
            "One row per team with its members; only where agents come without their teams.",
        ),
        make_resource(
            "role_agents",
            lambda: read_role_agents(halo),
            "One row per role with its holders; only where agents come without `roles`.",
        ),
        make_resource(
            "agent_details",
            halo.read_agent_details,
            "One row per agent read singly; only where teams do not tell their members either.",
        ),
        make_resource(
            "tickets", Tickets(halo).read, "One row per ticket that we opened; none without any."
        ),
    )
