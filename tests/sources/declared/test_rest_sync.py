"""A REST API and a SCIM server, from the files in docs/systems.md into the published tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.scim import ENTERPRISE, ScimServer
from tests.sandbox.server import Fault, Response, Server
from tests.support.lists_api import ListsApi
from tests.support.page_of_systems import follow_section
from tests.support.product import Rollcall

USERS = [
    {
        "id": 7,
        "name": "Ada Park",
        "mail": {"work": "ada.park@lanternfish.example"},
        "state": "active",
    },
    {"id": 8, "name": "Nora", "mail": {"work": "nora.lind@lanternfish.example"}, "state": "active"},
    {"id": 9, "name": "API", "mail": None, "state": "suspended"},
]
ADMIN, SELLER = {"code": "admin", "label": "Administrator"}, {"code": "sell", "label": "Seller"}


@pytest.fixture
def crm() -> Iterator[Server]:
    lists = {
        "/v1/users": [*USERS],
        "/v1/users/7/roles": [ADMIN, SELLER],
        "/v1/users/8/roles": [SELLER],
        "/v1/users/9/roles": [],
    }
    with Server(ListsApi(lists)) as server:
        yield server


@pytest.fixture
def wiki() -> Iterator[Server]:
    vendor = ScimServer()
    vendor.add_user(
        "u1",
        active=True,
        emails=[{"value": "ada.park@lanternfish.example", "primary": True}],
        roles=[{"value": "admin", "display": "Administrator"}],
        **{ENTERPRISE: {"employeeNumber": "E-1004"}},
    )
    nora = [{"value": "nora.lind@lanternfish.example"}]
    vendor.add_user("u2", active=True, emails=nora)
    vendor.add_user("u3", active=False)
    vendor.add_group("g1", "u1", displayName="Editors")
    vendor.add_group("g2", "g1", "u2", displayName="Readers")
    with Server(vendor) as server:
        yield server


def access(rollcall: Rollcall, system: str) -> list[tuple[str, ...]]:
    columns = "account_id, entitlement_name"
    found = rollcall.rows(f"select {columns} from access_review where source_name = '{system}'")
    return sorted(tuple(map(str, row.values())) for row in found)


@pytest.mark.long
def test_the_rest_example_of_the_page(rollcall, published, crm):
    """The example leads to the page's rows; a revoked role goes, and a fault removes none."""
    rollcall.has(published)
    follow_section(rollcall, "A REST API with a cursor", "crm", base_url=f"{crm.url}/v1")
    sql = "select resource, endpoint, parameters from run_resources where source_name = 'crm'"
    calls = {row["resource"]: (row["endpoint"], row["parameters"]) for row in rollcall.rows(sql)}
    assert "GET /v1/users/{id}/roles" == calls["roles"][0]
    assert ("GET /v1/users", '[{"limit": 100}]') == calls["users"]

    crm.vendor.lists["/v1/users/7/roles"] = [SELLER]
    rollcall.sync("crm")
    after = access(rollcall, "crm")
    assert ["Seller", "Seller"] == [row[-1] for row in after]

    crm.faults.append(
        Fault(lambda r: r.path.endswith("/roles"), lambda r, a: Response(200, {}), 99)
    )
    assert 4 == rollcall.run("sync", "crm").code
    assert after == access(rollcall, "crm")


@pytest.mark.long
def test_the_scim_example_of_the_page(rollcall, published, wiki):
    """The example leads to the page's rows; a member who left goes, and a fault removes none."""
    rollcall.has(published)
    follow_section(rollcall, "A SCIM server", "wiki", base_url=f"{wiki.url}/scim/v2")

    wiki.vendor.add_group("g2", "g1", displayName="Readers")
    rollcall.sync("wiki")
    after = access(rollcall, "wiki")
    assert ["Administrator", "Editors", "Readers"] == [row[-1] for row in after]

    wiki.vendor.lists_members = wiki.vendor.shows_members = wiki.vendor.takes_attributes = False
    result = rollcall.run("sync", "wiki")
    assert 4 == result.code and "no group says who its members are" in result.out + result.err
    assert after == access(rollcall, "wiki")
