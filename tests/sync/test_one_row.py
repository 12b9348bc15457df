"""What one row of a vendor says is true of that row only."""

from __future__ import annotations

import pytest

from tests.sandbox.company.parts import role_id
from tests.sync.test_sync import published_grants


@pytest.mark.parametrize(
    "is_told",
    [True, pytest.param(False, marks=pytest.mark.long)],
    ids=["told by the role", "not told"],
)
def test_a_leftover_team_row_is_of_its_agent_only(rollcall, is_told):
    """A team row that a role left in one agent gives the team to no other holder of the role.

    Agent 1 is left out only if its name is Unassigned.
    """
    halo = rollcall.sandbox.company.haloitsm
    halo.switches.roles_list_has_teams = is_told
    holders = sorted(agent for agent, role in halo.role_holders if role == role_id(2))
    team = max(halo.teams)
    ada, others = holders[0], holders[1:]
    halo.memberships = [row for row in halo.memberships if row["team_id"] != team]
    row = {"id": 990, "agent_id": ada, "team_id": team, "role_id": role_id(2)}
    halo.memberships += [row, row | {"id": 991, "agent_id": others[0], "role_id": "0"}]
    if is_told:
        halo.agents[1] = halo.agents[1] | {"name": "Ines Ward", "email": None}
        halo.role_holders.add((1, role_id(1)))

    rollcall.sync("haloitsm")

    entitlement, role = f"haloitsm:team:{team}:member", f"haloitsm:role:{role_id(2)}:assigned"
    found = published_grants(rollcall, f"entitlement_id = '{entitlement}'")
    assert {
        (f"haloitsm:agent:{ada}", entitlement, None): (False, True, (role,)),
        (f"haloitsm:agent:{others[0]}", entitlement, None): (True, False, ()),
    } == found
    assert is_told == bool(rollcall.rows("from accounts where account_id = 'haloitsm:agent:1'"))
