"""Checks what an Okta credential can read, with one cheap call per endpoint of a sync.

Scopes and admin role of a service app are independent: with scopes but no role, the list of users
is empty and no error. So Everyone's count is compared with what the list shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pipelines.failures import Denied, Unreadable
from pipelines.http.auth import FixedToken
from pipelines.sources.needed_fields import check_rows
from pipelines.sources.okta import counts, translation
from pipelines.sources.okta.applications import list_service_clients
from pipelines.sources.okta.auth import ServiceAppToken
from pipelines.sources.okta.client import (
    APPLICATIONS_RIGHT,
    GROUPS_RIGHT,
    MEMBERS_RIGHT,
    ROLES_RIGHT,
    SCHEMAS_RIGHT,
    USERS_RIGHT,
    Okta,
)
from pipelines.sources.okta.rows import (
    cut_application,
    get_count,
    is_built_in,
    list_attributes,
    may_have_admin_role,
)
from pipelines.sources.okta.writer import Provisioner
from pipelines.sources.probe import Probe, ProbeWarning
from pipelines.sources.raw_rows import Row

LOG_REMEDY = "give the credential okta.logs.read, or every sync reads everything"


class Checks:
    """The probes of one org, which share what the first of them find."""

    def __init__(self, okta: Okta) -> None:
        self.okta = okta
        self.groups: list[Row] = []
        self.applications: list[Row] = []

    def read_first(self, path: str, right: str, rows: str = "", limit: int = 0) -> list[list[Row]]:
        """Return the first two pages of a list."""
        sized = {"limit": limit} if limit else {}
        pages = self.okta.pages(path, right=right, rows=rows, **sized)
        return [found for found, _ in islice(pages, 2)]

    def check_sign_in(self) -> str:
        """Return who signs in. The token of a service app has been compared with its scopes."""
        if isinstance(self.okta.connection.signer, FixedToken):
            owner = self.okta.api.get_object("users/me")
            return f"the API token is of {owner.get('id')}"
        self.okta.api.get("groups", GROUPS_RIGHT, limit=1)
        return f"the service app has {', '.join(self.okta.choices.api_scopes)}"

    def check_groups(self) -> str:
        self.groups = [
            row
            for found, _ in self.okta.pages(
                "groups", right=GROUPS_RIGHT, limit=self.okta.connection.page_size, expand="stats"
            )
            for row in found
        ]
        counts.find_everyone(self.groups)
        check_rows("okta", "groups", self.groups)
        return f"{len(self.groups)} can be read"

    def check_users(self) -> str:
        """Compare what the list shows with Everyone's count, as far as two pages tell."""
        pages = self.read_first("users", USERS_RIGHT, limit=self.okta.connection.page_size)
        found = [row for page in pages for row in page]
        if not found:
            raise Unreadable("okta: users", "the list is empty", counts.ROLE_REMEDY)
        check_rows("okta", "users", found)
        declared = get_count(counts.find_everyone(self.groups)) if self.groups else None
        if declared is None:
            raise ProbeWarning("Everyone does not say how many users there are", "report it")
        missing = declared - len(found)
        if len(pages) < 2 and missing > counts.tolerate(declared):
            lack = f"{len(found)} are shown, Everyone has {declared}"
            raise Unreadable("okta: users", lack, counts.ROLE_REMEDY)
        return f"can be read; Everyone has {declared}"

    def check_members(self, with_admin_roles: bool) -> str:
        for group in self.groups:
            has_members = get_count(group) != 0 and not is_built_in(group)
            if has_members and may_have_admin_role(group) == with_admin_roles:
                self.read_first(f"groups/{group['id']}/users", MEMBERS_RIGHT, limit=1)
                return "can be read"
        return "not tried: there is no such group"

    def check_log(self) -> str:
        try:
            self.read_first("logs", "", limit=1)
        except (Denied, Unreadable) as failure:
            raise ProbeWarning(f"cannot be read ({failure.why})", LOG_REMEDY) from None
        return "can be read"

    def check_roles(self) -> str:
        found = self.read_first("iam/assignees/users", ROLES_RIGHT, rows="value", limit=1)
        for path, rows in (("iam/roles", "roles"), ("iam/resource-sets", "resource-sets")):
            self.read_first(path, ROLES_RIGHT, rows=rows)
        if not any(found):
            raise ProbeWarning(
                "no user has an admin role, though every org has an administrator",
                f"give the credential {ROLES_RIGHT}",
            )
        return "can be read"

    def check_applications(self) -> str:
        pages = self.read_first("apps", APPLICATIONS_RIGHT, limit=200)
        self.applications = [cut_application(row) for page in pages for row in page]
        check_rows("okta", "applications", self.applications)
        for row in self.applications[:1]:
            for part in ("groups", "users"):
                self.read_first(f"apps/{row['id']}/{part}", APPLICATIONS_RIGHT, limit=25)
        return "can be read" if self.applications else "can be read, but there are none"

    def check_user_schemas(self) -> str:
        """Name the attributes of the push rules that no type of user has."""
        try:
            schemas = [*self.okta.list_user_schemas()]
        except (Denied, Unreadable) as failure:
            raise ProbeWarning(
                f"cannot be read ({failure.why}), so push rules write no attribute",
                f"give the credential {SCHEMAS_RIGHT}",
            ) from None
        known = {name for _, schema in schemas for name in list_attributes(schema)}
        if unknown := sorted({*self.okta.choices.pushed_fields} - known):
            raise ProbeWarning(
                f"there is no attribute {', '.join(unknown)}",
                "add it to the profile of users in Okta, or correct the push rules",
            )
        return f"push rules write {', '.join(self.okta.choices.pushed_fields)}"

    def check_service_apps(self) -> str:
        rows = {str(row["id"]): row for row in self.applications}
        for client in sorted(list_service_clients(rows))[:1]:
            self.read_first(f"{self.okta.url}/oauth2/v1/clients/{client}/roles", ROLES_RIGHT)
            return "can be read"
        return "not tried: there is no service app"


def probes(okta: Okta) -> Iterator[Probe]:
    """Yield the probes of a sync, without what the settings leave out."""
    checks, choices = Checks(okta), okta.choices
    yield Probe("sign-in", checks.check_sign_in)
    yield Probe("groups", checks.check_groups)
    yield Probe("users", checks.check_users)
    yield Probe("members", lambda: checks.check_members(False))
    yield Probe("members of groups with admin roles", lambda: checks.check_members(True))
    yield Probe("group rules", lambda: _count_rows(checks.read_first("groups/rules", GROUPS_RIGHT)))
    yield Probe("System Log", checks.check_log)
    if choices.pushed_fields:
        yield Probe("attributes of users", checks.check_user_schemas)
    if choices.admin_roles:
        yield Probe("admin roles", checks.check_roles)
    if choices.applications != "none":
        yield Probe("applications", checks.check_applications)
    if choices.admin_roles and choices.applications != "none":
        yield Probe("roles of service apps", checks.check_service_apps)


def _count_rows(pages: list[list[Row]]) -> str:
    return "can be read" if any(pages) else "can be read, but there are none"


@dataclass(frozen=True)
class Area:
    """A kind of change, and what lets a credential make it ("Standard administrator roles" and
    "Permissions" of custom roles)."""

    what: str
    scope: str
    roles: frozenset[str]
    permissions: frozenset[str]
    right: str


ACCOUNTS = Area(
    "accounts",
    "okta.users.manage",
    frozenset({"SUPER_ADMIN", "ORG_ADMIN", "USER_ADMIN"}),
    frozenset({"okta.users.manage", "okta.users.lifecycle.manage"}),
    translation.USERS_RIGHT,
)
MEMBERS = Area(
    "members of groups",
    "okta.groups.manage",
    ACCOUNTS.roles | {"GROUP_MEMBERSHIP_ADMIN"},
    frozenset({"okta.groups.manage", "okta.groups.members.manage"}),
    translation.GROUPS_RIGHT,
)
ADMIN_ROLES = Area(
    "admin roles",
    "okta.roles.manage",
    frozenset({"SUPER_ADMIN"}),
    frozenset(),
    translation.ROLES_RIGHT,
)
APPLICATIONS = Area(
    "applications",
    "okta.apps.manage",
    frozenset({"SUPER_ADMIN", "APP_ADMIN"}),
    frozenset({"okta.apps.manage", "okta.apps.assignment.manage"}),
    translation.APPLICATIONS_RIGHT,
)


def write_probes(writer: Provisioner) -> Iterator[Probe]:
    """Yield the probes of `apply`, all of which only read."""
    checks = Checks(writer.okta)

    def check_users() -> str:
        writer.live.view.check_users_are_visible()
        return "can be read"

    yield Probe("write: own accounts", lambda: _name_own_accounts(writer))
    yield Probe("write: users", check_users)
    for what, path in (("groups", "groups"), ("group rules", "groups/rules")):
        yield Probe(
            f"write: {what}",
            lambda path=path: _count_rows(
                checks.read_first(path, translation.GROUPS_RIGHT, limit=1)
            ),
        )
    yield Probe("write: rights", lambda: check_rights(writer))


def _name_own_accounts(writer: Provisioner) -> str:
    return f"no plan changes {', '.join(sorted(writer.own_accounts()))}"


def check_rights(writer: Provisioner) -> str:
    """Compare the scopes and admin roles of the credential, whatever their targets, with what it
    needs."""
    areas = [ACCOUNTS, MEMBERS, ADMIN_ROLES, *[APPLICATIONS] * writer.choices.unassign_apps]
    held, unknown = set[str](), ""
    try:
        held = list_own_rights(writer)
    except (Denied, Unreadable) as failure:
        unknown = failure.why
    signer, lacks = writer.okta.connection.signer, []
    for area in areas:
        if isinstance(signer, ServiceAppToken) and area.scope not in signer.granted:
            lacks.append((area, f"the scope {area.scope}"))
        elif not unknown and not held & (area.roles | area.permissions):
            lacks.append((area, f"an admin role for {area.what}"))
    if lacks:
        raise ProbeWarning(
            f"it lacks {', '.join(what for _, what in lacks)}",
            "; ".join(f"for {area.what} give it {area.right}" for area, _ in lacks),
        )
    if unknown:
        raise ProbeWarning(
            f"its admin roles are unknown until it changes something ({unknown})",
            "let it read admin roles (okta.roles.read), or see what `apply` says",
        )
    return f"may change {', '.join(area.what for area in areas)}"


def list_own_rights(writer: Provisioner) -> set[str]:
    """Return the types of the admin roles that the write credential holds, and the permissions of
    its custom roles."""
    okta, right = writer.okta, translation.ROLES_RIGHT
    path = (
        f"users/{writer.own_users[0]}/roles"
        if isinstance(okta.connection.signer, FixedToken)
        else f"{okta.url}/oauth2/v1/clients/{writer.clients[0]}/roles"
    )
    found = set()
    for row in okta.read_rows("roles", path, right=right):
        if row.get("status") == "INACTIVE":
            continue
        found.add(str(row.get("type")))
        if row.get("type") == "CUSTOM":
            path = f"iam/roles/{row.get('role')}/permissions"
            rows = okta.read_rows("roles", path, right=right, rows="permissions")
            found |= {str(one.get("label")) for one in rows}
    return found
