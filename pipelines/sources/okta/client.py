"""Reads Okta's lists: users, groups, members, rules, applications, and who has which of them.

Every list is followed to its end, also those that no document calls paged: see `paging`. What Okta
counts elsewhere shows whether a list was complete: see `counts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import NotJson, parse
from pipelines.http.policy import Counters, Policy, Signer
from pipelines.sources.okta.choices import Choices
from pipelines.sources.okta.paging import (
    LinkPaginator,
    ListSession,
    PageSizes,
    check_end,
    read_twice,
)
from pipelines.sources.okta.rows import DELETED, cut_user, find_schema
from pipelines.sources.raw_rows import Row, read_id, row_ids, wrap_rows
from pipelines.sources.reading import Api, Json, Page, read_first_accepted

A = TypeVar("A")

USERS_RIGHT = "the scope okta.users.read and the role Read-only Administrator"
GROUPS_RIGHT = "the scope okta.groups.read and the role Read-only Administrator"
MEMBERS_RIGHT = (
    f"{GROUPS_RIGHT}; for members of a group with admin roles also Super Administrator, or a custom"
    " role with `View roles, resources, and admin assignments`"
)
ROLES_RIGHT = (
    "the scope okta.roles.read and the role Super Administrator, or a custom role with `View roles,"
    " resources, and admin assignments` (or set SOURCES__OKTA__ADMIN_ROLES=false)"
)
APPLICATIONS_RIGHT = (
    "the scope okta.apps.read and the role Read-only Administrator (or set"
    " SOURCES__OKTA__APPLICATIONS=none)"
)
SCHEMAS_RIGHT = (
    "the scopes okta.schemas.read and okta.userTypes.read, and the role Read-only Administrator"
)
# A list of users is shorter with these ("Users", Content-Type header); `credentials` is kept where
# the provider is needed.
USERS_TYPE = 'application/json; okta-response="omitCredentialsLinks,omitTransitioningToStatus"'
MEMBERS_TYPE = (
    "application/json;"
    ' okta-response="omitCredentials,omitCredentialsLinks,omitTransitioningToStatus"'
)
NOT_FOUND = "E0000007"  # the code of an object that does not exist; a wrong path has another


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where one org is, how it is called, and what signs the requests."""

    base_url: str
    signer: Signer
    policy: Policy
    counters: Counters
    page_size: int = 200
    members_page_size: int = 1000


class Okta:
    """One org, read with one credential."""

    def __init__(self, connection: Connection, choices: Choices) -> None:
        self.connection, self.choices = connection, choices
        self.counters, self.policy = connection.counters, connection.policy
        self.session = ListSession(
            "okta",
            connection.base_url,
            connection.policy,
            connection.counters,
            connection.signer,
            address_setting="domain",
        )
        self.session.headers["User-Agent"] = "rollcall"
        self.url = connection.base_url
        self.api = self._connect("application/json")
        self.users_api, self.members_api = map(self._connect, (USERS_TYPE, MEMBERS_TYPE))
        self.sizes = PageSizes()

    def _connect(self, content_type: str) -> Api:
        api = Api(f"{self.url}/api/v1", self.session)
        api.rest.headers |= {"Content-Type": content_type}
        return api

    # ---- whole lists

    def read_list(
        self,
        resource: str,
        path: str,
        *,
        right: str,
        api: Api | None = None,
        rows: str = "",
        size: int = 0,
        keep: Callable[[Row], Row] = lambda row: row,
        counted: bool = True,
        queries: tuple[dict[str, str], ...] = ({},),
        **params: Any,
    ) -> list[pa.Table]:
        """Return a whole list, `keep` of each row. `rows` names the field that holds the rows, and
        `queries` are the parts that the list is asked for in."""

        def read(limit: int) -> list[pa.Table]:
            def pages() -> Iterator[Page]:
                sized = params | ({"limit": limit} if limit else {})
                for query in queries:
                    asked = sized | query
                    part = self.pages(path, right=right, api=api, rows=rows, **asked)
                    for found, body in check_end(resource, part, limit):
                        yield [keep(row) for row in found], body

            return self.api.read_list(resource, pages, counted=counted)

        return self.sizes.read(resource, size, read)

    def read_users(self) -> list[pa.Table]:
        """Return the users of every status. The plain list leaves out deactivated ones, and an
        operator that is in no document adds them; without it they are a list of their own."""

        def read(*queries: dict[str, str]) -> list[pa.Table]:
            return self.read_list(
                "users",
                "users",
                right=USERS_RIGHT,
                api=self.users_api,
                size=self.connection.page_size,
                keep=lambda row: cut_user(row, self.choices.kept_fields),
                counted=False,
                queries=queries,
            )

        every, deactivated = {"search": "status pr"}, {"filter": f'status eq "{DELETED}"'}
        return read_first_accepted([lambda: read(every), lambda: read({}, deactivated)])

    def read_groups(self, *, counted: bool = True) -> list[pa.Table]:
        return self.read_list(
            "groups",
            "groups",
            right=GROUPS_RIGHT,
            size=self.connection.page_size,
            counted=counted,
            expand="stats",
        )

    def read_group(self, key: str) -> Row:
        return self.api.get_object(f"groups/{key}", GROUPS_RIGHT, expand="stats")

    def read_group_ids(self) -> list[str]:
        return row_ids(self.read_groups(counted=False))

    def read_user_schemas(self) -> list[pa.Table]:
        """Return the attributes of each type of user, if push rules write some; otherwise no rows.

        Without the right they are unknown, and no attribute is written (developer.okta.com, "User
        Types" and "Schemas").
        """
        if not self.choices.pushed_fields:
            return []
        try:
            rows = [*self.list_user_schemas()]
        except (Denied, Unreadable) as failure:
            self.counters.warn(
                f"okta: the attributes of users cannot be read, so push rules write none"
                f" ({failure.why}); give the credential {SCHEMAS_RIGHT}"
            )
            return []
        return [wrap_rows(rows)]

    def list_user_schemas(self) -> Iterator[tuple[str, Row]]:
        """Yield each type of user, and the attributes that its schema defines."""
        for kind in self.read_rows("user_types", "meta/types/user", right=SCHEMAS_RIGHT):
            key = read_id("okta: user_types", kind, "id")
            path = f"meta/schemas/user/{find_schema(kind) or 'default'}"
            schema = self.api.get_object(path, SCHEMAS_RIGHT)
            yield key, {"default": kind.get("default"), "definitions": schema.get("definitions")}

    # ---- the children of one object

    def read_member_pages(self, group_id: str) -> list[list[str]] | None:
        """Return the ids of a group's members by page; None if the group does not exist."""

        def read(limit: int) -> list[list[str]]:
            path = f"groups/{group_id}/users"
            pages = self.pages(path, right=MEMBERS_RIGHT, api=self.members_api, limit=limit)
            return [
                [read_id("okta: members", row, "id") for row in found]
                for found, _ in check_end(path, pages, limit)
            ]

        size, again = self.connection.members_page_size, read_twice(read)
        return self.or_gone(
            f"group {group_id}", lambda: self.sizes.read("group_members", size, again)
        )

    def read_rows(
        self, resource: str, path: str, *, right: str, rows: str = "", size: int = 0, **params: Any
    ) -> list[Row]:
        """Return the rows of a whole list of one object."""

        def read(limit: int) -> list[Row]:
            sized = params | ({"limit": limit} if limit else {})
            pages = self.pages(path, right=right, rows=rows, **sized)
            return [row for found, _ in check_end(path, pages, limit) for row in found]

        return self.sizes.read(resource, size, read_twice(read))

    def or_gone(self, what: str, read: Callable[[], A]) -> A | None:
        """Return what `read` gives; None, and a warning, if Okta says that it does not exist."""
        try:
            return read()
        except Unreadable as failure:
            if not says_not_found(failure):
                raise
            self.counters.warn(f"okta: {what} was deleted while this sync ran")
            return None

    def exists(self, path: str) -> bool:
        """Return whether Okta still has the object at this path."""
        try:
            self.api.get_object(path)
        except Unreadable as failure:
            if not says_not_found(failure):
                raise
            return False
        return True

    # ---- reading

    def pages(
        self, path: str, *, right: str, api: Api | None = None, rows: str = "", **params: Any
    ) -> Iterator[Page]:
        """Yield the pages of a list, which is the body itself or its field `rows`."""

        def rows_of(body: Json) -> list[Row] | None:
            found = body.get(rows) if rows and isinstance(body, dict) else body
            return found if isinstance(found, list) else None

        return (api or self.api).read_pages(path, rows_of, LinkPaginator(), right, **params)


def says_not_found(failure: Unreadable) -> bool:
    """Return whether Okta says that an object does not exist, by its code ("Error codes"). A wrong
    path has another code, and a proxy's 404 has none."""
    try:
        found = parse(failure.body)
    except NotJson:
        return False
    code = found.get("errorCode") if isinstance(found, dict) else None
    return failure.status == 404 and code == NOT_FOUND
