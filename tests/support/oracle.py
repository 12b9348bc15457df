"""The expected contents of the published tables, computed from the vendors' own state.

This is plain Python over the sandbox's dictionaries. No code of the product is imported here, so
that a misread rule is not misread twice.
"""

from __future__ import annotations

from datetime import date

from tests.sandbox.charthop.server import ChartHop
from tests.sandbox.company.parts import Company
from tests.sandbox.haloitsm.server import HaloITSM
from tests.sandbox.pingone.server import PingOne
from tests.support.facts import Facts as Facts
from tests.support.oracle_okta import okta


def facts(company: Company) -> dict[str, Facts]:
    return {
        "charthop": charthop(company.charthop),
        "haloitsm": haloitsm(company.haloitsm),
        "okta": okta(company.okta),
        "pingone": pingone(company.pingone),
    }


def employment(org: ChartHop, person: dict) -> str:
    """Return `active`, `leaver`, `future` or `unknown`, by the newest employment that has begun."""
    if not person["hires"]:
        return "unknown"
    today = org.today
    begun = [h for h in person["hires"] if date.fromisoformat(h["startDate"]) <= today]
    if not begun:
        return "future"
    end = begun[-1].get("endDate")
    return "leaver" if end and date.fromisoformat(end) < today else "active"


def charthop(org: ChartHop) -> Facts:
    """Return the accounts, entitlements and grants that ChartHop's state implies."""
    told = Facts()
    for key, person in org.persons.items():
        account = f"charthop:person:{key}"
        status = {"active": "enabled", "leaver": "disabled"}
        told.accounts[account] = status.get(employment(org, person), "unknown")
        for group in org.group_ids(key):
            told.direct.add((account, f"charthop:group:{group}:member", None))
    for key, group in org.groups.items():
        begun = (group.get("startsOn") or "") <= org.today.isoformat()
        if begun and not (group.get("deleteAt") or "9999")[:10] <= org.today.isoformat():
            told.entitlements.add(f"charthop:group:{key}:member")
    return told


def haloitsm(halo: HaloITSM) -> Facts:
    """Return the accounts, entitlements and grants that HaloITSM's state implies."""
    told = Facts()
    for key, agent in halo.agents.items():
        if agent["name"] != "Unassigned":
            told.accounts[f"haloitsm:agent:{key}"] = (
                "disabled" if agent["isdisabled"] else "enabled"
            )
    for key in halo.teams:
        told.entitlements |= {f"haloitsm:team:{key}:member", f"haloitsm:team:{key}:manager"}
    for key in halo.roles:
        told.entitlements.add(f"haloitsm:role:{key}:assigned")
    for row in halo.memberships:
        slugs = ["member"] if row.get("in_section") is not False else []
        slugs += ["manager"] if row.get("is_manager") else []
        for slug in slugs:
            entitlement = f"haloitsm:team:{row['team_id']}:{slug}"
            if row.get("role_id"):
                told.gives[f"haloitsm:role:{row['role_id']}:assigned"].add((entitlement, None))
            else:
                told.direct.add((f"haloitsm:agent:{row['agent_id']}", entitlement, None))
    for agent, role in halo.role_holders:
        told.direct.add((f"haloitsm:agent:{agent}", f"haloitsm:role:{role}:assigned", None))
    return told


def pingone(tenant: PingOne) -> Facts:
    """Return the accounts, entitlements and grants that PingOne's state implies."""
    told = Facts()
    for key, user in tenant.users.items():
        told.accounts[f"pingone:user:{key}"] = "enabled" if user["enabled"] else "disabled"
        population = user["population"]["id"]
        told.direct.add((f"pingone:user:{key}", f"pingone:population:{population}:member", None))
    for key, application in tenant.applications.items():
        if application["type"] == "WORKER":
            told.accounts[f"pingone:application:{key}"] = (
                "enabled" if application["enabled"] else "disabled"
            )
    told.entitlements |= {f"pingone:population:{key}:member" for key in tenant.populations}
    told.entitlements |= {f"pingone:role:{key}:assigned" for key in tenant.roles}
    for key, group in tenant.groups.items():
        told.entitlements.add(f"pingone:group:{key}:member")
        if group.get("userFilter"):
            for user in tenant.user_ids(group["userFilter"]):
                told.direct.add((f"pingone:user:{user}", f"pingone:group:{key}:member", None))
    for user, group in tenant.members | tenant.external_members:
        told.direct.add((f"pingone:user:{user}", f"pingone:group:{group}:member", None))
    for child, parent in tenant.nestings:
        told.gives[f"pingone:group:{child}:member"].add((f"pingone:group:{parent}:member", None))
    for holder, held in tenant.assignments.items():
        for assignment in held:
            role = f"pingone:role:{assignment['role']['id']}:assigned"
            kind, key = assignment["scope"]["type"].lower(), assignment["scope"]["id"]
            scope = f"pingone:{kind}:{key}"
            if holder in tenant.groups:
                told.gives[f"pingone:group:{holder}:member"].add((role, scope))
            else:
                kind = "user" if holder in tenant.users else "application"
                told.direct.add((f"pingone:{kind}:{holder}", role, scope))
    return told
