"""Bugs in what HR says of people."""

from __future__ import annotations

from tests.planted.bug import Bug

ASKED = "tests/sources/test_asked.py"
EVALUATE = "tests/push/test_evaluate.py"
RULES = "tests/push/test_rules.py"
NAMES = "tests/write_back/test_names.py"
UNIT = "tests/warehouse/test_dbt.py -k own_unit_test"

BUGS = [
    Bug(
        "a family name is cut out of the full name",
        "dbt_project/models/marts/write_back/planned_changes.sql",
        "'family_name', people.family_name",
        "'family_name', split_part(people.full_name, ' ', -1)",
        NAMES,
    ),
    Bug(
        "an account is made without the parts of a name",
        "dbt_project/models/intermediate/write_back/reasons/int_wanted_by_request.sql",
        "and (people.given_name is null or people.family_name is null)",
        "and false",
        NAMES,
    ),
    Bug(
        "an exported user has the full name as a given name",
        "pipelines/export/baton_rows.py",
        "coalesce(given_name, '') as first_name",
        "coalesce(full_name, '') as first_name",
        "tests/export/test_formats.py -k leaver_is_told",
    ),
    Bug(
        "a refused field takes the groups of everybody with it",
        "pipelines/sources/charthop/persons.py",
        "smaller = (wanted, PERSON,",
        "smaller = (PERSON,",
        f"{ASKED} -k unexplained",
    ),
    Bug(
        "one refused field takes the other asked fields with it",
        "pipelines/sources/charthop/persons.py",
        "return known if len(known) < len(fields) else []",
        "return []",
        f"{ASKED} -k is_told_and_takes",
    ),
    Bug(
        "a field that is hidden from the token is not told",
        "pipelines/sources/charthop/persons.py",
        "if not is_refused and not any(",
        "if False and not any(",
        f"{ASKED} -k nobody_has",
    ),
    Bug(
        "a refused query is an empty answer",
        "pipelines/sources/charthop/queries.py",
        'row |= {"isRefused": True, "refusedBecause": why}',
        "pass",
        f"{ASKED} -k refused_query",
    ),
    Bug(
        "a query without an answer finds nobody",
        "pipelines/sources/charthop/queries.py",
        "if failure.status not in REFUSED_STATUSES:",
        "if failure.status is None:",
        f"{ASKED} -k cannot_be_read",
    ),
    Bug(
        "a query sees only who is employed today",
        "pipelines/sources/charthop/queries.py",
        '"includeAll": "true"',
        '"includeAll": "false"',
        f"{ASKED} -k itself_answers",
    ),
    Bug(
        "a refused query is blamed on the size of its page",
        "pipelines/sources/charthop/client.py",
        "[] if path in self.accepted_paths else smaller",
        "smaller",
        f"{ASKED} -k refused_query",
    ),
    Bug(
        "a person's groups come twice and unsorted",
        "dbt_project/models/staging/charthop/stg_charthop__people.sql",
        "list_sort(list_distinct(list(entitlements.display_name)))",
        "list(entitlements.display_name)",
        UNIT,
    ),
    Bug(
        "a field that the tenant refuses stands in hr_fields",
        "dbt_project/models/staging/charthop/base/base_charthop__asked_fields.sql",
        """."isRefused" = false""",
        """."isRefused" is not null""",
        UNIT,
    ),
    Bug(
        "a rule that asks no more is a lost right",
        "pipelines/sync/vanished_fields.py",
        "if field.name not in unasked:",
        "if field.name:",
        "tests/push/test_asked.py -k until_they",
    ),
    Bug(
        "a rules file may ask for the clock in a query",
        "pipelines/push/rules.py",
        'check_query(f"{what}.sql", rule.sql, TODAY)',
        "pass",
        RULES,
    ),
    Bug(
        "a name in a rules file that nobody knows is ignored",
        "pipelines/policy/toml_file.py",
        'extra="forbid"',
        'extra="ignore"',
        RULES,
    ),
    Bug(
        "a text in a rules file is a truth value",
        "pipelines/push/rules.py",
        "ConfigDict(strict=True)",
        "ConfigDict(strict=False)",
        RULES,
    ),
    Bug(
        "the digest of rules is the same for another tenant",
        "pipelines/push/rules.py",
        '"tenant": tenant,',
        '"tenant": "",',
        f"{RULES} -k digest",
    ),
    Bug(
        "the digest of rules leaves out the limits",
        "pipelines/push/rules.py",
        'self.definition.model_dump(mode="json")',
        'self.definition.model_dump(mode="json", exclude={"limits"})',
        f"{RULES} -k digest",
    ),
    Bug(
        "a name of a field may hold another one",
        "pipelines/push/rules.py",
        r"(\.[A-Za-z0-9_]+)*$",
        r"([., A-Za-z0-9_]+)*$",
        RULES,
    ),
    Bug(
        "a rule reads files of the machine",
        "pipelines/push/evaluate.py",
        "        connection.execute(LOCK_DOWN)\n",
        "",
        f"{EVALUATE} -k one_sentence",
    ),
    Bug(
        "somebody who has left is a member of a pushed group",
        "pipelines/push/evaluate.py",
        "person_id from push_people where",
        "person_id from push_everyone where",
        EVALUATE,
    ),
    Bug(
        "a condition takes people out of the groups of other rules",
        "pipelines/push/evaluate.py",
        "if not answers.num_rows == pc.count_distinct(people).as_py() == count:",
        "if False:",
        f"{EVALUATE} -k changes_the_answer",
    ),
    Bug(
        "a condition brings leavers back",
        "pipelines/push/evaluate.py",
        "where is_within_days is not false\nand",
        "where",
        EVALUATE,
    ),
    Bug(
        "a refused query empties its group",
        "pipelines/push/evaluate.py",
        "        if reasons:\n",
        "        if not answers:\n",
        EVALUATE,
    ),
    Bug(
        "a field that HR does not give is blank",
        "pipelines/push/evaluate.py",
        "sorted(fields - self.given_fields)",
        "()",
        EVALUATE,
    ),
    Bug(
        "a leaver is kept on although no day is given",
        "pipelines/push/evaluate.py",
        "{days_after_end} > 0 and people.ended_on",
        "people.ended_on + 30",
        EVALUATE,
    ),
    Bug(
        "a misspelt field of HR is a blank value of everybody",
        "pipelines/push/rules.py",
        "sorted(fields - {*asked.fields})",
        "()",
        RULES,
    ),
    Bug(
        "everybody is remote while HR hides the locations",
        "pipelines/push/evaluate.py",
        'words["remote_as_default"] = False',
        "pass",
        EVALUATE,
    ),
]
