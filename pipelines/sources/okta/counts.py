"""Compares Okta's lists with what Okta counts, because no list has a total.

Everyone's statistics count the users that are not deactivated, and each group's its members
(developer.okta.com, "Groups", `expand=stats`). A credential with scopes but without an admin role
gets an empty list of users, and one with a narrow role gets a part of it, both with status 200.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa

from pipelines.failures import Unreadable
from pipelines.http.policy import NEXT_SYNC
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.okta.client import Okta
from pipelines.sources.okta.rows import DELETED, get_count, has_had_members, is_everyone
from pipelines.sources.raw_rows import Row, parse_rows

MAX_CONFIRMED = 100  # of the objects that a list has lost
TOLERATED_ROWS, TOLERATED_SHARE = 5, 0.01  # a count may lag behind its list
ROLE_REMEDY = (
    "give the credential an admin role for all users and groups, such as Read-only Administrator,"
    " then run `rollcall check okta`"
)


def find_everyone(groups: Iterable[Row]) -> Row:
    """Return the group of all users. Raises Unreadable if the credential may not see it."""
    for group in groups:
        if is_everyone(group):
            return group
    raise Unreadable(
        "okta: groups",
        "the group Everyone is not among them, so the credential sees only a part of the org",
        ROLE_REMEDY,
    )


def read_all_users(okta: Okta, groups: dict[str, Row]) -> list[pa.Table]:
    """Return all users. Raises Unreadable if Everyone counts more, in two readings."""
    everyone = find_everyone(groups.values())
    tables = okta.read_users()
    if _describe_lack_of_users(tables, everyone):
        tables, everyone = okta.read_users(), okta.read_group(everyone["id"])
    if lack := _describe_lack_of_users(tables, everyone):
        raise Unreadable("okta: users", lack, ROLE_REMEDY)
    okta.counters.pages["users"] = len(tables)
    okta.counters.rows_read["users"] = sum(table.num_rows for table in tables)
    return tables


def _describe_lack_of_users(tables: list[pa.Table], everyone: Row) -> str:
    """Return what is missing; empty if the list is complete as far as the count tells."""
    statuses = [row.get("status") for row in parse_rows(tables)]
    active = len(statuses) - statuses.count(DELETED)
    declared = get_count(everyone)
    if not statuses:
        return "the list of users is empty, which no org is"
    # No document says whether Everyone counts deactivated users: exactly all users are right, too.
    if declared in (None, len(statuses)) or declared - active <= tolerate(declared):
        return ""
    return f"{active} users that are not deactivated came, and Everyone has {declared}"


def tolerate(declared: int) -> float:
    """Return by how many rows a list may be short of its count."""
    return max(TOLERATED_ROWS, declared * TOLERATED_SHARE)


def read_all_members(
    okta: Okta, group: Row, deactivated_users: Callable[[], set[str]]
) -> Row | None:
    """Return the members of one group; None if it was deleted. Raises Unreadable if its count says
    more, in two readings."""
    key, declared = group["id"], get_count(group)
    if declared == 0 and not has_had_members(group):
        return {"members": []}
    pages = okta.read_member_pages(key)
    if pages is not None and declared is not None and declared > _count(pages):
        again = okta.or_gone(f"group {key}", lambda: okta.read_group(key))
        pages = okta.read_member_pages(key)
        declared = get_count(again) if again else None
    if pages is None:
        return None
    members = {member for page in pages for member in page}
    if declared is not None and declared > len(members):
        lack = f"{len(members)} members came, {declared} are counted, in two readings"
        # A count may include deactivated users that the list leaves out.
        allowed = max(tolerate(declared), len(deactivated_users() - members))
        is_full = len(pages[-1]) == len(pages[0])  # a last page like the first one is none
        is_full &= len(pages) > 1 or len(members) >= okta.connection.members_page_size
        if declared - len(members) > allowed or is_full:
            raise Unreadable(f"okta: group {key}", lack, ROLE_REMEDY)
        okta.counters.warn(f"okta: group {key}: {lack}")
    return {"members": sorted(members)}


def confirm_gone(okta: Okta, kind: str, earlier: EarlierRows, now: Iterable[str]) -> None:
    """Raise Unreadable if an object that a list has lost still exists: a search may lag behind, and
    a link may be lost."""
    gone = sorted({*earlier.read_values(kind, "$.id")} - {*now})[:MAX_CONFIRMED]
    looked_for = okta.api.call_each(gone, lambda key: okta.exists(f"{kind}/{key}"))
    if found := [key for key, is_there in looked_for if is_there]:
        raise Unreadable(
            f"okta: {kind}", f"{', '.join(found[:5])} exists, but is not in the list", NEXT_SYNC
        )


def _count(pages: list[list[str]]) -> int:
    return len({member for page in pages for member in page})
