"""Answer the field rules of a push: the attributes that each person shall have.

The temporary table `push_people` has those whom the push is about; `evaluate.py` makes it.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.failures import Misconfigured
from pipelines.push.rules import FieldRule
from pipelines.sql import quote
from pipelines.sql_text import check_answer, name_mistakes

PEOPLE = "with people as (from push_people)"
ANSWER_SQL = f"{PEOPLE} select person_id, ({{expression}}\n) as answer from people"
NO_PROFILES = "select person_id, '{}'::json as profile from push_people"
# A blank is no value
FILLED = "case when trim({value}->>'$') <> '' then {value} end"
# Without aliases inside, no rule can read the answer to another one
PROFILES_SQL = f"""
select person_id, json_object({{pairs}}) as profile
from ({PEOPLE} select person_id, {{answers}} from people) as answers (person_id, {{names}})
"""
VALUES_SQL = f"""
select {{field}} as field, person_id, {FILLED.format(value="value")} as wanted_value
from (select person_id, to_json(answer) as value from ({{query}}))
"""
GROUPED_SQL = """
select person_id, json_group_object(field, wanted_value::json) as profile
from push_values group by person_id
"""


def find_profiles(
    connection: duckdb.DuckDBPyConnection, rules: dict[str, tuple[str, FieldRule]]
) -> pa.Table:
    """Return one row per person with a JSON object of the attributes; a blank value is null.

    `rules` has each rule and its attribute by the place that a mistake names. Raises Misconfigured
    for a rule that DuckDB cannot answer, or that gives somebody no row or several.
    """
    if not rules:
        return connection.execute(NO_PROFILES).to_arrow_table()
    texts = {what: _select_value(rule) for what, (_, rule) in rules.items()}
    for what, text in texts.items():
        with name_mistakes(what):
            check_answer(connection, what, ANSWER_SQL.format(expression=text))
    names = [f"value_{number}" for number in range(len(rules))]
    pairs = [
        f"{quote(field)}, {FILLED.format(value=name)}"
        for (field, _), name in zip(rules.values(), names, strict=True)
    ]
    query = PROFILES_SQL.format(
        pairs=", ".join(pairs),
        answers=", ".join(f"to_json(({text}\n))" for text in texts.values()),
        names=", ".join(names),
    )
    try:
        profiles = connection.execute(query).to_arrow_table()
        if has_each_person_once(connection, profiles):
            return profiles
    except duckdb.Error:
        pass  # one statement does not say which rule has the mistake
    parts = [
        _find_values(connection, what, rules[what][0], ANSWER_SQL.format(expression=text))
        for what, text in texts.items()
    ]
    connection.register("push_values", pa.concat_tables(parts))
    return connection.execute(GROUPED_SQL).to_arrow_table()


def _select_value(rule: FieldRule) -> str:
    """Return the expression of an attribute."""
    if rule.field is None:
        return rule.sql
    path = quote(f'$."{rule.field}"')
    return f"hr_fields->{path}"


def _find_values(
    connection: duckdb.DuckDBPyConnection, what: str, field: str, query: str
) -> pa.Table:
    """Return the values of one attribute."""
    with name_mistakes(what):
        values = connection.execute(
            VALUES_SQL.format(field=quote(field), query=query)
        ).to_arrow_table()
    if not has_each_person_once(connection, values):
        raise Misconfigured(
            what, "it gives somebody no value or several", "write one value for each person"
        )
    return values


def has_each_person_once(connection: duckdb.DuckDBPyConnection, answers: pa.Table) -> bool:
    """Return whether each person has one row, as without an `unnest`."""
    [(count,)] = connection.execute("select count(*) from push_people").fetchall()
    people = answers.column("person_id")
    return answers.num_rows == pc.count_distinct(people).as_py() == count
