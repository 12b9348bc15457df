"""Lanternfish, the invented company, told through people whose access is a story.

Everything is fixed except last sign-ins, which are a number of days before today. The comment above
each person says what a review should find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.sandbox.company import okta as okta
from tests.sandbox.company import parts as parts
from tests.sandbox.company import places as places
from tests.sandbox.company.parts import ENVIRONMENT, Company, charthop_id, pingone_id, role_id
from tests.sandbox.company.places import CONTRACTORS, EMPLOYEES
from tests.sandbox.company.service_desk import open_desk

EXECUTIVE, ENGINEERING, FINANCE, PEOPLE, SUPPORT, SECURITY = range(1, 7)
ON_CALL, APPROVERS, INCIDENTS, EVERYONE, CUSTOMER_DATA, OLD_OPS = 21, 22, 23, 24, 31, 41
STAFF, FINANCE_ALL, PAYMENTS, BILLING_ADMIN, VPN, IDENTITY_ADMINS = range(1, 7)
SECURITY_ON_CALL, MANAGERS, DOMAIN_ADMINS, OPS_NORTH, OPS_SOUTH, GUESTS = range(7, 13)
ENGINEERS, EMERGENCY = 14, 15
DESK, NETWORK, CHANGE_BOARD, FINANCE_SYSTEMS, TELEPHONY, NIGHT = range(1, 7)
ADMINISTRATOR, TECHNICIAN, APPROVER, AUDITOR = range(1, 5)


@dataclass
class Who:
    """A person, as far as the other systems need to know them."""

    number: int
    first: str
    last: str
    title: str
    mail: str
    employee: str


class Story:
    """Adds people to HR, and to the systems that they work with."""

    def __init__(self) -> None:
        self.people: dict[int, Who] = {}
        self.company = parts.empty("Lanternfish")
        places.charthop(self.company)
        places.haloitsm(self.company)
        places.pingone(self.company)
        open_desk(self.company.haloitsm.desk)

    def hr(
        self,
        number: int,
        first: str,
        last: str,
        title: str,
        department: int,
        boss: int | None,
        *groups: int,
        since: str = "2023-01-09",
        until: str | None = None,
        before: tuple[str, str] | None = None,
        mail: str | None = "",
        employee: str | None = "",
        employment: str = "FULL",
        at: int = 11,
        pref: str | None = None,
    ) -> Who:
        """Add a person to ChartHop, in the seat with their number."""
        mail = f"{first}.{last}@{self.company.domain}".lower() if mail == "" else mail
        employee = f"E-{1000 + number}" if employee == "" else employee
        hires = [before, (since, until)] if before else [(since, until)]
        names = {"pref": pref} if pref else {}
        person = parts.person(number, first, last, mail, employee, hires, **names)
        ids = [charthop_id("group", group) for group in (department, at, *groups)]
        job = parts.job(number, title, ids, boss, employment)
        if until and until < "2099":
            job["endDate"] = until  # nobody is recruited for the seat of a leaver
            self.change(number, "DEPART", until, departType="VOLUNTARY")
        self.change(number, "HIRE", since)
        self.company.charthop.persons[person["id"]] = person
        self.company.charthop.jobs[job["id"]] = job
        self.people[number] = Who(number, first, last, title, mail or "", employee or "")
        return self.people[number]

    def change(self, number: int, kind: str, on: str, **more: Any) -> None:
        """Add a row to ChartHop's history, and the event that records the writing of that row."""
        charthop = self.company.charthop
        serial = len(charthop.changes) + 1
        at = f"{min(on, '2026-02-01')}T09:{serial // 60:02}:{serial % 60:02}Z"
        ids = {"jobId": charthop_id("job", number), "personId": charthop_id("person", number)}
        change = {"id": f"65f0eeee{serial:016d}", "orgId": charthop.org_id} | ids
        change |= {"type": kind, "date": on, "status": "ACTIVE", "createAt": at} | more
        event = {"id": f"65f0ffee{serial:016d}", "userId": charthop.user_id, "type": "CREATE"}
        event |= {"entityType": "CHANGE", "entityId": change["id"], "at": at, "date": on} | ids
        charthop.changes[change["id"]] = change
        charthop.events[event["id"]] = event | {"code": "change.create", "subtype": kind.lower()}

    def user(
        self,
        who: Who,
        *groups: int,
        seen: float | None = 1,
        population: str = EMPLOYEES,
        **more: Any,
    ) -> str:
        """Add the person's PingOne account. `more` overrides the values that follow from HR."""
        mail = more.pop("email", who.mail)
        name = more.pop("username", mail.split("@")[0].lower())
        facts = {"title": who.title, "externalId": who.employee or None} | more
        made = parts.user(who.number, who.first, who.last, mail, name, population, seen, **facts)
        self.company.pingone.users[made["id"]] = made
        for number in groups:
            self.company.pingone.members.add((made["id"], pingone_id("group", number)))
        return made["id"]

    def agent(
        self,
        who: Who,
        *teams: int,
        roles: tuple[int, ...] = (TECHNICIAN,),
        seen: float | None = 2,
        id_: int = 0,
        **more: Any,
    ) -> int:
        """Add the person's HaloITSM agent, with its teams and roles."""
        halo = self.company.haloitsm
        number = id_ or who.number + 10
        home = halo.teams[teams[0]]["name"] if teams else None
        made = parts.agent(number, f"{who.first} {who.last}", who.mail, home, **more)
        if seen is not None:
            made["lastlogindate"] = parts.ago(seen).strftime("%Y-%m-%dT%H:%M:%S.34")
        halo.agents[number] = made
        for team in teams:
            self.membership(number, team)
        halo.role_holders |= {(number, role_id(role)) for role in roles}
        return number

    def membership(self, agent: int, team: int, **more: Any) -> None:
        """Add a row between an agent and a team. Not every such row is a membership."""
        rows = self.company.haloitsm.memberships
        row = {"id": len(rows) + 1, "agent_id": agent, "team_id": team}
        rows.append(row | {"in_section": True, "is_manager": False} | more)

    def assign(self, principal: str, role: str, scope_type: str, scope_id: str) -> None:
        """Assign a role directly."""
        rows = self.company.pingone.assignments
        serial = 100 + sum(map(len, rows.values()))
        made = parts.assignment(serial, role, scope_type, scope_id)
        rows.setdefault(principal, []).append(made)


def company() -> Company:
    """Return a new Lanternfish, so that a test's changes do not reach another test."""
    story = Story()
    _leads(story)
    _comings_and_goings(story)
    _names(story)
    _access(story)
    _not_in_hr(story)
    okta.fill(story.company, story.people)
    story.company.touch()
    return story.company


def _leads(story: Story) -> None:
    # The CEO has no manager: the configured owner decides on her access.
    mira = story.hr(1, "Mira", "Solberg", "CEO", EXECUTIVE, None)
    story.user(mira, STAFF)
    # Henrik's title puts him into a dynamic group, which nobody can remove him from by hand.
    henrik = story.hr(3, "Henrik", "Dahl", "Manager", FINANCE, 1, APPROVERS)
    story.user(henrik, FINANCE_ALL, PAYMENTS)
    story.agent(henrik, FINANCE_SYSTEMS, roles=(AUDITOR,))
    joan = story.hr(5, "Joan", "Diaz", "VP Engineering", ENGINEERING, 1)
    story.user(joan, ENGINEERS)
    # Freya manages two Halo teams. She is also a member of Service Desk, but not of Network.
    freya = story.hr(16, "Freya", "Holm", "Manager", SUPPORT, 1, INCIDENTS)
    story.user(freya, STAFF, VPN)
    agent = story.agent(freya, roles=(ADMINISTRATOR,), is_admin=True)
    story.membership(agent, DESK, is_manager=True)
    story.membership(agent, NETWORK, is_manager=True, in_section=False)
    # Grace holds a role only through a group.
    grace = story.hr(23, "Grace", "Okoye", "Head of Security", SECURITY, 1, INCIDENTS)
    story.user(grace, IDENTITY_ADMINS)
    story.user(story.hr(34, "Ruth", "Amsel", "Manager", PEOPLE, 1), STAFF)


def _comings_and_goings(story: Story) -> None:
    # Nora left in March 2026 and nobody closed her PingOne account: she is still in Billing Admin,
    # which carries a role. Her agent is still enabled too.
    nora = story.hr(2, "Nora", "Lind", "Accountant", FINANCE, 3, APPROVERS, until="2026-03-31")
    story.user(nora, BILLING_ADMIN, VPN, PAYMENTS, seen=9)
    story.agent(nora, FINANCE_SYSTEMS, seen=240)
    # Vera reported to Nora and has had no manager since: the owner decides for her.
    vera = story.hr(30, "Vera", "Lindqvist", "Bookkeeper", FINANCE, 2)
    story.user(vera, PAYMENTS)
    # Olu left in 2025. Both accounts were disabled, and both still hold all their access.
    olu = story.hr(17, "Olu", "Marsh", "Engineer", SUPPORT, 16, until="2025-11-30")
    story.user(olu, VPN, seen=400, enabled=False)
    story.agent(olu, NETWORK, isdisabled=True, seen=400)
    # Theo starts in 2099. His account is already open.
    theo = story.hr(6, "Theo", "Vance", "Engineer", ENGINEERING, 5, ON_CALL, since="2099-01-04")
    story.user(theo, VPN, seen=None)
    # Ivo left in 2021 and came back. The agent of his first employment was never deleted.
    ivo = story.hr(
        *(7, "Ivo", "Petrov", "Network Engineer", SUPPORT, 16, INCIDENTS),
        before=("2018-04-02", "2021-06-30"),
        since="2023-02-01",
    )
    story.user(ivo, VPN)
    story.agent(ivo, NETWORK)
    story.agent(ivo, TELEPHONY, id_=9, seen=2000, isdisabled=True)
    # Karla has given notice for the end of 2099: until then she works here.
    karla = story.hr(29, "Karla", "Meyer", "Recruiter", PEOPLE, 34, until="2099-12-31")
    story.user(karla, STAFF)
    # Edith advises the board and never held a job.
    edith = parts.person(31, "Edith", "Moreau", "edith.moreau@lanternfish.example", None, [])
    story.company.charthop.persons[edith["id"]] = edith
    # An open seat, whose groups nobody gets.
    seat = [charthop_id("group", number) for number in (FINANCE, APPROVERS)]
    open_seat = parts.job(90, "Data Analyst", seat, 3)
    story.company.charthop.jobs[open_seat["id"]] = open_seat


def _names(story: Story) -> None:
    # Anna's mail has capitals in HR, none in PingOne, and surrounding spaces in HaloITSM.
    mail = "Anna.Kowalska@Lanternfish.example"
    anna = story.hr(
        8, "Anna", "Kowalska", "Accountant", FINANCE, 3, mail=mail, employee=None, pref="Ania"
    )
    story.user(anna, PAYMENTS, email=mail.lower())
    anna.mail = f" {mail.upper()} "
    story.agent(anna, FINANCE_SYSTEMS)
    # A first name and a title that a spreadsheet would run as formulas.
    formula = '=HYPERLINK("https://evil.example","salary")'
    bobby = story.hr(
        9, formula, "Smith", "@Technician", SUPPORT, 16, EVERYONE, mail="bobby@lanternfish.example"
    )
    story.user(bobby, EMERGENCY)
    story.agent(bobby, DESK, NIGHT)
    # Names in other scripts: one right to left, one with an emoji, one with a combining mark.
    for number, first, last, address in (
        (10, "さくら", "田中", "sakura.tanaka"),
        (11, "ליאת", "כהן", "liat.cohen"),
        (12, "محمد", "العلي", "mohammed.alali"),
        (13, "Robin 🦊", "Fox", "robin.fox"),
        (14, "Zoe\u0308", "O'Hara-Ñúñez", "zoe.ohara"),
    ):
        address = f"{address}@{story.company.domain}"
        who = story.hr(number, first, last, "Engineer", ENGINEERING, 5, mail=address, at=12)
        story.user(who, ENGINEERS)
        if number in (10, 11):
            story.agent(who, DESK)
    # Tom and Tim share the mailbox of the warehouse and one account, so its owner is ambiguous.
    for number, first in ((18, "Tom"), (19, "Tim")):
        shared = story.hr(
            *(number, first, "Baker", "Technician", SUPPORT, 16),
            mail="warehouse@lanternfish.example",
            employee=None,
        )
    story.user(shared, VPN, username="warehouse")
    # Ines married; her account has the old mail and the right employee number.
    ines = story.hr(27, "Ines", "Costa", "Accountant", FINANCE, 3)
    story.user(ines, PAYMENTS, email="ines.faria@lanternfish.example")
    # HR has neither mail nor number for Jonas: his account matches nobody.
    jonas = story.hr(28, "Jonas", "Weber", "Driver", SUPPORT, 16, mail=None, employee=None)
    story.user(jonas, VPN, email="jonas.weber@lanternfish.example")


def _access(story: Story) -> None:
    # Ada is in Staff directly and also through Engineering. She joined Platform On-call in January
    # 2026 by a dated change, and her seat still names an archived group.
    ada = story.hr(4, "Ada", "Park", "Staff Engineer", ENGINEERING, 5, OLD_OPS)
    story.user(ada, STAFF, ENGINEERS)
    story.agent(ada, DESK, roles=(TECHNICIAN, APPROVER))  # approvers are in the Change Board
    on_call = {"addGroupIds": [charthop_id("group", ON_CALL)], "removeGroupIds": []}
    story.change(4, "UPDATE", "2026-01-05", update=on_call)
    # Sam has a row with Service Desk for its settings, but is not a member.
    sam = story.hr(15, "Sam", "Reed", "Technician", SUPPORT, 16)
    story.user(sam, VPN)
    agent = story.agent(sam, NETWORK)
    story.membership(agent, DESK, in_section=False, unassigned_access=True)
    # Lena's account is temporarily locked: her access is only paused.
    lena = story.hr(20, "Lena", "Fuchs", "Technician", SUPPORT, 16)
    lock = {"lockedAt": "2026-08-20T22:10:00.000Z", "unlockAt": "2099-08-20T22:25:00.000Z"}
    lock |= {"canAuthenticate": False, "status": "LOCKED", "secondsUntilUnlock": 611}
    story.user(lena, VPN, account=lock)
    # While Lena is away, Sam is her delegate. She is in the Change Board directly and through a
    # role.
    stand_in = {"delegation_activated": True, "delegation_user_id": agent}
    story.agent(lena, DESK, CHANGE_BOARD, roles=(TECHNICIAN, APPROVER), **stand_in)
    # Marek has not signed on for more than a year.
    marek = story.hr(21, "Marek", "Novak", "Engineer", ENGINEERING, 5)
    story.user(marek, ENGINEERS, VPN, seen=430, mfaEnabled=False)
    # Priya holds one role three times: for each population, and for the environment.
    priya = story.hr(22, "Priya", "Nair", "Analyst", SECURITY, 23, INCIDENTS)
    user = story.user(priya, SECURITY_ON_CALL)
    story.assign(user, parts.IDENTITY_DATA_ADMIN, "POPULATION", EMPLOYEES)
    story.assign(user, parts.IDENTITY_DATA_ADMIN, "POPULATION", CONTRACTORS)
    story.assign(user, parts.IDENTITY_DATA_ADMIN, "ENVIRONMENT", ENVIRONMENT)
    # Yusuf and Elif are in two groups that contain each other.
    yusuf = story.hr(24, "Yusuf", "Demir", "Operator", ENGINEERING, 5, ON_CALL)
    story.user(yusuf, OPS_NORTH)
    off_call = {"addGroupIds": [], "removeGroupIds": [charthop_id("group", ON_CALL)]}
    story.change(24, "UPDATE", "2099-01-01", update=off_call)
    story.user(story.hr(25, "Elif", "Demir", "Operator", ENGINEERING, 5), OPS_SOUTH)
    # Paul is a domain administrator: the external directory says so, PingOne only shows it.
    paul = story.user(story.hr(26, "Paul", "Winter", "Administrator", SECURITY, 23))
    story.company.pingone.external_members.add((paul, pingone_id("group", DOMAIN_ADMINS)))
    # An expression puts Omar into Customer Data.
    omar = story.hr(32, "Omar", "Haddad", "Data Engineer", ENGINEERING, 5, CUSTOMER_DATA)
    story.user(omar, ENGINEERS)
    # Bruno is a contractor who has a record in HR.
    bruno = story.hr(33, "Bruno", "Silva", "Designer", PEOPLE, 34, employment="CONTRACT")
    story.user(bruno, GUESTS, population=CONTRACTORS)


def _not_in_hr(story: Story) -> None:
    # Casey works for a supplier and has no record in HR.
    casey = Who(101, "Casey", "Byrne", "Consultant", "casey.byrne@brightpath.example", "")
    story.user(casey, GUESTS, VPN, population=CONTRACTORS, seen=3)
    story.agent(casey, NETWORK)
    # A service user with the widest role there is.
    backup = Who(201, "", "Backup service", "", "svc-backup@lanternfish.example", "")
    service = story.user(backup, seen=0.5, type="service", mfaEnabled=False, title=None)
    story.assign(service, parts.ENVIRONMENT_ADMIN, "ENVIRONMENT", ENVIRONMENT)
    # Two worker applications: one holds a role, the other holds nothing.
    for number, name in ((1, "Nightly provisioning"), (2, "Old dashboard")):
        worker = parts.worker(number, name)
        story.company.pingone.applications[worker["id"]] = worker
    principal = pingone_id("application", 1)
    story.assign(principal, parts.IDENTITY_DATA_ADMIN, "ENVIRONMENT", ENVIRONMENT)
    # An end-user application is nobody's account.
    portal = parts.worker(3, "Staff portal") | {"type": "WEB_APP"}
    story.company.pingone.applications[portal["id"]] = portal
    # Halo's Unassigned pseudo-agent is in a team, as in every instance.
    story.membership(1, DESK)
