"""Reads the users and groups of a SCIM server completely (RFC 7644, 3.4).

`totalResults` binds. A group that is listed without its members is read by itself, because servers
may leave them out of lists. A group whose members nobody says is refused; it is never nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pipelines.failures import Denied, Unreadable
from pipelines.http.policy import NEXT_SYNC
from pipelines.sources.calls import reading
from pipelines.sources.declared.scim.attributes import (
    GROUP,
    USER,
    find,
    list_members,
    list_user_groups,
    read_text,
    read_values,
)
from pipelines.sources.declared.scim.paging import ListPages, find_resources, find_total
from pipelines.sources.raw_rows import Row, parse_rows, read_id
from pipelines.sources.reading import Api

SCIM_JSON = "application/scim+json, application/json"
# What a server without an optional endpoint, or that does not show it, answers
NOT_OFFERED = (400, 403, 404, 405)
WITH_MEMBERS = "displayName,externalId,meta,members"


class GroupGone(Unreadable):
    """A group that is in the list, and that is not there when it is read by itself."""


@dataclass
class Found:
    """All users and groups by id, and the endpoint of each user."""

    users: dict[str, Row] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Row] = field(default_factory=dict)

    def list_members(self, what: str) -> list[Row]:
        """Return the members of all groups, each as a user or a group.

        An id is unique among all resources (RFC 7643, 3.1), so the lists say what a member is. Its
        own word counts where they do not.
        """
        rows = []
        for key, group in self.groups.items():
            for member, said in list_members(what, group, key):
                known = [
                    kind
                    for kind, ids in ((USER, self.users), (GROUP, self.groups))
                    if member in ids
                ]
                kind = known[0] if len(known) == 1 else said
                if len(known) == 2 and kind not in known:
                    why = f"{member}, a member of group {key}, is the id of a user and of a group"
                    next = "report it to the vendor; nothing of this system was taken"
                    raise Unreadable(f"{what}: groups", why, next)
                rows.append({"group_id": key, "member_id": member, "type": kind or USER})
        return rows

    def has_unknown_members(self, what: str) -> bool:
        known = self.users.keys() | self.groups.keys()
        return any(row["member_id"] not in known for row in self.list_members(what))


class Directory:
    """One SCIM server."""

    def __init__(
        self,
        api: Api,
        what: str,
        *,
        page_size: int,
        accounts: list[str],
        has_groups: bool,
        members_may_be_missing: bool,
    ) -> None:
        self.api, self.what, self.page_size = api, what, page_size
        self.accounts, self.has_groups = accounts, has_groups
        self.members_may_be_missing = members_may_be_missing
        api.rest.headers["Accept"] = SCIM_JSON

    def read(self) -> Found:
        """Return everything, read twice if somebody was deleted meanwhile."""
        try:
            found = self._read_once()
            if not found.has_unknown_members(self.what):
                return found
        except GroupGone:
            pass
        return self._read_once()

    def _read_once(self) -> Found:
        by_cursor = self.has_cursors()
        found = Found()
        for endpoint in self.accounts:
            listed = self._read_list("users", endpoint, by_cursor)
            if same := found.users.keys() & listed.keys():
                why = f"{min(same)} is the id of two accounts, one of them in {endpoint}"
                raise Unreadable(f"{self.what}: users", why, "report it to the vendor")
            found.users |= listed
            found.endpoints |= dict.fromkeys(listed, endpoint)
        if "users" in self.api.counters.reported:
            self.api.counters.reported["users"] = len(found.users)  # of all endpoints
        if not self.has_groups:
            return found
        found.groups = self._read_list("groups", "Groups", by_cursor)
        self._complete_members(found, by_cursor)
        return found

    def read_config(self) -> Row:
        """Return what the server offers (RFC 7643, 5); empty if it does not say so."""
        try:
            return self.api.get_object("ServiceProviderConfig")
        except (Denied, Unreadable) as failure:
            if failure.status in NOT_OFFERED:
                return {}
            raise

    def has_cursors(self) -> bool:
        """Return whether the server announces cursors (RFC 9865, 4): no row shifts between pages
        then."""
        return find(self.read_config(), "pagination", "cursor") is True

    def count(self, endpoint: str) -> str:
        """Return how many resources a list has, from the shortest answer."""
        body = self.api.get(endpoint, count=1)
        if find_resources(body) is None:
            raise self.api.unexpected_body(endpoint, body, "a SCIM list with Resources")
        total = find_total(body)
        return "can be read" if total is None else f"{total} in all"

    def _read_list(
        self, table: str, endpoint: str, by_cursor: bool, **params: str
    ) -> dict[str, Row]:
        """Return the resources of one list by id."""
        before = self.api.counters.pages[table]
        tables = self.api.read_list(
            table,
            lambda: self.api.read_pages(
                endpoint, find_resources, ListPages(self.page_size, by_cursor), **params
            ),
            total=lambda body: self._must_count(endpoint, body, by_cursor),
            total_binds=True,
        )
        listed = {read_id(self.what, row, "id"): row for row in parse_rows(tables)}
        is_one_page = self.api.counters.pages[table] == before + 1
        if is_one_page and not by_cursor and len(listed) == self.page_size:
            self._look_further(table, endpoint, listed, **params)
        return listed

    def _must_count(self, endpoint: str, body: Any, by_cursor: bool) -> int | None:
        total = find_total(body)
        if total is None and not by_cursor and not find(body, "nextCursor"):
            raise self.api.unexpected_body(endpoint, body, "a SCIM list with totalResults")
        return total

    def _look_further(
        self, table: str, endpoint: str, listed: dict[str, Row], **params: str
    ) -> None:
        """Raise Unreadable if there is more after a full page whose total is its own length."""
        try:
            with reading(table):
                body = self.api.get(
                    endpoint, startIndex=len(listed) + 1, count=self.page_size, **params
                )
        except (Denied, Unreadable) as failure:
            if failure.status in NOT_OFFERED:
                return
            raise
        more = [row for row in find_resources(body) or [] if read_text(row, "id") not in listed]
        if more:
            why = "totalResults counts the resources of one page, not those of the list"
            raise Unreadable(f"{self.what}: {table}", why, "report it to the vendor")

    def _complete_members(self, found: Found, by_cursor: bool) -> None:
        """Read the members of groups that are listed without them.

        A list need not have them (RFC 7643, 7: `returned`), and a group without members need not
        have the attribute (RFC 7643, 2.5), so the two look alike.
        """
        groups = found.groups
        if groups and not any(map(_shows_members, groups.values())):
            found.groups = groups = self._ask_for_members(groups, by_cursor)
        silent = [key for key, group in groups.items() if not _shows_members(group)]
        with reading("groups"):
            for key, group in self.api.call_each(silent, self._read_group):
                groups[key] = group
        silent = [key for key in silent if not _shows_members(groups[key])]
        has_any = any(read_values(group, "members") for group in groups.values()) or any(
            one["group_id"]
            for key, user in found.users.items()
            for one in list_user_groups(user, key)
        )
        if silent and not has_any and not self.members_may_be_missing:
            raise Unreadable(
                f"{self.what}: groups",
                f"no group says who its members are, such as {silent[0]}, and no user says in which"
                " group it is",
                "let the credential read `members`; if really nobody is in any group, set"
                " members_may_be_missing = true",
            )

    def _ask_for_members(self, groups: dict[str, Row], by_cursor: bool) -> dict[str, Row]:
        """Return the groups of a list that is asked for members (RFC 7644, 3.9), if it has them."""
        try:
            asked = self._read_list("groups", "Groups", by_cursor, attributes=WITH_MEMBERS)
        except (Denied, Unreadable) as failure:
            if failure.status not in NOT_OFFERED:
                raise
            return groups
        shows = asked.keys() == groups.keys() and any(map(_shows_members, asked.values()))
        return {key: groups[key] | asked[key] for key in groups} if shows else groups

    def _read_group(self, key: str) -> Row:
        try:
            with reading("groups", key):
                group = self.api.get_object(f"Groups/{quote(key, safe='')}")
        except Unreadable as failure:
            if failure.status != 404:
                raise
            why = f"group {key} is in the list, but {failure.why}"
            raise GroupGone(failure.what, why, NEXT_SYNC, 404) from None
        if read_text(group, "id") != key:
            raise Unreadable(f"{self.what}: groups", f"another group came for {key}", NEXT_SYNC)
        return group


def _shows_members(group: Row) -> bool:
    return find(group, "members") is not None
