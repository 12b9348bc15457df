"""Checks what an Okta credential can read, with one cheap call per endpoint of a sync.

Scopes and admin role of a service app are independent: with scopes but no role, the list of users
is empty and no error. So Everyone's count is compared with what the list shows.
"""

from __future__ import annotations

from itertools import islice

from pipelines.failures import Denied, Unreadable
from pipelines.http.auth import FixedToken
from pipelines.sources.needed_fields import check_rows
from pipelines.sources.okta import counts
from pipelines.sources.okta.applications import list_service_clients
from pipelines.sources.okta.client import (
    APPLICATIONS_RIGHT,
    GROUPS_RIGHT,
    MEMBERS_RIGHT,
    ROLES_RIGHT,
    USERS_RIGHT,
    Okta,
)
from pipelines.sources.okta.rows import cut_application, get_count, is_built_in, may_have_admin_role
from pipelines.sources.probe import ProbeWarning
from pipelines.sources.raw_rows import Row

LOG_RIGHT = "the scope okta.logs.read and the role Read-only Administrator"
LOG_REMEDY = f"give the credential {LOG_RIGHT}, or every sync reads everything"


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

    def check_service_apps(self) -> str:
        rows = {str(row["id"]): row for row in self.applications}
        for client in sorted(list_service_clients(rows))[:1]:
            self.read_first(f"{self.okta.url}/oauth2/v1/clients/{client}/roles", ROLES_RIGHT)
            return "can be read"
        return "not tried: there is no service app"


def count_rows(pages: list[list[Row]]) -> str:
    return "can be read" if any(pages) else "can be read, but there are none"
