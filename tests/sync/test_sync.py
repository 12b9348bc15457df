"""A sync publishes everything that the vendors hold, and nothing else."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from tests.support import oracle
from tests.support.product import Rollcall

Grants = dict[tuple[str, str, str | None], tuple[bool, bool, tuple[str, ...]]]


def published_grants(rollcall: Rollcall, where: str = "true") -> Grants:
    return {
        (row["account_id"], row["entitlement_id"], row["scope_id"]): (
            row["is_direct"],
            row["is_inherited"],
            tuple(row["inherited_from"]),
        )
        for row in rollcall.rows(f"from grants where {where}")
    }


def assert_published_is_true(rollcall: Rollcall) -> None:
    """Fail unless the published accounts, entitlements and grants are exactly the vendors'."""
    truth = oracle.facts(rollcall.sandbox.company)
    accounts: dict[str, str] = {}
    entitlements: set[str] = set()
    grants: Grants = {}
    for source in truth.values():
        accounts |= source.accounts
        entitlements |= source.entitlements
        grants |= source.grants()
    assert accounts == {row["account_id"]: row["status"] for row in rollcall.rows("from accounts")}
    assert entitlements == set(rollcall.column("select entitlement_id from entitlements"))
    assert grants == published_grants(rollcall)


def test_the_tables_equal_what_the_vendors_hold(rollcall):
    """The published tables equal what the vendors hold."""
    rollcall.sync()

    assert_published_is_true(rollcall)


# The vendors' unknowns, with one tenant of each vendor at a time
CHARTHOP = [
    {"inclusive_from": False},
    {"list_has_group_ids": False},
    {"list_has_group_ids": False, "job_list_has_group_ids": False},
    {"limit_cap": 7},
    {"limit_cap": 600, "over_limit": "400"},
    {"empty_as_null": True},
    {"group_type_as": "id"},
    {"group_type_as": "both"},
    {"group_ids_keep_archived": True},
    {"job_key": "id", "list_has_group_ids": False},
    {"building_answers": 2},
    {"shows_announced_start": True},
    {"unknown_field": "400", "unreadable_fields": {"name.full"}},
]
HALOITSM = [
    {"build": "old"},
    {"page_cap": 3},
    {"agents_key": "agents"},
    {"list_roles": "role_list"},
    {"list_roles": "role_list", "role_separator": ","},
    {"list_roles": "none"},
    {"list_has_teams": False},
    {"list_has_teams": False, "teams_detail": "agents"},
    {"list_has_teams": False, "teams_detail": "missing"},
    {"build": "old", "list_has_teams": False, "list_roles": "none"},
    {"inherited_teams_in_agent": False},
    {"roles_list_has_teams": False},
    {"nulls": "null"},
    {"token_lifetime": 1},
]
OKTA = [
    {"users_cap": 5, "members_cap": 3, "apps_cap": 2, "app_users_cap": 2, "app_groups_cap": 1},
    {"links": "joined", "iam_page": 1, "binding_members_page": 1},
    {"over_cap": "refused", "app_users_cap": 200},
    {"pr_in_search": False},
    {"nulls": "omitted"},
    {"activated_without_password": "ACTIVE", "suspend_provisioned": True},
    {"membership_moves_user": True, "deletion_moves_groups": False},
    {"deprovisioned_stay_members": False},
    {"everyone_has_deprovisioned": True},
    {"stats_count_deprovisioned": False},
    {"rule_events": False, "exclude_on_explicit_add": True},
    {"assignees_through_groups": False},
    {"empty_targets": "empty"},
]
PINGONE = [
    {"users_cap": 5, "groups_cap": 4, "populations_cap": 1},
    {"token_auth_method": "CLIENT_SECRET_POST"},
    {"dynamic_type": "DIRECT"},
    {"count": "missing"},
    {"count": 3},
    {"count": -2},
    {"direct_member_counts": "missing"},
    {"group_filter_supported": False},
    {"group_filter_supported": False, "nesting_type": "closure"},
    {"inherited_assignments": "marked", "inherited_ids": "own"},
    {"inherited_assignments": "marked", "inheritance_key": "type"},
    {"inherited_assignments": "unmarked"},
    {"expires_in_missing": True},
    {"rate_limit": 40},
]
TENANTS = list(zip_longest(CHARTHOP, HALOITSM, OKTA, PINGONE, fillvalue={}))


@pytest.mark.long
@pytest.mark.parametrize("tenants", TENANTS, ids=str)
def test_the_tables_are_the_same_for_every_switch(rollcall, tenants):
    """The tables are the same for every behaviour that the vendors' documents leave open."""
    company = rollcall.sandbox.company
    for vendor, switches in zip(
        (company.charthop, company.haloitsm, company.okta, company.pingone), tenants, strict=True
    ):
        for name, value in switches.items():
            setattr(vendor.switches, name, value)

    rollcall.sync()

    assert_published_is_true(rollcall)


@pytest.mark.long  # random histories read both ways, too
@pytest.mark.parametrize("way", ["by_group", "by_user"])
def test_memberships_are_the_same_read_by_group_or_by_user(rollcall, way):
    """Memberships are the same, read by group or by user."""
    rollcall.sync("pingone", SOURCES__PINGONE__MEMBERSHIPS=way)

    truth = oracle.pingone(rollcall.sandbox.company.pingone)
    assert truth.grants() == published_grants(rollcall)
