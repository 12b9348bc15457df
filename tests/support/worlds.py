"""Random changes to a company, each as a vendor's administrator would make it.

Two numbers choose each change, so that equal numbers make equal histories. PingOne's changes are in
`worlds_pingone`, Okta's in `worlds_okta`. A change that the vendor refuses does not happen. No code
of the product is imported here.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from tests.sandbox.charthop import feeds
from tests.sandbox.company import parts as parts
from tests.sandbox.company.parts import Company
from tests.sandbox.haloitsm import agents as haloitsm_agents
from tests.sandbox.okta.server import Okta
from tests.sandbox.okta.switches import Refused as RefusedByOkta
from tests.sandbox.pingone.switches import Refused

Thing = TypeVar("Thing")


class World:
    """A company in which every id, also of things that are added later, is greater than `first`."""

    def __init__(self, company: Company, first: int) -> None:
        self.company = company
        self.org, self.halo, self.tenant = company.charthop, company.haloitsm, company.pingone
        self.numbers = itertools.count(first + 500)
        self.tenant.new_id = lambda: str(uuid.UUID(int=(0xF << 124) + next(self.numbers)))
        share_everyone(company.okta)
        company.okta.new_id = lambda prefix: f"{prefix}{next(self.numbers):017d}"
        self.tenant.switches.audit_rate_limit = None  # else one read in ten waits for a second

    def change(self, kind: str, one: int, other: int) -> None:
        """Make one change. The two numbers choose among the things that exist."""
        self.one, self.other = one, other
        with suppress(Refused, RefusedByOkta, LookupError):
            CHANGES[kind](self)
        self.company.charthop.touch()
        self.company.haloitsm.touch()

    def a(self, things: Iterable[Thing]) -> Thing:
        """Return the thing that the first number chooses; raise LookupError if there is none."""
        return nth(things, self.one)

    def another(self, things: Iterable[Thing]) -> Thing:
        """Return the thing that the second number chooses."""
        return nth(things, self.other)

    def number(self) -> int:
        """Return the next unused number."""
        return next(self.numbers)


def share_everyone(okta: Okta) -> None:
    """Give Everyone one id in all companies: it has every user of the warehouse, by its rule."""
    group, okta.everyone = okta.groups.pop(okta.everyone), parts.okta_id("group", 0)
    okta.groups[okta.everyone] = group | {"id": okta.everyone}
    okta.touch()


def nth(things: Iterable[Thing], number: int) -> Thing:
    """Return one of the sorted things, chosen by a number; raise LookupError if there is none."""
    found = sorted(things)
    if not found:
        raise LookupError
    return found[number % len(found)]


CHANGES: dict[str, Callable[[World], Any]] = {}


def happens(change: Callable[[World], Any]) -> Callable[[World], Any]:
    """Register a change under its function's name."""
    CHANGES[change.__name__] = change
    return change


# ---- ChartHop


@happens
def charthop_joins(world: World) -> None:
    """Add a seat to a group today."""
    job, group = world.a(world.org.jobs), world.org.groups[world.another(world.org.groups)]
    feeds.move(world.org, job, group, add=True, on=world.org.today)


@happens
def charthop_leaves(world: World) -> None:
    """Remove a person's seat from one of its groups today."""
    person = world.org.persons[world.a(world.org.persons)]
    held = world.org.group_ids(person["id"])
    group, job = world.org.groups[world.another(held)], person["hires"][-1]["jobId"]
    feeds.move(world.org, job, group, add=False, on=world.org.today)


@happens
def charthop_will_join(world: World) -> None:
    """Join a group next month. The membership is not current yet."""
    job, group = world.a(world.org.jobs), world.org.groups[world.another(world.org.groups)]
    soon = world.org.today + timedelta(days=30)
    feeds.move(world.org, job, group, add=True, on=soon)


@happens
def charthop_hires(world: World) -> None:
    """Hire a person, sometimes for a day in the future."""
    number, day = world.number(), world.org.today + timedelta(days=(0, 0, 9)[world.other % 3])
    mail = f"new.{number}@generated.example"
    hires = [(day.isoformat(), None)]
    person = parts.person(number, "Neo", f"New{number}", mail, f"E-{number:07}", hires)
    job = parts.job(number, "Engineer", [world.a(world.org.groups)], None)
    world.org.persons[person["id"]], world.org.jobs[job["id"]] = person, job


@happens
def charthop_ends(world: World) -> None:
    """End a current employment yesterday."""
    hire = world.org.persons[world.a(world.org.persons)]["hires"][-1]
    day = world.org.today - timedelta(days=1)
    if hire["startDate"] <= day.isoformat() and not hire.get("endDate"):
        hire["endDate"] = day.isoformat()


@happens
def charthop_returns(world: World) -> None:
    """Hire a leaver again into the same seat."""
    hires = world.org.persons[world.a(world.org.persons)]["hires"]
    if hires[-1].get("endDate"):
        today = world.org.today.isoformat()
        hires.append({"jobId": hires[-1]["jobId"], "startDate": today})


@happens
def charthop_announces_return(world: World) -> None:
    """Hire a leaver again from next month on."""
    hires = world.org.persons[world.a(world.org.persons)]["hires"]
    if hires[-1].get("endDate"):
        soon = (world.org.today + timedelta(days=30)).isoformat()
        hires.append({"jobId": hires[-1]["jobId"], "startDate": soon})


@happens
def charthop_forgets(world: World) -> None:
    """Delete a person."""
    del world.org.persons[world.a(world.org.persons)]


@happens
def charthop_renames(world: World) -> None:
    """Rename a person and a group."""
    world.org.persons[world.a(world.org.persons)]["name"]["last"] = f"Renamed{world.other}"
    world.org.groups[world.another(world.org.groups)]["name"] = f"Renamed {world.one}"


@happens
def charthop_founds(world: World) -> None:
    """Create a group, sometimes for a day in the future."""
    number = world.number()
    group = {"id": parts.charthop_id("group", number), "typeId": world.a(world.org.group_types)}
    if world.other % 3 == 0:
        group["startsOn"] = (world.org.today + timedelta(days=9)).isoformat()
    world.org.groups[group["id"]] = group | {"name": f"Group {number}", "code": f"G{number}"}


@happens
def charthop_archives(world: World) -> None:
    """Archive a group."""
    group = world.a(world.org.groups)
    world.org.groups[group]["deleteAt"] = f"{world.org.today.isoformat()}T00:00:00Z"


@happens
def charthop_purges(world: World) -> None:
    """Delete a group."""
    del world.org.groups[world.a(world.org.groups)]


# ---- HaloITSM


def agents(world: World) -> list[int]:
    """Return the agents that may change: neither Unassigned nor the API agent."""
    return [key for key in world.halo.agents if key > 2]


@happens
def haloitsm_joins(world: World) -> None:
    """Add an agent to a team, sometimes as its manager."""
    agent, team = world.a(agents(world)), world.another(world.halo.teams)
    if not any(
        (row["agent_id"], row["team_id"]) == (agent, team) for row in world.halo.memberships
    ):
        row = {"id": world.number(), "agent_id": agent, "team_id": team, "in_section": True}
        world.halo.memberships.append(row | {"is_manager": world.other % 5 == 0})


@happens
def haloitsm_leaves(world: World) -> None:
    """Delete a membership row."""
    world.halo.memberships.pop(world.one % max(1, len(world.halo.memberships)))


@happens
def haloitsm_leads(world: World) -> None:
    """Toggle whether an agent manages a team, or is a member of it."""
    row = world.halo.memberships[world.one % max(1, len(world.halo.memberships))]
    what = ("is_manager", "in_section")[world.other % 2]
    row[what] = not row.get(what)


@happens
def haloitsm_gives(world: World) -> None:
    """Give an agent a role."""
    world.halo.role_holders.add((world.a(agents(world)), world.another(world.halo.roles)))


@happens
def haloitsm_takes(world: World) -> None:
    """Take a role from an agent."""
    world.halo.role_holders.discard(world.a(world.halo.role_holders))


@happens
def haloitsm_brings(world: World) -> None:
    """Let a role bring one more team."""
    role, team = world.a(world.halo.roles), world.another(world.halo.teams)
    row = {"id": world.number(), "agent_id": None, "team_id": team, "role_id": role}
    held = [(row.get("role_id"), row["team_id"]) for row in world.halo.memberships]
    if (role, team) not in held:
        world.halo.memberships.append(row | {"in_section": True})


@happens
def haloitsm_hires(world: World) -> None:
    """Create an agent."""
    number = world.number()
    mail = f"agent.{number}@generated.example"
    world.halo.agents[number] = parts.agent(number, f"Agent {number}", mail)


@happens
def haloitsm_deletes(world: World) -> None:
    """Delete an agent."""
    haloitsm_agents.delete(world.halo, world.a(agents(world)))


@happens
def haloitsm_switches_off(world: World) -> None:
    """Disable or enable an agent."""
    world.halo.agents[world.a(agents(world))]["isdisabled"] ^= True


@happens
def haloitsm_founds(world: World) -> None:
    """Create a team and a role."""
    number = world.number()
    world.halo.teams[number] = parts.team(number, f"Team {number}", (1, "Department 1"))
    role = parts.halo_role(number, f"Role {number}")
    world.halo.roles[role["id"]] = role


@happens
def haloitsm_drops_a_team(world: World) -> None:
    """Delete a team with its memberships."""
    team = world.a(world.halo.teams)
    del world.halo.teams[team]
    world.halo.memberships[:] = [row for row in world.halo.memberships if row["team_id"] != team]


@happens
def haloitsm_drops_a_role(world: World) -> None:
    """Delete a role with its teams and holders."""
    role = world.a(world.halo.roles)
    del world.halo.roles[role]
    rows = world.halo.memberships
    rows[:] = [row for row in rows if row.get("role_id") != role]
    world.halo.role_holders = {pair for pair in world.halo.role_holders if pair[1] != role}
