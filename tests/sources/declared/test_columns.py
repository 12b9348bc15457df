"""The simple shape of a declared system: one row per user and role, and no SQL."""

from __future__ import annotations

import pytest

from tests.support.declared import EXPENSES, HEADER, ROWS


def test_rows_become_accounts_roles_and_grants(company):
    """Each user is one account, each role one entitlement, each row one grant."""
    company.declare("expenses")
    company.write("expenses.csv")

    accounts = {row["account_id"]: row for row in company.rows("accounts")}
    assert {"expenses:user:1", "expenses:user:2", "expenses:user:3"} == {*accounts}
    assert ("enabled", "Active") == tuple(
        accounts["expenses:user:1"][name] for name in ("status", "source_status")
    )
    assert "disabled" == accounts["expenses:user:2"]["status"]
    roles = {row["entitlement_id"] for row in company.rows("entitlements")}
    assert {"expenses:role:Approver:assigned", "expenses:role:Submitter:assigned"} == roles
    assert 4 == len(company.rows("grants"))


def test_a_user_without_a_role_is_an_account(company):
    """An empty role gives no grant, and loses no account."""
    company.declare("expenses")
    company.write("expenses.csv", HEADER + ROWS + "4,Dee,dee@lanternfish.example,Active,,\n")

    assert 4 == len(company.rows("accounts"))
    assert 4 == len(company.rows("grants"))


def test_a_list_of_users_gives_the_system_itself(company):
    """Without a column of roles, whoever is in the list has access to the system."""
    company.declare("expenses", **{'role = "Role"\n': ""})
    company.write("expenses.csv")

    [entitlement] = company.rows("entitlements")
    assert ("expenses:system:expenses:assigned", "Expenses") == (
        entitlement["entitlement_id"],
        entitlement["display_name"],
    )
    assert 3 == len(company.rows("grants"))


def test_one_cell_may_have_several_roles(company):
    """`role_separator` takes a cell apart; blanks around a role are no part of it."""
    company.declare("expenses", 'role_separator = ";"\n' + EXPENSES)
    company.write("expenses.csv", HEADER + "1,Ada,,Active,Approver; Submitter;,\n2,Bob,,Active,,\n")

    held = {(row["account_id"][-1], row["entitlement_id"]) for row in company.rows("grants")}
    assert {
        ("1", "expenses:role:Approver:assigned"),
        ("1", "expenses:role:Submitter:assigned"),
    } == held
    assert 2 == len(company.rows("accounts"))


def test_a_value_that_one_row_has_holds_for_the_user(company):
    """Some exports write a user's values into the first row only."""
    company.declare("expenses")
    company.write(
        "expenses.csv", HEADER + "1,Ada,ada@lanternfish.example,Active,Approver,\n1,,,,Submitter,\n"
    )

    [account] = company.rows("accounts")
    assert ("Ada", "ada@lanternfish.example") == (account["display_name"], account["email"])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1,Ada,a@x.example,Active,A,\n1,Ada,b@x.example,Active,B,\n", "different values of Email"),
        ("1,Ada,,Active,A,\n,Bob,,Active,B,\n", "row 2 has no User ID"),
        ("1,Ada,,Active,A,45123\n", "last_login_at: 1 values are no date or time, such as '45123'"),
        ("1,Ada,,Active,A,03/04/2026\n", 'formats = {last_login_at = "%d/%m/%Y"}'),
        ("1,Ada,,Active,A,infinity\n", "no date or time, such as 'infinity'"),
        ("", "it has no row below its header"),
    ],
    ids=["two mail addresses", "no id", "a day as a number", "an unclear day", "no day", "no rows"],
)
def test_a_wrong_row_refuses_the_system(company, rows, said):
    """A row that is left out would look like a removal, so one wrong row refuses all."""
    company.declare("expenses")
    company.write("expenses.csv", HEADER + rows)

    code, text = company.refusal()

    assert code in (4, 5)
    assert said in text


def test_a_format_says_what_a_day_is(company):
    """`formats` reads the days that the system writes in its own way."""
    company.declare("expenses", EXPENSES + '\n[formats]\nlast_login_at = "%d/%m/%Y"\n')
    company.write("expenses.csv", HEADER + "1,Ada,,Active,A,03/04/2026\n")

    [account] = company.rows("accounts")
    assert account["last_login_at"].startswith("2026-04-03")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Role"', '"Rolle"', "rows has no column Rolle; did you mean Role?"),
        ("role =", "rolle =", "unknown column; did you mean role?"),
        ('account = "User ID"\n', "", 'no column has the account; add account = "User ID"'),
        ('active = "enabled"', 'active = "on"', "unknown meaning"),
        ("[values.status]", "[values.state]", "unknown column of words; did you mean status?"),
    ],
)
def test_a_wrong_column_is_told_with_the_nearest_name(company, old, new, said):
    """A misspelt column would be an unknown value of everybody."""
    company.declare("expenses", **{old: new})
    company.write("expenses.csv")

    code, text = company.refusal()

    assert 2 == code
    assert said in text


def test_a_status_that_is_not_explained_is_unknown(company):
    """An unknown status counts as access, and the words are told."""
    company.declare("expenses")
    company.write("expenses.csv", HEADER + "1,Ada,,Frozen,A,\n")

    result = company.test()

    [account] = result.document["becomes"]["accounts"]["first"]
    assert "unknown" == account["status"]
    assert ["expenses: values.status does not explain Frozen: unknown"] == result.document[
        "warnings"
    ]


def test_columns_are_found_whatever_their_case(company):
    """A header in other letters is the same column."""
    company.declare("expenses")
    company.write("expenses.csv", HEADER.lower() + ROWS)

    assert 3 == len(company.rows("accounts"))
