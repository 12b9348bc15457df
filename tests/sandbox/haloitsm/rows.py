"""HaloITSM's rows: an agent, team or role has other fields in every list and detail.

A membership row (`UnameSection`) with `in_section` false is no membership. A row with a `role_id`
comes from a role. Rows of the role itself name no agent.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sandbox.haloitsm.server import HaloITSM

LIST = (  # Uname_List
    *("id", "name", "firstname", "surname", "initials", "jobtitle", "email", "ad", "team"),
    *("isdisabled", "isapiagent", "is_agent", "lastlogindate", "licence_type"),
    *("linemanager", "linemanager_name", "okta_id", "colour", "onlinestatus"),
)
DETAIL = (  # Uname has these fields too
    *("is_admin", "datecreated", "last_modified", "twofactor_enabled", "third_party_guid"),
    *("authenticatorapp_configured", "delegation_activated", "delegation_timebased"),
    *("delegation_start", "delegation_end", "delegation_user_id", "delegation_user_name"),
    *("azure_connectionid", "oktaid", "activedirectory_dn", "useadlogin", "phonenumber"),
)
TEAM = (  # SectionDetail_List
    *("id", "guid", "name", "sequence", "forrequests", "foropps", "forprojects", "inactive"),
    *("department_id", "department_name", "last_modified", "use"),
)
ROLE = ("id", "id_int", "name", "normalizedName", "notes", "is_integration")
MEMBERSHIP = (
    *("in_section", "is_manager", "no_config_access", "unassigned_access"),
    *("otheragent_access", "fortickets", "foropps", "forprojects"),
)


class View:
    """An index of memberships and roles, built once per state."""

    def __init__(self, halo: HaloITSM) -> None:
        self.halo = halo
        self.of_agent: dict[int, list[dict]] = defaultdict(list)
        self.of_team: dict[int, list[dict]] = defaultdict(list)
        self.of_role: dict[str, list[dict]] = defaultdict(list)
        for row in halo.memberships:
            if row.get("role_id") and not row.get("agent_id"):
                self.of_role[row["role_id"]].append(row)
            else:
                self.of_agent[row["agent_id"]].append(row)
        self.roles_of: dict[int, list[dict]] = defaultdict(list)
        for agent_id, guid in sorted(halo.role_holders):
            if guid not in halo.roles:
                continue
            self.roles_of[agent_id].append(halo.roles[guid])
            if halo.switches.inherited_teams_in_agent and agent_id in halo.agents:
                self.of_agent[agent_id] += [
                    self._inherited(agent_id, r) for r in self.of_role[guid]
                ]
        for rows in self.of_agent.values():
            for row in rows:
                self.of_team[row["team_id"]].append(row)

    @staticmethod
    def _inherited(agent_id: int, row: dict) -> dict:
        """Return the row that an agent gets through a role, under an id of its own."""
        return row | {"agent_id": agent_id, "id": row["id"] * 1_000_000 + agent_id}

    @cached_property
    def members(self) -> dict[int, set[int]]:
        """Return the agents by team, without rows that are no membership."""
        found: dict[int, set[int]] = defaultdict(set)
        for team_id, rows in self.of_team.items():
            found[team_id] = {row["agent_id"] for row in rows if row.get("in_section", True)}
        return found

    # --- rows

    def row(self, values: dict, names: tuple[str, ...]) -> dict[str, Any]:
        """Return some fields of a thing. An unset field is absent, or null."""
        if self.halo.switches.nulls == "null":
            return {name: values.get(name) for name in names}
        return {name: values[name] for name in names if values.get(name) is not None}

    def membership(self, row: dict) -> dict[str, Any]:
        """Return a UnameSection: an agent in a team. Without an agent, a role gives the team."""
        team = self.halo.teams.get(row["team_id"], {})
        agent = self.halo.agents.get(row.get("agent_id") or 0, {})
        shown = {
            "id": row["id"],
            "agent_id": row.get("agent_id"),
            "agent_name": agent.get("name"),
            "team_id": row["team_id"],
            "team_guid": team.get("guid"),
            "team_name": team.get("name"),
            "department_id": team.get("department_id"),
        }
        if row.get("role_id"):
            shown["role_id"] = row["role_id"]
            shown["role_name"] = self.halo.roles.get(row["role_id"], {}).get("name")
        shown |= {"in_section": True, "is_manager": False}
        shown |= {name: row[name] for name in MEMBERSHIP if name in row}
        return self.row(shown, tuple(shown))

    def departments(self, agent_id: int) -> list[dict[str, Any]]:
        """Return the UnameDepartment rows: the departments of the agent's teams."""
        teams = (self.halo.teams.get(row["team_id"]) for row in self.of_agent[agent_id])
        found = {team["department_id"]: team["department_name"] for team in teams if team}
        return [
            {
                "id": agent_id * 100 + department_id,
                "agent_id": agent_id,
                "department_id": department_id,
                "department_name": name,
                "membershiplevel": 1,
            }
            for department_id, name in sorted(found.items())
        ]

    def access(self, agent_id: int) -> dict[str, Any]:
        """Return the memberships of one agent."""
        rows = [self.membership(row) for row in self.of_agent[agent_id]]
        return {"teams": rows, "departments": self.departments(agent_id)}

    def listed(self, agent: dict, teams: bool = False, roles: bool = False) -> dict[str, Any]:
        """Return an agent as a list shows it (Uname_List)."""
        shown = self.row(agent, LIST)
        held = [role["name"] for role in self.roles_of[agent["id"]]]
        if roles and self.halo.switches.list_roles == "roles":
            brief = (*ROLE[:3], "is_integration")
            shown["roles"] = [self.row(role, brief) for role in self.roles_of[agent["id"]]]
        if roles and self.halo.switches.list_roles == "role_list":
            shown["role_list"] = self.halo.switches.role_separator.join(held)
        return shown | (self.access(agent["id"]) if teams else {})

    def agent(self, agent: dict, details: bool) -> dict[str, Any]:
        """Return an agent with or without details (Uname)."""
        shown = self.row(agent, LIST + DETAIL)
        if details:
            brief = (*ROLE[:3], "is_integration")
            shown["roles"] = [self.row(role, brief) for role in self.roles_of[agent["id"]]]
            shown |= self.access(agent["id"])
        return shown

    def team(self, team: dict, managers: bool, agents: bool) -> dict[str, Any]:
        """Return a team as a list shows it (SectionDetail_List). Its `agents` are agents."""
        shown = self.row(team, TEAM)
        rows = self._shown_rows(team["id"])
        if managers and self.halo.switches.managers_in_list:
            shown["managers"] = [
                {
                    "id": row["id"],
                    "agent_id": row["agent_id"],
                    "name": self.halo.agents[row["agent_id"]]["name"],
                }
                for row in rows
                if row.get("is_manager")
            ]
        if agents:
            shown["agents"] = self._agents(team["id"])
        return shown

    def team_detail(self, team: dict, agents: bool) -> dict[str, Any]:
        """Return a team with details (SectionDetail).

        Its `agents` are memberships; builds differ here.
        """
        shown = self.row(team, TEAM)
        if agents and self.halo.switches.teams_detail == "sections":
            shown["agents"] = [self.membership(row) for row in self._shown_rows(team["id"])]
        if agents and self.halo.switches.teams_detail == "agents":
            shown["agents"] = self._agents(team["id"])
        return shown

    def _agents(self, team_id: int) -> list[dict[str, Any]]:
        shown = self.members[team_id] - self.halo.switches.restricted_agents
        return [self.listed(self.halo.agents[agent_id]) for agent_id in sorted(shown)]

    def _shown_rows(self, team_id: int) -> list[dict]:
        hidden = self.halo.switches.restricted_agents
        return [
            row
            for row in self.of_team[team_id]
            if row["agent_id"] in self.halo.agents and row["agent_id"] not in hidden
        ]

    def role(self, role: dict, teams: bool) -> dict[str, Any]:
        """Return a role (NHD_Roles): what the role gives, never who holds it."""
        shown = self.row(role, ROLE)
        if teams:
            shown["teams"] = [self.membership(row) for row in self.of_role[role["id"]]]
        return shown
