"""Bugs in the dbt project."""

from __future__ import annotations

from tests.planted.bug import Bug

MATRIX = "tests/sync/test_sync.py::test_the_tables_equal_what_the_vendors_hold"
FINDINGS = "tests/warehouse/test_findings.py -k 'invented or come or regranted'"
UNIT = "tests/warehouse/test_dbt.py -k own_unit_test"

BUGS = [
    Bug(
        "the mail match is case-sensitive",
        "dbt_project/macros/text.sql",
        "nfc_normalize(lower(trim(",
        "nfc_normalize((trim(",
        "tests/warehouse/test_contract.py -k told",
    ),
    Bug(
        "an ambiguous match is picked",
        "dbt_project/models/intermediate/identity/int_accounts_matched_to_people.sql",
        "people = 1",
        "true",
        "tests/warehouse/test_contract.py -k told",
    ),
    Bug(
        "future groups exist",
        "dbt_project/models/staging/charthop/stg_charthop__entitlements.sql",
        "anti join future_groups on source.id = future_groups.id",
        "",
        MATRIX,
    ),
    Bug(
        "in_section is ignored",
        "dbt_project/models/staging/haloitsm/base/base_haloitsm__team_rows.sql",
        "coalesce(team_row.in_section, true) as is_member",
        "true as is_member",
        MATRIX,
    ),
    Bug(
        "history rows never close",
        "dbt_project/macros/history.sql",
        "        current_rows.{{ key }} is null\n        -- A",
        "        false\n        -- A",
        "tests/warehouse/test_dbt.py -k past_moment",
    ),
    Bug(
        "closed history rows count as current",
        "dbt_project/macros/history.sql",
        "select * from {{ this }} where valid_to is null",
        "select * from {{ this }}",
        "tests/warehouse/test_dbt.py -k past_moment",
    ),
    Bug(
        "dangling grants are dropped",
        "dbt_project/models/marts/core/dangling_grants.sql",
        "where dangling_reason is not null",
        "where false",
        "tests/warehouse/test_dbt.py -k unit_test",
    ),
    Bug(
        "a future change dates a grant",
        "dbt_project/models/staging/charthop/base/base_charthop__grant_dates.sql",
        "        and coalesce(changes.change.date, today.today) <= today.today\n",
        "",
        "tests/warehouse/test_dbt.py -k unit_test",
    ),
    Bug(
        "an exception never expires",
        "dbt_project/models/marts/findings/findings.sql",
        "excepted.until >= {{ run_at() }}::date",
        "excepted.until is not null",
        FINDINGS,
    ),
    Bug(
        "a finding is always new",
        "dbt_project/models/marts/findings/findings.sql",
        "    history.first_seen_at,\n",
        "    {{ run_at() }} as first_seen_at,\n",
        FINDINGS,
    ),
    Bug(
        "closed accounts are found",
        "dbt_project/models/intermediate/findings/int_live_accounts.sql",
        "where accounts.status <> 'disabled'",
        "where true",
        FINDINGS,
    ),
    Bug(
        "disabled accounts count as exposed",
        "dbt_project/models/marts/findings/exposures.sql",
        "    where status <> 'disabled'\n",
        "    where true\n",
        FINDINGS,
    ),
    Bug(
        "the review hides that inherited access remains",
        "dbt_project/models/marts/reviews/access_review.sql",
        "when grants.is_inherited and grants.is_direct",
        "when false",
        "tests/warehouse/test_findings.py",
    ),
    Bug(
        "a regrant after a revoke is no finding",
        "dbt_project/models/intermediate/findings/int_held_after_revoke.sql",
        "when grants.first_seen_at > in_force.revoked_at",
        "when false",
        "tests/warehouse/test_findings.py -k regranted",
    ),
    Bug(
        "leavers are closed from a stale source",
        "dbt_project/models/intermediate/write_back/reasons/int_wanted_by_leavers_policy.sql",
        "when source_states.is_stale",
        "when false",
        UNIT,
    ),
    Bug(
        "the last administrator is removed",
        "dbt_project/models/intermediate/write_back/int_last_administrators.sql",
        "    where status = 'enabled'",
        "",
        UNIT,
    ),
    Bug(
        "a change in progress is planned again",
        "dbt_project/models/marts/write_back/planned_changes.sql",
        "    where not is_under_way",
        "",
        UNIT,
    ),
    Bug(
        "time-limited access never ends",
        "dbt_project/models/intermediate/write_back/int_approved_requests.sql",
        "coalesce(requests.until >= today.on_day, true) as is_active",
        "true as is_active",
        UNIT,
    ),
    Bug(
        "an incomplete run proves a removal",
        "dbt_project/models/intermediate/write_back/int_change_checks.sql",
        "runs.status = 'complete'",
        "true",
        UNIT,
    ),
    Bug(
        "an earlier run proves a removal",
        "dbt_project/models/intermediate/write_back/int_change_verdicts.sql",
        "checks.started_at\n            > coalesce(attempts.applied_at, changes.wanted_at)",
        "true",
        UNIT,
    ),
    Bug(
        "an unverified ticket is closed",
        "dbt_project/models/intermediate/write_back/int_ticket_changes.sql",
        "and is_checked and is_met",
        "and is_met",
        UNIT,
    ),
    Bug(
        "a ticket of unknown state counts as closed",
        "dbt_project/models/staging/haloitsm/stg_haloitsm__tickets.sql",
        "else 'unknown'",
        "else 'closed'",
        UNIT,
    ),
    Bug(
        "a manager through a role counts as a direct one",
        "dbt_project/models/staging/haloitsm/base/base_haloitsm__team_rows.sql",
        "from_rows.is_manager",
        "false",
        UNIT,
    ),
    Bug(
        "an inherited grant gets another grant's date",
        "dbt_project/models/intermediate/access/int_effective_grants.sql",
        "min(granted_at) filter (not is_inherited)",
        "min(granted_at)",
        UNIT,
    ),
    Bug(
        "an object is accepted as a list",
        "dbt_project/tests/generic/are_lists.sql",
        "('ARRAY', 'NULL')",
        "('ARRAY', 'NULL', 'OBJECT')",
        "tests/sync/test_incomplete.py -k refuses",
    ),
]
