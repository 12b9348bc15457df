"""Notes who the reviewers of a campaign are: their names and titles as HR has them.

HR forgets names, so they are written down once: at the opening, and at the close for whoever became
a reviewer since. An address that HR has for nobody, or for several people, is a shared mailbox.
"""

from __future__ import annotations

import duckdb

from pipelines.sql import create_tables, has_table
from pipelines.warehouse.review_tables import REASSIGNMENTS, REVIEWERS

# Somebody who came back may have two records, of which the active one counts.
NOTE_SQL = """
insert into review_reviewers by name
with asked as (
    select distinct reviewer from review_items where campaign = $campaign
    union
    select distinct decided_by from review_decisions where campaign = $campaign
    union
    select distinct to_reviewer from review_reassignments where campaign = $campaign
),
known as (
    select
        lower(work_email) as reviewer,
        person_id, full_name, job_title, department,
        employment_status = 'active' as is_active,
        count(*) over (partition by lower(work_email)) as people_with_it,
        count(*) filter (employment_status = 'active')
            over (partition by lower(work_email)) as active_with_it
    from people
    where work_email is not null
),
persons as (
    from known where people_with_it = 1 or (is_active and active_with_it = 1)
)
select
    $campaign as campaign,
    asked.reviewer,
    case when persons.reviewer is null then 'shared mailbox' else 'person' end as kind,
    persons.person_id,
    persons.full_name,
    persons.job_title,
    persons.department
from asked
left join persons on lower(asked.reviewer) = persons.reviewer
where asked.reviewer not in (
    select reviewer from review_reviewers where campaign = $campaign
)
"""


def note_reviewers(connection: duckdb.DuckDBPyConnection, campaign: str) -> None:
    """Note each reviewer of a campaign who is not noted yet, in a warehouse that is a copy."""
    create_tables(connection, (REVIEWERS, REASSIGNMENTS))
    connection.execute(NOTE_SQL, {"campaign": campaign})


def reviewers_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """Return SQL of the noted reviewers of all campaigns: none in a warehouse that notes nobody."""
    if has_table(connection, REVIEWERS.name):
        return f"(from {REVIEWERS.name})"
    nothing = ", ".join(f"null::varchar as {name}" for name in REVIEWERS.columns)
    return f"(select {nothing} where false)"
