"""Whether somebody may decide on items that another reviewer had: the rules of every assignment.

Nobody decides on their own access, two people never decide on each other, and whoever has left or
is unknown never decides. An address that the campaign or the policy names may be a team's mailbox.
"""

from __future__ import annotations

import json

import duckdb

from pipelines.failures import Misconfigured, Refused
from pipelines.review.assignment import SUBJECTS_SQL
from pipelines.review.campaign import NAMED_PREFIX
from pipelines.sql import has_table, quote
from pipelines.warehouse.current_items import items_sql
from pipelines.words import count_noun

ANOTHER = "name another reviewer"
NOT_AT_WORK = {
    "leaver": "this person has left",
    "future": "this person has not begun to work here",
    "unknown": "HR does not say whether this person works here",
}
SUBJECTS_IN_SQL = """
create or replace temp table in_scope as
select account_id, person_id, work_email, account_email from {items}
where campaign = {campaign} and {condition};
"""
# Whose access the reviewer would get, and who of them decides on the reviewer's own access
MUTUAL_SQL = """
select distinct coalesce(people.full_name, holders.mail)
from holders
left join people on holders.mail = lower(people.work_email)
join {items} as items on items.reviewer = holders.mail
join subjects on items.account_id = subjects.account_id
where items.campaign = {campaign} and subjects.mail = {reviewer}
order by all
"""


def must_be_allowed(
    connection: duckdb.DuckDBPyConnection, campaign: str, reviewer: str, ids: list[str]
) -> None:
    """Raise Refused if the reviewer may not decide on one of these items, and Misconfigured for an
    address that nobody knows. The connection is to a copy, and gets temporary tables."""
    _must_work_here(connection, campaign, reviewer)
    items = items_sql(connection)
    chosen = f"item_id in ({', '.join(map(quote, ids))})"

    def find_subjects(condition: str) -> None:
        """Fill `subjects`: the mail addresses of whoever may hold the access of these items."""
        values = {"items": items, "campaign": quote(campaign), "condition": condition}
        connection.execute(SUBJECTS_IN_SQL.format(**values) + SUBJECTS_SQL)

    find_subjects(chosen)
    [(own,)] = connection.execute(
        f"select count(distinct items.item_id) from {items} as items join subjects"
        " using (account_id)"
        f" where campaign = {quote(campaign)} and {chosen} and subjects.mail = ?",
        [reviewer],
    ).fetchall()
    if own:
        why = f"nobody decides on their own access, and {count_noun(own, 'item')} would be that"
        raise Refused("--to", why, ANOTHER)
    connection.execute("create or replace temp table holders as select distinct mail from subjects")
    find_subjects("true")
    mutual = connection.execute(
        MUTUAL_SQL.format(items=items, campaign=quote(campaign), reviewer=quote(reviewer))
    ).fetchall()
    if mutual:
        raise Refused(
            "--to",
            f"two people never decide on each other, and {mutual[0][0]} decides on this one",
            ANOTHER,
        )


def _must_work_here(connection: duckdb.DuckDBPyConnection, campaign: str, reviewer: str) -> None:
    found = {
        status
        for (status,) in connection.execute(
            "select coalesce(employment_status, 'unknown') from people where lower(work_email) = ?",
            [reviewer],
        ).fetchall()
    }
    if "active" in found or (not found and reviewer in _read_named(connection, campaign)):
        return
    if not found:
        raise Misconfigured(
            "--to",
            "HR knows nobody with this address, and neither the campaign nor policy.toml names it",
            ANOTHER,
        )
    raise Refused("--to", NOT_AT_WORK[min(found)], ANOTHER)


def _read_named(connection: duckdb.DuckDBPyConnection, campaign: str) -> set[str]:
    """Return the addresses that the frozen definition of the campaign or the policy names."""
    [(text,)] = connection.execute(
        "select definition from review_campaigns where campaign = ?", [campaign]
    ).fetchall()
    definition = json.loads(text)
    rules = definition.get("reviewers") or []
    named = [definition.get("fallback"), definition.get("second_fallback")]
    named += [one.removeprefix(NAMED_PREFIX) for one in rules if one.startswith(NAMED_PREFIX)]
    if has_table(connection, "owners", "policy"):
        named += [
            mail for (mail,) in connection.execute("select owner from policy.owners").fetchall()
        ]
    return {mail.lower() for mail in named if mail}
