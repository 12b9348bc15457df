"""A sync brings into the warehouse what the three vendors hold: all of it, and nothing else."""

from __future__ import annotations

import pytest

from tests import oracle
from tests.conftest import Rollcall

Grants = dict[tuple[str, str, str | None], tuple[bool, bool, tuple[str, ...]]]


def published_grants(rollcall: Rollcall) -> Grants:
    return {
        (row["account_id"], row["entitlement_id"], row["scope_id"]): (
            row["is_direct"],
            row["is_inherited"],
            tuple(row["inherited_from"]),
        )
        for row in rollcall.rows("from grants")
    }


def assert_published_is_true(rollcall: Rollcall) -> None:
    """Every account, entitlement and grant of the three vendors, and no other."""
    truth = oracle.facts(rollcall.sandbox.company)
    accounts: dict[str, str] = {}
    entitlements: set[str] = set()
    grants: Grants = {}
    for source in truth.values():
        accounts |= source.accounts
        entitlements |= source.entitlements
        grants |= source.grants()
    assert accounts == dict(
        (row["account_id"], row["status"]) for row in rollcall.rows("from accounts")
    )
    assert entitlements == set(rollcall.column("select entitlement_id from entitlements"))
    assert grants == published_grants(rollcall)


def test_the_tables_equal_what_the_vendors_hold(rollcall):
    rollcall.sync()

    assert_published_is_true(rollcall)


@pytest.mark.parametrize(
    "vendor, switches",
    [
        ("charthop", {"inclusive_from": False}),
        ("charthop", {"list_has_group_ids": False}),
        ("charthop", {"list_has_group_ids": False, "job_list_has_group_ids": False}),
        ("charthop", {"limit_cap": 7}),
        ("charthop", {"limit_cap": 600, "over_limit": "400"}),
        ("charthop", {"empty_as_null": True}),
        ("charthop", {"group_type_as": "id"}),
        ("charthop", {"group_type_as": "both"}),
        ("charthop", {"group_ids_keep_archived": True}),
        ("charthop", {"job_key": "id", "list_has_group_ids": False}),
        ("charthop", {"building_answers": 2}),
        ("haloitsm", {"build": "old"}),
        ("haloitsm", {"page_cap": 3}),
        ("haloitsm", {"agents_key": "agents"}),
        ("haloitsm", {"list_roles": "role_list"}),
        ("haloitsm", {"list_roles": "role_list", "role_separator": ","}),
        ("haloitsm", {"list_roles": "none"}),
        ("haloitsm", {"list_has_teams": False}),
        ("haloitsm", {"list_has_teams": False, "teams_detail": "agents"}),
        ("haloitsm", {"list_has_teams": False, "teams_detail": "missing"}),
        ("haloitsm", {"build": "old", "list_has_teams": False, "list_roles": "none"}),
        ("haloitsm", {"inherited_teams_in_agent": False}),
        ("haloitsm", {"nulls": "null"}),
        ("haloitsm", {"token_lifetime": 1}),
        ("pingone", {"users_cap": 5, "groups_cap": 4, "populations_cap": 1}),
        ("pingone", {"token_auth_method": "CLIENT_SECRET_POST"}),
        ("pingone", {"dynamic_type": "DIRECT"}),
        ("pingone", {"count": "missing"}),
        ("pingone", {"count": 3}),
        ("pingone", {"count": -2}),
        ("pingone", {"direct_member_counts": "missing"}),
        ("pingone", {"group_filter_supported": False}),
        ("pingone", {"group_filter_supported": False, "nesting_type": "closure"}),
        ("pingone", {"inherited_assignments": "marked", "inherited_ids": "own"}),
        ("pingone", {"inherited_assignments": "marked", "inheritance_key": "type"}),
        ("pingone", {"inherited_assignments": "unmarked"}),
        ("pingone", {"expires_in_missing": True}),
        ("pingone", {"rate_limit": 40}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.items())),
)
def test_whatever_the_documents_leave_open_the_tables_are_the_same(rollcall, vendor, switches):
    for name, value in switches.items():
        setattr(getattr(rollcall.sandbox.company, vendor).switches, name, value)

    rollcall.sync(vendor)

    truth = getattr(oracle, vendor)(getattr(rollcall.sandbox.company, vendor))
    assert truth.grants() == published_grants(rollcall)
    assert truth.accounts.keys() == {*rollcall.column("select account_id from accounts")}


@pytest.mark.parametrize("way", ["by_group", "by_user"])
def test_memberships_are_the_same_read_by_group_or_by_user(rollcall, way):
    rollcall.sync("pingone", SOURCES__PINGONE__MEMBERSHIPS=way)

    truth = oracle.pingone(rollcall.sandbox.company.pingone)
    assert truth.grants() == published_grants(rollcall)
