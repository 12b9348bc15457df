"""Changes to groups, their members and the rules that fill them.

Methods are what an administrator does, and raise `Refused` with the answer that the API would give.
A change of a profile moves `lastUpdated`, one of the members `lastMembershipUpdated`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.sandbox.okta.directory import Thing
from tests.sandbox.okta.filter import stamp
from tests.sandbox.okta.log import Logged
from tests.sandbox.okta.rules import compile_rule
from tests.sandbox.okta.switches import Refused, forbidden, invalid, not_found

EXISTS = "An object with this field already exists in the current organization"
WITHOUT_RULES = ("STAGED", "DEPROVISIONED")
GROUPS_PER_RULE = 100


class Memberships(Logged):
    """A directory whose groups change."""

    def touch(self) -> None:
        super().touch()
        # What was deleted by hand has neither members nor applications
        self.members = {pair for pair in self.members if pair[1] in self.groups}
        self.app_groups = {pair for pair in self.app_groups if pair[1] in self.groups}
        for rule_id, rule in self.rules.items():
            for group_id in targets_of(rule) if rule["status"] == "ACTIVE" else ():
                for user_id in self.members_of(group_id):
                    if self.fits(user_id, rule):
                        self.given.add((rule_id, user_id, group_id))

    # groups

    def add_group(self, name: str, description: str = "", **more: Any) -> Thing:
        """Create a native group, or with `type` and `source` one that a directory brings."""
        moment = stamp(self.now())
        made = {"id": self.new_id("00g"), "created": moment, "lastUpdated": moment}
        made |= {"lastMembershipUpdated": moment, "objectClass": ["okta:user_group"]}
        made |= {"type": "OKTA_GROUP", "profile": {"name": name}} | more
        if description:
            made["profile"] = made["profile"] | {"description": description}
        self._check_group(made)
        self._about_to_change()
        self.groups[made["id"]] = made
        self.emit("group.lifecycle.create", self.group_target(made["id"]))
        return made

    def update_group(self, group_id: str, profile: Thing) -> Thing:
        """Replace a group's profile."""
        made = {**self.groups[group_id], "profile": profile, "lastUpdated": stamp(self.now())}
        self._must_be_native(group_id)
        self._check_group(made)
        self._about_to_change()
        self.groups[group_id] = made
        self.emit("group.profile.update", self.group_target(group_id))
        return made

    def delete_group(self, group_id: str) -> None:
        """Delete a group with its memberships and roles. Rules that fill it become invalid."""
        self._must_be_native(group_id)
        told = self.group_target(group_id)
        self._about_to_change()
        del self.groups[group_id]
        self.members = {pair for pair in self.members if pair[1] != group_id}
        self.app_groups = {pair for pair in self.app_groups if pair[1] != group_id}
        self.assignments.pop(group_id, None)
        self._unbind(group_id)
        for rule_id, rule in self.rules.items():
            if group_id in targets_of(rule):
                self.rules[rule_id] = {**rule, "status": "INVALID"}
        self.emit("group.lifecycle.delete", told)

    def _check_group(self, group: Thing) -> None:
        name = group["profile"].get("name")
        if not isinstance(name, str) or not 1 <= len(name) <= 255:
            raise invalid("name", "name: The field must have between 1 and 255 characters")
        if len(group["profile"].get("description") or "") > 1024:
            raise invalid("description", "description: The field cannot exceed 1024 characters")
        refuse_four_bytes(group["profile"])
        for other in self.groups.values() if self.switches.group_names_unique else ():
            is_native = other["type"] == group["type"] == "OKTA_GROUP"
            if is_native and other["id"] != group["id"] and other["profile"]["name"] == name:
                raise invalid("name", f"name: {EXISTS}")

    def _must_be_native(self, group_id: str) -> None:
        if self.groups[group_id]["type"] != "OKTA_GROUP":
            raise forbidden()

    def _unbind(self, principal: str) -> None:
        for place, members in self.bindings.items():
            kept = {id_: one for id_, one in members.items() if one["principal"] != principal}
            self.bindings[place] = kept

    # members

    def add_member(self, user_id: str, group_id: str) -> None:
        """Add a user to a native group. A second time changes nothing."""
        self._must_be_native(group_id)
        if self.is_deprovisioned(user_id):
            status = self.switches.add_deprovisioned_member
            if status == 403:
                raise Refused(403, "E0000038")
            raise invalid("user", "user: A deactivated user cannot be added to a group")
        if (user_id, group_id) not in self.members:
            self._join(user_id, group_id)
        if self.switches.exclude_on_explicit_add:
            self._exclude(user_id, group_id)
        self.run_rules(user_id)

    def remove_member(self, user_id: str, group_id: str) -> None:
        """Remove a user from a native group. A rule that gave the membership excludes the user."""
        self._must_be_native(group_id)
        if (user_id, group_id) not in self.members:
            if self.switches.remove_absent_member == 204:
                return
            raise not_found(user_id, "GroupMember")
        self._exclude(user_id, group_id)
        self._leave(user_id, group_id)
        self.run_rules(user_id)

    def import_members(self, group_id: str, user_ids: Iterable[str]) -> None:
        """Set the members of a group as its directory or application has them."""
        wanted = {*user_ids}
        for user_id in sorted(self.members_of(group_id) - wanted):
            self._leave(user_id, group_id)
        for user_id in sorted(wanted - self.members_of(group_id)):
            self._join(user_id, group_id)

    def _join(self, user_id: str, group_id: str, tell: bool = True) -> None:
        self._about_to_change()
        self.members.add((user_id, group_id))
        self._membership_changed("add", user_id, group_id, tell)

    def _leave(self, user_id: str, group_id: str, tell: bool = True) -> None:
        self._about_to_change()
        self.members.discard((user_id, group_id))
        self._membership_changed("remove", user_id, group_id, tell)

    def _membership_changed(self, what: str, user_id: str, group_id: str, tell: bool) -> None:
        moment = stamp(self.now())
        self.groups[group_id] = {**self.groups[group_id], "lastMembershipUpdated": moment}
        if self.switches.membership_moves_user:
            self.users[user_id] = {**self.users[user_id], "lastUpdated": moment}
        user, group = self.user_target(user_id), self.group_target(group_id)
        if tell:
            self.emit(f"group.user_membership.{what}", user, group)
        for app_id, through in sorted(self.app_groups):
            if through == group_id:
                self.emit(f"application.user_membership.{what}", user, self.app_target(app_id))

    def everyone_changed(self) -> None:
        """Record that an account came or went: Everyone has other members."""
        everyone = self.groups[self.everyone]
        self.groups[self.everyone] = {**everyone, "lastMembershipUpdated": stamp(self.now())}

    # rules

    def add_rule(self, name: str, text: str, *group_ids: str) -> Thing:
        """Create a rule, which is inactive at first."""
        moment = stamp(self.now())
        made = {"id": self.new_id("0pr"), "type": "group_rule", "name": name, "status": "INACTIVE"}
        expression = {"value": text, "type": "urn:okta:expression:1.0"}
        made["conditions"] = {"people": {"users": {"exclude": []}}, "expression": expression}
        made["actions"] = {"assignUserToGroups": {"groupIds": [*group_ids]}}
        made |= {"created": moment, "lastUpdated": moment}
        if not 1 <= len(name) <= 50 or not 1 <= len(group_ids) <= GROUPS_PER_RULE:
            raise invalid("name", "name: at most 50 characters, and at most 100 groups")
        compile_rule(text)
        for group_id in group_ids:
            if self.groups[group_id]["type"] != "OKTA_GROUP" or self.own_roles(group_id):
                raise invalid("groupIds", "groupIds: must be native groups without admin roles")
        self._about_to_change()
        self.rules[made["id"]] = made
        return made

    def activate_rule(self, rule_id: str) -> None:
        """Let a rule fill its groups, now and whenever a user changes."""
        self._put_rule(rule_id, "ACTIVE")
        self.emit("group.user_membership.rule.trigger", self._rule(self.rules[rule_id]))
        for user_id in sorted(self.users):
            self.run_rules(user_id)

    def deactivate_rule(self, rule_id: str) -> None:
        """Stop a rule. The members that it gave stay."""
        self._put_rule(rule_id, "INACTIVE")
        self.emit("group.user_membership.rule.deactivated", self._rule(self.rules[rule_id]))

    def _put_rule(self, rule_id: str, status: str, **changed: Any) -> None:
        self._about_to_change()
        made = {**self.rules[rule_id], "status": status, "lastUpdated": stamp(self.now())}
        self.rules[rule_id] = made | changed

    def delete_rule(self, rule_id: str) -> None:
        if self.rules[rule_id]["status"] == "ACTIVE":
            raise invalid("status", "status: An active rule cannot be deleted")
        self._about_to_change()
        del self.rules[rule_id]

    def run_rules(self, user_id: str) -> None:
        """Let the active rules look at a user, once they notice the change."""
        if any(rule["status"] == "ACTIVE" for rule in self.rules.values()):
            self.later(self.switches.rule_lag, "apply_rules", user_id)

    def apply_rules(self, user_id: str) -> None:
        """Add and remove what the active rules give a user, until nothing changes any more."""
        with self.as_system():
            for _ in range(5):  # a rule's group may be another rule's condition
                if user_id not in self.users or not self._apply_once(user_id):
                    return

    def _apply_once(self, user_id: str) -> bool:
        if self.users[user_id]["status"] in WITHOUT_RULES:
            return False
        has_changed = False
        for rule_id, rule in sorted(self.rules.items()):
            if rule["status"] != "ACTIVE":
                continue
            fits = self.fits(user_id, rule)
            for group_id in targets_of(rule):
                is_member = (user_id, group_id) in self.members
                given = (rule_id, user_id, group_id)
                if fits and not is_member:
                    self._join(user_id, group_id, self.switches.rule_events)
                    self.given.add(given)
                elif not fits and given in self.given:
                    self.given.discard(given)
                    if is_member and not any(one[1:] == given[1:] for one in self.given):
                        self._leave(user_id, group_id, self.switches.rule_events)
                else:
                    continue
                has_changed = True
        return has_changed

    def fits(self, user_id: str, rule: Thing) -> bool:
        """Return whether a rule gives its groups to a user."""
        user, people = self.users[user_id], rule["conditions"].get("people", {})
        if user["status"] in WITHOUT_RULES or user_id in people["users"]["exclude"]:
            return False
        condition = compile_rule(rule["conditions"]["expression"]["value"])
        return bool(condition(user["profile"], self.groups_of(user_id)))

    def _exclude(self, user_id: str, group_id: str) -> None:
        """Except a user from every active rule that gives this membership."""
        for rule_id, rule in sorted(self.rules.items()):
            if rule["status"] != "ACTIVE" or group_id not in targets_of(rule):
                continue
            if not self.fits(user_id, rule):
                continue
            excluded = [*rule["conditions"]["people"]["users"]["exclude"], user_id]
            if len(excluded) > self.switches.rule_exclusions:
                raise invalid("exclude", "exclude: The rule has reached its most exclusions")
            people = {"people": {"users": {"exclude": excluded}}}
            self._put_rule(rule_id, "ACTIVE", conditions=rule["conditions"] | people)
            self.given = {one for one in self.given if one[:2] != (rule_id, user_id)}
            user, group = self.user_target(user_id), self.group_target(group_id)
            with self.as_system():
                kind = "group.user_membership.rule.add_exclusion"
                self.emit(kind, user, group, self._rule(rule))

    def _rule(self, rule: Thing) -> Thing:
        made = {"id": rule["id"], "type": "Rule", "alternateId": "unknown"}
        return made | {"displayName": rule["name"], "detailEntry": None}


def targets_of(rule: Thing) -> list[str]:
    """Return the groups that a rule fills."""
    return rule["actions"]["assignUserToGroups"]["groupIds"]


def refuse_four_bytes(profile: Thing) -> None:
    """Refuse characters that Okta cannot store, such as most emoji."""
    for name, value in profile.items():
        if any(ord(letter) > 0xFFFF for letter in str(value)):
            raise invalid(name, f"{name}: Characters of four bytes are not supported")
