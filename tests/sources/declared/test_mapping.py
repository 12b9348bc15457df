"""Mapping by SQL: what a select may read and give, and what is refused."""

from __future__ import annotations

import pytest

MAPPED = '''
kind = "files"
title = "Payroll"

[tables.users]
path = "users.csv"

[tables.roles]
path = "roles.csv"

[mapping]
accounts = """
select id as account_id, login as username, mail as email,
    case when ended = '' or ended is null then 'enabled' else 'disabled' end as status
from users
"""
entitlements = "select role as entitlement_id, title as display_name from roles"
grants = "select id as account_id, unnest(string_split(roles, '|')) as entitlement_id from users"
implications = """
select role as entitlement_id, includes as implied_entitlement_id from roles
where includes is not null
"""
'''
USERS = """\
id,login,mail,ended,roles
007,ada,Ada@Lanternfish.example,,clerk|chief
8,bob,,2026-01-01,clerk
"""
ROLES = "role,title,includes\nclerk,Clerk,\nchief,Chief,clerk\n"


@pytest.fixture
def payroll(company):
    """Return a company with a system of two files, mapped by SQL."""
    company.declare("payroll", MAPPED)
    company.write("users.csv", USERS)
    company.write("roles.csv", ROLES)
    return company


def test_selects_over_several_tables_become_the_contract(payroll):
    """What is left out is null or unknown, an id keeps its zeros."""
    accounts = {row["account_id"]: row for row in payroll.rows("accounts", "payroll")}
    assert {"payroll:user:007", "payroll:user:8"} == {*accounts}
    assert ("unknown", None, "disabled") == tuple(
        accounts["payroll:user:8"][name] for name in ("account_type", "mfa_enabled", "status")
    )
    assert 3 == len(payroll.rows("grants", "payroll"))
    assert [
        {
            "entitlement_id": "payroll:role:chief:assigned",
            "implied_entitlement_id": "payroll:role:clerk:assigned",
        }
    ] == payroll.rows("implications", "payroll")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("as username", "as user_name", "unknown column user_name; did you mean username?"),
        ("id as account_id, login", "id as key, login", "unknown column key; use account_id"),
        ("select role as entitlement_id, title", "select title", "it has no column entitlement_id"),
        ("from roles", "from rols", "Table with name rols does not exist"),
        ("from users", "from read_csv('/etc/passwd')", "reads something outside of the tables"),
        ("from users", "from '/etc/passwd'", "Table with name /etc/passwd does not exist"),
        ("from users", "from users; drop table users", "a statement that is no `select`"),
        ("mail as email", "getvariable('home') as email, now() as created_at", "`now`"),
        ("mail as email", "random()::varchar as email", "`random`"),
        (
            "select role as entitlement_id, title",
            "update roles set title = 'x'; select 1",
            "is no `sel",
        ),
        ("case when ended = ''", "1 as created_at, case when ended = ''", "number (integer)"),
        ("case when ended = ''", "'maybe' as mfa_enabled, case when ended = ''", "no yes or no"),
        ("case when ended = ''", "'robot' as account_type, case when ended = ''", "service"),
        ("title as display_name", "'owner' as slug", "slug (assigned, member, manager)"),
        ("title as display_name", "'Cost centre' as resource_type", "is not one word"),
        ("title as display_name", "'no' as unchangeable_because", "unchangeable_because (rule"),
        ("as entitlement_id from users", "as entitlement_id, 'x' as scope_type from users", "both"),
    ],
)
def test_sql_that_is_wrong_is_told_by_its_place(payroll, old, new, said):
    """Each mistake names the select, and nothing outside is read or written."""
    payroll.declare("payroll", MAPPED, **{old: new})

    code, text = payroll.refusal("payroll")

    assert code in (2, 5)
    assert said in text
    assert "payroll" in text


@pytest.mark.parametrize("table", ["order", "mapped_accounts", "system", "User List"])
def test_a_table_may_not_have_every_name(payroll, table):
    """A name that is a word of SQL, or a table of Rollcall's own, is refused."""
    payroll.declare("payroll", MAPPED, **{"tables.users": f'tables."{table}"'})

    code, text = payroll.refusal("payroll")

    assert 2 == code
    assert f"payroll.toml {table}: " in text


@pytest.mark.parametrize(
    ("users", "roles", "said"),
    [
        (USERS + "8,bea,,,clerk\n", ROLES, "account_id 8 comes 2 times"),
        (USERS + "9,cyd,,,boss\n", ROLES, "1 rows name entitlement_id boss, which entitlements do"),
        (USERS + ",cyd,,,clerk\n", ROLES, "1 rows have no account_id"),
        (USERS, ROLES + "clerk,Second,\n", "entitlement_id clerk comes 2 times"),
        (USERS, ROLES + "lead,Lead,nobody\n", "implied_entitlement_id nobody"),
    ],
    ids=["two accounts", "unknown role", "no id", "two roles", "unknown implied"],
)
def test_rows_that_contradict_refuse_the_system(payroll, users, roles, said):
    """A key that comes twice, and a grant of something unknown, are refused with the key."""
    payroll.write("users.csv", users)
    payroll.write("roles.csv", roles)

    code, text = payroll.refusal("payroll")

    assert 5 == code
    assert said in text


def test_a_grant_of_an_unknown_account_is_refused(payroll):
    """A grant that no account holds would be lost without a word."""
    payroll.declare(
        "payroll",
        MAPPED,
        **{"select id as account_id, unnest": "select id || 'x' as account_id, unnest"},
    )

    code, text = payroll.refusal("payroll")

    assert 5 == code
    assert "account_id 007x, which accounts do not have" in text


def test_two_things_with_one_id_are_refused(payroll):
    """Two keys may not become the same id."""
    payroll.declare(
        "payroll",
        MAPPED,
        **{"title as display_name": "'desk' as resource_id, title as display_name"},
    )

    code, text = payroll.refusal("payroll")

    assert 5 == code
    assert "chief and clerk have the same resource_type, resource_id and slug" in text


def test_the_mapping_knows_the_day_of_the_data(payroll):
    """`reading` has the time of the data, because the clock is not to be asked."""
    payroll.declare(
        "payroll",
        MAPPED,
        **{"case when ended = '' or": "case when ended > (select today::varchar from reading) or"},
    )

    accounts = {row["account_id"]: row["status"] for row in payroll.rows("accounts", "payroll")}
    assert {"payroll:user:007": "enabled", "payroll:user:8": "disabled"} == accounts
