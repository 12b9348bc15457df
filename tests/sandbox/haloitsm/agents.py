"""HaloITSM's agents: which of them a list shows, and what a POST changes.

POST is an upsert: an element without an id creates a second agent of the same name. Lists hide
disabled, API-only and Unassigned agents unless the query asks for them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.sandbox.haloitsm.rows import DETAIL, LIST, MEMBERSHIP
from tests.sandbox.haloitsm.switches import Refused, flag, number, numbers

if TYPE_CHECKING:
    from tests.sandbox.haloitsm.server import HaloITSM

UNASSIGNED = 1


def now() -> str:
    """Return the time as Halo writes it: UTC without a time zone."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def fitting(halo: HaloITSM, query: dict[str, str]) -> list[dict]:
    """Return the agents of a query, in the requested order (by name, if none)."""
    rows = [agent for agent in halo.agents.values() if all(t(agent) for t in _tests(halo, query))]
    rows.sort(key=lambda agent: str(agent["name"]).lower())
    if order := query.get("order"):
        if order not in LIST + DETAIL:
            raise Refused(400, f"Invalid order: {order}")
        rows.sort(
            key=lambda agent: (agent.get(order) is not None, agent.get(order)),
            reverse=flag(query, "orderdesc"),
        )
    return rows


def _tests(halo: HaloITSM, query: dict[str, str]) -> list[Callable[[dict], bool]]:
    enabled = flag(query, "includeenabled", default=True)
    disabled = flag(query, "includedisabled")
    if both := query.get("activeinactive"):
        enabled, disabled = (part.strip() == "true" for part in f"{both},false".split(",")[:2])
    api, unassigned = flag(query, "includeapiagents"), flag(query, "includeunassigned")
    text, mail = query.get("search", "").lower(), flag(query, "withemail")
    domain = query.get("domain", "").lower()

    def shown(agent: dict) -> bool:
        if agent["id"] in halo.switches.restricted_agents:
            return False
        if agent["id"] == UNASSIGNED and agent["name"] == "Unassigned":
            return unassigned
        if agent.get("isapiagent") and not api:
            return False
        return disabled if agent.get("isdisabled") else enabled

    def found(agent: dict) -> bool:
        address = (agent.get("email") or "").lower()
        return text in f"{agent['name']} {address}".lower() and address.endswith(domain)

    tests = [shown, found, lambda agent: not mail or bool(agent.get("email"))]
    members = halo.view().members
    teams = numbers(query, "teams") | numbers(query, "team_id")
    if name := query.get("team"):
        teams |= {team["id"] for team in halo.teams.values() if team["name"] == name} or {0}
    if departments := numbers(query, "departments") | numbers(query, "department_id"):
        teams |= {
            team["id"] for team in halo.teams.values() if team.get("department_id") in departments
        } or {0}
    if teams:
        within = {agent_id for team_id in teams for agent_id in members.get(team_id, ())}
        tests.append(lambda agent: agent["id"] in within)
    if wanted := number(query, "role"):  # 0 means no filter, as everywhere in Halo
        guids = {guid for guid, role in halo.roles.items() if role["id_int"] == wanted}
        holders = {agent_id for agent_id, guid in halo.role_holders if guid in guids}
        tests.append(lambda agent: agent["id"] in holders)
    return tests


def upsert(halo: HaloITSM, element: dict[str, Any]) -> dict[str, Any]:
    """Create the posted agent if it has no id, else change the posted fields."""
    agent_id = element.get("id") or 0
    if agent_id and agent_id not in halo.agents:
        raise Refused(400, f"Agent {agent_id} does not exist.")
    if not agent_id and not element.get("name"):
        raise Refused(400, "name is required.")
    checked = {key: _rows(element, key) for key in ("teams", "roles", "add_roles")}
    _refuse_unknown(halo, checked)
    if not agent_id:
        agent_id = max(halo.agents, default=UNASSIGNED) + 1
        made = {"id": agent_id, "isdisabled": False, "isapiagent": False, "is_agent": True}
        halo.agents[agent_id] = made | {"datecreated": now()}
    settable = {*LIST, *DETAIL} - {"id", "datecreated", "last_modified"}
    changes = {key: value for key, value in element.items() if key in settable}
    halo.agents[agent_id] |= changes | {"last_modified": now()}
    replace = halo.switches.nested_arrays == "replace"
    if checked["teams"] is not None:
        _set_teams(halo, agent_id, checked["teams"], replace)
    if checked["roles"] is not None and replace:
        halo.role_holders -= {pair for pair in halo.role_holders if pair[0] == agent_id}
    for role in (checked["roles"] or []) + (checked["add_roles"] or []):
        halo.role_holders.add((agent_id, role["id"]))
    if element.get("_revoke_tokens") and agent_id == halo.acting_agent:
        halo.expire_tokens()
    halo.pages.changed()
    return halo.view().agent(halo.agents[agent_id], details=True)


def _rows(element: dict[str, Any], key: str) -> list[dict] | None:
    value = element.get(key)
    if value is not None and not (
        isinstance(value, list) and all(isinstance(row, dict) for row in value)
    ):
        raise Refused(400, f"{key} must be an array of objects.")
    return value


def _refuse_unknown(halo: HaloITSM, nested: dict[str, list[dict] | None]) -> None:
    for team in nested["teams"] or []:
        if team.get("team_id") not in halo.teams:
            raise Refused(400, f"Team {team.get('team_id')} does not exist.")
    for role in (nested["roles"] or []) + (nested["add_roles"] or []):
        if role.get("id") not in halo.roles:
            raise Refused(400, f"Role {role.get('id')} does not exist.")


def _set_teams(halo: HaloITSM, agent_id: int, teams: list[dict], replace: bool) -> None:
    """Set an agent's own memberships. Memberships that come from a role cannot be set here."""
    mine = [row for row in halo.memberships if row.get("agent_id") == agent_id]
    wanted = {row["team_id"]: row for row in teams if not row.get("role_id")}
    for row in mine:
        if replace and row["team_id"] not in wanted:
            halo.memberships.remove(row)
    held = {row["team_id"]: row for row in mine}
    for team_id, row in wanted.items():
        settings = {name: row[name] for name in MEMBERSHIP if name in row}
        if team_id in held:
            held[team_id].update(settings)
            continue
        row_id = max((row["id"] for row in halo.memberships), default=0) + 1
        new = {"id": row_id, "agent_id": agent_id, "team_id": team_id, "in_section": True}
        halo.memberships.append(new | settings)


def delete(halo: HaloITSM, agent_id: int) -> dict[str, Any]:
    """Delete an agent for good, and return the deleted agent."""
    gone = halo.view().agent(halo.agents[agent_id], details=True)
    del halo.agents[agent_id]
    halo.memberships[:] = [row for row in halo.memberships if row.get("agent_id") != agent_id]
    halo.role_holders -= {pair for pair in halo.role_holders if pair[0] == agent_id}
    halo.pages.changed()
    return gone
