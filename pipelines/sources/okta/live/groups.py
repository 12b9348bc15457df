"""Looks up the members, the names and the descriptions of groups.

Nothing is done that a rule, another directory or Okta would undo, or that an admin role of a group
would give to somebody.
"""

from __future__ import annotations

import json
import re
import time

from pipelines.files.json_text import to_text_id
from pipelines.sources.okta.choices import WriteChoices
from pipelines.sources.okta.live.view import View, find
from pipelines.sources.okta.rows import list_rule_targets, may_have_admin_role
from pipelines.sources.okta.translation import GROUPS_RIGHT
from pipelines.sources.raw_rows import Row, read_id
from pipelines.sources.writer import Change, Seen, to_native_id

MAX_EXCLUSIONS = 100  # of one rule (help.okta.com, "Group rules")
RULES_PAGE, GROUPS_PAGE = 200, 200
LIFETIME = 60.0  # seconds for which something that was read may be used
MARK = re.compile(r"\[rollcall:[a-z0-9_-]+\]$")  # at the end of a description: whose group it is


class Groups:
    """The groups of one org at this moment. Every method only reads."""

    def __init__(self, view: View, choices: WriteChoices) -> None:
        self.view, self.choices = view, choices
        self.made: dict[str, str] = {}  # change -> the id that Okta answered
        self.seen_at: dict[str, float] = {}  # group -> when it was last read by its id
        self.names: dict[str, set[str]] = {}  # group that this plan renames -> old and new name

    def begin(self, changes: list[Change]) -> None:
        self.names = {
            to_native_id(change.entitlement_id): {
                _read_naming(state)["name"]
                for state in (change.expected_state, change.wanted_state)
            }
            for change in changes
            if change.action == "rename_group"
        }

    # ---- members

    def see_membership(self, change: Change) -> Seen:
        """Return whether the user is in the group. All pages are read, documented or not; a group
        that the credential may not see is refused before its absence could mean anything."""
        gives, group_id = change.action == "grant", to_native_id(change.entitlement_id)
        group = self.find_group(group_id)
        if group is None:
            return Seen("drift" if gives else "absent", "the group does not exist any more")
        is_member = self.is_member(change)
        facts = {"is_member": is_member}
        if is_member == gives:
            return Seen("done" if gives else "absent", facts=facts)
        why = self.find_obstacle(change, group, self.read_rules())
        return Seen("drift", why, facts) if why else Seen("pending", facts=facts)

    def see_effect(self, change: Change) -> Seen | None:
        """Return that the call for a membership took effect, if one read shows it. None if it does
        not, or if it is not known that the group can be seen."""
        gives, group_id = change.action == "grant", to_native_id(change.entitlement_id)
        if time.monotonic() - self.seen_at.get(group_id, -LIFETIME) >= LIFETIME:
            return None
        if find(lambda: self.is_member(change)) is not gives:
            return None
        return Seen("done" if gives else "absent", facts={"is_member": gives})

    def is_member(self, change: Change) -> bool:
        path = f"users/{to_native_id(change.account_id)}/groups"
        rows = self.view.okta.read_rows("groups", path, right=GROUPS_RIGHT)
        ids = {read_id("okta: groups", row, "id") for row in rows}
        return to_native_id(change.entitlement_id) in ids

    def find_obstacle(self, change: Change, group: Row, rules: list[Row]) -> str:
        """Return why the members of this group are not ours to change; empty if they are."""
        name = (group.get("profile") or {}).get("name")
        if why := find_owner(group):
            return f"{why} decides who is in the group"
        names = self.names.get(to_native_id(change.entitlement_id), set())
        if change.resource_name and name not in {change.resource_name, *names}:
            return "the group now has another name"
        if may_have_admin_role(group):
            return "the group gives an admin role, or Okta does not say that it gives none"
        return self._find_rule(change, rules)

    def _find_rule(self, change: Change, rules: list[Row]) -> str:
        """Return why the rules of the group forbid the change; empty if they do not.

        To remove a member that a rule gives, Okta excludes the user from the rule. To add one by
        hand was seen to exclude others ("Group rules").
        """
        group_id, user_id = to_native_id(change.entitlement_id), to_native_id(change.account_id)
        for rule in rules:
            if group_id not in list_rule_targets([rule]):
                continue
            if change.action == "grant" or not self.choices.rule_exclusions:
                return f"the rule {rule.get('name')} decides who is in the group"
            people = (rule.get("conditions") or {}).get("people") or {}
            excluded = (people.get("users") or {}).get("exclude") or ()
            if len(excluded) >= MAX_EXCLUSIONS and user_id not in excluded:
                return f"the rule {rule.get('name')} has {len(excluded)} exclusions, the maximum"
        return ""

    # ---- groups that rules name

    def see_new_group(self, change: Change, *, after_call: bool) -> Seen:
        """Return whether the group exists: with exactly this name, and with the mark of its rule.

        Before the first call the index of a search is enough, because Okta refuses a second group
        of a name ("Groups"). After a call it might lag, so the new group is read by its id, or if
        no answer told it, from the list of all groups.
        """
        wanted = json.loads(change.wanted_state or "{}")
        mark = MARK.search(wanted.get("description") or "")
        if not wanted.get("name") or not mark:
            return Seen("drift", "a new group needs a name, and the mark of its rule")
        found = [
            row
            for row in self._list_candidates(change, wanted["name"], after_call)
            if (row.get("profile") or {}).get("name") == wanted["name"]
        ]
        if not found:
            return Seen("pending", step="create_group")
        key = to_text_id(found[0].get("id"))
        description = (found[0].get("profile") or {}).get("description") or ""
        is_ours = not find_owner(found[0]) and description.endswith(mark.group())
        if len(found) > 1 or not is_ours:
            return Seen("drift", "a group of this name exists", {"id": key})
        return Seen("done", facts={"entitlement_id": f"okta:group:{key}:member"})

    def _list_candidates(self, change: Change, name: str, after_call: bool) -> list[Row]:
        if key := self.made.get(change.change_id):
            group = self.view.find_object(f"groups/{key}", GROUPS_RIGHT)
            return [group] if group else []
        named = f"profile.name eq {json.dumps(name, ensure_ascii=False)}"
        query = {} if after_call else {"search": named}
        return self.view.okta.read_rows(
            "groups", "groups", right=GROUPS_RIGHT, size=GROUPS_PAGE, **query
        )

    def see_naming(self, change: Change) -> Seen:
        """Return whether the group has the wanted name and description. The call sends the whole
        profile as it was just read, because Okta empties what is not sent ("Groups")."""
        group_id = to_native_id(change.entitlement_id)
        group = self.find_group(group_id)
        if group is None:
            return Seen("drift", "the group does not exist any more")
        profile = group.get("profile") or {}
        wanted, expected = map(_read_naming, (change.wanted_state, change.expected_state))
        # The models have no blanks around them
        live = {name: (profile.get(name) or "").strip() for name in wanted}
        if live == wanted:
            return Seen("done")
        if why := find_owner(group):
            return Seen("drift", f"{why} decides what the group is called")
        if may_have_admin_role(group):
            why = "the group gives an admin role, or Okta does not say that it gives none"
            return Seen("drift", why)
        moved = [name for name in wanted if live[name] not in (wanted[name], expected[name])]
        if moved:
            return Seen("drift", f"the group now has another {' and '.join(moved)}")
        return Seen("pending", step="rename", unlogged={"profile": profile | wanted})

    # ---- reading

    def find_group(self, group_id: str) -> Row | None:
        group = self.view.find_object(f"groups/{group_id}", GROUPS_RIGHT, expand="stats")
        if group is not None:
            self.seen_at[group_id] = time.monotonic()
        return group

    def read_rules(self) -> list[Row]:
        return self.view.okta.read_rows(
            "group_rules", "groups/rules", right=GROUPS_RIGHT, size=RULES_PAGE
        )


def find_owner(group: Row) -> str:
    """Return who else decides about a group, by its type; empty if nobody does."""
    if group.get("type") == "BUILT_IN":
        return "Okta itself"
    return "" if group.get("type") == "OKTA_GROUP" else "another directory"


def _read_naming(state: str | None) -> dict[str, str]:
    found = json.loads(state or "{}")
    return {name: found.get(name) or "" for name in ("name", "description")}
