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
TABLES_SQL = """
create temp table push_members (rule_id varchar, person_id varchar);
create temp table push_fields (field varchar, person_id varchar, wanted_value json);
create temp table push_accounts (person_id varchar, login varchar)
"""
LOCATION_SQL = "select 1 from main.people where location is not null limit 1"
FIELDS_SQL = "select distinct unnest(json_keys(hr_fields)) from main.people"
PEOPLE = "with people as (from push_people)"


@dataclass(frozen=True)
class Wanted:
    """What the rules of one target want, and which rules have no answer.

    `people` are those whom the push is about. `members` has one row per group rule and person,
    `fields` one per attribute and person (a blank value is null), `accounts` one per person.
    `refused` says why a rule (`groups.finance`) has no answer; such a rule has no rows.
    """

    people: pa.Table
    members: pa.Table
    fields: pa.Table
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
        self.connection.execute(TABLES_SQL)
        for name, group in self.rules.groups.items():
            if self._has_fields(f"groups.{name}", group):
                self._add_members(name, group)
        for name, field in self.rules.fields.items():
            if self._has_fields(f"fields.{name}", field):
                self._add_values(name, field)
        self._add_accounts()
        tables = (self._read(name) for name in ("people", "members", "fields", "accounts"))
        return Wanted(*tables, self.refused)

    def _read(self, name: str) -> pa.Table:
        return self.connection.execute(f"from push_{name} order by all").to_arrow_table()

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

    def _add_members(self, name: str, group: GroupRule) -> None:
        what = f"{self.path} groups.{name}"
        if group.carrot is not None:
            self._add_found(name, group.carrot)
            return
        with name_mistakes(what):
            if group.where is not None:
                query = f"{PEOPLE} select person_id, ({group.where}\n) as answer from people"
                check_answer(self.connection, what, query, is_condition=True)
                chosen = f"select person_id from ({query}) where answer"
            else:
                query = f"{PEOPLE} select true as is_chosen, * from ({group.sql}\n)"
                check_answer(self.connection, what, query)
                if self.connection.execute(f"describe {query}").fetchall()[1][0] != "person_id":
                    raise Misconfigured(
                        what, "its column is not `person_id`", "select person_id, and nothing else"
                    )
                chosen = f"select person_id from ({query})"
            self._insert_members(name, chosen)

    def _add_found(self, name: str, query: str) -> None:
        """Add whom the HR system finds, among the people whom the push is about."""
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
            return
        found = "select unnest(person_ids) from intermediate.int_query_answers where query ="
        self._insert_members(name, f"{found} {quote(query)}")

    def _insert_members(self, name: str, chosen: str) -> None:
        self.connection.execute(
            f"insert into push_members select {quote(name)}, person_id from push_people"
            f" where person_id in ({chosen})"
        )

    def _add_values(self, name: str, field: FieldRule) -> None:
        what, expression = f"{self.path} fields.{name}", field.sql
        if field.field is not None:
            path = quote(f'$."{field.field}"')
            expression = f"hr_fields->{path}"
        query = f"{PEOPLE} select person_id, ({expression}\n) as answer from people"
        with name_mistakes(what):
            check_answer(self.connection, what, query)
            self.connection.execute(
                f"insert into push_fields select {quote(name)}, person_id,"
                " case when trim(value->>'$') <> '' then value end"
                f" from (select person_id, to_json(answer) as value from ({query}))"
            )

    def _add_accounts(self) -> None:
        what, login = f"{self.path} profiles.login", self.rules.profiles.login
        self._must_have(what, find_read_fields(login))
        query = f"{PEOPLE} select person_id, ({login}\n) as answer from people"
        with name_mistakes(what):
            check_answer(self.connection, what, query)
            self.connection.execute(
                "insert into push_accounts select person_id, nullif(trim(answer::varchar), '')"
                f" from ({query})"
            )
