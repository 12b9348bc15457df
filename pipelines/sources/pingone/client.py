"""How PingOne is read with the fewest calls that still miss nothing.

There is no list of memberships or role assignments for a whole environment. Members come by group
(`users?filter=memberOfGroups[...]`) or by user (`users/{id}/memberOfGroups`); groups say in
`directMemberCounts` which of them need no reading at all. `count` may be wrong and never ends a
list, only a missing `next` link does (developer.pingidentity.com, "Paging and ordering
collections").
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

from pipelines.failures import Denied, Misconfigured, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import ClientCredentials, check_secret
from pipelines.http.policy import Counters, Policy, check_url
from pipelines.http.session import Session
from pipelines.redact import hide
from pipelines.sources.raw_rows import Row, key_of, parse_rows, row_ids
from pipelines.sources.reading import Api, Json, Page

REGIONS = ("com", "ca", "eu", "asia", "com.au", "sg")
WAYS = ("cheapest", "by_group", "by_user")
DIRECTORY = "the role Identity Data Read Only on the environment"
MEMBERSHIPS = "the permission dir:read:groupMembership (role Identity Data Admin)"
ROLES = (
    "the permissions permissions:read:roles and permissions:read:userRoleAssignments,"
    " …:groupRoleAssignments, …:applicationRoleAssignments (role Environment Admin or a custom one)"
)


class WorkerToken(ClientCredentials):
    """The token of a worker application. Which way it authenticates is its own setting: Basic is
    tried first, and the form if that is refused as unsupported."""

    basic = True

    def build_access_token_request(self) -> dict[str, Any]:
        if not self.basic:
            return super().build_access_token_request()
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        hide(pair)
        return {
            "headers": {"Authorization": f"Basic {pair}"},
            "data": {"grant_type": "client_credentials"},
        }

    def obtain_token(self) -> None:
        try:
            super().obtain_token()
        except Denied as denied:
            if not self.basic or b"unsupported authentication method" not in denied.body.lower():
                raise
            self.basic = False
            super().obtain_token()


class PingOne:
    """One environment, read as a worker application."""

    def __init__(
        self,
        region: str,
        base_url: str | None,
        auth_url: str | None,
        environment_id: str,
        worker_environment_id: str | None,
        client_id: str,
        client_secret: str,
        page_size: int,
        memberships: str,
        principals: str,
        policy: Policy,
        counters: Counters,
    ) -> None:
        self.check_choices(region, memberships, principals)
        base_url = check_url(
            "SOURCES__PINGONE__BASE_URL", base_url or f"https://api.pingone.{region}/v1"
        )
        auth_url = check_url(
            "SOURCES__PINGONE__AUTH_URL", auth_url or f"https://auth.pingone.{region}"
        )
        environment = quote(environment_id.strip(), safe="")
        worker = quote((worker_environment_id or environment_id).strip(), safe="")
        token = WorkerToken(
            Session("pingone", auth_url, policy, counters),
            f"{auth_url}/{worker}/as/token",
            check_secret("SOURCES__PINGONE__CLIENT_ID", client_id),
            check_secret("SOURCES__PINGONE__CLIENT_SECRET", client_secret),
        )
        session = Session("pingone", base_url, policy, counters, token)
        self.api = Api(f"{base_url}/environments/{environment}", session)
        self.base_url = base_url
        self.session, self.counters, self.page_size = session, counters, page_size
        self.ways, self.principals = memberships, principals

    @staticmethod
    def check_choices(region: str, memberships: str, principals: str) -> None:
        if region not in REGIONS:
            raise Misconfigured(
                "SOURCES__PINGONE__REGION",
                f"there is no region {region}",
                f"use {', '.join(REGIONS)}",
            )
        if memberships not in WAYS:
            raise Misconfigured(
                "SOURCES__PINGONE__MEMBERSHIPS", "not a way to read them", f"use {', '.join(WAYS)}"
            )
        if not re.fullmatch(r"all|groups_and_apps|users_matching\(.+\)", principals):
            raise Misconfigured(
                "SOURCES__PINGONE__ROLE_ASSIGNMENT_PRINCIPALS",
                "not a set of principals",
                "use all, groups_and_apps or users_matching(<SCIM filter>)",
            )

    # ---- whole lists

    @cached_property
    def group_list(self) -> list[pa.Table]:
        return self.whole_list("groups", "groups", DIRECTORY, limit=self.page_size)

    @cached_property
    def user_list(self) -> list[pa.Table]:
        return self.whole_list("users", "users", DIRECTORY, limit=self.page_size)

    @cached_property
    def application_list(self) -> list[pa.Table]:
        return self.whole_list("applications", "applications", "read access to applications")

    @cached_property
    def population_list(self) -> list[pa.Table]:
        size = min(self.page_size, 250)
        return self.whole_list("populations", "populations", DIRECTORY, limit=size)

    @cached_property
    def role_list(self) -> list[pa.Table]:
        """Built-in and custom roles. One call is documented to give both; should a tenant give its
        custom ones only, the built-in ones come from their own list."""
        found = self.whole_list("roles", "roles", ROLES)
        if any(role.get("type") != "CUSTOM" for role in parse_rows(found)):
            return found
        return found + self.whole_list("roles", f"{self.base_url}/roles", ROLES)

    def listed(self, kind: str) -> list[str]:
        """The ids of all users, groups or applications, read anew."""
        size = {} if kind == "applications" else {"limit": self.page_size}
        return row_ids(self.whole_list(kind, kind, DIRECTORY, counted=False, **size))

    # ---- who belongs to what, one call or a few per group or user

    def children(self, group: str) -> Row:
        nested = f'memberOfGroups[id eq "{group}" and type eq "DIRECT"]'
        found = self.read("groups", "groups", DIRECTORY, filter=nested, limit=self.page_size)
        return {"children": sorted({key_of("pingone: groups", row, "id") for row in found})}

    def parents(self, group: str) -> Row | None:
        found = self.of("groups", group, "memberOfGroups", "groupMemberships", DIRECTORY)
        if found is None:
            return None
        direct = (row for row in found if row.get("type") in (None, "DIRECT"))
        return {"parents": sorted({key_of("pingone: groups", row, "id") for row in direct})}

    def members(self, key: str, group: Row) -> Row:
        """The ids of a group's direct members, and of all where a rule decides."""
        users, nested = counts(group)
        if is_rule_managed(group):
            every = self.member_ids(key, "")
            return {"direct": [] if users == 0 else self.member_ids(key, DIRECT), "all": every}
        if users == 0:
            return {"direct": []}
        direct = self.member_ids(key, "" if nested == 0 else DIRECT)
        if users is not None and users != len(direct):
            direct = self.member_ids(key, DIRECT)
            if users != len(direct):
                self.counters.warn(
                    f"pingone: group {key} declares {users} direct members, {len(direct)} came"
                )
        return {"direct": direct}

    def member_ids(self, group: str, type_: str) -> list[str]:
        found = self.read(
            "users",
            "users",
            f"{DIRECTORY}, or {MEMBERSHIPS}",
            filter=f'memberOfGroups[id eq "{group}"{type_}]',
            limit=self.page_size,
        )
        return sorted({key_of("pingone: users", row, "id") for row in found})

    def groups_of(self, user: str) -> Row | None:
        found = self.of("users", user, "memberOfGroups", "groupMemberships", MEMBERSHIPS, limit=100)
        if found is None:
            return None
        rows = ({"id": to_text_id(row.get("id")), "type": row.get("type")} for row in found)
        return {"memberships": sorted(rows, key=lambda row: (row["id"] or "", row["type"] or ""))}

    def roles_of(self, kind: str, key: str) -> Row | None:
        """The role assignments of a user, a group or an application."""
        found = self.of(kind, key, "roleAssignments", "roleAssignments", ROLES)
        return None if found is None else {"roleAssignments": found}

    def activities(self, action: str, since: datetime, until: datetime) -> list[Row]:
        """What the audit feed says of one kind of action. It reaches back 14 days."""
        times = [f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" for moment in (since, until)]
        wanted = f'recordedat gt "{times[0]}" and recordedat lt "{times[1]}"'
        wanted += f' and action.type eq "{action}"'
        return self.read("activities", "activities", "audit:read", filter=wanted, limit=100)

    # ---- reading

    def whole_list(
        self, resource: str, path: str, right: str, counted: bool = True, **params: Any
    ) -> list[pa.Table]:
        """A whole list. `count` may be wrong, so two readings that agree are believed."""

        def read() -> Iterator[Page]:
            return self.pages(path, resource, right, **params)

        return self.api.whole(resource, read, total=lambda body: body.get("count"), counted=counted)

    def pages(self, path: str, collection: str, right: str, **params: Any) -> Iterator[Page]:
        def rows_of(body: Json) -> Any:
            found = body.get("_embedded") if isinstance(body, dict) else None
            rows = found.get(collection) if isinstance(found, dict) else None
            return rows if isinstance(rows, list) else None

        return self.api.pages(path, rows_of, JSONLinkPaginator("_links.next.href"), right, **params)

    def read(self, path: str, collection: str, right: str, **params: Any) -> list[Row]:
        return [row for rows, _ in self.pages(path, collection, right, **params) for row in rows]

    def of(
        self, kind: str, key: str, path: str, collection: str, right: str, **params: Any
    ) -> list[Row] | None:
        """What one principal has; None if the principal itself is gone by now."""
        try:
            return self.read(f"{kind}/{key}/{path}", collection, right, **params)
        except Unreadable as failure:
            if failure.status != 404 or not self.is_gone(kind, key):
                raise
            self.counters.warn(f"pingone: {kind}/{key} was deleted while this sync ran")
            return None

    def is_gone(self, kind: str, key: str) -> bool:
        try:
            self.api.object(f"{kind}/{key}", DIRECTORY)
        except Unreadable as failure:
            return failure.status == 404
        return False


DIRECT = ' and type eq "DIRECT"'


def counts(group: Row) -> tuple[int | None, int | None]:
    """How many users and groups a group says it has directly; None where it does not say."""
    said = group.get("directMemberCounts")
    said = said if isinstance(said, dict) else {}
    users, groups = said.get("users"), said.get("groups")
    return users if type(users) is int else None, groups if type(groups) is int else None


def is_rule_managed(group: Row) -> bool:
    """Dynamic (a filter decides) or external (another directory does)."""
    return bool(group.get("userFilter") or group.get("sourceType"))
