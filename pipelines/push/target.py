"""Compare what push rules want with what a target holds, both as they are published.

An account is written for a person if the account is the one whose username is the login of the
rules, or else the person's only human one. Every other person and account has the reason in words.
"""

from __future__ import annotations

import re
from typing import Any

import duckdb

from pipelines.push.evaluate import Wanted
from pipelines.push.rules import FieldRule, GroupRule, PushRules
from pipelines.push.target_sql import (
    ACCOUNTS_SQL,
    GROUPS_SQL,
    MEMBERS_SQL,
    NO_PROFILES,
    PERSONS_SQL,
)
from pipelines.push.values_sql import NO_FIELDS, VALUES_SQL
from pipelines.sql import fetch_dicts, has_table, matches_sql, quote
from pipelines.warehouse import PROJECT_FOLDER

# They recover or take over an account; used until the attributes of the target are read
IDENTIFYING = ("login", "email", "secondEmail", "mobilePhone", "primaryPhone")
NEVER = ("password", "credentials", "id", "status")
MACRO = re.compile(r"macro (\w+)\((.*?)\) -%\}(.*?)\{%- endmacro", re.DOTALL)


class PublishedTarget:
    """One target beside what its rules want, in temporary tables of a read-only connection."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, rules: PushRules, wanted: Wanted
    ) -> None:
        self.connection, self.target = connection, rules.target
        self.rules, self.refused = rules.definition, wanted.refused
        for name in ("members", "profiles", "accounts"):
            connection.register(f"wanted_{name}", getattr(wanted, name))
        profiles = self._find_staged("profiles") or NO_PROFILES
        is_protected = matches_sql("accounts.account_id", "protected.pattern")
        connection.execute(
            ACCOUNTS_SQL.format(profiles=profiles, is_protected=is_protected),
            {"target": rules.target},
        )
        profiles = self.rules.profiles
        connection.execute(
            PERSONS_SQL, {"create": profiles.create, "reactivate": profiles.reactivate}
        )

    def find_group(self, rule_id: str, rule: GroupRule) -> dict[str, Any]:
        """Return the group of a rule: its state, and why nothing would be done.

        A group that only has the name of the rule is compared, too, and blocked.
        """
        adopted = f"{self.target}:group:{rule.adopt}" if rule.adopt else ""
        values = {"target": self.target, "rule": rule_id, "name": rule.name, "adopted": adopted}
        is_protected = matches_sql("entitlements.entitlement_id", "protected.pattern")
        found = self._read(GROUPS_SQL.format(is_protected=is_protected), values)
        group = found[0] if found else None
        why = self._find_obstacle(rule_id, rule, group)
        state = "to_create"
        if group:
            is_named = group["name"] == rule.name
            state = ("adopted" if rule.adopt else "owned") if is_named else "to_rename"
        return {
            "name": rule.name,
            "entitlement_id": group and group["entitlement_id"],
            "state": "blocked" if why else state,
            "why": why,
        }

    def _find_obstacle(
        self, rule_id: str, rule: GroupRule, group: dict[str, Any] | None
    ) -> str | None:
        """Return why a group would be left alone; None if it would not be."""
        others = [other for name, other in self.rules.groups.items() if name != rule_id]
        names = {other.name.casefold() for other in others}
        if rule.name.casefold() in names or rule.adopt in {other.adopt for other in others} - {""}:
            return "two rules name it"
        if group is None:
            return f"there is no group {rule.adopt}" if rule.adopt else None
        if group["protected_because"]:
            return f"protected: {group['protected_because']}"
        if group["is_made"] and not group["is_ours"]:
            mark = f"[rollcall:{rule_id}]"
            return f"not ours any more: its description lacks {mark}, so adopt it by its id"
        is_ours = group["is_adopted"] or group["is_ours"]
        if not is_ours:
            is_imported = group["unchangeable_because"] == "external"
            taken = "name taken by an imported group"
            return taken if is_imported else "not ours: adopt it by its id"
        if group["is_rule_managed"]:
            return "a rule fills it"
        if group["gives_admin"] or group["unchangeable_because"] == "gives_admin_role":
            return "gives an admin role"
        if group["unchangeable_because"] or group["change_channel"] == "api":
            return group["unchangeable_because"]
        return "no write channel: nothing can change who is in it"

    def list_members(
        self, rule_id: str, rule: GroupRule, entitlement_id: str | None
    ) -> list[dict[str, Any]]:
        """Return one row per person and account that a group has or gets, with its state."""
        found = "select 1 from wanted_members where rule_id = ? limit 1"
        values = {
            "rule": rule_id,
            "entitlement": entitlement_id,
            "add_only": rule.members == "add_only",
            "gives_nobody": not self.connection.execute(found, [rule_id]).fetchone(),
        }
        return self._read(MEMBERS_SQL, values)

    def list_values(self, name: str, rule: FieldRule) -> list[dict[str, Any]]:
        """Return one row per person whom the push is about: the value now, and the wanted one."""
        macros = _read_macros()
        same = macros["same_json"]
        for parameter, column in (("one", "current_value"), ("other", "wanted_value")):
            same = same.replace(f"{{{{ {parameter} }}}}", column)
        sql = VALUES_SQL.format(
            fields=self._find_staged("profile_fields") or NO_FIELDS,
            identifying=", ".join(map(quote, IDENTIFYING)),
            never=", ".join(map(quote, NEVER)),
            refused_because=macros["field_refused_because"],
            is_same=same,
        )
        values = {
            "target": self.target,
            "field": name,
            "path": f'$."{name}"',
            "clear": rule.when_blank == "clear",
            "identifies": rule.identifies,
        }
        return self._read(sql, values)

    def knows_attributes(self) -> bool:
        """Return whether a sync has read which attributes the accounts may have."""
        fields = self._find_staged("profile_fields") or NO_FIELDS
        return bool(self.connection.execute(f"select 1 from ({fields}) limit 1").fetchone())

    def _find_staged(self, entity: str) -> str:
        """Return a query of what the target's staging says; empty if it says nothing of that."""
        table = f"stg_{self.target}__{entity}"
        return f"from staging.{table}" if has_table(self.connection, table, "staging") else ""

    def list_persons(self, condition: str, value: Any) -> list[dict[str, Any]]:
        """Return the people, in or out of the push, whom a condition with one parameter finds."""
        sql = f"select * from target_persons where {condition} order by full_name, person_id"
        return self._read(sql, [value])

    def _read(self, sql: str, values: Any) -> list[dict[str, Any]]:
        return list(fetch_dicts(self.connection.execute(sql, values)))


def _read_macros() -> dict[str, str]:
    """Return the SQL of the macros by which the published tables judge a value."""
    text = (PROJECT_FOLDER / "macros" / "push_fields.sql").read_text()
    return {name: sql for name, _, sql in MACRO.findall(text)}
