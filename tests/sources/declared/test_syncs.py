"""A declared system through whole syncs: published, changed, broken, moved."""

from __future__ import annotations

import pytest

from tests.support.declared import HEADER, ROWS, Company

FEWER = ROWS.replace("1,Ada Lovelace,ada@lanternfish.example,Active,Approver,2026-11-20\n", "")


def test_a_declared_system_has_the_promises_of_every_source(synced):
    """Its rows are published, described and balanced; what is gone ends in the history."""
    accounts = synced.rollcall.rows("select * from accounts order by account_id")
    assert [("expenses", "1", "ada@lanternfish.example", "ticket")] == [
        (one["source_name"], one["source_account_id"], one["email"], one["change_channel"])
        for one in accounts[:1]
    ]
    [first] = synced.rollcall.column("select run_id from runs")
    [ledger] = synced.rollcall.rows("select * from completeness_ledger")
    assert (3, 3, 4, 4) == tuple(
        ledger[name]
        for name in ("accounts_read", "accounts_in_marts", "grants_listed", "grants_in_marts")
    )
    assert ledger["rows_read"] == ledger["rows_loaded"] == ledger["rows_in_raw"]
    assert [] == synced.rollcall.column(
        "select table_name from duckdb_tables() where comment is null and table_name[:4] <> '_dlt'"
    )

    synced.write("expenses.csv", HEADER + FEWER)
    synced.rollcall.sync()

    [ended] = synced.rollcall.rows("select * from grants_history where valid_to is not null")
    assert "expenses:user:1/expenses:role:Approver:assigned" == ended["grant_id"]
    assert 4 == len(
        synced.rollcall.rows(
            f"from grants_asof((select max(started_at) from runs where run_id = '{first}'))"
        )
    )


@pytest.mark.long
def test_types_of_a_system_are_its_own(company):
    """A system has the types of resources and of scopes that it has, and may be one itself."""
    company.declare("expenses", **{'role = "Role"\n': ""})
    company.write("expenses.csv")
    company.declare(
        "ledger",
        """
kind = "files"
path = "ledger.csv"
[mapping]
accounts = "select distinct clerk as account_id from rows"
entitlements = "select distinct book as entitlement_id, 'book' as resource_type from rows"
grants = '''
select clerk as account_id, book as entitlement_id, 'cost_centre' as scope_type,
    centre as scope_id, 'Centre ' || centre as scope_name from rows
'''
""",
    )
    company.write("ledger.csv", "clerk,book,centre\n7,main,100\n7,main,200\n8,side,100\n")
    company.rollcall.sync()

    assert ["expenses:system:expenses:assigned", "ledger:book:main:assigned"] == (
        company.rollcall.column("select entitlement_id from entitlements order by all limit 2")
    )
    assert ["ledger:cost_centre:100", "ledger:cost_centre:200"] == company.rollcall.column(
        "select scope_id from grants where account_id = 'ledger:user:7' order by all"
    )


def test_a_broken_file_looks_like_no_removal(synced):
    """Whatever is wrong with the file, the last complete state stays and is stale."""
    for text in ("", HEADER, HEADER + ROWS[:-20] + '"', HEADER + ",Ada,,Active,A,\n"):
        synced.write("expenses.csv", text)
        result = synced.rollcall.run("sync")
        assert result.code in (4, 5), text
        assert 4 == len(synced.rollcall.rows("from grants"))
        [state] = synced.rollcall.run("status", "--json").document["sources"]
        assert state["is_stale"]
    (synced.home / "expenses.csv").unlink()
    assert 4 == synced.rollcall.run("sync").code


@pytest.mark.long
def test_other_columns_are_another_system_until_accepted(synced):
    """A header that changed is refused with the change, and accepted by its name."""
    changed = HEADER.replace("Name", "Full name").replace("\n", ",Cost centre\n")
    synced.write("expenses.csv", changed + ROWS.replace("\n", ",17\n"))
    synced.declare("expenses", **{'"Name"': '"Full name"'})

    result = synced.rollcall.run("sync")

    assert 5 == result.code
    change = "expenses.columns:rows:-Name,+Full name,+Cost centre"
    assert f"rollcall sync --accept '{change}'" in result.err
    assert [] == synced.rollcall.column("select run_id from runs where accepted is not null")
    synced.rollcall.sync("--accept", change)
    assert [change] == synced.rollcall.column("select accepted from runs where accepted <> ''")
    synced.rollcall.sync()


@pytest.mark.long
def test_another_address_is_another_system_until_accepted(synced):
    """A path that leads elsewhere is refused before anything is read."""
    synced.write("other/expenses.csv", HEADER + FEWER)
    synced.declare("expenses", **{'"expenses.csv"': '"other/expenses.csv"'})

    result = synced.rollcall.run("sync")

    assert 5 == result.code
    assert "settings lead to tenant other/expenses.csv" in result.err
    assert 4 == len(synced.rollcall.rows("from grants"))


@pytest.mark.long
def test_a_loss_is_refused_by_the_guard(company):
    """A system that lost most of its rows is refused like any source."""
    company.declare("expenses")
    many = "".join(f"{n},U{n},,Active,Submitter,\n" for n in range(100, 200))
    company.write("expenses.csv", HEADER + many)
    company.rollcall.sync()
    company.write("expenses.csv", HEADER + many[: len(many) // 2].rpartition("\n")[0] + "\n")

    tried = company.rollcall.run("systems", "test", "expenses")
    assert (0, True) == (tried.code, "the guard would refuse expenses.accounts:100->" in tried.out)
    result = company.rollcall.run("sync")

    assert 5 == result.code
    assert "guard: expenses.accounts" in result.err


@pytest.mark.long
def test_a_new_system_joins_the_company(rollcall, published):
    """Beside the vendors, its accounts belong to the people of HR, and nothing else changes."""
    rollcall.has(published)
    before = rollcall.rows("select grant_id from grants order by all")
    person = rollcall.rows("select * from people where employment_status = 'leaver'")[0]
    company = Company(rollcall)
    company.declare("expenses")
    row = f"1,{person['full_name']},{person['work_email']},Active,Approver,\n"
    company.write("expenses.csv", HEADER + row)

    result = company.test()
    assert {"email": 1} == result.document["matches"]
    assert 1 == result.document["leavers"]
    assert {"new": 1, "gone": 0} == result.document["changes"]["grants"]
    rollcall.sync()

    grant = "expenses:user:1/expenses:role:Approver:assigned"
    after = rollcall.rows("select grant_id from grants order by all")
    assert [{"grant_id": grant}] == [one for one in after if one not in before]
    assert len(before) + 1 == len(after)
    assert [person["person_id"]] == rollcall.column(
        "select person_id from access_review where source_name = 'expenses'"
    )
    [finding] = rollcall.rows(
        "select * from findings where finding_type = 'leaver_with_access'"
        " and account_id = 'expenses:user:1'"
    )
    assert finding["severity"]
