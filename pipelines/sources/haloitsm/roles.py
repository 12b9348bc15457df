"""Find the holders of HaloITSM roles, for builds whose agents come without `roles`.

Some builds give the names of an agent's roles in one string, `role_list`. If that string cannot be
split with certainty, the agents of each role are requested instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from pipelines.failures import Unreadable
from pipelines.sources.haloitsm.client import HaloITSM
from pipelines.sources.haloitsm.paging import read_record_count
from pipelines.sources.raw_rows import Row, parse_rows, read_id, row_ids, wrap_rows

UNUSED_ROLE_NUMBER = 2_147_483_646


def read_role_agents(halo: HaloITSM) -> Iterator[pa.Table]:
    """Yield one row per role with the ids of its holders; nothing if any agent row has `roles`."""
    agents = list(parse_rows(halo.agent_list))
    if any(agent.get("roles") for agent in agents):
        return
    roles = list(parse_rows(halo.role_list))
    holders = match_role_names(agents, roles)
    if holders is None:
        holders = request_all_holders(halo, roles)
        halo.counters.pages["role_agents"] = len(holders)
    halo.counters.rows_read["role_agents"] = len(holders)
    yield wrap_rows((role, {"agents": agent_ids}) for role, agent_ids in holders.items())


def match_role_names(agents: list[Row], roles: list[Row]) -> dict[str, list[str]] | None:
    """Return agent ids by role id from `role_list`, or None if its names are ambiguous.

    The separator is not documented and a name may contain commas, so longer names match first.
    """
    if not any(agent.get("role_list") for agent in agents):
        return None
    names = sorted((role["name"] for role in roles if role.get("name")), key=len, reverse=True)
    lower = {name.lower() for name in names}
    if len(lower) < len(roles) or any(
        "," in name and other != name and other in name for name in lower for other in lower
    ):
        return None
    name_pattern = re.compile("|".join(map(re.escape, names)) or "(?!)", re.IGNORECASE)
    role_ids = {role["name"].lower(): read_id("haloitsm: roles", role, "id") for role in roles}
    holders: dict[str, list[str]] = {role_id: [] for role_id in role_ids.values()}
    for agent in agents:
        text = agent.get("role_list") or ""
        if not isinstance(text, str) or re.sub(r"[\s,;|/]+", "", name_pattern.sub("", text)):
            return None
        for name in name_pattern.findall(text):
            holders[role_ids[name.lower()]].append(read_id("haloitsm: agents", agent, "id"))
    return holders


def request_all_holders(halo: HaloITSM, roles: list[Row]) -> dict[str, list[str]]:
    """Return agent ids by role id, from one list of agents per role.

    Raises Unreadable if this build ignores the filter, which would give everyone every role.
    """
    if roles and _has_unused_role_holders(halo):
        raise Unreadable(
            "haloitsm: GET Agent?role=",
            "this build ignores the filter by role, and its agent list has no roles",
            "ask Halo for a build whose agent list has `roles`",
        )
    found = halo.api.call_each(roles, lambda role: request_holders(halo, role))
    return {read_id("haloitsm: roles", role, "id"): agent_ids for role, agent_ids in found}


def _has_unused_role_holders(halo: HaloITSM) -> bool:
    try:
        return bool(request_holders(halo, {"id_int": UNUSED_ROLE_NUMBER}))
    except Unreadable as failure:
        if failure.status not in (400, 404):
            raise
        return False


def request_holders(halo: HaloITSM, role: Row) -> list[str]:
    """Return the ids of a role's holders. The filter takes the role's number, not its GUID."""
    number = read_id("haloitsm: roles", role, "id_int")
    if number == "0":  # Halo reads it as no filter, which would give everyone the role
        raise Unreadable(
            "haloitsm: roles",
            f"role {role.get('id')} has the number 0, so its holders cannot be asked for",
            "ask Halo for a build whose agent list has `roles`",
        )
    tables = halo.api.read_list(
        "role_agents",
        lambda: halo.request_agents(role=number),
        total=read_record_count,
        counted=False,
    )
    return row_ids(tables)
