"""Reads PingOne with the fewest calls that still miss nothing.

There is no list of memberships or role assignments for a whole environment. Members come by group
(`users?filter=memberOfGroups[...]`) or by user (`users/{id}/memberOfGroups`). `directMemberCounts`
of a group says whether it needs no reading. `count` may be wrong, so only a missing `next` link
ends a list (developer.pingidentity.com, "Paging and ordering collections").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

import pyarrow as pa
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

from pipelines.failures import Misconfigured, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import check_secret
from pipelines.http.policy import Counters, Policy, Signer, check_url
from pipelines.http.session import Session
from pipelines.sources.pingone.auth import WorkerToken
from pipelines.sources.pingone.rights import (
    APPLICATIONS_RIGHT,
    AUDIT_RIGHT,
    DIRECTORY_RIGHT,
    MEMBERSHIPS_RIGHT,
    ROLES_RIGHT,
)
from pipelines.sources.pingone.rows import get_declared_counts, is_rule_managed
from pipelines.sources.raw_rows import Row, parse_rows, read_id, row_ids
from pipelines.sources.reading import Api, Json, Page

API_URL = "https://api.pingone.{}/v1"
REGIONS = ("com", "ca", "eu", "asia", "com.au", "sg")
MEMBERSHIP_WAYS = ("cheapest", "by_group", "by_user")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The address of one environment, and the worker application that signs in to it."""

    environment_id: str
    client_id: str
    client_secret: str = field(repr=False)
    region: str = "com"
    base_url: str | None = None  # these two replace the hosts of the region
    auth_url: str | None = None
    worker_environment_id: str | None = None  # of the worker application, if it is another one
    policy: Policy
    section: str = "SOURCES"  # of the settings that hold the credential

    def __post_init__(self) -> None:
        if self.region not in REGIONS:
            raise Misconfigured(
                "SOURCES__PINGONE__REGION",
                f"unknown region {self.region}",
                f"use {', '.join(REGIONS)}",
            )

    @property
    def remedy(self) -> str:
        setting = f"{self.section}__PINGONE__CLIENT"
        return (
            f"set {setting}_ID and {setting}_SECRET as PingOne shows them (Applications >"
            " Applications, the worker application), then run `rollcall check pingone`"
        )

    @property
    def api_url(self) -> str:
        return check_url("SOURCES__PINGONE__BASE_URL", self.base_url or API_URL.format(self.region))

    @property
    def sign_on_url(self) -> str:
        url = self.auth_url or f"https://auth.pingone.{self.region}"
        return check_url("SOURCES__PINGONE__AUTH_URL", url)

    def open_session(
        self, url: str, setting: str, counters: Counters, signer: Signer | None = None
    ) -> Session:
        """Return the session of one host, which `setting` names, or else the region."""
        names = {
            "address_setting": setting if getattr(self, setting) else "region",
            "tenant_setting": "environment_id",
        }
        return Session("pingone", url, self.policy, counters, signer, **names)


class PingOne:
    """One environment, read as a worker application."""

    def __init__(
        self,
        connection: Connection,
        counters: Counters,
        *,
        page_size: int = 200,
        memberships: str = "cheapest",
        principals: str = "all",
    ) -> None:
        if memberships not in MEMBERSHIP_WAYS:
            raise Misconfigured(
                "SOURCES__PINGONE__MEMBERSHIPS",
                f"unknown way to read memberships: {memberships}",
                f"use one of {', '.join(MEMBERSHIP_WAYS)}",
            )
        if not re.fullmatch(r"all|groups_and_apps|users_matching\(.+\)", principals):
            raise Misconfigured(
                "SOURCES__PINGONE__ROLE_ASSIGNMENT_PRINCIPALS",
                f"unknown set of principals: {principals}",
                "use all, groups_and_apps or users_matching(<SCIM filter>)",
            )
        self.api_url, sign_on_url = connection.api_url, connection.sign_on_url
        environment = quote(connection.environment_id.strip(), safe="")
        worker_environment = connection.worker_environment_id or connection.environment_id
        token = WorkerToken(
            connection.open_session(sign_on_url, "auth_url", counters),
            f"{sign_on_url}/{quote(worker_environment.strip(), safe='')}/as/token",
            check_secret("SOURCES__PINGONE__CLIENT_ID", connection.client_id),
            check_secret("SOURCES__PINGONE__CLIENT_SECRET", connection.client_secret),
            remedy=connection.remedy,
        )
        self.session = connection.open_session(self.api_url, "base_url", counters, token)
        self.api = Api(f"{self.api_url}/environments/{environment}", self.session)
        self.counters, self.page_size = counters, page_size
        self.membership_way, self.principals = memberships, principals

    # ---- whole lists

    @cached_property
    def group_list(self) -> list[pa.Table]:
        return self.read_list("groups", right=DIRECTORY_RIGHT, limit=self.page_size)

    @cached_property
    def user_list(self) -> list[pa.Table]:
        return self.read_list("users", right=DIRECTORY_RIGHT, limit=self.page_size)

    @cached_property
    def application_list(self) -> list[pa.Table]:
        return self.read_list("applications", right=APPLICATIONS_RIGHT)

    @cached_property
    def population_list(self) -> list[pa.Table]:
        size = min(self.page_size, 250)
        return self.read_list("populations", right=DIRECTORY_RIGHT, limit=size)

    @cached_property
    def role_list(self) -> list[pa.Table]:
        """The built-in and the custom roles. One call is documented to give both. If a tenant gives
        only its custom roles, the built-in roles come from their own list."""
        found = self.read_list("roles", right=ROLES_RIGHT)
        if any(role.get("type") != "CUSTOM" for role in parse_rows(found)):
            return found
        return found + self.read_list(f"{self.api_url}/roles", right=ROLES_RIGHT)

    def read_ids(self, kind: str) -> list[str]:
        """Read all users, groups or applications again, and return their ids."""
        size = {} if kind == "applications" else {"limit": self.page_size}
        return row_ids(self.read_list(kind, right=DIRECTORY_RIGHT, counted=False, **size))

    # ---- who belongs to what, one call or a few per group or user

    def read_children(self, group_id: str) -> Row:
        nested = f'memberOfGroups[id eq "{group_id}" and type eq "DIRECT"]'
        found = self.read("groups", right=DIRECTORY_RIGHT, filter=nested, limit=self.page_size)
        return {"children": sorted({read_id("pingone: groups", row, "id") for row in found})}

    def read_parents(self, group_id: str) -> Row | None:
        found = self.read_owned(f"groups/{group_id}/memberOfGroups", right=DIRECTORY_RIGHT)
        if found is None:
            return None
        direct = (row for row in found if row.get("type") in (None, "DIRECT"))
        return {"parents": sorted({read_id("pingone: groups", row, "id") for row in direct})}

    def read_members(self, group_id: str, group: Row) -> Row:
        """Return the ids of a group's direct members, and of all members if a rule decides them."""
        users, nested = get_declared_counts(group)
        if is_rule_managed(group):
            everyone = self.read_member_ids(group_id, direct=False)
            direct = [] if users == 0 else self.read_member_ids(group_id, direct=True)
            return {"direct": direct, "all": everyone}
        if users == 0:
            return {"direct": []}
        direct = self.read_member_ids(group_id, direct=nested != 0)
        if users is not None and users != len(direct):
            direct = self.read_member_ids(group_id, direct=True)
            if users != len(direct):
                self.counters.warn(
                    f"pingone: group {group_id} declares {users} direct members,"
                    f" and {len(direct)} were read"
                )
        return {"direct": direct}

    def read_member_ids(self, group_id: str, *, direct: bool) -> list[str]:
        only = ' and type eq "DIRECT"' if direct else ""
        found = self.read(
            "users",
            right=f"{DIRECTORY_RIGHT}, or {MEMBERSHIPS_RIGHT}",
            filter=f'memberOfGroups[id eq "{group_id}"{only}]',
            limit=self.page_size,
        )
        return sorted({read_id("pingone: users", row, "id") for row in found})

    def read_memberships(self, user_id: str) -> Row | None:
        path = f"users/{user_id}/memberOfGroups"
        found = self.read_owned(path, right=MEMBERSHIPS_RIGHT, limit=100)
        if found is None:
            return None
        rows = ({"id": to_text_id(row.get("id")), "type": row.get("type")} for row in found)
        return {"memberships": sorted(rows, key=lambda row: (row["id"] or "", row["type"] or ""))}

    def read_role_assignments(self, principal: str) -> Row | None:
        """Return the role assignments of `users/{id}`, `groups/{id}` or `applications/{id}`."""
        found = self.read_owned(f"{principal}/roleAssignments", right=ROLES_RIGHT)
        return None if found is None else {"roleAssignments": found}

    def read_activities(self, action: str, since: datetime, until: datetime) -> list[Row]:
        """Return the audit feed's activities of one kind. The feed reaches back 14 days."""
        first, last = (f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" for moment in (since, until))
        wanted = f'recordedat gt "{first}" and recordedat lt "{last}" and action.type eq "{action}"'
        return self.read("activities", right=AUDIT_RIGHT, filter=wanted, limit=100)

    # ---- reading

    def read_list(
        self, path: str, *, right: str, counted: bool = True, **params: Any
    ) -> list[pa.Table]:
        """Return a whole list. `count` may be wrong, so two readings that agree are accepted."""

        def read() -> Iterator[Page]:
            return self.pages(path, right=right, **params)

        resource = path.rpartition("/")[2]
        return self.api.read_list(
            resource, read, total=lambda body: body.get("count"), counted=counted
        )

    def pages(self, path: str, *, right: str, **params: Any) -> Iterator[Page]:
        """Yield the pages of a list, whose rows are under `_embedded`."""
        last = path.rpartition("/")[2]
        collection = "groupMemberships" if last == "memberOfGroups" else last

        def rows_of(body: Json) -> Any:
            found = body.get("_embedded") if isinstance(body, dict) else None
            rows = found.get(collection) if isinstance(found, dict) else None
            return rows if isinstance(rows, list) else None

        return self.api.read_pages(
            path, rows_of, JSONLinkPaginator("_links.next.href"), right, **params
        )

    def read(self, path: str, *, right: str, **params: Any) -> list[Row]:
        return [row for rows, _ in self.pages(path, right=right, **params) for row in rows]

    def read_owned(self, path: str, *, right: str, **params: Any) -> list[Row] | None:
        """Read a list of one principal; return None if the principal was deleted meanwhile."""
        try:
            return self.read(path, right=right, **params)
        except Unreadable as failure:
            owner = path.rpartition("/")[0]
            if failure.status != 404 or not self.is_gone(owner):
                raise
            self.counters.warn(f"pingone: {owner} was deleted while this sync ran")
            return None

    def is_gone(self, path: str) -> bool:
        try:
            self.api.get_object(path, DIRECTORY_RIGHT)
        except Unreadable as failure:
            return failure.status == 404
        return False
