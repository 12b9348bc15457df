"""Assigns a reviewer to each item of a campaign, and notes why a first choice may not decide.

The first rule of the campaign that names somebody makes the first choice. The fallback decides if
the first choice holds the access, has left, or would be reviewed by the holder in return. If the
fallback has such a conflict too, the second fallback decides. Nobody decides on their own access.
"""

from __future__ import annotations

import duckdb

from pipelines.failures import Misconfigured
from pipelines.review.campaign import NAMED_PREFIX, Campaign
from pipelines.sql import matches_sql, quote

# Every address that may be the holder's own. An account that matches several people may belong to
# any of them, so the addresses of all of them count.
SUBJECTS_SQL = """
create or replace temp table subjects as
with holders as (
    select distinct account_id, person_id, work_email, account_email
    from in_scope
)
select account_id, lower(work_email) as mail from holders
union
select account_id, lower(account_email) from holders
union
select holders.account_id, lower(people.work_email)
from holders
join intermediate.int_account_candidates using (account_id)
join people on int_account_candidates.person_id = people.person_id
where holders.person_id is null;

delete from subjects where mail is null or mail = '';
"""

# Of several patterns that match an entitlement, the longest is the most specific.
OWNERS_SQL = f"""
create or replace temp table owners_of as
with asked as (
    select distinct entitlement_id, source_name from in_scope
)
select
    asked.*,
    (
        select owner from policy.owners where {matches_sql("asked.entitlement_id", "entitlement")}
        order by length(entitlement) desc, owner limit 1
    ) as entitlement_owner,
    (
        select min(owner) from policy.owners where owners.source_name = asked.source_name
    ) as source_owner
from asked
"""

# A manager decides only if HR says that the manager works here. Owners and named reviewers are the
# company's own choice and may be a team's mailbox, so for them it is enough not to have left.
FIRST_CHOICES_SQL = """
create or replace temp table at_work as
select
    lower(work_email) as mail,
    bool_or(employment_status = 'active') as is_active,
    bool_or(employment_status = 'leaver') as has_left
from people
where work_email is not null
group by all;

create or replace temp table chosen as
with first_choices as (
    select grant_id, account_id, {rule} as rule, lower({mail}) as first_choice
    from in_scope
    join owners_of using (entitlement_id, source_name)
)
select
    first_choices.*,
    case
        when subjects.mail is not null then 'self'
        when coalesce(at_work.is_active, false) then null
        when at_work.has_left then 'left'
        when rule = 'manager' then 'unknown'
    end as conflict
from first_choices
left join subjects
    on first_choices.account_id = subjects.account_id
    and first_choices.first_choice = subjects.mail
left join at_work on first_choices.first_choice = at_work.mail;
"""

RECIPROCAL_SQL = """
create or replace temp table pairs as
select distinct chosen.first_choice as reviewer, subjects.mail as subject
from chosen
join subjects on chosen.account_id = subjects.account_id
where conflict is null and first_choice is not null;

update chosen
set conflict = 'reciprocal'
where conflict is null and exists (
    from subjects
    join pairs as one on subjects.mail = one.subject
    join pairs as other on one.subject = other.reviewer and one.reviewer = other.subject
    where subjects.account_id = chosen.account_id and chosen.first_choice = one.reviewer
);
"""

ASSIGNED_SQL = """
create or replace temp table assigned as
select
    grant_id,
    account_id,
    first_choice,
    conflict,
    case when conflict is null and first_choice is not null then first_choice else {fallback} end
        as reviewer,
    case when conflict is null and first_choice is not null then rule else 'fallback' end as rule
from chosen;

create or replace temp table not_for_fallback as
with judges as (
    select distinct assigned.reviewer
    from assigned
    join subjects on assigned.account_id = subjects.account_id
    where subjects.mail = {fallback} and assigned.reviewer <> {fallback}
)
select
    assigned.grant_id,
    bool_or(subjects.mail = {fallback}) as is_own
from assigned
join subjects on assigned.account_id = subjects.account_id
where
    assigned.reviewer = {fallback}
    and (subjects.mail = {fallback} or subjects.mail in (from judges))
group by all;
"""

SECOND_FALLBACK_SQL = """
update assigned
set
    reviewer = {second},
    rule = 'second_fallback',
    conflict = coalesce(conflict, case when is_own then 'self' else 'reciprocal' end)
from not_for_fallback
where assigned.grant_id = not_for_fallback.grant_id
"""

COUNT_CONFLICTS_SQL = """
with pairs as (
    select distinct assigned.reviewer, subjects.mail as subject
    from assigned
    join subjects on assigned.account_id = subjects.account_id
)
select count(*)
from pairs as one
where reviewer = subject or exists (
    from pairs as other where one.reviewer = other.subject and one.subject = other.reviewer
)
"""


def assign(connection: duckdb.DuckDBPyConnection, campaign: Campaign) -> None:
    """Fill the temporary table `assigned`, one row per grant of `in_scope`. Raises Misconfigured if
    a fallback has left, or if a second fallback is missing or would not resolve a conflict."""
    definition = campaign.definition
    for name in ("fallback", "second_fallback"):
        mail = getattr(definition, name)
        if mail and _has_left(connection, mail):
            raise Misconfigured(
                str(campaign.path), f"{name}: this person has left", f"name another {name}"
            )
    rules = [_parse_rule(rule) for rule in definition.reviewers]
    rule = " ".join(f"when {mail} <> '' then {quote(kind)}" for kind, mail in rules)
    mail = ", ".join(f"nullif({mail}, '')" for _, mail in rules)
    fallback = quote(definition.fallback)
    connection.execute(SUBJECTS_SQL)
    connection.execute(OWNERS_SQL)
    connection.execute(FIRST_CHOICES_SQL.format(rule=f"case {rule} end", mail=f"coalesce({mail})"))
    connection.execute(RECIPROCAL_SQL)
    connection.execute(ASSIGNED_SQL.format(fallback=fallback))
    [(count,)] = connection.execute("select count(*) from not_for_fallback").fetchall()
    if count and definition.second_fallback is None:
        raise Misconfigured(
            str(campaign.path),
            f"the fallback may not decide on {count} items, because they are about the fallback"
            " or about a reviewer of the fallback",
            "name a `second_fallback` who is neither",
        )
    connection.execute(SECOND_FALLBACK_SQL.format(second=quote(definition.second_fallback or "")))
    [(count,)] = connection.execute(COUNT_CONFLICTS_SQL).fetchall()
    if count:
        raise Misconfigured(
            str(campaign.path),
            f"{count} pairs of people would still decide on themselves or on each other",
            "name a `second_fallback` whose access none of them reviews",
        )


def _parse_rule(rule: str) -> tuple[str, str]:
    """Return the rule's name in the evidence, and the SQL of the address that the rule gives."""
    if rule.startswith(NAMED_PREFIX):
        return "named", quote(rule.removeprefix(NAMED_PREFIX))
    return rule, "manager_email" if rule == "manager" else rule


def _has_left(connection: duckdb.DuckDBPyConnection, mail: str) -> bool:
    [(left,)] = connection.execute(
        "select bool_and(employment_status = 'leaver') from people where lower(work_email) = ?",
        [mail],
    ).fetchall()
    return bool(left)
