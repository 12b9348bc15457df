"""A company of any size, as SQL that makes its raw tables, and the record of the sync of them.

Of each hundred people one has no account that fits, two have left, and five accounts are disabled.
An account is a direct member of a population and of `EACH` teams. One team in five is nested in a
department, and each department in a division, so that one grant in six is inherited, each in two
ways at least. One division has a role. One person in ten is also an agent and has a second account.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from string import Template

import duckdb

from pipelines.sync import load, run_record

EACH = 82  # teams of a person
TEAMS, DEPARTMENTS, DIVISIONS = 1_900, 90, 10
COLUMNS = (
    "id varchar not null, parent_id varchar, updated_at timestamptz,"
    " row_hash varchar not null, payload json not null"
)
PERSONS = {
    "charthop.persons": """
        select 'p' || n as id, json_object(
            'id', 'p' || n, 'name.full', 'Person ' || n, 'contact.workEmail', n || '@x.example',
            'contact.employee', 'E' || n, 'jobId', 'j' || n, 'title', 'Title ' || n % 200,
            'department.name', 'Department ' || n % 100, 'startDateOrg', '2020-01-01',
            'endDateOrg', if(n % 50 = 7, '2026-01-01', null),
            'manager.contact.workEmail', n // 10 || '@x.example', 'groupIds', []) as payload
        from range($people) as numbers (n)
    """
}
RAW = PERSONS | {
    "pingone.users": """
        select 'u' || n as id, json_object(
            'id', 'u' || n, 'username', 'user' || n, 'enabled', n % 20 > 0,
            'email', if(n % 100 = 3, 'other' || n, n::varchar) || '@x.example',
            'externalId', if(n % 100 = 3, null, 'E' || n), 'mfaEnabled', n % 50 > 0,
            'population', {'id': 'staff'}, 'account', {'canAuthenticate': true, 'status': 'OK'},
            'lastSignOn', {'at': now() - to_days((n % 100)::int)}) as payload
        from range($people) as numbers (n)
    """,
    "pingone.populations": """select 'staff' as id, '{"name": "Staff"}' as payload""",
    "pingone.groups": f"""
        select 'g' || n as id, json_object('id', 'g' || n, 'name', 'Group ' || n) as payload
        from range({TEAMS + DEPARTMENTS + DIVISIONS}) as numbers (n)
    """,
    # One user in four is a member of a department both directly and through teams; `gone` is none
    "pingone.group_members": f"""
        select 'g' || team as id, json_object('direct', list(member)) as payload
        from (
            select n % {TEAMS} as team, 'u' || n // {EACH} as member
            from range($people * {EACH}) as numbers (n)
            union all
            select {TEAMS} + (n * {EACH} % {TEAMS} // 10 + 1) % {DEPARTMENTS}, 'u' || n
            from range(0, $people, 4) as numbers (n)
            union all
            select n, 'gone' from range({TEAMS}) as numbers (n)
        )
        group by all
    """,
    "pingone.group_nestings": f"""
        select 'g' || {TEAMS} + n as id, json_object('children', list('g' || team)) as payload
        from range({DEPARTMENTS}) as numbers (n), range({TEAMS}) as teams (team)
        where team // 10 % {DEPARTMENTS} = n and team % 10 < 2
        group by all
        union all
        select 'g' || {TEAMS + DEPARTMENTS} + n, json_object('children', list('g' || department))
        from range({DIVISIONS}) as numbers (n),
            range({TEAMS}, {TEAMS + DEPARTMENTS}) as departments (department)
        where department % {DIVISIONS} = n
        group by all
    """,
    "pingone.roles": """
        select 'admin' as id, '{"name": "Environment Admin", "type": "PLATFORM",
            "permissions": [{"id": "dir:update:user"}]}' as payload
    """,
    "pingone.group_role_assignments": f"""
        select 'g{TEAMS + DEPARTMENTS}' as id, '{{"roleAssignments": [{{"id": "a",
            "role": {{"id": "admin"}}, "scope": {{"id": "e", "type": "ENVIRONMENT"}}}}]}}'
            as payload
    """,
    "haloitsm.agents": """
        select n::varchar as id, json_object(
            'id', n, 'name', 'Person ' || n, 'email', n || '@x.example',
            'teams', [{'team_id': n % 20}]) as payload
        from range(0, $people, 10) as numbers (n)
    """,
    "haloitsm.teams": """
        select n::varchar as id, json_object('id', n, 'name', 'Team ' || n) as payload
        from range(20) as numbers (n)
    """,
    "okta.users": """
        select 'u' || n as id, json_object(
            'id', 'u' || n, 'status', 'ACTIVE', 'lastLogin', now() - to_days((n % 100)::int),
            'profile', json_object('login', n || '@x.example', 'email', n || '@x.example'))
            as payload
        from range(0, $people, 10) as numbers (n)
    """,
    "okta.groups": """
        select 'g' || n as id, json_object('id', 'g' || n, 'type', 'OKTA_GROUP', 'profile',
            json_object('name', 'Group ' || n)) as payload
        from range(100) as numbers (n)
    """,
    "okta.group_members": """
        select 'g' || n // 10 % 100 as id, json_object('members', list('u' || n)) as payload
        from range(0, $people, 10) as numbers (n) group by all
    """,
}


def fill(warehouse: Path, people: int, raw: dict[str, str] = RAW) -> None:
    """Fill the raw tables as a sync would load them, and add the record of that sync."""
    now = datetime.now(UTC)
    reads = {
        source: load.Read(source, started_at=now, ended_at=now)
        for source in {"haloitsm"} | {table.split(".")[0] for table in raw}
    }
    with duckdb.connect(str(warehouse)) as connection:
        for table, sql in raw.items():
            source, name = table.split(".")
            connection.execute(f"create schema if not exists raw_{source}")
            connection.execute(f"create table raw_{table} ({COLUMNS})")
            rows = Template(sql).substitute(people=people)
            connection.execute(
                f"insert into raw_{table} by name select *, md5(id) as row_hash from ({rows})"
            )
            [(count,)] = connection.execute(f"select count(*) from raw_{table}").fetchall()
            reads[source].rows_loaded[name] = reads[source].counters.rows_read[name] = count
    run_record.record_runs(warehouse, "bench", [*reads.values()])
