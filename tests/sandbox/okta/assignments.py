"""Changes to admin roles and to applications."""

from __future__ import annotations

from typing import Any

from tests.sandbox.okta.accounts import Accounts
from tests.sandbox.okta.directory import ADMINISTRATORS, Thing
from tests.sandbox.okta.filter import stamp
from tests.sandbox.okta.log import target
from tests.sandbox.okta.memberships import targets_of
from tests.sandbox.okta.switches import Refused, invalid, not_found

MOST_MEMBERS = 5000  # of a group that is given a role


class Assignments(Accounts):
    """A directory whose roles and application assignments change."""

    clients: dict[str, Any]  # service apps

    # standard roles

    def assign_role(self, holder_id: str, role: str, **targets: list[str]) -> Thing:
        """Assign a standard role to a user, a group or a service app."""
        if role not in ADMINISTRATORS:
            raise invalid("type", f"type: {role} is not a role")
        if holder_id in self.groups:
            self._check_group_of_role(holder_id)
        if any(row["type"] == role for row in self.assignments.get(holder_id, ())):
            raise Refused(409, "E0000090")
        moment = stamp(self.now())
        prefix = "gra" if holder_id in self.groups else "ra1"
        made = {"id": self.new_id(prefix), "type": role, "status": "ACTIVE"}
        made |= {"created": moment, "lastUpdated": moment} | (
            {"targets": targets} if targets else {}
        )
        self._put_roles(holder_id, [*self.assignments.get(holder_id, ()), made], "grant")
        return made

    def set_role_targets(self, holder_id: str, assignment_id: str, **targets: list[str]) -> None:
        """Limit a role to groups or applications, or to nothing again."""
        rows = [
            {**row, "targets": targets, "lastUpdated": stamp(self.now())}
            if row["id"] == assignment_id
            else row
            for row in self.assignments[holder_id]
        ]
        self._put_roles(holder_id, rows, "grant")

    def remove_role_target(self, holder_id: str, assignment_id: str, kind: str, key: str) -> None:
        """Take one limit of a role away. Without the last one the role would be unlimited."""
        rows = {row["id"]: row for row in self.assignments.get(holder_id, ())}
        targets = rows.get(assignment_id, {}).get("targets") or {}
        if key not in targets.get(kind, ()):
            raise not_found(key, "RoleTarget")
        if sum(map(len, targets.values())) == 1:
            raise invalid("target", "target: The last target of a role cannot be removed")
        left = [one for one in targets[kind] if one != key]
        self.set_role_targets(holder_id, assignment_id, **{**targets, kind: left})

    def remove_role(self, holder_id: str, assignment_id: str) -> None:
        """Take a role away. One that comes through a group cannot be taken from the user."""
        rows = self.assignments.get(holder_id, [])
        kept = [row for row in rows if row["id"] != assignment_id]
        if len(kept) == len(rows):
            raise not_found(assignment_id, "RoleAssignment")
        self._put_roles(holder_id, kept, "revoke")

    def _put_roles(self, holder_id: str, rows: list[Thing], what: str) -> None:
        self._about_to_change()
        self.assignments[holder_id] = rows
        self._roles_changed(holder_id, what)

    def _roles_changed(self, holder_id: str, what: str) -> None:
        """Tell what happened: `grant` names what is held now, `revoke` says that all is gone."""
        if holder_id in self.users:
            held = ", ".join(sorted({row["type"] for row, _ in self.roles_of(holder_id)}))
            what = "grant" if held else "revoke"
            debug = {"debugData": {"privilegeGranted": held} if held else {}}
            told = self.user_target(holder_id)
            self.emit(f"user.account.privilege.{what}", told, debugContext=debug)
        elif holder_id in self.groups:
            self.emit(f"group.privilege.{what}", self.group_target(holder_id))
        else:
            told = target(holder_id, "PublicClientApp", "unknown", holder_id)
            self.emit(f"app.oauth2.client.privilege.{what}", told)

    def _check_group_of_role(self, group_id: str) -> None:
        group = self.groups[group_id]
        if group["type"] == "BUILT_IN":
            raise Refused(400, "E0000211")
        if group["type"] != "OKTA_GROUP":
            raise Refused(400, "E0000194")
        if any(group_id in targets_of(rule) for rule in self.rules.values()):
            raise Refused(400, "E0000192")
        if len(self.members_of(group_id)) > MOST_MEMBERS:
            raise Refused(400, "E0000193")

    # custom roles

    def bind(self, set_id: str, role_id: str, kind: str, principal: str) -> str:
        """Give a custom role in a resource set to a "user", "group" or "client"."""
        known = {"user": self.users, "group": self.groups, "client": self.clients}[kind]
        if principal not in known:
            raise not_found(principal, kind.title())
        members = self.bindings.get((set_id, role_id), {})
        if any(one["principal"] == principal for one in members.values()):
            raise Refused(409, "E0000263")
        if kind == "group":
            self._check_group_of_role(principal)
        made = {"kind": kind, "principal": principal, "created": stamp(self.now())}
        member_id = self.new_id("irb")
        self._put_binding(set_id, role_id, members | {member_id: made}, principal, "add")
        return member_id

    def unbind(self, set_id: str, role_id: str, member_id: str) -> None:
        members = dict(self.bindings.get((set_id, role_id), {}))
        if member_id not in members:
            raise not_found(member_id, "RoleBindingMember")
        gone = members.pop(member_id)
        self._put_binding(set_id, role_id, members, gone["principal"], "delete")

    def _put_binding(
        self, set_id: str, role_id: str, members: dict[str, Thing], principal: str, what: str
    ) -> None:
        self._about_to_change()
        if members:
            self.bindings[set_id, role_id] = members
        else:  # a binding ends with its last member
            self.bindings.pop((set_id, role_id), None)
        label = self.resource_sets[set_id]["label"]
        role = target(role_id, "ROLE", "unknown", self.roles[role_id]["label"])
        told = target(set_id, "RESOURCE_SET", "unknown", label)
        self.emit(f"iam.resourceset.bindings.{what}", told, role)
        self._roles_changed(principal, "grant" if what == "add" else "revoke")

    def add_custom_role(self, label: str, *permissions: str) -> Thing:
        moment = stamp(self.now())
        made = {"id": self.new_id("cr0"), "label": label, "description": label}
        made |= {"permissions": [*permissions], "created": moment, "lastUpdated": moment}
        return self._put_custom_role(made, "create")

    def update_custom_role(self, role_id: str, **changed: Any) -> Thing:
        moved = {"lastUpdated": stamp(self.now())}
        return self._put_custom_role({**self.roles[role_id], **changed} | moved, "update")

    def _put_custom_role(self, role: Thing, what: str) -> Thing:
        self._about_to_change()
        self.roles[role["id"]] = role
        self.emit(f"iam.role.{what}", target(role["id"], "ROLE", "unknown", role["label"]))
        return role

    # applications

    def add_app(self, name: str, label: str, **more: Any) -> Thing:
        moment = stamp(self.now())
        made = {"id": self.new_id("0oa"), "name": name, "label": label, "status": "ACTIVE"}
        made |= {"signOnMode": "SAML_2_0", "created": moment, "lastUpdated": moment} | more
        self._about_to_change()
        self.applications[made["id"]] = made
        self.emit("application.lifecycle.create", self.app_target(made["id"]))
        return made

    def set_app_status(self, app_id: str, status: str) -> None:
        self._about_to_change()
        app = {**self.applications[app_id], "status": status, "lastUpdated": stamp(self.now())}
        self.applications[app_id] = app
        verb = "activate" if status == "ACTIVE" else "deactivate"
        self.emit(f"application.lifecycle.{verb}", self.app_target(app_id))

    def delete_app(self, app_id: str) -> None:
        """Delete an application with its assignments. It must be inactive."""
        if self.applications[app_id]["status"] == "ACTIVE":
            raise Refused(403, "E0000056", "Delete application forbidden.")
        told = self.app_target(app_id)
        self._about_to_change()
        del self.applications[app_id]
        self.app_users = {pair for pair in self.app_users if pair[0] != app_id}
        self.app_groups = {pair for pair in self.app_groups if pair[0] != app_id}
        self.assignments.pop(app_id, None)
        self._unbind(app_id)
        self.clients.pop(app_id, None)
        self.emit("application.lifecycle.delete", told)

    def assign_app(self, app_id: str, user_id: str) -> None:
        """Assign an application to a user directly."""
        if self.is_deprovisioned(user_id):
            raise Refused(403, "E0000038")
        self._about_to_change()
        self.app_users.add((app_id, user_id))
        told = self.user_target(user_id), self.app_target(app_id)
        self.emit("application.user_membership.add", *told)

    def unassign_app(self, app_id: str, user_id: str) -> None:
        """Take an application from a user. What comes through a group stays."""
        row = self.users_of_app(app_id).get(user_id)
        if row is None:
            raise not_found(user_id, "AppUser")
        if row["scope"] == "GROUP":
            why = "The user is assigned through a group"
            raise invalid("scope", why)
        self._about_to_change()
        self.app_users.discard((app_id, user_id))
        told = self.user_target(user_id), self.app_target(app_id)
        self.emit("application.user_membership.remove", *told)

    def assign_app_to_group(self, app_id: str, group_id: str) -> None:
        self._about_to_change()
        self.app_groups.add((app_id, group_id))
        self._group_of_app_changed("add", app_id, group_id)

    def unassign_app_from_group(self, app_id: str, group_id: str) -> None:
        if (app_id, group_id) not in self.app_groups:
            raise not_found(group_id, "ApplicationGroupAssignment")
        self._about_to_change()
        self.app_groups.discard((app_id, group_id))
        self._group_of_app_changed("remove", app_id, group_id)

    def _group_of_app_changed(self, what: str, app_id: str, group_id: str) -> None:
        group, app = self.group_target(group_id), self.app_target(app_id)
        self.emit(f"group.application_assignment.{what}", group, app)
