"""What push rules add to the transform: 200 rules of groups and 20 of fields, 100,000 people.

SQL makes the raw tables, where the measurement begins. BENCH_PEOPLE sets a smaller number.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.push.write_wanted import write_wanted
from pipelines.warehouse import dbt_statements
from pipelines.warehouse.dbt_build import PUSH_MODELS, transform
from tests.bench.company import PERSONS, fill

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000"))
RUNS = 2
FIELDS, GROUPS, EACH = 20, 200, 20  # a person is in so many groups that no rule is about
ATTRIBUTES = {
    f"field{number}": {"type": "string", "master": {"type": "OKTA"}} for number in range(FIELDS)
}
OKTA = PERSONS | {
    "okta.users": f"""
        select 'u' || n as id, json_object(
            'id', 'u' || n, 'status', 'ACTIVE', 'lastLogin', now() - to_days((n % 100)::int),
            'profile', json_object(
                'login', n || '@x.example', 'email', n || '@x.example', 'employeeNumber', 'E' || n,
                'title', 'Title ' || n % 200
                {"".join(f", '{name}', 'Title ' || n % 200" for name in ATTRIBUTES)})) as payload
        from range($people) as numbers (n)
    """,
    "okta.groups": f"""
        select 'g' || n as id, json_object('id', 'g' || n, 'type', 'OKTA_GROUP', 'profile',
            json_object('name', 'Group ' || n)) as payload
        from range({GROUPS} + 2000) as numbers (n)
    """,
    # The first groups are those of the rules, and each lacks one of its people
    "okta.group_members": f"""
        select 'g' || n % {GROUPS} as id,
            json_object('members', list('u' || n) filter (n >= {GROUPS})) as payload
        from range($people) as numbers (n) group by all
        union all
        select 'g' || {GROUPS} + n % 2000 as id,
            json_object('members', list('u' || n // {EACH})) as payload
        from range($people * {EACH}) as numbers (n) group by all
    """,
    "okta.user_schemas": f"""
        select 't' as id, '{
        json.dumps({"default": True, "definitions": {"custom": {"properties": ATTRIBUTES}}})
    }' as payload
    """,
}


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        warehouse = home / "access.duckdb"
        os.environ |= {"PUSH__FOLDER": str(home / "push"), "SOURCES__OKTA__DOMAIN": "x.example"}
        (home / "push").mkdir()
        fill(warehouse, PEOPLE, OKTA)
        transform(warehouse, home)  # the histories of a first sync take longer
        alone = min(measure(home, lambda: transform(warehouse, home)) for _ in range(RUNS))
        (home / "push" / "okta.toml").write_text(make_rules())

        def evaluate() -> None:
            """Do what a sync does with rules."""
            transform(warehouse, home, exclude=PUSH_MODELS)
            write_wanted(warehouse, print)
            transform(warehouse, home, PUSH_MODELS)

        first = measure(home, evaluate)
        again = min(measure(home, evaluate) for _ in range(RUNS))
        print(
            f"  {PEOPLE:,} people, {GROUPS} groups, {FIELDS} fields: transform {alone:.1f} s of"
            f" CPU, with new rules {first:.1f} s: {first / alone - 1:+.0%} (under 20 %), with the"
            f" same rules again {again:.1f} s: {again / alone - 1:+.0%}",
            flush=True,
        )


def make_rules() -> str:
    """Return rules that find every person for one group, and write every attribute."""
    parts = [f'[fields.{name}]\nsql = "job_title"\n' for name in ATTRIBUTES]
    for number in range(GROUPS):
        parts.append(
            f'[groups.rule{number}]\nname = "Group {number}"\nadopt = "g{number}"\n'
            f'where = "substr(employee_number, 2)::int % {GROUPS} = {number}"\n'
        )
    return "\n".join(parts)


def measure(home: Path, work: Callable[[], object]) -> float:
    """Return the CPU seconds of a piece of work, in which dbt builds whether anything changed."""
    (home / "dbt" / dbt_statements.FILE).unlink()
    before = time.process_time()
    work()
    return time.process_time() - before
