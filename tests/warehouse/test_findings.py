"""Findings: each kind appears with its cause and disappears with it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from tests.sandbox.company import ENGINEERING, FINANCE, VPN
from tests.sandbox.company.parts import charthop_id, okta_id, pingone_id
from tests.support.product import Rollcall
from tests.support.programs import run_cells

POLICY = """
[[separation]]
id = "engineer-with-vpn"
title = "No engineer has the VPN as well"
severity = "critical"
conditions = [
    {{any = ["charthop:group:{engineering}:member"]}},
    {{all = ["pingone:group:{vpn}:member"]}},
    {{not_in = ["haloitsm:*"]}},
]

[[exceptions]]
id = "X-1"
finding = "account_without_person"
subject = "pingone:user:{casey}"
reason = "works for a supplier"
approved_by = "grace.okoye@lanternfish.example"
until = 2099-01-31

[[exceptions]]
id = "X-2"
finding = "account_without_person"
subject = "pingone:user:{jonas}"
reason = "HR enters him next week"
approved_by = "grace.okoye@lanternfish.example"
until = 2026-01-31
""".format(
    engineering=charthop_id("group", ENGINEERING),
    vpn=pingone_id("group", VPN),
    casey=pingone_id("user", 101),
    jonas=pingone_id("user", 28),
)
NORA, ADA, THEO, MAREK, PRIYA = 2, 4, 6, 21, 22
JONAS, CASEY, BACKUP, TIM = 28, 101, 201, 19
FREYA, TOM, GRACE, YUSUF, GRACE_ADMIN = 16, 18, 23, 24, 123
OWNER = 0  # of the API token: nobody signs in with it


def user(number: int) -> str:
    return f"pingone:user:{pingone_id('user', number)}"


def okta(*numbers: int) -> set[str]:
    return {f"okta:user:{okta_id('user', number)}" for number in numbers}


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    return rollcall.has(published)


def found(rollcall: Rollcall, kind: str) -> dict[str, dict[str, Any]]:
    """Return the findings of a kind, by account, else by person."""
    rows = rollcall.rows(f"from findings where finding_type = '{kind}'")
    return {row["account_id"] or row["person_id"]: row for row in rows}


def decided(rollcall: Rollcall, grant: str, decision: str) -> None:
    """Publish decisions as an earlier, closed campaign would leave them."""
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        now, ids = datetime.now(UTC), {"campaign": "q3", "import_id": "i1", "item_id": "x"}
        for table, row in {
            "review_campaigns": {
                "status": "closed",
                "opened_at": now,
                "title": "Q3",
                "opened_by": "ada",
                "data_as_of": now,
                "definition": "{}",
                "definition_sha256": "",
                "sources": "{}",
                "accepted": "[]",
                "rollcall": "0",
            },
            "review_imports": {
                "file_name": "f",
                "file_sha256": "",
                "imported_at": now,
                "imported_by": "ada",
                "rows_read": 1,
                "rows_decided": 1,
                "rows_undecided": 0,
                "rows_rejected": 0,
            },
            "review_items": {
                "grant_id": grant,
                "account_id": "",
                "entitlement_id": "",
                "source_name": "pingone",
                "reviewer": "joan",
                "reviewer_rule": "named",
            },
            "review_decisions": {
                "grant_id": grant,
                "decision": decision,
                "decided_by": "joan",
                "decided_at": now,
                "row_number": 1,
                "is_current": True,
            },
        }.items():
            row |= {
                name: value
                for name, value in ids.items()
                if connection.execute(
                    "select 1 from duckdb_columns() where (table_name, column_name) = (?, ?)",
                    [table, name],
                ).fetchone()
            }
            places = ", ".join(f"? as {name}" for name in row)
            connection.execute(f"insert into {table} by name select {places}", [*row.values()])
        connection.execute("checkpoint")
    rollcall.warehouse.chmod(0o400)


def test_what_the_invented_company_should_look_at(company):
    """The invented company has the findings that its stories lead to."""
    assert {
        user(NORA): "critical",  # still in Billing Admin, which carries a privileged role
        "haloitsm:agent:12": "high",
        **dict.fromkeys(okta(NORA), "high"),
    } == {key: row["severity"] for key, row in found(company, "leaver_with_access").items()}
    [(early, finding)] = found(company, "access_before_start").items()
    assert (user(THEO), "medium") == (early, finding["severity"])
    assert "starts on 2099-01-04" in finding["evidence"] and "VPN" in finding["evidence"]
    without = found(company, "account_without_person")
    assert {user(JONAS), user(CASEY), user(BACKUP)} <= {*without}
    assert ("high", "medium") == (
        without[user(BACKUP)]["severity"],
        without[user(CASEY)]["severity"],
    )
    assert {user(TIM)} | okta(TOM) == {*found(company, "ambiguous_match")}
    dormant = {user(MAREK), user(THEO), "haloitsm:agent:12"} | okta(MAREK, YUSUF, OWNER)
    assert dormant == {*found(company, "dormant_account")}
    # their MFA is unknown
    unknown = {"haloitsm:agent:26"} | okta(ADA, FREYA, PRIYA, GRACE, GRACE_ADMIN, OWNER)
    assert unknown == {*found(company, "privileged_without_mfa")}
    assert "signed in after" in found(company, "contradicting_sources")[user(NORA)]["evidence"]
    last = {user(BACKUP), user(NORA)} | okta(ADA, FREYA, PRIYA)
    assert last == {*found(company, "last_administrator")}
    none = ("mover_with_old_access", "separation_of_duties", "regranted_after_revoke")
    assert [{}] * 3 == [found(company, kind) for kind in none]
    ended = {row["account_id"]: row for row in company.rows("from exposures")}
    assert ended[user(NORA)]["is_still_open"] and ended[user(NORA)]["ended_on"] == date(2026, 3, 31)
    closed = ended[user(17)]  # disabled before the first sync
    assert (False, True) == (closed["is_still_open"], closed["is_upper_bound"])


def test_a_row_to_decide_says_why(company):
    """A row of the review says why it is there and what removing it changes."""
    rows = company.rows("from access_review")
    [ada] = [row for row in rows if row["username"] == "ada.park" and row["is_inherited"]]
    [marek] = [
        row for row in rows if row["username"] == "marek.novak" and row["entitlement_name"] == "VPN"
    ]

    assert "direct; Engineering > Staff" == ada["access_paths"]
    assert "it stays: Engineering > Staff" == ada["remains_without"]
    assert ("department Engineering", 8, 10) == (
        *(ada[name] for name in ("peer_group", "peers_with", "peers_total")),
    )
    assert "dormant account +2" in marek["recommendation_because"]
    assert "; not used since " in marek["recommendation_reason"]
    assert marek["recommendation_reason"].startswith("None of 10 colleagues in Engineering has it")
    words = [row["recommendation_because"] for row in rows]
    words += [row["recommendation_reason"] for row in rows]
    assert [] == run_cells("\r\n".join(words))  # our own words need no quote
    assert ("Dormant account", "revoke", None) == (
        *(marek[name] for name in ("findings", "recommendation", "is_new_since_last_review")),
    )


def test_findings_come_and_go_with_what_they_are_about(company):
    """Findings appear and disappear with their causes.

    A day later some things are repaired, others have gone wrong, and a policy was written.
    """
    before = {row["finding_id"]: row["first_seen_at"] for row in company.rows("from findings")}
    charthop, pingone = company.sandbox.company.charthop, company.sandbox.company.pingone
    pingone.users[pingone_id("user", NORA)]["enabled"] = False
    del pingone.users[pingone_id("user", TIM)]
    pingone.users[pingone_id("user", MAREK)]["lastSignOn"]["at"] = f"{datetime.now(UTC):%FT%TZ}"
    pingone.users[pingone_id("user", PRIYA)]["mfaEnabled"] = False
    seat = charthop.jobs[charthop_id("job", ADA)]
    seat["groupIds"] = [
        charthop_id("group", FINANCE) if key == charthop_id("group", ENGINEERING) else key
        for key in seat["groupIds"]
    ]
    company.sandbox.company.touch()
    (company.home / "reviews").mkdir()
    (company.home / "reviews" / "policy.toml").write_text(POLICY)

    company.sync()

    assert {"haloitsm:agent:12"} | okta(NORA) == {*found(company, "leaver_with_access")}
    assert okta(TOM) == {*found(company, "ambiguous_match")}
    dormant = {user(THEO), "haloitsm:agent:12"} | okta(MAREK, YUSUF, OWNER)
    assert dormant == {*found(company, "dormant_account")}
    assert "high" == found(company, "privileged_without_mfa")[user(PRIYA)]["severity"]
    moved = found(company, "mover_with_old_access")[user(ADA)]
    assert "(Engineering > Finance); direct grants from before that: 2" in moved["evidence"]
    assert "closed in pingone, live in haloitsm" in " ".join(
        row["evidence"] for row in found(company, "contradicting_sources").values()
    )
    united = found(company, "separation_of_duties")
    assert ["critical"] == [row["severity"] for row in united.values()]
    held = company.column("select findings from access_review where full_name = 'Marek Novak'")
    assert 2 == sum("No engineer has the VPN as well" in (text or "") for text in held)

    without = found(company, "account_without_person")
    assert {("X-1", True), ("X-2", False)} == {
        (without[user(number)]["exception_id"], without[user(number)]["is_excepted"])
        for number in (CASEY, JONAS)
    }
    said = company.column(f"select findings from access_review where account_id = '{user(CASEY)}'")
    assert {"Account without a person (accepted until 2099-01-31)"} == {*said}

    now = {row["finding_id"]: row["first_seen_at"] for row in company.rows("from findings")}
    both = before.keys() & now.keys()
    assert {key: before[key] for key in both} == {key: now[key] for key in both}
    assert {*company.column("select max(started_at) from runs")} == {
        now[key] for key in now.keys() - both
    }
    over = company.column("select finding_id from findings_history where valid_to is not null")
    assert before.keys() - now.keys() == {*over}

    clocks = {row["account_id"]: row for row in company.rows("from exposures")}
    nora = clocks[user(NORA)]
    assert (False, False) == (nora["is_still_open"], nora["is_upper_bound"])
    assert nora["closed_at"] == max(company.column("select started_at from runs"))
    hours = (nora["closed_at"] - nora["ended_at"]).total_seconds() / 3600
    assert abs(hours - nora["exposure_hours"]) < 0.1
    assert clocks["haloitsm:agent:12"]["is_still_open"]


@pytest.mark.long
def test_regranted_access_is_found_until_allowed(company):
    """Access that comes back after it was revoked is a finding until somebody allows it."""
    pingone = company.sandbox.company.pingone
    held = pingone_id("user", MAREK), pingone_id("group", VPN)
    grant = f"{user(MAREK)}/pingone:group:{held[1]}:member"
    decided(company, grant, "revoke")
    moments = [newest_run(company)]
    pingone.remove_member(*held)
    company.sync("pingone")
    assert {} == found(company, "regranted_after_revoke")
    moments.append(newest_run(company))

    pingone.add_member(*held)
    company.sync("pingone")
    must_be_known_of_past(company, grant, *moments)

    assert [grant] == [row["grant_id"] for row in found(company, "regranted_after_revoke").values()]
    [row] = company.rows(f"from access_review where grant_id = '{grant}'")
    assert ("q3", "revoke", "joan", True) == (
        *(row[name] for name in ("last_campaign", "last_decision", "last_decided_by")),
        row["is_new_since_last_review"],
    )
    assert "revoke" == row["recommendation"]
    times = company.rows(
        "select * from access_between('2000-01-01', now())"
        f" where account_id = '{user(MAREK)}' and entitlement_name = 'VPN' order by held_from"
    )
    assert [("direct", False), ("direct", True)] == [
        (row["through"], row["held_to"] is None) for row in times
    ]
    assert times[0]["held_to"] < times[1]["held_from"]
    between = f"access_between('{times[0]['held_to']}', '{times[0]['held_to']}')"
    assert "VPN" not in company.column(
        f"select entitlement_name from {between} where account_id = '{user(MAREK)}'"
    )


def newest_run(company: Rollcall) -> str:
    return company.column("select max(started_at)::varchar from runs")[0]


def must_be_known_of_past(company: Rollcall, grant: str, before: str, gone: str) -> None:
    """The state of any past moment can be queried: there are two periods of the access."""
    held, newest = f"grant_id = '{grant}'", newest_run(company)
    assert [True] == company.column(f"select is_direct from grants_asof('{before}') where {held}")
    assert [] == company.rows(f"from grants_asof('{gone}') where {held}")
    assert [newest] == company.column(f"select first_seen_at::varchar from grants where {held}")
    spells = f"select valid_to is null as open from grants_history where {held} order by valid_from"
    assert [False, True] == company.column(spells)
    between = f"select event from grants_between('{before}', '{{}}') where {held}"
    assert ["removed"] == company.column(between.format(gone))
    assert ["removed", "granted"] == company.column(between.format(newest))


# ---- the ledger


def balances(rollcall: Rollcall) -> set[tuple[int, ...]]:
    return {
        tuple(value for name, value in row.items() if name.startswith("balance_"))
        for row in rollcall.rows("from completeness_ledger")
    }


def test_everything_that_was_told_of_is_accounted_for(company):
    """The ledger accounts for every row that the vendors reported."""
    rows = {row["source_name"]: row for row in company.rows("from completeness_ledger")}

    assert {"charthop", "haloitsm", "okta", "pingone"} == {*rows}
    assert {(0, 0, 0, 0, 0)} == balances(company)
    for source, row in rows.items():
        of_source = f"from grants where source_name = '{source}'"
        assert company.column(f"select count(*) {of_source}") == [row["grants_in_marts"]]
        assert row["grants_in_marts"] == row["grants_reviewed"] and row["rows_read"]
    assert rows["pingone"]["rows_reported"] == rows["pingone"]["rows_read_where_reported"] > 0
    assert rows["pingone"]["grants_inherited_only"] > 0
