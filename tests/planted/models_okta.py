"""Bugs in the staging models of Okta."""

from __future__ import annotations

from tests.planted.bug import Bug

STAGING = "dbt_project/models/staging/okta"
UNIT = "tests/warehouse/test_dbt.py -k own_unit_test"

BUGS = [
    Bug(
        "a staged account counts as enabled",
        f"{STAGING}/stg_okta__accounts.sql",
        "'PROVISIONED', 'ACTIVE', 'RECOVERY'",
        "'PROVISIONED', 'STAGED', 'ACTIVE', 'RECOVERY'",
        UNIT,
    ),
    Bug(
        "an account of an unknown status counts as enabled",
        f"{STAGING}/stg_okta__accounts.sql",
        "                then 'disabled'\n            else 'unknown'",
        "                then 'disabled'\n            else 'enabled'",
        UNIT,
    ),
    Bug(
        "an account of a new status counts as disabled",
        f"{STAGING}/stg_okta__accounts.sql",
        "            when upper(status) in ('STAGED', 'SUSPENDED', 'DEPROVISIONED')\n"
        "                then 'disabled'\n"
        "            else 'unknown'",
        "            else 'disabled'",
        UNIT,
    ),
    Bug(
        "a deactivated user is in Everyone",
        f"{STAGING}/base/base_okta__memberships.sql",
        "    where not users.is_deprovisioned\n",
        "",
        UNIT,
    ),
    Bug(
        "every built-in group has all users",
        f"{STAGING}/base/base_okta__groups.sql",
        "            and {{ trimmed('okta_group.profile.name') }} = 'Everyone',",
        "            and true,",
        UNIT,
    ),
    Bug(
        "a rule that is switched off fills groups",
        f"{STAGING}/base/base_okta__groups.sql",
        "    where upper(group_rule.status) = 'ACTIVE'\n",
        "",
        UNIT,
    ),
    Bug(
        "a deactivated user has applications",
        f"{STAGING}/base/base_okta__application_assignments.sql",
        "where not coalesce(users.is_deprovisioned, false)",
        "where true",
        UNIT,
    ),
    Bug(
        "a user who is not listed loses the applications",
        f"{STAGING}/base/base_okta__application_assignments.sql",
        "where not coalesce(users.is_deprovisioned, false)",
        "where not users.is_deprovisioned",
        UNIT,
    ),
    Bug(
        "an application through a group is direct",
        f"{STAGING}/base/base_okta__application_assignments.sql",
        "coalesce(upper(assignment.scope) = 'GROUP', false) as is_inherited",
        "false as is_inherited",
        UNIT,
    ),
    Bug(
        "an inactive role counts",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "    where upper(assignment.status) is distinct from 'INACTIVE'\n",
        "",
        UNIT,
    ),
    Bug(
        "a role without a status is none",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "upper(assignment.status) is distinct from 'INACTIVE'",
        "upper(assignment.status) = 'ACTIVE'",
        UNIT,
    ),
    Bug(
        "a role through a group is direct",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "        and coalesce(upper(assignment.\"assignmentType\") = 'GROUP', false)\n",
        "        and false\n",
        UNIT,
    ),
    Bug(
        "a limited role holds for its first target only",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "when len(targets) > 0 then targets",
        "when len(targets) > 0 then targets[:1]",
        UNIT,
    ),
    Bug(
        "a role without targets is held nowhere",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "                else [null]\n",
        "                else []\n",
        UNIT,
    ),
    Bug(
        "a custom role that only a binding tells of is lost",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "    from bindings\n\n    anti join assignments",
        "    from bindings\n\n    semi join assignments",
        UNIT,
    ),
    Bug(
        "a custom role has another id than its binding",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "                bindings.member_id, assignments.assignment_id",
        "                assignments.assignment_id, bindings.member_id",
        UNIT,
    ),
    Bug(
        "a role of somebody whom no link names is gone",
        f"{STAGING}/base/base_okta__role_bindings.sql",
        "    from members\n",
        '    from members\n    where member."principalId" is not null\n',
        UNIT,
    ),
    Bug(
        "a role without a type is gone",
        f"{STAGING}/base/base_okta__role_assignments.sql",
        "    from with_bindings\n\n)",
        "    from with_bindings\n    where role_id <> 'unknown'\n\n)",
        UNIT,
    ),
    Bug(
        "a role of unknown permissions only reads",
        f"{STAGING}/base/base_okta__roles.sql",
        "                len(custom_role.permissions) > 0\n",
        "                true\n",
        UNIT,
    ),
    Bug(
        "a role with a hidden permission only reads",
        f"{STAGING}/base/base_okta__roles.sql",
        "                and not list_contains(\n"
        "                    [p is null for p in custom_role.permissions], true\n"
        "                )\n",
        "",
        UNIT,
    ),
    Bug(
        "a membership that ended has a date",
        f"{STAGING}/base/base_okta__grant_dates.sql",
        "    having max_by(is_granted, happened_at)\n",
        "",
        UNIT,
    ),
    Bug(
        "an event that failed dates a membership",
        f"{STAGING}/base/base_okta__grant_dates.sql",
        "        and log_event.outcome.result = 'SUCCESS'\n",
        "",
        UNIT,
    ),
    Bug(
        "a group that gives a privileged role looks harmless",
        f"{STAGING}/stg_okta__entitlements.sql",
        "bool_or(roles.is_privileged) as is_privileged",
        "false as is_privileged",
        UNIT,
    ),
    Bug(
        "members of an imported group can be changed",
        f"{STAGING}/stg_okta__entitlements.sql",
        "            when groups.is_external then 'external'\n",
        "",
        UNIT,
    ),
    Bug(
        "the roles that a group had count as read",
        f"{STAGING}/stg_okta__implications.sql",
        " and last_read_at is null",
        "",
        UNIT,
    ),
    Bug(
        "the roles that a group had are gone",
        f"{STAGING}/stg_okta__grants.sql",
        "and role_assignments.last_read_at is not null",
        "and false",
        UNIT,
    ),
    Bug(
        "a group that gives an admin role may be changed",
        f"{STAGING}/stg_okta__entitlements.sql",
        "when groups.gives_admin_role or groups_with_roles.id is not null",
        "when false",
        UNIT,
    ),
    Bug(
        "a rule without room for exclusions may leave out another user",
        f"{STAGING}/stg_okta__entitlements.sql",
        "and (groups.is_rule_full or not",
        "and (not",
        UNIT,
    ),
]
