"""PingOne's audit feed: which users, groups and applications it says to look at again.

Only four kinds of activity matter, since whatever else changes shows in the whole lists. An
activity names its parties in `resources[].href` (docs, "Audit Reporting Events"); what
`resources[].id` holds for a membership is not documented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.sources.raw_rows import Row

ACTIONS = (
    "MEMBER_OF_GROUP.CREATED",
    "MEMBER_OF_GROUP.DELETED",
    "ROLE_ASSIGNMENT.CREATED",
    "ROLE_ASSIGNMENT.DELETED",
)
MEMBERSHIP = re.compile(r"/(users|groups)/([^/?]+)/memberOfGroups/([^/?]+)")
ASSIGNMENT = re.compile(r"/(users|groups|applications|gateways)/([^/?]+)(?:/roleAssignments|$|\?)")
KINDS = {"USER": "users", "GROUP": "groups", "APPLICATION": "applications", "GATEWAY": "gateways"}


@dataclass
class Named:
    """Who is to be read again, by kind; and the activities that do not say whom they are about."""

    members: dict[str, set[str]] = field(default_factory=lambda: {"users": set(), "groups": set()})
    holders: dict[str, set[str]] = field(
        default_factory=lambda: {kind: set() for kind in KINDS.values()}
    )
    unclear: list[str] = field(default_factory=list)


def named_in_activities(activities: Iterable[Row]) -> Named:
    """What these activities are about. A failed action changed nothing and is passed over."""
    found = Named()
    for activity in activities:
        action = str((activity.get("action") or {}).get("type"))
        status = (activity.get("result") or {}).get("status")
        if action not in ACTIONS or status not in (None, "SUCCESS"):
            continue
        resources = [row for row in activity.get("resources") or () if isinstance(row, dict)]
        told = [_membership(found, row) for row in resources if action.startswith("MEMBER")]
        told += [_assignment(found, row) for row in resources if action.startswith("ROLE")]
        if not any(told):
            found.unclear.append(str(activity.get("id")))
    return found


def _membership(found: Named, resource: Row) -> bool:
    match = MEMBERSHIP.search(str(resource.get("href")))
    if not match:
        return False
    kind, member, group = match.groups()
    found.members[kind].add(member)
    found.members["groups"].add(group)
    return True


def _assignment(found: Named, resource: Row) -> bool:
    match = ASSIGNMENT.search(str(resource.get("href")))
    if match:
        found.holders[match.group(1)].add(match.group(2))
        return True
    kind = KINDS.get(str(resource.get("type")))
    if kind and resource.get("id"):
        found.holders[kind].add(str(resource["id"]))
        return True
    return False
