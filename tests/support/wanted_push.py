"""Push rules and the changes that they want, put into a warehouse that is published already."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pipelines.failures import Failure
from pipelines.unattended.basis import read_basis
from pipelines.warehouse.publish import open_published
from pipelines.write_back.admission import admit_plan
from pipelines.write_back.apply import Permission, apply_plan
from pipelines.write_back.journal import Journal
from pipelines.write_back.plan import read_plan
from tests.sandbox.company.parts import okta_id
from tests.support.product import Result, Rollcall
from tests.support.pushing import Pushing
from tests.support.wanted import COLUMNS, may_write

GENEROUS = (
    "[limits]\npercent_of_accounts = 100\none_field_percent = 100\npercent_of_members = 100\n"
)
APPROVAL = "a" * 64  # the hash of the audit record of a standing approval


class WantedPush(Pushing):
    """Rollcall with push rules for the company's Okta, and whatever changes they want."""

    def __init__(self, rollcall: Rollcall, rules: str = GENEROUS) -> None:
        super().__init__(may_write(rollcall))
        self.change(
            # without the checks of the mart, so that tests may put any change into it
            "create or replace table planned_changes as from planned_changes limit 0",
            "insert into push.targets"
            " (target, creates_accounts, reactivates, activates, sends_mail, rules_sha256)"
            " values ('okta', true, true, 'never', false, '')",
        )
        self.follow(rules)

    def wants(self, *changes: dict[str, Any]) -> None:
        """Publish wanted changes beside those that are there already."""
        names = ", ".join(COLUMNS)
        rows = [[change.get(name) for name in COLUMNS] for change in changes]
        places = ", ".join("?" * len(COLUMNS))
        self.change(f"insert into planned_changes ({names}) values ({places})", rows=rows)

    def update(self, number: int, **values: Any) -> dict[str, Any]:
        """Return the change of these attributes of a user."""
        old = {name: self.profile(number).get(name) for name in values}
        return self._of_account(
            number,
            "update_account",
            "fields",
            expected_state=json.dumps({"profile": old}),
            wanted_state=json.dumps({"profile": values}),
            inverse_action="update_account",
        )

    def join(self, number: int, group: int, action: str = "grant") -> dict[str, Any]:
        """Return the change by which a user joins a group."""
        account, entitlement = self.account(number), self.entitlement(group)
        profile = self.okta.groups[okta_id("group", group)]["profile"]
        is_held = action == "revoke"
        return self._of_account(
            number,
            action,
            f"groups/g{group}",
            entitlement_id=entitlement,
            grant_id=f"{account}/{entitlement}",
            resource_name=profile["name"],
            entitlement_name=profile["name"],
            expected_state=json.dumps({"is_held": is_held}),
            wanted_state=json.dumps({"is_held": not is_held}),
            inverse_action="grant" if is_held else "revoke",
        )

    def leave(self, number: int, group: int) -> dict[str, Any]:
        return self.join(number, group, "revoke")

    def enable(self, number: int, detail: str = "deactivated") -> dict[str, Any]:
        """Return the change that activates an account which is deactivated or staged."""
        status = self.okta.users[okta_id("user", number)]["status"]
        old = {"status": "disabled", "source_status": status, "status_detail": detail}
        new = {"status": "enabled", "source_status": status, "sends_mail": False}
        return self._of_account(
            number,
            "enable_account",
            "profiles",
            expected_state=json.dumps(old),
            wanted_state=json.dumps(new),
            inverse_action="disable_account",
        )

    def create(self, name: str) -> dict[str, Any]:
        """Return the change that creates an account."""
        mail = f"{name.lower()}@lanternfish.example"
        new = {"username": mail, "email": mail, "given_name": name, "family_name": "New"}
        new |= {"employee_number": None, "population_id": None, "is_enabled": False}
        new |= {"profile": {"title": "Novice"}, "user_type": None}
        return _push_change(
            "create_account",
            "profiles",
            name,
            person_id=f"charthop:person:{name}",
            account_name=f"{name} New",
            expected_state='{"has_account": false}',
            wanted_state=json.dumps(new),
            inverse_action="delete_account",
        )

    def create_group(self, name: str) -> dict[str, Any]:
        rule = name.lower()
        new = {"name": name, "description": f"By HR [rollcall:{rule}]"}
        return _push_change(
            "create_group", f"groups/{rule}", rule, resource_name=name, wanted_state=json.dumps(new)
        )

    def _of_account(self, number: int, action: str, part: str, **fields: Any) -> dict[str, Any]:
        user = self.okta.users[okta_id("user", number)]
        names = [user["profile"][name] for name in ("firstName", "lastName")]
        [known] = self.rollcall.rows(
            "select person_id, strftime(created_at, '%Y-%m-%dT%H:%M:%S.%fZ') as created_at"
            f" from accounts where account_id = '{self.account(number)}'"
        )
        return _push_change(
            action,
            part,
            f"{number}{fields.get('entitlement_id')}",
            account_id=self.account(number),
            account_name=" ".join(names),
            account_username=user["profile"]["login"],
            account_created_at=known["created_at"],
            person_id=known["person_id"],
            **fields,
        )

    @staticmethod
    def account(number: int) -> str:
        return f"okta:user:{okta_id('user', number)}"

    @staticmethod
    def entitlement(group: int) -> str:
        return f"okta:group:{okta_id('group', group)}:member"

    def plan(self, *flags: str) -> dict[str, Any]:
        """Make a plan that must be made, and return what is printed of it."""
        result = self.run("plan", "--json", *flags)
        assert 0 == result.code, result.out + result.err
        return result.document

    def plan_unattended(self) -> dict[str, Any]:
        """Return what a run without a person would do now."""
        return self.run("run", "--dry-run", "--no-sync", "--json").document

    def apply(self, plan: dict[str, Any], *flags: str) -> Result:
        """Apply a plan as a person does, who gives its digest."""
        digest = plan["digest"]
        return self.rollcall.run("apply", plan["path"], "--digest", digest, "--json", *flags)

    def apply_unattended(self, plan: dict[str, Any]) -> dict[str, int] | str:
        """Apply a plan under a standing approval; return the outcomes, or why it is refused."""

        def run() -> dict[str, int] | str:
            made = read_plan(Path(plan["path"]))
            journal = Journal(Path(plan["path"]).parent, made, "cron")
            with open_published(self.rollcall.warehouse) as warehouse:
                basis = read_basis(warehouse, made)
            try:
                writers = admit_plan(made, journal, None, basis, is_unattended=True)
            except Failure as error:
                return str(error)
            return apply_plan(made, journal, writers, lambda *_: None, Permission(APPROVAL)).counts

        return self.in_process(run)


def _push_change(action: str, part: str, subject: str, **fields: Any) -> dict[str, Any]:
    key = f"{action}|{part}|{subject}|{fields.get('wanted_state')}"
    said = {"change_id": hashlib.sha256(key.encode()).hexdigest(), "action": action}
    said |= {"channel": "api", "source_name": "okta", "through": "okta", "reason_kind": "push"}
    return said | {"reason_id": f"okta/{part}", "reason": f"rule {part}"} | fields
