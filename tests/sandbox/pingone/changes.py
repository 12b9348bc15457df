"""Changes to a PingOne directory, made through the API or by hand.

Every change maintains `updatedAt`, the indexes and the audit log, and refuses what PingOne refuses.
Objects are replaced, never edited, so that an older state can still be read.
"""

from __future__ import annotations

from bisect import insort
from datetime import timedelta
from typing import Any

from tests.sandbox.pingone.audit import KINDS, Audited
from tests.sandbox.pingone.directory import Thing, population_of
from tests.sandbox.pingone.filter import stamp
from tests.sandbox.pingone.switches import Refused, invalid, not_found

NESTED_AFTER = timedelta(milliseconds=13)  # nesting moves both groups, one after the other
SCOPES = ("ORGANIZATION", "ENVIRONMENT", "POPULATION", "APPLICATION", "GROUP")


class Changes(Audited):
    """A directory that changes. Methods raise `Refused` with the answer that the API would give."""

    # users

    def add_user(self, user: Thing) -> Thing:
        """Create a user. PingOne's own fields may be left out."""
        user_id = user.get("id") or self.new_id()
        population = user.get("population") or self._default_population()
        made = {
            "enabled": True,
            "identityProvider": {"type": "PING_ONE"},
            "lifecycle": {"status": "ACCOUNT_OK"},
            "mfaEnabled": self.switches.mfa_default,
            "verifyStatus": "NOT_INITIATED",
        }
        moment = stamp(self.now())
        made |= {"createdAt": moment, "updatedAt": moment} | user
        made |= {"id": user_id, "population": {"id": population["id"]}}
        made["account"] = {"status": "OK", "canAuthenticate": made["enabled"]} | (
            user.get("account") or {}
        )
        self._check_user(made)
        self._put_user(made)
        self._emit("USER.CREATED", self._user_resource(made))
        return made

    def update_user(self, user_id: str, **changed: Any) -> Thing:
        """Set top-level attributes; None removes an attribute."""
        made = {**self.user(user_id), **changed, "updatedAt": stamp(self.now())}
        return self.replace_user({name: one for name, one in made.items() if one is not None})

    def replace_user(self, user: Thing, action: str = "USER.UPDATED") -> Thing:
        """Store a changed user.

        A move to another population ends memberships in the old one's groups.
        """
        before = self.users[user["id"]]
        account = {"status": "OK"} | (user.get("account") or {})
        account["canAuthenticate"] = user["enabled"] and account["status"] == "OK"
        user = {**user, "account": account, "updatedAt": stamp(self.now())}
        self._check_user(user)
        self._put_user(user)
        if (old := population_of(before)) != population_of(user):
            for group_id in [*self.index.memberships[user["id"]]]:
                if population_of(self.groups.get(group_id, {})) == old:
                    self._unlink(user["id"], group_id)
        self._emit(action, self._user_resource(user))
        return user

    def sign_on(self, user_id: str, remote_ip: str = "203.0.113.24") -> None:
        """Record a sign-on. It changes neither `updatedAt` nor the audit log."""
        at = stamp(self.now())
        last = {"at": at, "remoteIp": remote_ip}
        self._put_user({**self.user(user_id), "lastSignOn": last})

    def password_set(self, user_id: str) -> None:
        self._emit("PASSWORD.RESET", self._user_resource(self.users[user_id]))

    def delete_user(self, user_id: str) -> None:
        """Delete a user for good, with memberships and role assignments."""
        user = self.users[user_id]
        self._about_to_change()
        self.index.drop_user(self, user)
        for group_id in [*self.index.memberships[user_id]]:
            self._unlink(user_id, group_id)
        for group_id in self.index.external_memberships.pop(user_id, set()):
            self.index.external_members[group_id].discard(user_id)
            self.external_members.discard((user_id, group_id))
        self.assignments.pop(user_id, None)
        self.rendered.pop(user_id, None)
        del self.users[user_id]
        self._emit("USER.DELETED", self._user_resource(user))

    # memberships

    def add_member(self, user_id: str, group_id: str) -> None:
        """Add a user to a group, once."""
        group = self._writable(group_id)
        if (user_id, group_id) in self.members:
            if self.switches.add_existing_member == 201:
                return
            raise invalid("UNIQUENESS_VIOLATION", "id", "User is already a member of the group")
        for other in self.index.memberships[user_id]:
            if self.groups.get(other, {}).get("name") == group["name"]:
                raise invalid("UNIQUENESS_VIOLATION", "id", "Member of a group of this name")
        self._about_to_change()
        self.members.add((user_id, group_id))
        self.index.members[group_id].add(user_id)
        self.index.memberships[user_id].add(group_id)
        self._membership_changed("CREATED", user_id, group)

    def remove_member(self, user_id: str, group_id: str) -> None:
        group = self._writable(group_id)
        if (user_id, group_id) not in self.members:
            raise not_found()
        self._about_to_change()
        self._unlink(user_id, group_id)
        self._membership_changed("DELETED", user_id, group)

    def _membership_changed(self, what: str, user_id: str, group: Thing) -> None:
        moved = {"updatedAt": stamp(self.now())}
        if self.switches.membership_moves_user_updated_at:
            self.users[user_id] = {**self.users[user_id], **moved}
            self.rendered.pop(user_id, None)
        if self.switches.membership_moves_group_updated_at:
            self.groups[group["id"]] = {**group, **moved}
        path = f"users/{user_id}/memberOfGroups/{group['id']}"
        self._emit(f"MEMBER_OF_GROUP.{what}", self._resource("MEMBER_OF_GROUP", group, path))

    def _unlink(self, user_id: str, group_id: str) -> None:
        self.members.discard((user_id, group_id))
        self.index.members[group_id].discard(user_id)
        self.index.memberships[user_id].discard(group_id)

    def _writable(self, group_id: str) -> Thing:
        group = self.groups[group_id]
        for name, kind in (("userFilter", "dynamic"), ("sourceType", "external")):
            if group.get(name):
                raise invalid("INVALID_VALUE", "id", f"Members of {kind} groups are read-only")
        return group

    # groups

    def add_group(self, group: Thing) -> Thing:
        moment = stamp(self.now())
        made = {"id": self.new_id(), "createdAt": moment, "updatedAt": moment} | group
        return self._put_group(made, "GROUP.CREATED")

    def update_group(self, group_id: str, **changed: Any) -> Thing:
        """Set top-level attributes; None removes an attribute."""
        made = {**self.groups[group_id], **changed, "updatedAt": stamp(self.now())}
        made = {name: one for name, one in made.items() if one is not None}
        return self._put_group(made, "GROUP.UPDATED")

    def _put_group(self, group: Thing, action: str) -> Thing:
        if not group.get("name"):
            raise invalid("REQUIRED_VALUE", "name", "must not be empty")
        home = population_of(group)
        if home and home not in self.populations:
            raise invalid("INVALID_VALUE", "population.id", "Population not found")
        for other in self.groups.values():
            if other["name"] == group["name"] and other["id"] != group["id"]:
                there = population_of(other)
                if there == home or not there or not home:
                    raise invalid(
                        "UNIQUENESS_VIOLATION", "name", "is unique", existingId=other["id"]
                    )
        if group.get("userFilter"):
            self.user_test(group["userFilter"])
        self._about_to_change()
        if group["id"] not in self.groups:
            insort(self.index.group_ids, group["id"])
        self.groups[group["id"]] = group
        self.index.watch(self, group)
        self._emit(action, self._resource("GROUP", group, f"groups/{group['id']}"))
        return group

    def delete_group(self, group_id: str) -> None:
        """Delete a group for good, with memberships, nestings and role assignments."""
        group = self.groups[group_id]
        self._about_to_change()
        del self.groups[group_id]
        self.assignments.pop(group_id, None)
        self.members = {pair for pair in self.members if pair[1] != group_id}
        self.external_members = {pair for pair in self.external_members if pair[1] != group_id}
        self.nestings = {pair for pair in self.nestings if group_id not in pair}
        self._index = None
        self._emit("GROUP.DELETED", self._resource("GROUP", group, f"groups/{group_id}"))

    def nest(self, child_id: str, parent_id: str) -> None:
        """Put one group into another. PingOne allows circles."""
        for group_id in (child_id, parent_id):
            if self.groups[group_id].get("sourceType"):
                raise invalid("INVALID_VALUE", "id", "External groups cannot be nested")
        if child_id == parent_id:
            raise invalid("INVALID_VALUE", "id", "A group cannot be in itself")
        if (child_id, parent_id) in self.nestings:
            if self.switches.add_existing_member == 201:
                return
            raise invalid("UNIQUENESS_VIOLATION", "id", "Group is already a member")
        self._about_to_change()
        self.nestings.add((child_id, parent_id))
        self.index.children[parent_id].add(child_id)
        self.index.parents[child_id].add(parent_id)
        self._nesting_changed("CREATED", child_id, parent_id)

    def unnest(self, child_id: str, parent_id: str) -> None:
        if (child_id, parent_id) not in self.nestings:
            raise not_found()
        self._about_to_change()
        self.nestings.discard((child_id, parent_id))
        self.index.children[parent_id].discard(child_id)
        self.index.parents[child_id].discard(parent_id)
        self._nesting_changed("DELETED", child_id, parent_id)

    def _nesting_changed(self, what: str, child_id: str, parent_id: str) -> None:
        now = self.now()
        for group_id, moment in ((parent_id, now), (child_id, now + NESTED_AFTER)):
            self.groups[group_id] = {**self.groups[group_id], "updatedAt": stamp(moment)}
        path = f"groups/{child_id}/memberOfGroups/{parent_id}"
        parent = self._resource("MEMBER_OF_GROUP", self.groups[parent_id], path)
        self._emit(f"MEMBER_OF_GROUP.{what}", parent)

    # roles

    def assign_role(
        self, holder_id: str, role_id: str, scope_type: str, scope_id: str, read_only: bool = False
    ) -> Thing:
        """Assign a role, unless the holder has it at this scope or a wider one."""
        role = self.roles.get(role_id)
        if role is None:
            raise invalid("INVALID_VALUE", "role", "Role not found")
        if scope_type not in role.get("applicableTo", SCOPES) or not self._exists(
            scope_type, scope_id
        ):
            raise invalid("INVALID_VALUE", "scope", "Role cannot be assigned for this scope")
        if self.holds(holder_id, role_id, scope_type, scope_id):
            raise invalid("UNIQUENESS_VIOLATION", "role", "May not assign duplicate Role")
        self._about_to_change()
        made = {
            "id": self.new_id(),
            "scope": {"id": scope_id, "type": scope_type},
            "role": {"id": role_id},
            "readOnly": read_only,
        }
        self.assignments[holder_id] = [*self.assignments.get(holder_id, ()), made]
        self._assignment_changed("CREATED", holder_id, made["id"])
        return made

    def remove_assignment(self, holder_id: str, assignment_id: str) -> None:
        rows = {row["id"]: row for row in self.assignments.get(holder_id, ())}
        if assignment_id not in rows:
            raise not_found()
        if rows[assignment_id].get("readOnly"):
            raise self.read_only(assignment_id)
        self._about_to_change()
        del rows[assignment_id]
        self.assignments[holder_id] = [*rows.values()]
        self._assignment_changed("DELETED", holder_id, assignment_id)

    def read_only(self, assignment_id: str) -> Refused:
        message = f"Role assignment {assignment_id} cannot be deleted as it is read only"
        status = self.switches.read_only_delete_status
        return Refused(status, "INVALID_REQUEST", message=message)

    def holds(self, holder_id: str, role_id: str, scope_type: str, scope_id: str) -> bool:
        """Return whether a principal itself has a role at this scope or a wider one."""
        for row in self.assignments.get(holder_id, ()):
            if row["role"]["id"] == role_id:
                scope = (row["scope"]["type"], row["scope"]["id"])
                here = scope == ("ENVIRONMENT", self.environment_id)
                narrower = scope_type not in ("ORGANIZATION", "ENVIRONMENT")
                same = scope == (scope_type, scope_id)
                if same or scope[0] == "ORGANIZATION" or (here and narrower):
                    return True
        return False

    def _exists(self, scope_type: str, scope_id: str) -> bool:
        known = {
            "ORGANIZATION": {self.organization_id},
            "POPULATION": self.populations,
            "APPLICATION": self.applications,
            "GROUP": self.groups,
        }
        return scope_type in SCOPES and scope_id in known.get(scope_type, {scope_id})

    def _assignment_changed(self, what: str, holder_id: str, assignment_id: str) -> None:
        for kind, name in KINDS.items():
            if holder := getattr(self, kind).get(holder_id):
                path = f"{kind}/{holder_id}/roleAssignments/{assignment_id}"
                resource = self._resource(name, holder, path)
                if self.switches.role_href_bare:
                    resource["href"] = resource["href"].removeprefix("/v1")
                self._emit(f"ROLE_ASSIGNMENT.{what}", resource)

    # populations

    def add_population(self, population: Thing) -> Thing:
        moment = stamp(self.now())
        made = {"id": self.new_id(), "createdAt": moment, "updatedAt": moment} | population
        self._about_to_change()
        self.populations[made["id"]] = made
        path = f"populations/{made['id']}"
        self._emit("POPULATION.CREATED", self._resource("POPULATION", made, path))
        return made

    def delete_population(self, population_id: str) -> None:
        """Delete an empty population."""
        if self.index.populations[population_id]:
            raise invalid("CONSTRAINT_VIOLATION", "id", "Population has users")
        self._about_to_change()
        gone = self.populations.pop(population_id)
        path = f"populations/{population_id}"
        self._emit("POPULATION.DELETED", self._resource("POPULATION", gone, path))

    def _default_population(self) -> Thing:
        for population in self.populations.values():
            if population.get("default"):
                return population
        raise invalid("REQUIRED_VALUE", "population", "must not be null")

    # helpers of the changes

    def _check_user(self, user: Thing) -> None:
        for name in ("email", "username"):
            if not user.get(name):
                raise invalid("REQUIRED_VALUE", name, "must not be empty")
        if len(user["username"]) > 128:
            raise invalid("SIZE_LIMIT_EXCEEDED", "username", "must be at most 128 characters")
        if population_of(user) not in self.populations:
            raise invalid("INVALID_VALUE", "population.id", "Population not found")
        other = self.index.usernames.get(self.folded(user["username"]))
        if other not in (None, user["id"]):
            message = "is unique for the environment"
            raise invalid("UNIQUENESS_VIOLATION", "username", message, existingId=other)

    def _put_user(self, user: Thing) -> None:
        self._about_to_change()
        self.index.put_user(self, self.users.get(user["id"]), user)
        self.users[user["id"]] = user
        self.rendered.pop(user["id"], None)
