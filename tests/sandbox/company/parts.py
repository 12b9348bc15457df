"""The parts of a company: empty vendors, and rows in each vendor's own format.

Ids are fixed and readable: the person, the seat, the agent and the user of one human share one
number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from tests.sandbox.charthop.server import ChartHop
from tests.sandbox.haloitsm.server import HaloITSM
from tests.sandbox.okta.server import Okta
from tests.sandbox.pingone.server import PingOne
from tests.sandbox.server import Vendor

ENVIRONMENT = "0e0e0e0e-0000-4000-8000-000000000001"
ORGANIZATION = "0f0f0f0f-0000-4000-8000-000000000001"
IDENTITY_DATA_ADMIN = "0bd9c966-7664-4ac1-b059-0ff9293908e2"
ENVIRONMENT_ADMIN = "29ddce68-cd7f-4b2a-b6fc-f7a19553b496"
BEGAN = "2023-01-09T08:00:00.000Z"
_CHARTHOP = {"person": "aaaa", "job": "bbbb", "group": "cccc", "type": "7777"}
_PINGONE = {
    "user": "aaaaaaaa",
    "application": "bbbbbbbb",
    "group": "cccccccc",
    "population": "dddddddd",
    "role": "99999999",
    "assignment": "eeeeeeee",
}


_OKTA = {
    "user": "00u",
    "group": "00g",
    "app": "0oa",
    "rule": "0pr",
    "role": "cr0",
    "set": "iam",
    "member": "irb",
    "assignment": "ra1",
}


def charthop_id(kind: str, number: int) -> str:
    """Return an id of 24 hexadecimal characters."""
    return f"65f0{_CHARTHOP[kind]}{number:016d}"


def pingone_id(kind: str, number: int) -> str:
    """Return a UUID."""
    return f"{_PINGONE[kind]}-0000-4000-8000-{number:012d}"


def okta_id(kind: str, number: int) -> str:
    """Return an id of 20 characters, which begins as Okta's do."""
    return f"{_OKTA[kind]}{number:017d}"


def role_id(number: int) -> str:
    """Return the GUID of a HaloITSM role."""
    return f"{number:08d}-aaaa-4000-8000-000000000001"


def ago(days: float) -> datetime:
    """Return the time so many days before this morning, so that a recent sign-in stays recent."""
    return datetime.combine(datetime.now(UTC), time(7, 30), UTC) - timedelta(days=days)


@dataclass
class Company:
    """One company as three vendors know it."""

    name: str
    domain: str
    charthop: ChartHop
    haloitsm: HaloITSM
    pingone: PingOne
    okta: Okta

    @property
    def vendors(self) -> dict[str, Vendor]:
        """Return every vendor by the name of its source."""
        return {name: one for name, one in vars(self).items() if hasattr(one, "handle")}

    def touch(self) -> None:
        """Clear what was computed from the state; call after editing the state by hand."""
        for vendor in self.vendors.values():
            vendor.touch()


def empty(name: str, keep_pages: bool = False, first: int = 0) -> Company:
    """Return a company without people: the vendors, and what every new tenant has.

    Okta brings the group Everyone and the owner of the token, which get the number `first`.
    """
    slug = name.lower()
    charthop = ChartHop(slug=slug, name=name, token="sandbox-token", keep_pages=keep_pages)
    haloitsm = HaloITSM("sandbox-client", "sandbox-secret", slug, keep_pages=keep_pages)
    pingone = PingOne(
        environment_id=ENVIRONMENT,
        client_id="sandbox-worker",
        client_secret="sandbox-secret",
        organization_id=ORGANIZATION,
    )
    okta = Okta(
        token="sandbox-token",
        everyone=okta_id("group", first),
        owner=okta_id("user", first),
        domain=f"{slug}.example",
    )
    made = Company(name, f"{slug}.example", charthop, haloitsm, pingone, okta)
    builtin = (
        (ENVIRONMENT_ADMIN, "Environment Admin", ["ORGANIZATION", "ENVIRONMENT"]),
        (IDENTITY_DATA_ADMIN, "Identity Data Admin", ["ENVIRONMENT", "POPULATION"]),
        (pingone_id("role", 1), "Organization Admin", ["ORGANIZATION"]),
        (pingone_id("role", 2), "Identity Data Read Only", ["ENVIRONMENT", "POPULATION"]),
        (pingone_id("role", 3), "Client Application Developer", ["ENVIRONMENT"]),
        (pingone_id("role", 4), "Help Desk Admin", ["ENVIRONMENT", "POPULATION"]),
    )
    for id_, role_name, scopes in builtin:
        role: dict[str, Any] = {"id": id_, "name": role_name, "type": "PLATFORM"}
        role["description"] = f"The built-in role {role_name}"
        role["applicableTo"] = scopes
        role["permissions"] = [{"id": "dir:read:user", "classifier": "user"}]
        if "Read Only" not in role_name:
            role["permissions"].append({"id": "dir:update:user", "classifier": "user"})
        pingone.roles[id_] = role
    haloitsm.agents[1] = agent(1, "Unassigned")
    haloitsm.agents[2] = agent(2, "Rollcall API", isapiagent=True, is_admin=True)
    return made


# --- ChartHop


def person(
    number: int,
    first: str,
    last: str,
    mail: str | None,
    employee: str | None,
    hires: list[tuple[str, str | None]],
    **name: str,
) -> dict[str, Any]:
    """Return a person with every employment, each as (first day, last day or None)."""
    contacts = [
        {"type": kind, "value": value, "format": form}
        for kind, value, form in (("WORK_EMAIL", mail, "EMAIL"), ("EMPLOYEE", employee, "ID"))
        if value
    ]
    return {
        "id": charthop_id("person", number),
        "name": {"first": first, "last": last} | name,
        "contacts": contacts,
        "hires": [
            {"jobId": charthop_id("job", number), "startDate": start}
            | ({"endDate": end} if end else {})
            for start, end in hires
        ],
        "createAt": "2023-01-09T08:00:00Z",
        "updateAt": "2026-01-09T08:00:00Z",
    }


def job(
    number: int, title: str, groups: list[str], boss: int | None, employment: str = "FULL"
) -> dict[str, Any]:
    """Return a seat with the groups that its holder gets."""
    made: dict[str, Any] = {"id": charthop_id("job", number), "title": title}
    if boss:
        made["managerJobId"] = charthop_id("job", boss)
    return made | {"employment": employment, "groupIds": groups}


def group_type(
    number: int, name: str, field_name: str, many: bool = True, computed: bool = False
) -> dict[str, Any]:
    return {
        "id": charthop_id("type", number),
        "name": name,
        "fieldName": field_name,
        "membershipType": "MULTIPLE" if many else "SINGLE",
        "assignmentType": "EXPR" if computed else "ASSIGNED",
        "parentTypesAllowed": "SAME",
        "enableApprovals": False,
        "defaultSensitivity": "ORG",
    }


# --- HaloITSM


def agent(
    number: int, name: str, mail: str | None = None, team: str | None = None, **more: Any
) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    made = {"id": number, "name": name, "firstname": first, "surname": last, "team": team}
    made |= {"email": mail, "isdisabled": False, "isapiagent": False, "is_agent": True}
    made |= {"licence_type": 0, "is_admin": False, "twofactor_enabled": True}
    made |= {"datecreated": "2023-01-09T08:00:00", "last_modified": "2026-01-09T08:00:00"}
    return made | more


def team(number: int, name: str, department: tuple[int, str], **more: Any) -> dict[str, Any]:
    made = {"id": number, "guid": f"{number:08d}-bbbb-4000-8000-000000000001", "name": name}
    made |= {"department_id": department[0], "department_name": department[1]}
    made |= {"inactive": False, "forrequests": True, "foropps": False, "forprojects": False}
    return made | {"last_modified": "2025-06-01T09:00:00"} | more


def halo_role(number: int, name: str, **more: Any) -> dict[str, Any]:
    made = {"id": role_id(number), "id_int": number, "name": name}
    return made | {"normalizedName": name.upper(), "is_integration": False} | more


# --- PingOne


def user(
    number: int,
    given: str | None,
    family: str,
    mail: str,
    username: str,
    population: str,
    seen: float | None,
    **more: Any,
) -> dict[str, Any]:
    """Return a user who last signed on so many days ago, or never."""
    enabled = more.get("enabled", True)
    made: dict[str, Any] = {
        "id": pingone_id("user", number),
        "environment": {"id": ENVIRONMENT},
        "account": {"canAuthenticate": enabled, "status": "OK"},
        "createdAt": BEGAN,
        "email": mail,
        "enabled": True,
        "identityProvider": {"type": "PING_ONE"},
        "lifecycle": {"status": "ACCOUNT_OK"},
        "mfaEnabled": True,
        "name": {"given": given, "family": family} if given else {"family": family},
        "population": {"id": population},
        "updatedAt": "2026-01-09T08:00:00.000Z",
        "username": username,
        "verifyStatus": "NOT_INITIATED",
    }
    if seen is not None:
        at = ago(seen).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        made["lastSignOn"] = {"at": at, "remoteIp": "203.0.113.24"}
    return made | {key: value for key, value in more.items() if value is not None}


def group(number: int, name: str, description: str = "", **more: Any) -> dict[str, Any]:
    made = {"id": pingone_id("group", number), "environment": {"id": ENVIRONMENT}, "name": name}
    made |= {"description": description} if description else {}
    return made | {"createdAt": BEGAN, "updatedAt": BEGAN} | more


def population(number: int, name: str, **more: Any) -> dict[str, Any]:
    made = {"id": pingone_id("population", number), "environment": {"id": ENVIRONMENT}}
    return made | {"name": name, "createdAt": BEGAN, "updatedAt": BEGAN} | more


def worker(number: int, name: str) -> dict[str, Any]:
    """Return a worker application: an account that signs in and belongs to no person."""
    made = {"id": pingone_id("application", number), "environment": {"id": ENVIRONMENT}}
    made |= {"name": name, "enabled": True, "type": "WORKER", "protocol": "OPENID_CONNECT"}
    made |= {"grantTypes": ["CLIENT_CREDENTIALS"]}
    made |= {"tokenEndpointAuthMethod": "CLIENT_SECRET_BASIC"}
    return made | {"createdAt": BEGAN, "updatedAt": BEGAN}


def assignment(
    number: int, role: str, scope_type: str, scope_id: str, read_only: bool = False
) -> dict[str, Any]:
    return {
        "id": pingone_id("assignment", number),
        "role": {"id": role},
        "scope": {"id": scope_id, "type": scope_type},
        "readOnly": read_only,
    }


# --- Okta


def okta_user(
    number: int, first: str, last: str, mail: str, status: str, seen: float | None, **profile: Any
) -> dict[str, Any]:
    """Return a user who last signed in so many days ago, or never."""
    facts = {"firstName": first, "lastName": last, "login": mail, "email": mail} | profile
    began = None if status == "STAGED" else BEGAN
    return {
        "id": okta_id("user", number),
        "status": status,
        "created": BEGAN,
        "activated": began,
        "statusChanged": began,
        "lastLogin": None if seen is None else ago(seen).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "lastUpdated": "2026-01-09T08:00:00.000Z",
        "passwordChanged": began,
        "profile": {name: value for name, value in facts.items() if value is not None},
    }


def okta_rule(number: int, name: str, status: str, text: str, group_id: str) -> dict[str, Any]:
    """Return a rule that fills one group."""
    made = {"id": okta_id("rule", number), "type": "group_rule", "name": name, "status": status}
    expression = {"value": text, "type": "urn:okta:expression:1.0"}
    made["conditions"] = {"people": {"users": {"exclude": []}}, "expression": expression}
    return made | {"actions": {"assignUserToGroups": {"groupIds": [group_id]}}}


def okta_attribute(kind: str, master: str = "PROFILE_MASTER", **more: Any) -> dict[str, Any]:
    """Return a custom attribute of the user schema."""
    made = {"title": "Custom", "type": kind, "mutability": "READ_WRITE", "scope": "NONE"}
    return made | {"master": {"type": master}} | more


def okta_app(number: int, name: str, label: str, mode: str, kind: str) -> dict[str, Any]:
    """Return an application; `kind` is the type of an OIDC one."""
    made = {"id": okta_id("app", number), "name": name, "label": label, "status": "ACTIVE"}
    made |= {"created": BEGAN, "lastUpdated": BEGAN} | ({"signOnMode": mode} if mode else {})
    if kind:
        made["credentials"] = {"oauthClient": {"client_id": made["id"]}}
        made["settings"] = {"oauthClient": {"application_type": kind}}
    return made


def okta_role(number: int, kind: str, status: str = "ACTIVE", **targets: Any) -> dict[str, Any]:
    """Return a standard role, for the whole org or limited to `groups` or `apps`."""
    made = {"id": okta_id("assignment", number), "type": kind, "status": status}
    made |= {"created": BEGAN, "lastUpdated": BEGAN}
    return made | ({"targets": targets} if targets else {})
