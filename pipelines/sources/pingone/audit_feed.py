"""Finds in PingOne's audit feed which users, groups and applications have to be read again.

Only four kinds of activity matter, because the lists that are read completely show every other
change. An activity names its parties in `resources[].href` (docs, "Audit Reporting Events"). It is
not documented what `resources[].id` is for a membership.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.sources.raw_rows import Row

READ_ACTIONS = (
    "MEMBER_OF_GROUP.CREATED",
    "MEMBER_OF_GROUP.DELETED",
    "ROLE_ASSIGNMENT.CREATED",
    "ROLE_ASSIGNMENT.DELETED",
)
MEMBERSHIP_HREF = re.compile(r"/(users|groups)/([^/?]+)/memberOfGroups/([^/?]+)")
ASSIGNMENT_HREF = re.compile(
    r"/(users|groups|applications|gateways)/([^/?]+)(?:/roleAssignments|$|\?)"
)
PRINCIPAL_KINDS = {
    "USER": "users",
    "GROUP": "groups",
    "APPLICATION": "applications",
    "GATEWAY": "gateways",
}


@dataclass
class Mentions:
    """Ids that the feed names, by kind, and the activities that do not say whom they are about."""

    members: dict[str, set[str]] = field(default_factory=lambda: {"users": set(), "groups": set()})
    holders: dict[str, set[str]] = field(
        default_factory=lambda: {kind: set() for kind in PRINCIPAL_KINDS.values()}
    )
    unclear: list[str] = field(default_factory=list)


def find_mentions(activities: Iterable[Row]) -> Mentions:
    """Return the ids that these activities name. Failed actions changed nothing and are skipped."""
    found = Mentions()
    for activity in activities:
        action = str((activity.get("action") or {}).get("type"))
        status = (activity.get("result") or {}).get("status")
        if action not in READ_ACTIONS or status not in (None, "SUCCESS"):
            continue
        add = _add_membership if action.startswith("MEMBER") else _add_assignment
        resources = activity.get("resources") or ()
        added = [add(found, row) for row in resources if isinstance(row, dict)]
        if not any(added):
            found.unclear.append(str(activity.get("id")))
    return found


def _add_membership(found: Mentions, resource: Row) -> bool:
    match = MEMBERSHIP_HREF.search(str(resource.get("href")))
    if not match:
        return False
    kind, member, group = match.groups()
    found.members[kind].add(member)
    found.members["groups"].add(group)
    return True


def _add_assignment(found: Mentions, resource: Row) -> bool:
    match = ASSIGNMENT_HREF.search(str(resource.get("href")))
    if match:
        found.holders[match.group(1)].add(match.group(2))
        return True
    kind = PRINCIPAL_KINDS.get(str(resource.get("type")))
    if kind and resource.get("id"):
        found.holders[kind].add(str(resource["id"]))
        return True
    return False
