"""Bugs in what a push tells and does: people, targets, trials and whole runs."""

from __future__ import annotations

from tests.planted.bug import Bug

TRIAL = "tests/push/test_trial.py tests/push/test_trial_values.py"
SQL = "pipelines/push/target_sql.py"
VALUES_SQL = "pipelines/push/values_sql.py"
TARGET = "pipelines/push/target.py"
STORIES = "tests/unattended/test_push_scenarios"
PROMISES = "tests/unattended/test_push_promises.py"
FIRST_DAYS = "pipelines/sources/charthop/first_days.py"
PERSONS = "dbt_project/models/staging/charthop/base/base_charthop__persons.sql"

BUGS = [
    Bug(
        "a trial shows nobody who would leave a group",
        SQL,
        "full join holders",
        "left join holders",
        f"{TRIAL} -k who_joins",
    ),
    Bug(
        "the only account of a wanted person may be taken out",
        SQL,
        "when uncertain.account_id is not null then",
        "when false then",
        f"{TRIAL} -k never_taken_out",
    ),
    Bug(
        "an empty answer would empty a group",
        SQL,
        "when $gives_nobody then 'it gives nobody'",
        "when $gives_nobody and false then 'it gives nobody'",
        f"{TRIAL} -k empties_no_group",
    ),
    Bug(
        "a rule gives back what a review revoked",
        SQL,
        "where is_last_word and decision = 'revoke'",
        "where false and decision = 'revoke'",
        f"{TRIAL} -k is_not_undone",
    ),
    Bug(
        "a deactivated account joins a group",
        SQL,
        "when accounts.status_detail = 'deactivated' and not (",
        "when accounts.status_detail = 'deactivated' and false and not (",
        f"{TRIAL} -k cannot_be_added",
    ),
    Bug(
        "a suspended account joins a group",
        SQL,
        "when accounts.status_detail = 'suspended' then 'suspended'",
        "when false then 'suspended'",
        f"{TRIAL} -k suspended",
    ),
    Bug(
        "a protected account joins a group",
        SQL,
        "when accounts.protected_because is not null",
        "when false",
        f"{TRIAL} -k suspended",
    ),
    Bug(
        "a new account gets the login of another one",
        SQL,
        "when taken.login is not null",
        "when false",
        f"{TRIAL} -k login_of_somebody_else",
    ),
    Bug(
        "of two accounts without the login one is guessed",
        SQL,
        "when own.with_login = 1 then own.login_id when own.accounts = 1 then own.only_id",
        "when own.with_login = 1 then own.login_id else own.only_id",
        f"{TRIAL} -k of_two_accounts",
    ),
    Bug(
        "a blank of HR would clear a value that is to be kept",
        VALUES_SQL,
        "wanted_value is null and not $clear then 'kept'",
        "wanted_value is null and $clear then 'kept'",
        f"{TRIAL} -k blank_is_kept",
    ),
    Bug(
        "an empty text in the target is a value",
        VALUES_SQL,
        "when (accounts.profile->>$path) <> '' then",
        "when true then",
        f"{TRIAL} -k blank_is_kept",
    ),
    Bug(
        "a trial does not know the attributes of the target",
        VALUES_SQL,
        "when account_id is null or is_schema_read then {refused_because}",
        "when account_id is null then {refused_because}",
        f"{TRIAL} -k published_tables",
    ),
    Bug(
        "a rule writes the mail address of an administrator",
        VALUES_SQL,
        "when is_identifying and is_privileged then",
        "when is_identifying and false then",
        f"{TRIAL} -k recovers",
    ),
    Bug(
        "a mail address is written without a word",
        VALUES_SQL,
        "when is_identifying and not identifies then",
        "when false then",
        f"{TRIAL} -k recovers",
    ),
    Bug(
        "a group of somebody else is filled",
        TARGET,
        'return taken if is_imported else "not ours: adopt it by its id"',
        "return taken if is_imported else None",
        f"{TRIAL} -k not_to_be_filled",
    ),
    Bug(
        "a rule fills a group that gives an admin role",
        TARGET,
        'if group["gives_admin"] or',
        "if False and",
        f"{TRIAL} -k not_to_be_filled",
    ),
    Bug(
        "the saved query is tried instead of the new one",
        "pipelines/push/question.py",
        'rule.model_copy(update=dict.fromkeys(("where", "sql", "carrot")) | texts)',
        "rule.model_copy(update=texts if name == UNNAMED else {})",
        f"{TRIAL} -k new_condition",
    ),
    Bug(
        "whom [people] leaves out is not told",
        "pipelines/push/trial.py",
        'if not row["is_in_scope"]',
        "if False",
        f"{TRIAL} -k answers_carrot",
    ),
    Bug(
        "a target that was never read has empty groups",
        "pipelines/push/trial.py",
        'if not any(state["source_name"] == target',
        'if False and not any(state["source_name"] == target',
        f"{TRIAL} -k is_named",
    ),
    Bug(
        "a refused query finds nobody",
        "pipelines/sources/charthop/queries.py",
        'raise Misconfigured("the query", why, "correct it") from None',
        "return []",
        f"{TRIAL} -k refused_carrot",
    ),
    Bug(
        "check passes a rules file without an answer",
        "pipelines/cli/check.py",
        'yield Finding("push", error.what, "fail", error.why, error.next, error.code, effect)',
        "pass",
        f"{TRIAL} -k check_names",
    ),
    Bug(
        "a new hire has no department before the first day",
        PERSONS,
        "coalesce(today_rows.department, seats.department) as department",
        "today_rows.department as department",
        f"{STORIES}_test.py -k first_day",
    ),
    Bug(
        "new hires are read of whom no rule is",
        FIRST_DAYS,
        "if today.isoformat() < starts <= starts_by",
        "if today.isoformat() < starts",
        "tests/sources/test_asked.py -k seat_of_their_day",
    ),
    Bug(
        "a new hire is read as of today",
        FIRST_DAYS,
        '"fields": fields, "date": day}',
        '"fields": fields, "date": people.org.today}',
        "tests/sources/test_asked.py -k seat_of_their_day",
    ),
    Bug(
        "a leaver gets an account",
        "dbt_project/models/intermediate/push/int_push_accounts.sql",
        "when people.employment_status = 'leaver'\n",
        "when false\n",
        f"{STORIES}_run.py -k leaver_gets",
    ),
    Bug(
        "a dry run from what is published is a push",
        "pipelines/unattended/push_run.py",
        "if options.dry_run:",
        "if options.dry_run and options.sync:",
        f"{PROMISES} -k no_file",
    ),
    Bug(
        "a refusal of Okta is told with the values that it repeats",
        "pipelines/sources/okta/translation.py",
        "if call.is_private:",
        "if call.is_private and not code:",
        f"{PROMISES} -k no_value",
    ),
    Bug(
        "a push stops after its first round",
        "pipelines/unattended/push_run.py",
        "MAX_ROUNDS = 3",
        "MAX_ROUNDS = 1",
        "tests/unattended/test_push_run.py -k brings_about",
    ),
]
