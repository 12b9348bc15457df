"""The people of the invented company who do what tickets ask for, in the systems themselves."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.sandbox import Sandbox
from tests.sandbox.expenses import ExpenseTool

ASKED_SQL = """
select remediations.action, remediations.account_id, remediations.entitlement_id, source_grant_id
from remediations left join grants using (grant_id)
where state = 'ticketed' order by remediation_id
"""


def do_tickets(sandbox: Sandbox, warehouse: Path, tool: ExpenseTool | None = None) -> int:
    """Do what the open tickets ask for; return how many they are. `tool` is a declared system."""
    halo, okta, pingone = (
        sandbox.company.vendors[name] for name in ("haloitsm", "okta", "pingone")
    )
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        asked = connection.execute(ASKED_SQL).fetchall()
    for action, account, entitlement, native_grant in asked:
        holder = account.split(":")[2]
        own = account.split(":")[0]
        source, kind, key = (entitlement or f"{own}:account:").split(":")[:3]
        match source, kind:
            case "expenses", "account" if tool:
                assert action == "disable_account", action
                tool.deactivate(holder)
            case "expenses", "role" if tool:
                tool.remove_role(holder, key)
            case "haloitsm", "account":
                assert action == "disable_account", action
                halo.agents[int(holder)]["isdisabled"] = True
            case "haloitsm", "team":
                gone = (int(holder), int(key))
                halo.memberships = [
                    row for row in halo.memberships if (row["agent_id"], row["team_id"]) != gone
                ]
            case "haloitsm", "role":
                halo.role_holders.discard((int(holder), key))
            case "okta", "application":
                okta.unassign_app(key, holder)
            case "okta", "role":
                okta.remove_role(holder, native_grant)
            case "pingone", "role":
                pingone.remove_assignment(holder, native_grant)
            case _:
                raise NotImplementedError(f"{action} {entitlement}")
    halo.touch()
    return len(asked)
