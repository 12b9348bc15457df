"""PingOne's directory: who is in which group, with nested and dynamic groups resolved.

State is plain dicts and sets that a generator or a test may fill by hand, followed by `touch()`.
Everything else is derived. Indexes are built after a `touch()` and maintained by each write;
closures and searches are cached until the next write.
"""

from __future__ import annotations

import uuid
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, TypeVar

from tests.sandbox.pingone import filter as scim
from tests.sandbox.pingone.filter import Attribute, Rows
from tests.sandbox.pingone.switches import Switches

Thing = dict[str, Any]
Kept = TypeVar("Kept")
LONG_AGO = "2024-01-15T08:00:00.000Z"  # for things without a date


class Index:
    """Lookups in the other direction, maintained by each write."""

    def __init__(self, directory: Directory) -> None:
        self.user_ids = sorted(directory.users)
        self.group_ids = sorted(directory.groups)
        self.usernames: dict[str, str] = {}
        self.populations: Counter[str] = Counter()
        self.members: defaultdict[str, set[str]] = defaultdict(set)
        self.memberships: defaultdict[str, set[str]] = defaultdict(set)
        self.external_members: defaultdict[str, set[str]] = defaultdict(set)
        self.external_memberships: defaultdict[str, set[str]] = defaultdict(set)
        self.children: defaultdict[str, set[str]] = defaultdict(set)
        self.parents: defaultdict[str, set[str]] = defaultdict(set)
        self.dynamic: dict[str, scim.Test] = {}
        self.computed: dict[str, set[str]] = {}
        for user_id, group_id in directory.members:
            self.members[group_id].add(user_id)
            self.memberships[user_id].add(group_id)
        for user_id, group_id in directory.external_members:
            self.external_members[group_id].add(user_id)
            self.external_memberships[user_id].add(group_id)
        for child_id, parent_id in directory.nestings:
            self.children[parent_id].add(child_id)
            self.parents[child_id].add(parent_id)
        for thing in chain(
            directory.users.values(), directory.groups.values(), directory.populations.values()
        ):
            thing.setdefault("createdAt", LONG_AGO)
            thing.setdefault("updatedAt", thing["createdAt"])
        for user in directory.users.values():
            user.setdefault("enabled", True)
            self.usernames[directory.folded(user["username"])] = user["id"]
            self.populations[population_of(user)] += 1
        for group in directory.groups.values():
            self.watch(directory, group)

    def watch(self, directory: Directory, group: Thing) -> None:
        """Compute the members of a dynamic group; drop those of a group that is static now."""
        self.dynamic.pop(group["id"], None)
        self.computed.pop(group["id"], None)
        if group.get("userFilter"):
            test = directory.user_test(group["userFilter"])
            self.dynamic[group["id"]] = test
            self.computed[group["id"]] = {
                user["id"] for user in directory.users.values() if test(user)
            }

    def put_user(self, directory: Directory, before: Thing | None, user: Thing) -> None:
        if before is None:
            insort(self.user_ids, user["id"])
        else:
            self.usernames.pop(directory.folded(before["username"]), None)
            self.populations[population_of(before)] -= 1
        self.usernames[directory.folded(user["username"])] = user["id"]
        self.populations[population_of(user)] += 1
        for group_id, test in self.dynamic.items():
            change = self.computed[group_id].add if test(user) else self.computed[group_id].discard
            change(user["id"])

    def drop_user(self, directory: Directory, user: Thing) -> None:
        self.user_ids.remove(user["id"])
        self.usernames.pop(directory.folded(user["username"]), None)
        self.populations[population_of(user)] -= 1
        for ids in self.computed.values():
            ids.discard(user["id"])


class Directory:
    """Populations, users, groups, roles and applications of one environment."""

    def __init__(self, environment_id: str, switches: Switches) -> None:
        self.environment_id = environment_id
        self.switches = switches
        self.populations: dict[str, Thing] = {}
        self.users: dict[str, Thing] = {}
        self.groups: dict[str, Thing] = {}
        self.roles: dict[str, Thing] = {}
        self.applications: dict[str, Thing] = {}
        self.gateways: dict[str, Thing] = {}
        self.members: set[tuple[str, str]] = set()  # (user, group), direct memberships
        self.external_members: set[tuple[str, str]] = set()  # likewise, from an external directory
        self.nestings: set[tuple[str, str]] = set()  # (child group, parent group)
        self.assignments: dict[str, list[Thing]] = {}  # by user, group or application
        self.rendered: dict[str, str] = {}  # JSON of users, without links
        self._index: Index | None = None
        self._kept: dict[Any, Any] = {}

    def touch(self) -> None:
        """Drop everything derived; call after editing state or switches by hand."""
        self._index = None
        self._kept.clear()
        self.rendered.clear()

    def snapshot(self) -> Directory:
        """Return a frozen copy of this state.

        Writes replace objects, so copying the containers suffices.
        """
        copy = Directory(self.environment_id, self.switches)
        for name, value in vars(self).items():
            if name in vars(copy) and isinstance(value, (dict, set)) and name[0] != "_":
                setattr(copy, name, value.copy())
        copy.assignments = {holder: [*rows] for holder, rows in self.assignments.items()}
        copy.rendered = {}
        return copy

    @property
    def index(self) -> Index:
        if self._index is None:
            self._index = Index(self)
        return self._index

    def user(self, user_id: str) -> Thing:
        """Return a user, completed where a hand-made user left fields out."""
        _ = self.index
        return self.users[user_id]

    def kept(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """Return the value cached since the last write, or compute it with `make`."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    # memberships

    def parents(self, group_id: str) -> set[str]:
        """Return every group above this one, at any distance."""
        return self.kept(("above", group_id), lambda: _reach(self.index.parents, group_id))

    def children(self, group_id: str) -> set[str]:
        """Return every group below this one, at any depth."""
        return self.kept(("below", group_id), lambda: _reach(self.index.children, group_id))

    def groups_of(self, user_id: str) -> dict[str, str | None]:
        """Return the groups of a user, with the type of each membership."""
        index, found = self.index, dict[str, str | None]()
        found |= dict.fromkeys(index.memberships.get(user_id, ()), "DIRECT")
        for group_id in index.external_memberships.get(user_id, ()):
            found.setdefault(group_id, self.switches.external_type)
        for group_id, ids in index.computed.items():
            if user_id in ids:
                found.setdefault(group_id, self.switches.dynamic_type)
        for group_id in [*found]:
            for parent_id in self.parents(group_id):
                found.setdefault(parent_id, "INDIRECT")
        return found

    def members_of(self, group_id: str) -> dict[str, str | None]:
        """Return the users of a group, with the type of each membership."""
        return self.kept(("members", group_id), lambda: self._members_of(group_id))

    def _members_of(self, group_id: str) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for own in (group_id, *self.children(group_id)):
            for ids, kind in (
                (self.index.members.get(own, ()), "DIRECT"),
                (self.index.external_members.get(own, ()), self.switches.external_type),
                (self.index.computed.get(own, ()), self.switches.dynamic_type),
            ):
                for user_id in ids:
                    found.setdefault(user_id, kind if own == group_id else "INDIRECT")
        return found

    def assignments_of(self, kind: str, holder_id: str) -> dict[str, tuple[Thing, str | None]]:
        """Return a principal's role assignments by id, each with the group that it comes from."""
        found: dict[str, tuple[Thing, str | None]] = {}
        if kind == "users" and self.switches.inherited_assignments != "none":
            for group_id in sorted(self.groups_of(holder_id)):
                for row in self.assignments.get(group_id, ()):
                    shared = self.switches.inherited_ids == "shared"
                    row_id = row["id"] if shared else own_id(holder_id, row["id"])
                    found[row_id] = ({**row, "id": row_id, "readOnly": True}, group_id)
        own = {row["id"]: (row, None) for row in self.assignments.get(holder_id, ())}
        return own | found

    # searches

    def visible(self, thing: Thing) -> bool:
        """Return whether the client's role covers the thing's population.

        PingOne hides others silently.
        """
        hidden = self.switches.hidden_populations
        return not hidden or population_of(thing) not in hidden

    def user_ids(self, filter_text: str) -> list[str]:
        if not filter_text and not self.switches.hidden_populations:
            return self.index.user_ids
        return self.kept(("users", filter_text), lambda: self._find_users(filter_text))

    def _find_users(self, filter_text: str) -> list[str]:
        if not filter_text:
            return [one for one in self.index.user_ids if self.visible(self.users[one])]
        attributes = self.user_attributes()
        node = scim.parse(filter_text, attributes)
        case = self.switches.case_sensitive
        test = scim.compiled(node, attributes, case, self._holders(self.members_of))
        ids: Iterable[str] = self.users
        if (near := self._nearby(node)) is not None:
            ids = near & self.users.keys()
        users = map(self.users.__getitem__, ids)
        return sorted(user["id"] for user in users if test(user) and self.visible(user))

    def _nearby(self, node: scim.Node) -> set[str] | None:
        """Return users that include every match, where this spares a test of all users."""
        if isinstance(node, Rows):
            return self._holders(self.members_of)(node)
        if isinstance(node, scim.Joined):
            near = [self._nearby(part) for part in node.parts]
            if node.word == "and":
                return next((ids for ids in near if ids is not None), None)
            return None if None in near else set().union(*filter(None, near))
        if (node.attribute, node.operator) == ("username", "eq"):
            user_id = self.index.usernames.get(self.folded(node.value))
            return {user_id} if user_id else set()
        return None

    def group_ids(self, filter_text: str) -> list[str]:
        if not filter_text and not self.switches.hidden_populations:
            return self.index.group_ids
        return self.kept(("groups", filter_text), lambda: self._find_groups(filter_text))

    def _find_groups(self, filter_text: str) -> list[str]:
        attributes = dict(scim.GROUPS)
        if not self.switches.group_filter_supported:
            del attributes["memberOfGroups"]
        holders = self._holders(self._nested_in)
        return self.find(self.groups, filter_text, attributes, holders)

    def _nested_in(self, group_id: str) -> dict[str, str | None]:
        direct = dict.fromkeys(self.index.children.get(group_id, ()), "DIRECT")
        return dict.fromkeys(self.children(group_id), "INDIRECT") | direct

    def find(
        self,
        things: Mapping[str, Thing],
        filter_text: str,
        attributes: Mapping[str, Attribute],
        holders: Callable[[Rows], set[str]] | None = None,
    ) -> list[str]:
        """Return the sorted ids of the objects that match a filter."""
        found = [thing for thing in things.values() if self.visible(thing)]
        if filter_text:
            node = scim.parse(filter_text, attributes)
            test = scim.compiled(node, attributes, self.switches.case_sensitive, holders)
            found = [thing for thing in found if test(thing)]
        return sorted(thing["id"] for thing in found)

    def _holders(
        self, rows_of: Callable[[str], dict[str, str | None]]
    ) -> Callable[[Rows], set[str]]:
        def holders(rows: Rows) -> set[str]:
            return {
                one
                for one, kind in rows_of(rows.group_id).items()
                if rows.type is None or rows.type == kind
            }

        return holders

    def user_attributes(self) -> dict[str, Attribute]:
        attributes = scim.USERS | dict.fromkeys(sorted(self.switches.custom_attributes), scim.NAME)
        if self.switches.updated_at_filter:
            attributes["updatedAt"] = Attribute(("ge", "le"), "time")
        return attributes

    def user_test(self, user_filter: str) -> scim.Test:
        """Return the test of a dynamic group's filter. Such filters cannot mention groups."""
        attributes = self.user_attributes()
        del attributes["memberOfGroups"]
        node = scim.parse(user_filter, attributes)
        return scim.compiled(node, attributes, self.switches.case_sensitive)

    def folded(self, username: str) -> str:
        return username if self.switches.case_sensitive else username.casefold()


def population_of(thing: Thing) -> str:
    return (thing.get("population") or {}).get("id", "")


def _reach(edges: Mapping[str, set[str]], start: str) -> set[str]:
    """Return everything reachable, without the start even where it is part of a circle."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        todo += (new := edges.get(todo.pop(), set()) - seen)
        seen |= new
    return seen - {start}


def own_id(holder_id: str, assignment_id: str) -> str:
    """Return an id of its own for an assignment that a user inherits."""
    return str(uuid.uuid5(uuid.UUID(holder_id), assignment_id))
