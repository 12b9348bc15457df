"""Find the meaning of PingOne's groups, memberships and role assignments in their fields."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from pipelines.sources.raw_rows import Row


def get_declared_counts(group: Row) -> tuple[int | None, int | None]:
    """Return the numbers of direct users and groups that a group declares; None if undeclared."""
    declared = group.get("directMemberCounts")
    declared = declared if isinstance(declared, dict) else {}
    users, groups = declared.get("users"), declared.get("groups")
    return users if type(users) is int else None, groups if type(groups) is int else None


def is_rule_managed(group: Row) -> bool:
    """Return whether a group is dynamic (a filter decides) or external (another directory does)."""
    return bool(group.get("userFilter") or group.get("sourceType"))


def is_inherited(assignment: Row, group_assignment_ids: Container[str]) -> bool:
    """Return whether a user's role assignment is really a group's.

    It is not documented whether a user's list has the assignments of the user's groups, or what
    marks them. Each of these signs counts: the id of a group's own assignment, a field `group`, or
    a word in one of three fields.
    """
    words = " ".join(str(assignment.get(key)) for key in ("type", "inheritance", "inheritanceType"))
    return (
        str(assignment.get("id")) in group_assignment_ids
        or "group" in assignment
        or re.search("indirect|inherit", words, re.IGNORECASE) is not None
    )


def list_direct_groups(row: Row | None) -> set[str]:
    """Return the groups that a user is in directly, from the user's row of memberships."""
    memberships = row["memberships"] if row else ()
    return {entry["id"] for entry in memberships if entry["type"] in (None, "DIRECT")}


def list_nesting_pairs(rows: Iterable[tuple[str, Row]]) -> set[tuple[str, str]]:
    """Return (child, parent) for every group that is directly inside another group."""
    found = set()
    for key, row in rows:
        found |= {(child, key) for child in row.get("children", ())}
        found |= {(key, parent) for parent in row.get("parents", ())}
    return found
