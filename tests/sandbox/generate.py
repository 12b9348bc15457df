"""Companies of any size, equal for equal seeds, for benchmarks and soak tests.

The people have no stories, but the shares are those of a real company: leavers, future hires,
nested groups, roles through groups, agents in several teams. Rendered pages are cached: call
`touch()` after editing such a company by hand.
"""

from __future__ import annotations

from random import Random

from tests.sandbox.company import parts as parts
from tests.sandbox.company.parts import (
    ENVIRONMENT,
    Company,
    charthop_id,
    okta_id,
    pingone_id,
    role_id,
)
from tests.sandbox.company.service_desk import open_desk

FIRST = "Ada Bo Cem Dia Eli Fay Gus Hal Ida Jon Kim Lea Max Noa Ola Pia Quy Rex Sia Tom Uma Vic"
LAST = "Ahl Berg Cruz Dahl Ek Frey Gray Holm Ibsen Jung Koch Lind Moe Nair Ott Park Reed Sato Tan"
TITLES = ("Engineer", "Analyst", "Manager", "Technician", "Accountant", "Designer", "Operator")


def generate(
    people: int,
    seed: int = 1,
    groups: int | None = None,
    agents: int | None = None,
    teams: int | None = None,
    roles: int = 8,
    users: int | None = None,
    memberships: int = 5,
    nested: float = 0.3,
    administrators: float = 0.01,
    workers: int = 5,
    first: int = 0,
    okta: int = 0,
) -> Company:
    """Return a company of `people`. By default every tenth is an agent, and everybody has a user.

    `groups` is the number in ChartHop and in PingOne, `memberships` the approximate number of each
    per person. `nested` is the share of PingOne groups inside another group, `administrators` the
    share of users (and groups) that hold a role. Numbers, and so ids, begin after `first`:
    companies without common numbers fit into one warehouse. So many of the people have an account
    in Okta, too.
    """
    random = Random(seed)
    made = parts.empty("Generated", keep_pages=True, first=first)
    groups = max(10, min(2000, people // 20)) if groups is None else groups
    agents = people // 10 if agents is None else min(agents, people)
    users = people if users is None else users
    names = _names(random, max(people, users), first)
    _charthop(made, random, names[:people], groups, memberships, first)
    _haloitsm(made, random, names[:agents], teams or max(3, agents // 25), roles, first)
    _pingone(made, random, names[:users], people, groups, memberships, first)
    _pingone_roles(made, random, groups, nested, administrators, workers, first)
    if okta:
        _okta(made, random, names[:okta], memberships, administrators, first)
    made.touch()
    return made


def _names(random: Random, count: int, after: int) -> list[tuple[str, str, str]]:
    """Return first name, last name and mail. The mail contains the number, so it is unique."""
    firsts, lasts = FIRST.split(), LAST.split()
    found = []
    for number in range(after + 1, after + count + 1):
        first, last = random.choice(firsts), random.choice(lasts)
        found.append((first, last, f"{first}.{last}.{number}@generated.example".lower()))
    return found


def _charthop(
    made: Company,
    random: Random,
    names: list[tuple[str, str, str]],
    groups: int,
    each: int,
    after: int,
) -> None:
    charthop = made.charthop
    for kind in (
        parts.group_type(1, "Department", "department", many=False),
        parts.group_type(2, "Team", "team"),
    ):
        charthop.group_types[kind["id"]] = kind
    departments = max(1, min(groups, groups // 10 + 1))
    for number in range(1, groups + 1):
        kind = 1 if number <= departments else 2
        group = {"id": charthop_id("group", after + number), "typeId": charthop_id("type", kind)}
        label = f"{'Department' if kind == 1 else 'Team'} {number}"
        charthop.groups[group["id"]] = group | {"name": label, "code": f"G{number}"}
    for number, (first, last, mail) in enumerate(names, 1):
        chance = random.random()
        since, until = f"20{random.randint(10, 24)}-0{random.randint(1, 9)}-01", None
        if chance < 0.05:
            until = f"2025-0{random.randint(1, 9)}-28"
        elif chance < 0.06:
            since = "2099-01-04"
        own = after + number
        person = parts.person(own, first, last, mail, f"E-{own:07}", [(since, until)])
        held = {random.randint(1, departments)} if groups else set()
        if groups > departments:
            held |= {random.randint(departments + 1, groups) for _ in range(each - 1)}
        ids = [charthop_id("group", after + group) for group in sorted(held)]
        boss = (number - 1) // 8 + after if number > 8 else None  # a tree: eight report to each
        job = parts.job(own, TITLES[number % len(TITLES)], ids, boss)
        charthop.persons[person["id"]] = person
        charthop.jobs[job["id"]] = job


def _haloitsm(
    made: Company,
    random: Random,
    names: list[tuple[str, str, str]],
    teams: int,
    roles: int,
    after: int,
) -> None:
    halo = made.haloitsm
    open_desk(halo.desk)
    for number in range(after + 1, after + teams + 1):
        department = number % 5 + 1
        named = (department, f"Department {department}")
        halo.teams[number] = parts.team(number, f"Team {number}", named)
    for number in range(after + 1, after + roles + 1):
        role = parts.halo_role(number, f"Role {number}")
        halo.roles[role["id"]] = role
        if number % 4 == 0:  # every fourth role brings a team
            row = {"id": number, "agent_id": None, "team_id": after + number % teams + 1}
            halo.memberships.append(row | {"role_id": role["id"], "in_section": True})
    serial = after + roles
    for number, (first, last, mail) in enumerate(names, after + 3):
        off = random.random() < 0.05
        home = random.randint(after + 1, after + teams)
        agent = parts.agent(number, f"{first} {last}", mail, f"Team {home}", isdisabled=off)
        halo.agents[number] = agent
        for team in sorted({home, random.randint(after + 1, after + teams)}):
            serial += 1
            row = {"id": serial, "agent_id": number, "team_id": team}
            row |= {"in_section": random.random() > 0.03, "is_manager": random.random() < 0.05}
            halo.memberships.append(row)
        for _ in range(random.randint(1, 2) if roles else 0):
            halo.role_holders.add((number, role_id(after + random.randint(1, roles))))


def _pingone(
    made: Company,
    random: Random,
    names: list[tuple[str, str, str]],
    people: int,
    groups: int,
    each: int,
    after: int,
) -> None:
    ping = made.pingone
    for number, name in ((1, "Employees"), (2, "Contractors")):
        population = parts.population(after + number, name, default=number == 1)
        ping.populations[population["id"]] = population
    homes = [pingone_id("population", after + number) for number in (1, 2)]
    for number in range(after + 1, after + groups + 1):
        group = parts.group(number, f"Group {number}")
        ping.groups[group["id"]] = group
    for number, (first, last, mail) in enumerate(names, after + 1):
        enabled = random.random() > 0.04
        facts = {"title": TITLES[number % len(TITLES)], "enabled": enabled}
        facts |= {"externalId": f"E-{number:07}" if number <= after + people else None}
        username = mail.split("@")[0]
        home = homes[random.random() < 0.1]
        seen = random.choice((0.5, 1, 3, 20, 200, None))
        user = parts.user(number, first, last, mail, username, home, seen, **facts)
        ping.users[user["id"]] = user
        for _ in range(random.randint(1, 2 * each - 1) if groups else 0):
            group_id = pingone_id("group", after + random.randint(1, groups))
            ping.members.add((user["id"], group_id))


def _pingone_roles(
    made: Company,
    random: Random,
    groups: int,
    nested: float,
    share: float,
    workers: int,
    after: int,
) -> None:
    """Add nesting (without circles) and role assignments."""
    ping = made.pingone
    for number in range(2, groups + 1):
        if random.random() < nested:
            parent = pingone_id("group", after + random.randint(1, number - 1))
            ping.nestings.add((pingone_id("group", after + number), parent))
    for number in range(after + 1, after + workers + 1):
        worker = parts.worker(number, f"Worker {number}")
        ping.applications[worker["id"]] = worker
    principals = [key for key in (*ping.users, *ping.groups) if random.random() < share]
    for serial, principal in enumerate((*principals, *ping.applications), after + 1):
        role = random.choice((parts.IDENTITY_DATA_ADMIN, parts.ENVIRONMENT_ADMIN))
        row = parts.assignment(serial, role, "ENVIRONMENT", ENVIRONMENT)
        ping.assignments[principal] = [row]


def _okta(
    made: Company,
    random: Random,
    names: list[tuple[str, str, str]],
    each: int,
    share: float,
    after: int,
) -> None:
    """Add users, groups of every type with a rule, applications, roles and a custom role."""
    okta, count = made.okta, max(5, len(names) // 20)
    numbers = range(after + 1, after + count + 1)
    states = ["ACTIVE"] * 20 + ["STAGED", "PROVISIONED", "SUSPENDED", "DEPROVISIONED", "LOCKED_OUT"]
    for number in numbers:
        kind = "APP_GROUP" if number % 5 == 0 else "OKTA_GROUP"
        group = {"id": okta_id("group", number), "type": kind}
        okta.groups[group["id"]] = group | {"profile": {"name": f"Group {number}"}}
    ruled = okta_id("group", after + 1)
    rule = parts.okta_rule(after + 1, "Managers", "ACTIVE", 'user.title=="Manager"', ruled)
    okta.rules[rule["id"]] = rule
    for number, (first, last, mail) in enumerate(names, after + 1):
        facts = {"title": TITLES[number % len(TITLES)], "employeeNumber": f"E-{number:07}"}
        status, seen = random.choice(states), random.choice((0.5, 3, 200, None))
        user = parts.okta_user(number, first, last, mail, status, seen, **facts)
        okta.users[user["id"]] = user
        for _ in range(random.randint(1, 2 * each - 1)):
            group_id = okta_id("group", random.choice(numbers))
            if group_id != ruled:
                okta.members.add((user["id"], group_id))
        if facts["title"] == "Manager" and status not in ("STAGED", "DEPROVISIONED"):
            okta.members.add((user["id"], ruled))
    for number in numbers[::2]:
        app = parts.okta_app(number, f"app{number}", f"Application {number}", "SAML_2_0", "")
        okta.applications[app["id"]] = app
        okta.app_groups.add((app["id"], okta_id("group", random.choice(numbers))))
        for user_id in random.sample(sorted(okta.users), k=min(3, len(okta.users))):
            if okta.users[user_id].get("status") != "DEPROVISIONED":
                okta.app_users.add((app["id"], user_id))
    service = parts.okta_app(after + count + 1, "worker", "Worker", "OPENID_CONNECT", "service")
    okta.applications[service["id"]] = service
    okta.add_client(service["id"], {}, (), "Worker")
    native = [id_ for id_, one in okta.groups.items() if one["type"] == "OKTA_GROUP"]
    holders = [one for one in (*sorted(okta.users), *sorted(native)) if random.random() < share]
    for serial, holder in enumerate((*holders, service["id"]), after + 1):
        if holder not in (okta.owner, ruled):
            kind = random.choice(("HELP_DESK_ADMIN", "READ_ONLY_ADMIN", "SUPER_ADMIN"))
            okta.assignments[holder] = [parts.okta_role(serial, kind)]
    role, kept = okta_id("role", after + 1), okta_id("set", after + 1)
    okta.roles[role] = {"id": role, "label": f"Role {after + 1}", "description": "Reads users"}
    okta.roles[role]["permissions"] = ["okta.users.read"]
    okta.resource_sets[kept] = {"id": kept, "label": f"Set {after + 1}", "description": "Users"}
    bound = {"kind": "user", "principal": okta_id("user", after + 1), "created": parts.BEGAN}
    okta.bindings[kept, role] = {okta_id("member", after + 1): bound}
