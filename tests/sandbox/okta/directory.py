"""Okta's directory: users, groups, rules, roles and applications, and what follows from them.

State is plain dicts and sets that a generator or a test may fill by hand, followed by `touch()`.
Everything else is derived, and cached until the next write. Objects are replaced, never edited, so
that an older state can still be read.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tests.sandbox.okta.switches import Switches

Thing = dict[str, Any]
Kept = TypeVar("Kept")
LONG_AGO = "2023-01-09T08:00:00.000Z"  # for things without a date
DEPROVISIONED = "DEPROVISIONED"
TIMESTAMPS = ("activated", "statusChanged", "lastLogin", "passwordChanged")
ADMINISTRATORS = {
    "SUPER_ADMIN": "Super Administrator",
    "ORG_ADMIN": "Organizational Administrator",
    "APP_ADMIN": "Application Administrator",
    "USER_ADMIN": "Group Administrator",
    "GROUP_MEMBERSHIP_ADMIN": "Group Membership Administrator",
    "HELP_DESK_ADMIN": "Help Desk Administrator",
    "READ_ONLY_ADMIN": "Read-only Administrator",
    "REPORT_ADMIN": "Report Administrator",
    "API_ACCESS_MANAGEMENT_ADMIN": "API Access Management Administrator",
    "MOBILE_ADMIN": "Mobile Administrator",
    "WORKFLOWS_ADMIN": "Workflows Administrator",
    "ACCESS_CERTIFICATIONS_ADMIN": "Access Certifications Administrator",
    "ACCESS_REQUESTS_ADMIN": "Access Requests Administrator",
}


class Directory:
    """The objects of one org by id, in Okta's own form but for links and what Okta computes.

    `members` are pairs (user, group) of every group but Everyone. `assignments` are standard roles
    by the id of their user, group or service app: `targets` limits one to `groups` (ids) or `apps`
    (ids or names of the catalogue). `bindings` are the members of a custom role in a resource set:
    by (resource set, role), the user, group or client of each member id. `app_users` are users who
    were assigned directly, `app_groups` groups, both as pairs with the application first.
    """

    def __init__(self, switches: Switches, user_type: str, everyone: str) -> None:
        self.switches = switches
        self.user_type = user_type
        self.everyone = everyone
        self.users: dict[str, Thing] = {}
        self.groups: dict[str, Thing] = {}
        self.members: set[tuple[str, str]] = set()
        self.rules: dict[str, Thing] = {}
        self.given: set[tuple[str, str, str]] = set()  # (rule, user, group), by a rule's own work
        self.assignments: dict[str, list[Thing]] = {}
        self.roles: dict[str, Thing] = {}
        self.resource_sets: dict[str, Thing] = {}
        self.bindings: dict[tuple[str, str], dict[str, Thing]] = {}
        self.applications: dict[str, Thing] = {}
        self.app_users: set[tuple[str, str]] = set()
        self.app_groups: set[tuple[str, str]] = set()
        self.other_types: dict[str, str] = {}  # names of further user types, with the same schema
        self.attributes: dict[str, Thing] = {}  # custom ones of the user schema
        self.masters: dict[str, str] = {}  # of base attributes, where it is not the profile source
        self.group_attributes: dict[str, Thing] = {}
        self._kept: dict[Any, Any] = {}

    def touch(self) -> None:
        """Complete what was made by hand, and drop everything derived."""
        self._kept.clear()
        for user in self.users.values():
            for name in TIMESTAMPS:
                user.setdefault(name, None)
            user.setdefault("status", "ACTIVE")
            user.setdefault("type", {"id": self.user_type})
            provider = {"provider": {"type": "OKTA", "name": "OKTA"}}
            user.setdefault("credentials", {"password": {}} | provider)
        for group in self.groups.values():
            group.setdefault("type", "OKTA_GROUP")
            group.setdefault("objectClass", ["okta:user_group"])
        things = (self.users, self.groups, self.rules, self.roles, self.resource_sets)
        for thing in (one for kind in (*things, self.applications) for one in kind.values()):
            thing.setdefault("created", LONG_AGO)
            thing.setdefault("lastUpdated", thing["created"])
        filled = {group_id for _, group_id in self.members}
        for group_id, group in self.groups.items():
            made = group["lastUpdated"]
            later = made.replace("0Z", "1Z")  # whoever is in a group came after it was made
            group.setdefault("lastMembershipUpdated", later if group_id in filled else made)

    def kept(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """Return the value cached since the last write, or compute it with `make`."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def find_user(self, text: str) -> Thing | None:
        """Return the user of an id or a login. A login is compared without case and accents."""
        if text in self.users:
            return self.users[text]
        return self.users.get(self.logins.get(folded(text), ""))

    @property
    def logins(self) -> dict[str, str]:
        return self.kept(
            "logins",
            lambda: {folded(one["profile"]["login"]): id_ for id_, one in self.users.items()},
        )

    @property
    def user_types(self) -> list[str]:
        return [self.user_type, *self.other_types]

    def is_visible(self, user_id: str) -> bool:
        return user_id not in self.switches.hidden_users

    # memberships

    def _by_group(self) -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for user_id, group_id in self.members:
            found[group_id].add(user_id)
        return found

    def _by_user(self) -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for user_id, group_id in self.members:
            found[user_id].add(group_id)
        return found

    def members_of(self, group_id: str) -> set[str]:
        """Return the users of a group; of Everyone, all who are not deactivated."""
        if group_id == self.everyone:
            if self.switches.everyone_has_deprovisioned:
                return {*self.users}
            return {id_ for id_ in self.users if not self.is_deprovisioned(id_)}
        found = self.kept("by group", self._by_group).get(group_id, set())
        if self.switches.deprovisioned_stay_members:
            return found
        return {id_ for id_ in found if not self.is_deprovisioned(id_)}

    def groups_of(self, user_id: str) -> set[str]:
        """Return the groups of a user, Everyone too."""
        gone = self.is_deprovisioned(user_id)
        found = self.kept("by user", self._by_user).get(user_id, set())
        if gone and not self.switches.deprovisioned_stay_members:
            found = set()
        in_everyone = self.everyone in self.groups and (
            not gone or self.switches.everyone_has_deprovisioned
        )
        return found | ({self.everyone} if in_everyone else set())

    def is_deprovisioned(self, user_id: str) -> bool:
        return self.users[user_id]["status"] == DEPROVISIONED

    def stats(self, group_id: str) -> Thing:
        """Return the counts that Okta computes for a group, users that a token cannot see too."""
        members = self.members_of(group_id)
        if not self.switches.stats_count_deprovisioned:
            members = {id_ for id_ in members if not self.is_deprovisioned(id_)}
        return {
            "usersCount": len(members),
            "appsCount": sum(group == group_id for _, group in self.app_groups),
            "groupPushMappingsCount": 0,
            "hasAdminPrivlege": bool(self.own_roles(group_id)),  # spelled so by the vendor
        }

    # roles

    def own_roles(self, holder_id: str) -> list[Thing]:
        """Return the roles assigned to this user, group or service app itself."""
        return [*self.assignments.get(holder_id, ()), *self._bound().get(holder_id, ())]

    def _bound(self) -> dict[str, list[Thing]]:
        """Return the custom roles of everyone who is a member of a binding."""
        return self.kept("bound", lambda: _by_principal(self._bound_roles()))

    def _bound_roles(self) -> Iterator[tuple[str, Thing]]:
        for (set_id, role_id), members in self.bindings.items():
            for member_id, member in members.items():
                created = member.get("created", LONG_AGO)
                yield (
                    member["principal"],
                    {
                        "id": member_id,
                        "role": role_id,
                        "label": self.roles[role_id]["label"],
                        "type": "CUSTOM",
                        "status": "ACTIVE",
                        "created": created,
                        "lastUpdated": created,
                        "resource-set": set_id,
                    },
                )

    def roles_of(self, user_id: str) -> list[tuple[Thing, str]]:
        """Return a user's roles, each with the group that it comes from, or an empty text."""
        found = [(row, "") for row in self.own_roles(user_id)]
        for group_id in sorted(self.groups_of(user_id)):
            found += [(row, group_id) for row in self.own_roles(group_id)]
        return found

    def assignees(self) -> list[str]:
        """Return the users who hold a role."""
        through = self.switches.assignees_through_groups
        return sorted(
            id_ for id_ in self.users if (self.roles_of(id_) if through else self.own_roles(id_))
        )

    # applications

    def users_of_app(self, app_id: str) -> dict[str, Thing]:
        """Return who has an application: an own assignment hides those through groups."""
        found: dict[str, Thing] = {}
        for _, group_id in sorted(pair for pair in self.app_groups if pair[0] == app_id):
            for user_id in self.members_of(group_id):
                found.setdefault(user_id, {"scope": "GROUP", "group": group_id})
        found |= {id_: {"scope": "USER"} for app, id_ in self.app_users if app == app_id}
        return {id_: row for id_, row in found.items() if not self.is_deprovisioned(id_)}

    # schemas

    def user_attributes(self) -> dict[str, Thing]:
        """Return the attributes of the user schema, the base ones first."""
        made = {}
        for name, limits in BASE.items():
            master = {"type": self.masters.get(name, "PROFILE_MASTER")}
            made[name] = {"title": name, "type": "string", "mutability": "READ_WRITE"} | limits
            made[name] |= {"scope": "NONE", "permissions": SELF, "master": master}
        return made | self.attributes


def _by_principal(rows: Iterator[tuple[str, Thing]]) -> dict[str, list[Thing]]:
    found: defaultdict[str, list[Thing]] = defaultdict(list)
    for principal, row in rows:
        found[principal].append(row)
    return found


def folded(login: str) -> str:
    """Return a login as Okta compares it: without case and accents."""
    plain = unicodedata.normalize("NFKD", login.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one))


SELF = [{"principal": "SELF", "action": "READ_ONLY"}]  # on the user's own page, not for admins
UNLIMITED = (
    *("middleName", "honorificPrefix", "honorificSuffix", "title", "displayName", "nickName"),
    *("profileUrl", "preferredLanguage", "locale", "timezone", "userType", "employeeNumber"),
    *("costCenter", "organization", "division", "department", "managerId", "manager"),
)
BASE: dict[str, Thing] = (
    {"login": {"required": True, "minLength": 5, "maxLength": 100}}
    | {"email": {"required": True, "minLength": 5, "maxLength": 100}}
    | {
        name: {"required": True, "minLength": 1, "maxLength": 50}
        for name in ("firstName", "lastName")
    }
    | {name: {"maxLength": 100} for name in ("secondEmail", "mobilePhone", "primaryPhone")}
    | {name: {"maxLength": 128} for name in ("city", "state")}
    | {"streetAddress": {"maxLength": 1024}, "postalAddress": {"maxLength": 4096}}
    | {"zipCode": {"maxLength": 50}, "countryCode": {"maxLength": 2}}
    | {name: {} for name in UNLIMITED}
)
