"""The company's policy files become tables of the warehouse, and wrong ones are refused."""

from __future__ import annotations

import pytest

RULES = """
[leavers]
disable_after_days = 0
delete_after_days = 90

[[separation]]
id = "pay-and-approve"
title = "Nobody both enters and approves payments"
conditions = [{any = ["pingone:group:*:member"]}, {not_in = ["haloitsm:team:1:member"]}]

[[exceptions]]
id = "X-1"
finding = "orphan"
subject = "pingone:user:*"
reason = "breaks glass"
approved_by = "grace.okoye@lanternfish.example"
until = 2099-01-31

[[owners]]
owner = "Finance@Lanternfish.example"
entitlement = "pingone:group:abc:member"

[expiry]
changes = 20
"""
REQUESTS = (
    "request_id,account_id,person_id,entitlement_id,scope_id,reason,requested_by,approved_by,"
    "requested_on,until\r\n"
    "R-1,pingone:user:1,,pingone:group:2:member,,audit,ada,grace,2026-01-02,2026-03-31\r\n"
)


def test_the_files_are_tables_of_the_warehouse(rollcall, published):
    """The files' contents are in the schema `policy` after a sync."""
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "policy.toml").write_text(RULES)
    (rollcall.home / "reviews" / "requests.csv").write_text(REQUESTS)
    rollcall.has(published).sync("charthop")

    assert [{"disable_after_days": 0, "delete_after_days": 90}] == rollcall.rows(
        "from policy.leavers"
    )
    assert [20] == rollcall.column("select changes from policy.expiry")
    assert [(0, "any"), (1, "not_in")] == [
        (row["condition"], row["kind"])
        for row in rollcall.rows("from policy.separation_conditions")
    ]
    assert ["finance@lanternfish.example"] == rollcall.column("select owner from policy.owners")
    assert ["2026-03-31"] == rollcall.column("select until::varchar from policy.requests")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("policy.toml", "[leavers]\ndisable_after = 3\n", "leavers.disable_after"),
        ("policy.toml", "[leavers\n", "not TOML"),
        ("policy.toml", "[expiry]\n", "expiry.changes"),
        ("policy.toml", "[expiry]\nchanges = -1\n", "expiry.changes"),
        ("policy.toml", "[expiry]\nchanges = true\n", "expiry.changes"),
        ("policy.toml", "[expiry]\nchanges = 3\nlimit = 3\n", "expiry.limit"),
        ("policy.toml", RULES + "[[owners]]\nowner='a@b.c'\n", "owner 2"),
        ("policy.toml", RULES.replace("2099-01-31", "'someday'"), "exceptions.1.until"),
        ("requests.csv", REQUESTS.replace("2026-03-31", "soon"), "requests.csv line 2"),
        ("requests.csv", REQUESTS.replace(",grace,", ",,"), "approved_by"),
        ("requests.csv", REQUESTS + REQUESTS.splitlines()[1], "R-1 is there twice"),
        ("requests.csv", REQUESTS.replace("pingone:user:1,,", "pingone:user:1,x,"), "exactly one"),
    ],
)
def test_what_cannot_be_meant_ends_the_command(rollcall, name, text, said):
    """A file with an impossible value ends the command with one sentence."""
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / name).write_text(text)

    ended = rollcall.run("sync", "charthop")
    assert (2, True) == (ended.code, said in ended.err), ended.err
