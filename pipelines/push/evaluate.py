"""Answer the rules of a push over the people of a warehouse: who is wanted where, with what values.

The rules see one table `people`: those whom the push is about, with the day of the HR system's last
complete read as `today`. They may read all other published tables, and nothing outside the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.failures import Misconfigured, Refused
from pipelines.push.field_values import ANSWER_SQL, PEOPLE, find_profiles, has_each_person_once
from pipelines.push.rules import FieldRule, GroupRule, PushRules, find_hr_fields, find_read_fields
from pipelines.sql import quote
from pipelines.sql_text import LOCK_DOWN, check_answer, name_mistakes

# People who start or have left within the days of the rules count as active in `where`
EVERYONE_SQL = """
create temp table push_everyone as
select
    people.* replace (
        case when {remote_as_default} then coalesce(people.location, {remote_value})
        else people.location end as location
    ),
    hr_people.today,
    case people.employment_status
        when 'future'
            then coalesce(people.started_on <= hr_people.today + {days_before_start}, false)
        when 'leaver'
            then coalesce(
                {days_after_end} > 0 and people.ended_on >= hr_people.today - {days_after_end},
                false
            )
    end as is_within_days
from main.people as people
join intermediate.int_people as hr_people on people.person_id = hr_people.person_id
"""
SCOPE_SQL = """
with people as (
    select * exclude (is_within_days) replace (
        case when is_within_days then 'active' else employment_status end as employment_status
    )
    from push_everyone
)
select person_id, ({where}
) as answer from people
"""
PEOPLE_SQL = """
create temp table push_people as
select * exclude (is_within_days) from push_everyone
where is_within_days is not false
and person_id in (select person_id from ({scope}) where answer)
"""
NO_MEMBERS = "select null::varchar as rule_id, null::varchar as person_id where false"
LOCATION_SQL = "select 1 from main.people where location is not null limit 1"
FIELDS_SQL = "select distinct unnest(json_keys(hr_fields)) from main.people"
# A query of the whole company is cut to the people whom the push is about
SCOPED_SQL = """
select {rule_id} as rule_id, person_id from push_people where person_id in ({chosen})
"""


@dataclass(frozen=True)
class Wanted:
    """What the rules of one target want, and which rules have no answer.

    `accounts` and `profiles` have one row per person whom the push is about, `members` one per
    group rule and person. A profile is a JSON object of the attributes (a blank value is null).
    `refused` says why a rule (`groups.finance`) has no answer; nothing is wanted by such a rule.
    """

    members: pa.Table
    profiles: pa.Table
    accounts: pa.Table
    refused: dict[str, str]


def evaluate_rules(warehouse: Path, rules: PushRules) -> Wanted:
    """Return what the rules want of the people in this warehouse.

    Raises Misconfigured for a rule that DuckDB cannot answer, and Refused where the HR system does
    not give what decides whom the push is about.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(LOCK_DOWN)
        return _Evaluation(connection, rules).run()


class _Evaluation:
    """One evaluation, in temporary tables of a connection that cannot write the warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, rules: PushRules) -> None:
        self.connection, self.path, self.rules = connection, rules.path, rules.definition
        self.refused: dict[str, str] = {}
        rows = connection.execute(FIELDS_SQL).fetchall()
        self.given_fields = {name for (name,) in rows}

    def run(self) -> Wanted:
        self._choose_people()
        return Wanted(
            self._find_members(), self._find_profiles(), self._find_accounts(), self.refused
        )

    def _find_members(self) -> pa.Table:
        conditions, queries = {}, {}
        for name, group in self.rules.groups.items():
            if not self._has_fields(f"groups.{name}", group):
                continue
            if group.where is not None:
                self._check_condition(name, group.where)
                conditions[name] = group.where
            elif query := self._select_members(name, group):
                queries[self._name_group(name)] = query
        return pa.concat_tables(
            [self._answer_conditions(conditions), self._read_all(NO_MEMBERS, queries)]
        )

    def _answer_conditions(self, conditions: dict[str, str]) -> pa.Table:
        """Return whom the conditions of rules find, by one pass over the people if possible.

        Without aliases no condition can read the answer to another one.
        """
        columns = ", ".join(f"({text}\n)" for text in conditions.values())
        try:
            answers = self._read(f"{PEOPLE} select person_id, {columns} from people")
        except duckdb.Error:
            return self._answer_each(conditions)
        if not has_each_person_once(self.connection, answers):
            return self._answer_each(conditions)
        people = answers.column("person_id")
        parts = [self._read(NO_MEMBERS)]
        for name, answer in zip(conditions, answers.columns[1:], strict=True):
            found = people.filter(answer)
            rule_ids = pa.repeat(name, len(found))
            parts.append(pa.table({"rule_id": rule_ids, "person_id": found}))
        return pa.concat_tables(parts)

    def _answer_each(self, conditions: dict[str, str]) -> pa.Table:
        """Return the same by one query for each, which names the rule that has a mistake."""
        queries = {}
        for name, text in conditions.items():
            query = ANSWER_SQL.format(expression=text)
            chosen = f"select person_id from ({query}) where answer"
            queries[self._name_group(name)] = SCOPED_SQL.format(rule_id=quote(name), chosen=chosen)
        return self._read_all(NO_MEMBERS, queries)

    def _find_profiles(self) -> pa.Table:
        return find_profiles(
            self.connection,
            {
                f"{self.path} fields.{name}": (name, field)
                for name, field in self.rules.fields.items()
                if self._has_fields(f"fields.{name}", field)
            },
        )

    def _name_group(self, name: str) -> str:
        return f"{self.path} groups.{name}"

    def _read_all(self, no_rows: str, queries: dict[str, str]) -> pa.Table:
        """Return the rows of all queries, by the places of their rules. Raises Misconfigured."""
        try:
            return self._read(
                " union all ".join((no_rows, *(f"({sql})" for sql in queries.values())))
            )
        except duckdb.Error:
            # One statement does not say which rule has the mistake
            parts = [self._read(no_rows)]
            for what, query in queries.items():
                with name_mistakes(what):
                    parts.append(self._read(query))
            return pa.concat_tables(parts)

    def _read(self, query: str) -> pa.Table:
        return self.connection.execute(query).to_arrow_table()

    def _choose_people(self) -> None:
        people = self.rules.people
        what = f"{self.path} people.where"
        self._must_have(what, find_read_fields(people.where))
        words = people.model_dump() | {"remote_value": quote(people.remote_value)}
        if people.remote_as_default and not self._knows_locations():
            words["remote_as_default"] = False
            self.refused["people.remote_as_default"] = (
                "no person has a location, so nobody's is a blank: the HR system may hide them"
            )
        self.connection.execute(EVERYONE_SQL.format(**words))
        scope = SCOPE_SQL.format(where=people.where)
        with name_mistakes(what):
            check_answer(self.connection, what, scope, is_condition=True)
            self.connection.execute(PEOPLE_SQL.format(scope=scope))

    def _knows_locations(self) -> bool:
        return bool(self.connection.execute(LOCATION_SQL).fetchone())

    def _find_lacking(self, fields: set[str]) -> str:
        """Return why some of these fields are not given by the HR system; empty if all are."""
        lacking = ", ".join(sorted(fields - self.given_fields))
        if not lacking:
            return ""
        return (
            f"no HR system gives the field {lacking}: it is refused, or was not asked for yet;"
            " run `rollcall sync`"
        )

    def _must_have(self, what: str, fields: set[str]) -> None:
        """Raise Refused if whom the push is about, or who an account is, cannot be told."""
        if why := self._find_lacking(fields):
            raise Refused(what, *why.rsplit("; ", 1))

    def _has_fields(self, place: str, rule: FieldRule | GroupRule) -> bool:
        """Return whether the HR system gives every field that a rule reads; else note why not."""
        if why := self._find_lacking(find_hr_fields(rule)):
            self.refused[place] = why
        return not why

    def _check_condition(self, name: str, text: str) -> None:
        what = self._name_group(name)
        with name_mistakes(what):
            query = ANSWER_SQL.format(expression=text)
            check_answer(self.connection, what, query, is_condition=True)

    def _select_members(self, name: str, group: GroupRule) -> str | None:
        """Return the query of who shall be in a group; None if the rule has no answer."""
        what, rule_id = self._name_group(name), quote(name)
        if group.carrot is not None:
            found = self._select_found(name, group.carrot)
            return found and SCOPED_SQL.format(rule_id=rule_id, chosen=found)
        with name_mistakes(what):
            query = f"{PEOPLE} select true as is_chosen, * from ({group.sql}\n)"
            check_answer(self.connection, what, query)
            if self.connection.execute(f"describe {query}").fetchall()[1][0] != "person_id":
                raise Misconfigured(
                    what, "its column is not `person_id`", "select person_id, and nothing else"
                )
        return SCOPED_SQL.format(rule_id=rule_id, chosen=f"select person_id from ({query})")

    def _select_found(self, name: str, query: str) -> str | None:
        """Return the query of whom the HR system finds; None if it gives no answer."""
        answers = self.connection.execute(
            "select source_name, refused_because from intermediate.int_query_answers"
            " where query = ? order by source_name",
            [query],
        ).fetchall()
        reasons = [f"{source} refuses the query: {why}" for source, why in answers if why]
        if not answers:
            reasons = ["no HR system has answered the query yet: run `rollcall sync`"]
        if reasons:
            self.refused[f"groups.{name}"] = "; ".join(reasons)
            return None
        found = "select unnest(person_ids) from intermediate.int_query_answers where query ="
        return f"{found} {quote(query)}"

    def _find_accounts(self) -> pa.Table:
        what, login = f"{self.path} profiles.login", self.rules.profiles.login
        self._must_have(what, find_read_fields(login))
        query = ANSWER_SQL.format(expression=login)
        with name_mistakes(what):
            check_answer(self.connection, what, query)
            return self._read(
                f"select person_id, nullif(trim(answer::varchar), '') as login from ({query})"
            )
