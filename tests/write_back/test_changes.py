"""From decisions to wanted changes: `planned_changes`, and what no plan will do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.policy.tables import POLICY_SCHEMA
from pipelines.warehouse.dbt_build import DECISION_MODELS, transform
from tests.sandbox.company.parts import pingone_id

POLICY = """
[leavers]
disable_after_days = 0
delete_after_days = 90

[[protected]]
id = "pingone:role:*"
reason = "roles are for the two who know them"
"""
FUTURE = "2099-12-31"
Rows = list[dict[str, Any]]


def user(number: int) -> str:
    return f"pingone:user:{pingone_id('user', number)}"


def group(number: int) -> str:
    return f"pingone:group:{pingone_id('group', number)}:member"


class Company:
    """A published warehouse of the invented company, with a test's own decisions and files."""

    def __init__(self, home: Path, warehouse: bytes) -> None:
        self.home, self.file = home, home / "access.duckdb"
        self.file.write_bytes(warehouse)
        (home / "reviews").mkdir()

    def rows(self, sql: str) -> Rows:
        with duckdb.connect(str(self.file)) as connection:
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def insert(self, table: str, **values: Any) -> None:
        with duckdb.connect(str(self.file)) as connection:
            marks = ", ".join(f"? as {name}" for name in values)
            connection.execute(f"insert into {table} by name select {marks}", list(values.values()))

    def campaign(self, name: str, decisions: dict[str, str], closed: str = "2026-01-31") -> None:
        """Add a campaign with decisions on these grants. An item's id is its number."""
        self.insert(
            "review_campaigns",
            campaign=name,
            title=name,
            opened_at="2026-01-01",
            opened_by="x",
            status="closed" if closed else "open",
            closed_at=closed or None,
            rollcall="test",
            data_as_of="2026-01-01",
            definition='{"remediate_within_days": 14}',
            sources="[]",
            definition_sha256="",
            accepted="[]",
        )
        for number, (grant, decision) in enumerate(decisions.items()):
            [held] = self.rows(f"from grants where grant_id = '{grant}'")
            ids = {key: held[key] for key in ("grant_id", "account_id", "entitlement_id")}
            one = {"campaign": name, "item_id": f"i{number}"}
            self.insert(
                "review_items",
                **one,
                **ids,
                scope_id=held["scope_id"],
                reviewer="r",
                source_name=held["source_name"],
                reviewer_rule="manager",
            )
            self.insert(
                "review_decisions",
                **one,
                import_id="m",
                decision=decision,
                decided_by="joan@x",
                decided_at="2026-01-20",
                row_number=1,
                is_current=True,
                grant_id=grant,
            )

    def request(self, request_id: str, **values: str) -> None:
        path = self.home / "reviews" / "requests.csv"
        columns = POLICY_SCHEMA["requests"][1]
        if not path.exists():
            path.write_text(",".join(columns) + "\n")
        row = {
            "request_id": request_id,
            "reason": "audit",
            "approved_by": "grace.okoye@lanternfish.example",
        } | values
        with path.open("a") as file:
            file.write(",".join(row.get(name, "") for name in columns) + "\n")

    def build(self, monkeypatch: pytest.MonkeyPatch) -> Company:
        monkeypatch.setenv("REVIEW__FOLDER", str(self.home / "reviews"))
        transform(self.file, self.home, DECISION_MODELS)
        return self

    def planned(self, where: str = "true") -> Rows:
        return self.rows(f"from planned_changes where {where} order by action, grant_id")


@pytest.fixture(scope="module")
def decided(tmp_path_factory, published):
    """Return a company with every kind of decision; each test looks at its own part."""
    made = Company(tmp_path_factory.mktemp("wanted"), published.data)
    ada, priya = user(4), user(22)
    held = {row["grant_id"] for row in made.rows("from grants")}
    made.campaign(
        "q4",
        {
            f"{user(15)}/{group(5)}": "revoke",  # Sam, VPN: directly
            f"{ada}/{group(1)}": "revoke",  # Staff: directly, and through Engineers
            f"{user(1)}/{group(1)}": "keep",
            f"{user(32)}/{group(1)}": "revoke",  # Omar has Staff only through Engineers
            f"{user(20)}/{group(5)}": "modify",  # Lena's VPN is to be reduced
            **{
                next(key for key in sorted(held) if key.startswith(f"{who}/{what}")): "revoke"
                for who, what in (
                    (priya, "pingone:role:"),
                    (user(3), group(8)),  # Henrik's title makes him a manager
                    (user(26), group(9)),  # Paul is in a group of another directory
                    (user(4), "pingone:population:"),
                    ("haloitsm:agent:25", "haloitsm:team:2"),  # Sam's team
                )
            },
        },
    )
    made.campaign("q3", {f"{user(6)}/{group(5)}": "revoke"}, closed="")  # still open
    made.request("R-1", account_id=user(30), entitlement_id=group(5))
    made.request("R-2", account_id=ada, entitlement_id=group(14))  # she has it already
    made.request("R-3", account_id=user(24), entitlement_id=group(10), until="2026-01-31")
    made.request("R-4", person_id="charthop:person:nobody", entitlement_id=group(5))
    [edith] = made.rows("from people where full_name like 'Edith%'")
    made.request("R-5", person_id=edith["person_id"], entitlement_id=group(5), until=FUTURE)
    made.request("R-6", account_id=user(2), entitlement_id=group(10))  # Nora has left
    made.request("R-7", account_id=user(15), entitlement_id=group(99))
    [mail] = [row["email"] for row in made.rows(f"from accounts where account_id = '{user(30)}'")]
    made.request("R-8", account_id=user(30), entitlement_id=group(10), approved_by=mail.upper())
    made.request("R-9", account_id=user(30), entitlement_id=group(14), approved_by="grace")
    (made.home / "reviews" / "policy.toml").write_text(POLICY)
    with pytest.MonkeyPatch.context() as patch:
        return made.build(patch)


def test_a_revoked_grant_is_planned_with_its_reason(decided):
    """A revoked grant is planned for removal, with who decided and what remains."""
    [sam], [ada] = (
        decided.planned(f"account_id = '{who}' and blocked_because is null and campaign = 'q4'")
        for who in (user(15), user(4))
    )

    assert (user(15), group(5), "api", "pingone") == (
        sam["account_id"],
        sam["entitlement_id"],
        sam["channel"],
        sam["through"],
    )
    assert ("joan@x", "q4/i0", "2026-02-14T00:00:00.000000Z", "grant") == (
        sam["approved_by"],
        sam["reason_id"],
        sam["due_at"],
        sam["inverse_action"],
    )
    assert {"is_held": True} == json.loads(sam["expected_state"])
    assert None is sam["residual"]
    assert "also held through Engineering" in ada["residual"]


def test_nobody_approves_what_they_get(decided):
    """A request approved by its receiver or an unknown person is blocked, with the reason."""
    said = {
        row["reason_id"]: row["blocked_because"]
        for row in decided.planned("reason_id in ('R-8', 'R-9')")
    }

    assert "the person who gets it has approved it: somebody else has to" == said["R-8"]
    assert "approved_by is no address that HR or the policy knows" == said["R-9"]


def test_what_no_plan_will_do_says_why(decided):
    """A change that no plan will make says why."""
    said = {
        (row["account_id"], row["entitlement_id"].split(":")[1]): row["blocked_because"]
        for row in decided.planned("campaign = 'q4' and blocked_because is not null")
    }

    assert "inherited only: Engineering would have to go" == said[user(32), "group"]
    assert said[user(3), "group"].startswith("rule-managed")
    assert said[user(26), "group"].startswith("external")
    assert said[user(4), "population"].startswith("mandatory")
    assert "protected: roles are for the two who know them" in said[user(22), "role"]


def test_what_no_plan_will_do_has_a_next_step(decided):
    """A change that no plan will make has its next step, which is that of its reason."""
    steps = {
        row["blocked_because"]: row["next_step"]
        for row in decided.planned("blocked_because is not null")
    }

    assert 10 < len(steps) and all(steps.values())
    for reason, step in (
        ("inherited only", "revoke what it is inherited from"),
        ("rule-managed", "change the rule in pingone"),
        ("last administrator", "give it to somebody else first"),
        ("to be seen disabled first", "apply the plan that disables it"),
        ("the person who gets it", "have somebody else approve it"),
        ("no such entitlement", "correct the id in requests.csv"),
        ("protected", "nothing while policy.toml protects it"),
    ):
        found = {told for why, told in steps.items() if reason in why}
        assert found and all(told.startswith(step) for told in found), (reason, found)
    assert [] == decided.planned("blocked_because is null and next_step is not null")


def test_what_no_api_can_do_is_a_ticket_and_so_is_a_modification(decided):
    """A change that no API can make becomes a ticket, and so does a modification."""
    tickets = decided.planned("channel = 'ticket' and reason_kind = 'decision'")

    assert {(group(5), "modify"), ("haloitsm:team:2:member", "revoke")} == {
        (row["entitlement_id"], row["wanted_action"]) for row in tickets
    }
    assert {("open_ticket", "haloitsm", None)} == {
        (row["action"], row["through"], row["blocked_because"]) for row in tickets
    }


def test_what_is_kept_or_not_closed_is_not_touched(decided):
    """Kept access, and decisions of open campaigns, lead to no change."""
    assert [] == decided.planned(f"account_id in ('{user(1)}', '{user(6)}')")


def test_leavers_are_disabled_then_deleted(decided):
    """Leavers are disabled first, and deleted once a sync has seen them disabled.

    Nora left in March, and nobody else holds what her group gives; Olu's account was closed.
    """
    planned = {
        (row["account_id"], row["wanted_action"] or row["action"]): row
        for row in decided.planned("reason_kind = 'leaver'")
    }

    nora, olu = user(2), user(17)
    assert "last administrator" in planned[nora, "disable_account"]["blocked_because"]
    assert "ticket" == planned["haloitsm:agent:12", "disable_account"]["channel"]
    assert "disabled first" in planned[nora, "delete_account"]["blocked_because"]
    assert None is planned[olu, "delete_account"]["blocked_because"]
    assert (olu, "disable_account") not in planned
    assert not [key for key, _ in planned if key.startswith("charthop:")]
    assert {row["person_id"] for row in planned.values()} <= {
        row["person_id"] for row in decided.rows("from people where employment_status = 'leaver'")
    }


def test_requests_give_what_is_lacking_until_they_end(decided):
    """Requests add missing access, and remove the access when they end."""
    by_request = {row["reason_id"]: row for row in decided.planned("reason_id like 'R-%'")}

    assert ("grant", user(30), None) == (
        by_request["R-1"]["action"],
        by_request["R-1"]["account_id"],
        by_request["R-1"]["blocked_because"],
    )
    assert "R-2" not in by_request
    assert ("revoke", "expiry", "2026-02-01T00:00:00.000000Z") == (
        by_request["R-3"]["action"],
        by_request["R-3"]["reason_kind"],
        by_request["R-3"]["due_at"],
    )
    assert "nobody is known" in by_request["R-4"]["blocked_because"]
    made = by_request["R-5"]
    assert ("create_account", None) == (made["action"], made["blocked_because"])
    wanted = json.loads(made["wanted_state"])
    assert "Edith" == wanted["given_name"] and wanted["email"].startswith("edith.")
    assert "the person has left" == by_request["R-6"]["blocked_because"]
    assert "no such entitlement" in by_request["R-7"]["blocked_because"]
