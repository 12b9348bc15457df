"""Lanternfish's Okta, where the stories of the same people end differently.

The comment above each account says what a review should find.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tests.sandbox.company import parts as parts
from tests.sandbox.company.parts import Company, ago, okta_id
from tests.sandbox.okta.filter import stamp

FINANCE, AD_FINANCE, PAYMENTS, CONTRACTORS, IT_ADMINS, ENGINEERING, TREASURY, VPN = range(1, 9)
NOBODY, OLD_NETWORK, EMERGENCY, SECURITY = range(9, 13)
PAYROLL, SOURCE_CODE, DIRECTORY, NIGHTLY, PORTAL, OLD_WIKI = range(1, 7)
REVIEWER, USER_CREATOR = 1, 2
AD = {"provider": {"type": "ACTIVE_DIRECTORY", "name": "corp.lanternfish.example"}}


class Person(Protocol):
    """A person of HR, as far as Okta needs to know them."""

    number: int
    first: str
    last: str
    title: str
    mail: str
    employee: str


def fill(company: Company, people: Mapping[int, Person]) -> None:
    """Add accounts, groups, roles and applications to the company's Okta."""
    _groups(company)
    _applications(company)
    _people(company, people)
    _other_accounts(company, people)
    _roles(company)
    _log(company)
    company.okta.touch()


def _user(
    company: Company,
    who: Person,
    *groups: int,
    status: str = "ACTIVE",
    seen: float | None = 1,
    **profile: Any,
) -> str:
    """Add the person's account. `profile` overrides the values that follow from HR."""
    facts = {"title": who.title or None, "employeeNumber": who.employee or None} | profile
    mail = facts.pop("email", who.mail.strip().lower())
    made = parts.okta_user(who.number, who.first, who.last, mail, status, seen, **facts)
    company.okta.users[made["id"]] = made
    for number in groups:
        company.okta.members.add((made["id"], okta_id("group", number)))
    return made["id"]


def _groups(company: Company) -> None:
    """Add native groups, groups of the Active Directory, and rules."""
    for number, name, more in (
        (FINANCE, "Finance", {"description": "Made in Okta"}),
        (AD_FINANCE, "Finance", {"samAccountName": "Finance"}),
        (PAYMENTS, "Finance - payments", {"description": "May release payments"}),
        (CONTRACTORS, "Contractors", {"description": "Filled by a rule"}),
        (IT_ADMINS, "IT admins", {"description": "Carries Help Desk Administrator"}),
        (ENGINEERING, "Engineering", {}),
        (TREASURY, "GG-Treasury", {"samAccountName": "GG-Treasury"}),
        (VPN, "VPN", {"description": "Reach the office network"}),
        (NOBODY, "Nobody yet", {}),
        (OLD_NETWORK, "Old network", {"description": "Left from the office that closed"}),
        (EMERGENCY, "+Emergency access", {"description": "A name like a formula"}),
        (SECURITY, "Security", {}),
    ):
        group = {"id": okta_id("group", number), "profile": {"name": name} | more}
        if "samAccountName" in more:
            group |= {"type": "APP_GROUP", "source": {"id": okta_id("app", DIRECTORY)}}
            group["objectClass"] = ["okta:windows_security_principal"]
            group["profile"]["dn"] = f"CN={name},OU=Groups,DC=corp,DC=lanternfish,DC=example"
        company.okta.groups[group["id"]] = group
    for number, name, status, text, group_number in (
        (1, "Contractors", "ACTIVE", 'user.userType=="Contractor"', CONTRACTORS),
        (2, "Engineers of old", "INACTIVE", 'user.department=="R&D"', ENGINEERING),
    ):
        rule = parts.okta_rule(number, name, status, text, okta_id("group", group_number))
        company.okta.rules[rule["id"]] = rule
    company.okta.attributes |= {
        "charthopTeam": parts.okta_attribute("string", "OKTA", maxLength=40),
        "costTier": parts.okta_attribute("string", enum=["A", "B"]),
        "badge": parts.okta_attribute("integer"),
        "officeLocation": parts.okta_attribute("string"),
        "hireCode": parts.okta_attribute("string", mutability="READ_ONLY"),
    }


def _applications(company: Company) -> None:
    """Add applications. Nightly provisioning is a service app: an account without a person."""
    okta = company.okta
    for number, name, label, mode, kind in (
        (PAYROLL, "payroll", "Payroll", "SAML_2_0", ""),
        (SOURCE_CODE, "source_code", "Source code", "SAML_2_0", ""),
        (DIRECTORY, "active_directory", "corp.lanternfish.example", "", ""),
        (NIGHTLY, "oidc_client", "Nightly provisioning", "OPENID_CONNECT", "service"),
        (PORTAL, "oidc_client", "Staff portal", "OPENID_CONNECT", "web"),
        (OLD_WIKI, "wiki", "Old wiki", "AUTO_LOGIN", ""),
    ):
        app = parts.okta_app(number, name, label, mode, kind)
        okta.applications[app["id"]] = app
    okta.applications[okta_id("app", OLD_WIKI)]["status"] = "INACTIVE"
    for app, group in ((PAYROLL, FINANCE), (SOURCE_CODE, ENGINEERING), (SOURCE_CODE, OLD_NETWORK)):
        okta.app_groups.add((okta_id("app", app), okta_id("group", group)))
    okta.app_groups.add((okta_id("app", PORTAL), okta.everyone))
    okta.add_client(okta_id("app", NIGHTLY), {}, (), "Nightly provisioning")


def _people(company: Company, people: Mapping[int, Person]) -> None:
    okta = company.okta
    for number, *groups in (
        (1,),
        (4, ENGINEERING),
        (5, ENGINEERING, VPN),
        (8, FINANCE),
        (9, EMERGENCY),
        (10, ENGINEERING),
        (11, ENGINEERING),
        (14, ENGINEERING),
        (15, VPN),
        (25,),
        (29,),
        (34,),
    ):
        _user(company, people[number], *groups)
    # Nora left in March 2026. Her account is live, and still in the groups that pay.
    _user(company, people[2], FINANCE, PAYMENTS, seen=9)
    # Henrik has Payroll through Finance and also by name.
    henrik = _user(company, people[3], FINANCE, PAYMENTS)
    # Vera has Payroll by name only.
    vera = _user(company, people[30], PAYMENTS)
    okta.app_users |= {(okta_id("app", PAYROLL), one) for one in (henrik, vera)}
    # Theo starts in 2099: his account is staged.
    _user(company, people[6], ENGINEERING, status="STAGED", seen=None)
    # Ivo came back, but his account is still deactivated, and still in two groups.
    _user(company, people[7], OLD_NETWORK, VPN, status="DEPROVISIONED", seen=2000)
    # Olu left in 2025: suspended, with all access.
    _user(company, people[17], VPN, status="SUSPENDED", seen=400)
    # Okta cannot store the fox in Robin's first name; a cup of three bytes fits into the title.
    robin = people[13]
    _user(company, robin, ENGINEERING, title="Engineer \u2615", firstName="Robin")
    # Accounts on their way: one must set a password, one forgot it, one is locked, one is overdue.
    _user(company, people[24], status="PROVISIONED", seen=None)
    _user(company, people[32], ENGINEERING, status="RECOVERY")
    _user(company, people[20], VPN, status="LOCKED_OUT")
    marek = _user(company, people[21], ENGINEERING, VPN, status="PASSWORD_EXPIRED", seen=430)
    okta.app_users.add((okta_id("app", OLD_WIKI), marek))
    # Freya is a help desk administrator through a group.
    _user(company, people[16], IT_ADMINS, VPN)
    # The Active Directory is the source of Paul's account and of two of his groups.
    paul = _user(company, people[26], TREASURY, AD_FINANCE)
    okta.users[paul]["credentials"] = AD
    # Bruno is in Contractors because a rule reads his user type.
    _user(company, people[33], CONTRACTORS, userType="Contractor")
    # Ines married; her login is the old mail, and her employee number is right.
    _user(company, people[27], FINANCE, email="ines.faria@lanternfish.example")
    # HR has neither mail nor number for Jonas: his account matches nobody.
    _user(company, people[28], VPN, email="jonas.weber@lanternfish.example")
    # Tom and Tim share an account.
    _user(company, people[18], VPN, email="warehouse@lanternfish.example", employeeNumber=None)


def _other_accounts(company: Company, people: Mapping[int, Person]) -> None:
    okta = company.okta
    # Grace works with one account and administers Okta with another.
    grace = people[23]
    _user(company, grace, SECURITY)
    mail = f"{grace.first}.{grace.last}-admin@lanternfish.example".lower()
    admin = parts.okta_user(123, grace.first, grace.last, mail, "ACTIVE", 1)
    okta.users[admin["id"]] = admin
    okta.assignments[admin["id"]] = [parts.okta_role(1, "SUPER_ADMIN")]
    _user(company, people[22], SECURITY)
    # Casey works for a supplier and has no record in HR.
    casey = parts.okta_user(
        101, "Casey", "Byrne", "casey.byrne@brightpath.example", "ACTIVE", 3, userType="Contractor"
    )
    okta.users[casey["id"]] = casey
    okta.members |= {(casey["id"], okta_id("group", one)) for one in (CONTRACTORS, VPN)}
    # A service user that reads reports.
    backup = parts.okta_user(
        201, "Backup", "Service", "svc-backup@lanternfish.example", "ACTIVE", 0.5
    )
    okta.users[backup["id"]] = backup
    okta.assignments[backup["id"]] = [parts.okta_role(2, "READ_ONLY_ADMIN")]


def _roles(company: Company) -> None:
    okta = company.okta
    # Priya manages two groups, and creates users through a custom role in a resource set.
    priya, ada, marek = (okta_id("user", number) for number in (22, 4, 21))
    groups = [okta_id("group", number) for number in (FINANCE, VPN)]
    okta.assignments[priya] = [parts.okta_role(3, "USER_ADMIN", groups=groups)]
    # Ada administers one application, and every application of one kind.
    apps = [okta_id("app", PAYROLL), "salesforce"]
    okta.assignments[ada] = [parts.okta_role(4, "APP_ADMIN", apps=apps)]
    # Marek's role was switched off.
    okta.assignments[marek] = [parts.okta_role(5, "REPORT_ADMIN", status="INACTIVE")]
    it_admins, nightly = okta_id("group", IT_ADMINS), okta_id("app", NIGHTLY)
    okta.assignments[it_admins] = [parts.okta_role(6, "HELP_DESK_ADMIN")]
    okta.assignments[nightly] = [parts.okta_role(7, "SUPER_ADMIN")]
    for number, label, allowed in (
        (REVIEWER, "Access reviewer", ["okta.users.read", "okta.groups.read"]),
        (USER_CREATOR, "User creator", ["okta.users.create", "okta.groups.members.manage"]),
    ):
        role = {"id": okta_id("role", number), "label": label, "permissions": allowed}
        okta.roles[role["id"]] = role | {"description": f"Custom role: {label.lower()}"}
    for number, label in ((1, "Bergen"), (2, "Everything")):
        made = {"id": okta_id("set", number), "label": label, "description": f"Set {label}"}
        orn = f"orn:okta:directory:{okta.org_id}"
        made["resources"] = [f"{orn}:groups:{okta_id('group', VPN)}"] if number == 1 else []
        made["resources"] += [f"{orn}:users"]
        okta.resource_sets[made["id"]] = made
    security = okta_id("group", SECURITY)
    for set_number, role_number, members in (
        (1, USER_CREATOR, [("user", priya), ("user", ada), ("group", security)]),
        (2, REVIEWER, [("user", okta_id("user", 16)), ("client", nightly)]),
    ):
        okta.bindings[okta_id("set", set_number), okta_id("role", role_number)] = {
            okta_id("member", set_number * 10 + number): {"kind": kind, "principal": principal}
            | {"created": parts.BEGAN}
            for number, (kind, principal) in enumerate(members)
        }


def _log(company: Company) -> None:
    """Record when two memberships began, as far back as the log reaches."""
    okta = company.okta
    for days, user, group in ((20, 30, PAYMENTS), (40, 101, VPN)):
        user_id, group_id = okta_id("user", user), okta_id("group", group)
        targets = okta.user_target(user_id), okta.group_target(group_id)
        okta.emit("group.user_membership.add", *targets, published=stamp(ago(days)))
