"""Kind `scim`: users, groups and roles of a SCIM server are read whole, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.failures import Denied, Failure, Misconfigured, Refused, Unreadable
from tests.sandbox.scim import ENTERPRISE, TOKEN, ScimServer
from tests.sandbox.server import Fault, Response, Server
from tests.support.systems import DeclaredSystem


def fill(server: ScimServer) -> ScimServer:
    """Five users, of whom one is disabled; three groups, of which one is in another."""
    server.add_user(
        "u1",
        displayName="Ada Byron",
        active=True,
        externalId="4711",
        emails=[
            {"value": "ada@home.example", "type": "home"},
            {"value": "ada@lanternfish.example", "type": "work", "primary": True},
        ],
        roles=[{"value": "admin", "display": "Administrator", "primary": True}, {"value": "user"}],
        entitlements=[{"value": "licence-e5"}],
        **{ENTERPRISE: {"employeeNumber": "0042", "department": "Finance"}},
    )
    server.add_user("u2", name={"givenName": "Nora", "familyName": "Lind"}, active=False)
    server.add_user(
        "u3", emails=[{"value": "b@x.example"}, {"value": "w@x.example", "type": "work"}]
    )
    server.add_user("u4", active=True)
    server.add_user("u5", active=True)
    server.add_group("admins", "u1")
    server.add_group("everyone", "admins", "u2", "u3")
    server.add_group("empty")
    return server


@pytest.fixture
def provider() -> Iterator[Server]:
    with Server(fill(ScimServer())) as server:
        yield server


@pytest.fixture
def crm(provider, tmp_path, monkeypatch) -> DeclaredSystem:
    system = DeclaredSystem(tmp_path, monkeypatch)
    return system.declare(declaration(provider), token=TOKEN)


def declaration(provider: Server, more: str = "") -> str:
    return (
        f'kind = "scim"\nbase_url = "{provider.url}/scim/v2"\nrequests_per_second = 1000\n{more}\n'
    )


def refusal(kind: type[Failure], system: DeclaredSystem) -> str:
    with pytest.raises(kind) as refused:
        system.map()
    assert refused.value.next
    return f"{refused.value.what}: {refused.value.why}"


EVERYONE = {("u1", "admins"), ("u2", "everyone"), ("u3", "everyone")}
GROUP_GRANTS = """
select
    replace(account_id, 'crm:user:', ''),
    replace(replace(entitlement_id, 'crm:group:', ''), ':member', '')
from mapped_grants
where entitlement_id like '%:member' and not is_inherited
"""


def members(system: DeclaredSystem) -> set[tuple[str, str]]:
    """Return who is a direct member of which group."""
    return {*system.map().execute(GROUP_GRANTS).fetchall()}


def test_users_groups_and_roles_become_the_contract(crm):
    """Users, groups, roles and entitlements have their meaning without any mapping in the file."""
    found = crm.map()

    accounts = found.execute(
        "select account_id, display_name, username, email, employee_number, status, created_at"
        " is not null from mapped_accounts order by all"
    ).fetchall()
    assert [
        ("crm:user:u1", "Ada Byron", "u1", "ada@lanternfish.example", "0042", "enabled", True),
        ("crm:user:u2", "Nora Lind", "u2", None, None, "disabled", True),
        ("crm:user:u3", None, "u3", "w@x.example", None, "unknown", True),
    ] == accounts[:3]
    assert {"admins", "everyone", "empty", "Administrator", "user", "licence-e5"} == {
        row[0] for row in found.execute("select display_name from mapped_entitlements").fetchall()
    }
    assert {
        ("crm:user:u1", "crm:role:admin:assigned"),
        ("crm:user:u1", "crm:role:user:assigned"),
        ("crm:user:u1", "crm:entitlement:licence-e5:assigned"),
    } == {
        *found.execute(
            "select account_id, entitlement_id from mapped_grants where entitlement_id"
            " like '%:assigned'"
        ).fetchall()
    }
    implied = "select entitlement_id, implied_entitlement_id from mapped_implications"
    assert [("crm:group:admins:member", "crm:group:everyone:member")] == found.execute(
        implied
    ).fetchall()
    assert {"users": 5, "groups": 3} == crm.counters.reported


SWITCHES: dict[str, dict[str, Any]] = {
    "small pages": {"largest_page": 1},
    "no paging": {"ignores_paging": True},
    "cursors": {"pages_by": ("cursor",)},
    "cursors without totals": {"pages_by": ("cursor",), "says_total": False},
    "both": {"pages_by": ("index", "cursor")},
    "no description": {"describes_itself": False},
    "no members in lists": {"lists_members": False},
    "no attributes either": {"lists_members": False, "takes_attributes": False},
    "members without types": {"types_members": False},
    "empty lists are said": {"leaves_out_empty": False, "leaves_out_no_resources": False},
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_kind_of_server_gives_the_same(provider, crm, switch):
    """What the RFCs leave to a server does not change who has what."""
    for name, value in SWITCHES[switch].items():
        setattr(provider.vendor, name, value)

    assert EVERYONE == members(crm)
    assert 5 == crm.counters.rows_read["users"]


def test_a_server_without_anybody_has_no_resources(provider, crm):
    """An empty list may lack Resources; a system without an account is refused all the same."""
    provider.vendor.resources["Groups"].clear()
    assert set() == members(crm)

    provider.vendor.resources["Users"].clear()
    assert "there is no account" in refusal(Refused, crm)


def test_a_total_that_is_not_met_is_refused(provider, crm):
    """totalResults binds: a list that stays shorter in two readings is no list."""

    def lose(request, answer):
        answer.body["Resources"] = answer.body["Resources"][:-1]
        return answer

    at_end = Fault(
        lambda r: r.path.endswith("/Users") and r.query["startIndex"] in ("4", "5"), lose, 9
    )
    provider.faults.append(at_end)

    assert "4 rows came, 5 were declared" in refusal(Unreadable, crm)


def test_a_total_of_the_page_is_refused(provider, crm):
    """A totalResults that counts one page would end every list there."""
    provider.vendor.counts_pages = True
    system = crm.declare(declaration(provider, "page_size = 3"))

    assert "totalResults counts the resources of one page" in refusal(Unreadable, system)


def test_a_full_page_of_a_cursor_is_the_last(provider, crm):
    """A server with cursors only is asked for no index, also where one page has everybody."""
    provider.vendor.pages_by, provider.vendor.largest_page = ("cursor",), 5
    assert EVERYONE == members(crm.declare(declaration(provider, "page_size = 5")))


def test_a_server_without_groups_is_read(provider, crm):
    """A server may have users and roles only, where the file says so."""
    del provider.vendor.resources["Groups"]
    assert "the answer was 404" in refusal(Unreadable, crm)

    found = crm.declare(declaration(provider, "groups = false")).map()
    assert [(3,)] == found.execute("select count(*) from mapped_grants").fetchall()


def test_an_answer_that_is_no_list_is_refused(provider, crm):
    """An answer without Resources, or without a total, is never an empty list."""
    for body in ({"totalResults": 2}, {"Resources": []}, {"status": "200"}, []):
        provider.faults = [
            Fault(lambda r: r.path.endswith("/Users"), lambda r, a, b=body: Response(200, b))
        ]
        assert "expected " in refusal(Unreadable, crm), body


def test_groups_whose_members_nobody_says_are_refused(provider, crm):
    """Members that are left out everywhere are never nobody; the company may say that they are."""
    provider.vendor.lists_members = provider.vendor.shows_members = False
    provider.vendor.takes_attributes = False

    assert "no group says who its members are, such as admins" in refusal(Unreadable, crm)
    said = crm.declare(declaration(provider, "members_may_be_missing = true"))
    assert set() == members(said)


def test_groups_that_say_to_be_empty_are_believed(provider, crm):
    """An empty list of members is a word, and no group of the system needs a member."""
    provider.vendor.leaves_out_empty = False
    for group in provider.vendor.resources["Groups"].values():
        group["members"] = []

    assert set() == members(crm)


def test_what_users_say_of_their_groups_counts(provider, crm):
    """A server that shows members on users only loses none, and names what it does not list."""
    vendor = provider.vendor
    vendor.lists_members = vendor.shows_members = vendor.takes_attributes = False
    vendor.resources["Users"]["u1"]["groups"] = [{"value": "admins", "type": "direct"}]
    hidden = {"$ref": "https://crm.example/scim/v2/Groups/hidden", "display": "Hidden"}
    vendor.resources["Users"]["u2"]["groups"] = [hidden]

    assert {("u1", "admins"), ("u2", "hidden")} == members(crm)
    [warning] = crm.counters.warnings
    assert "2 memberships are in `groups` of users only" in warning


def test_a_membership_through_a_group_is_not_direct(provider, crm):
    """A user who says to be in a group that nesting explains gets no grant of its own."""
    users = provider.vendor.resources["Users"]
    users["u1"]["groups"] = [{"value": "admins"}, {"value": "everyone", "type": "indirect"}]

    assert EVERYONE == members(crm)
    assert [] == crm.counters.warnings


def test_groups_in_a_circle_are_read(provider, crm):
    """Groups that contain each other end nowhere, and are read all the same."""
    provider.vendor.resources["Groups"]["admins"]["members"] += [
        {"value": "everyone", "type": "Group"}
    ]

    assert EVERYONE == members(crm)


def test_somebody_deleted_meanwhile_is_read_again(provider, crm):
    """A member who is gone from the list of users was deleted during the read, or is refused."""
    users, groups = provider.vendor.resources["Users"], provider.vendor.resources["Groups"]
    gone = users.pop("u3")

    def delete(request, answer):
        groups["everyone"]["members"] = groups["everyone"]["members"][:-1]
        return answer

    last = Fault(lambda r: r.path.endswith("/Groups"), delete)
    provider.faults.append(last)
    assert EVERYONE - {("u3", "everyone")} == members(crm)
    assert 1 == last.fired

    groups["everyone"]["members"].append({"value": gone["id"], "type": "User"})
    assert "account_id u3, which accounts do not have" in refusal(Refused, crm)


def test_a_group_deleted_meanwhile_is_read_again(provider, crm):
    """A group that is listed and gone when it is read by itself leads to a second reading."""
    provider.vendor.lists_members = provider.vendor.takes_attributes = False

    def delete(request, answer):
        provider.vendor.resources["Groups"].pop("empty", None)
        return answer

    provider.faults.append(Fault(lambda r: r.path.endswith("/Groups"), delete, after=1))
    assert EVERYONE == members(crm)

    lost = Fault(lambda r: r.path.endswith("Groups/admins"), lambda r, a: Response(404, {}), 9)
    provider.faults = [lost]
    assert "group admins is in the list, but the answer was 404" in refusal(Unreadable, crm)


def test_one_id_of_two_things_is_refused(provider, crm):
    """A member whose id is that of a user and of a group could be either."""
    provider.vendor.types_members = False
    provider.vendor.add_user("admins")

    assert "admins, a member of group everyone, is the id of a user and" in refusal(Unreadable, crm)


def test_a_member_without_an_id_is_refused(provider, crm):
    """A member that has a name only cannot be told from nobody."""
    provider.vendor.resources["Groups"]["admins"]["members"] = [{"display": "Ada"}]

    assert "a member of group admins has no value" in refusal(Unreadable, crm)


def test_names_of_attributes_may_have_any_case(provider, crm):
    """Names of attributes do not depend on their case (RFC 7643, 2.1)."""

    def lower(value: Any) -> Any:
        if isinstance(value, dict):
            return {name.lower(): lower(one) for name, one in value.items()}
        return [lower(one) for one in value] if isinstance(value, list) else value

    def answer_lower(request, answer):
        return Response(answer.status, lower(answer.body), answer.headers)

    provider.faults.append(Fault(lambda r: True, answer_lower, times=99))

    assert EVERYONE == members(crm)
    sql = "select employee_number from mapped_accounts where username = 'u1'"
    assert ("0042",) == crm.map().execute(sql).fetchone()


def test_other_accounts_than_users_are_read(provider, crm):
    """Further endpoints whose resources are accounts are named in the file."""
    provider.vendor.resources["ServicePrincipals"] = {
        "s1": {"id": "s1", "displayName": "Nightly job", "active": True}
    }
    group = provider.vendor.resources["Groups"]["admins"]
    group["members"].append({"value": "s1", "$ref": "../ServicePrincipals/s1"})
    assert "account_id s1, which accounts do not have" in refusal(Refused, crm)

    system = crm.declare(declaration(provider, 'accounts = ["Users", "ServicePrincipals"]'))
    found = system.map()
    sql = "select account_type from mapped_accounts where account_id = 'crm:user:s1'"
    assert ("service",) == found.execute(sql).fetchone()
    assert 6 == system.counters.reported["users"]

    provider.vendor.resources["ServicePrincipals"]["u1"] = {"id": "u1"}
    assert "u1 is the id of two accounts" in refusal(Unreadable, system)


def test_a_mapping_of_the_company_replaces_ours(provider, crm):
    """A file may say itself what the tables mean, and look into the whole resource."""
    system = crm.declare(
        declaration(
            provider,
            "[mapping]\naccounts = \"select id as account_id, payload->>'$.externalId' as person_id"
            ' from users"\nentitlements = "select id as entitlement_id from groups"\ngrants ='
            ' "select member_id as account_id, group_id as entitlement_id from members where type ='
            " 'User'\"",
        )
    )

    sql = "select person_id from mapped_accounts where account_id = 'crm:user:u1'"
    assert ("4711",) == system.map().execute(sql).fetchone()


def test_a_basic_credential_is_sent(provider, crm):
    """A server that knows names and passwords gets them from the settings."""
    provider.vendor.credential = "Basic cm9sbGNhbGw6cHc="
    text = declaration(provider, 'auth = {type = "http_basic", username = "rollcall"}')

    assert EVERYONE == members(crm.declare(text, password="pw"))


def test_a_refused_credential_says_so(provider, crm):
    """A 401 names the setting, and shows what the server says."""
    crm.patch.setenv("SOURCES__CRM__TOKEN", "wrong-token")
    with pytest.raises(Denied) as denied:
        crm.map()

    assert "set SOURCES__CRM__TOKEN again" == denied.value.next
    assert "authentication is needed" in denied.value.why


def test_the_probes_say_what_a_sync_needs(provider, crm):
    """`check` asks for the description, one user and one group."""
    into = crm.connect()
    found = {one.what: one.call() for one in into.system.declaration.find_probes(into)}

    assert {
        "ServiceProviderConfig": "pages by index",
        "Users": "5 in all",
        "Groups": "3 in all",
    } == found


def test_a_probe_says_which_secret_is_missing(provider, crm):
    """A secret that is not set is what the probe finds, and no end of the whole `check`."""
    crm.patch.delenv("SOURCES__CRM__TOKEN")
    into = crm.connect()
    for probe in into.system.declaration.find_probes(into):
        with pytest.raises(Misconfigured, match="SOURCES__CRM__TOKEN is not set"):
            probe.call()


def test_columns_are_refused(provider, crm):
    """A SCIM server has several tables, so `columns` has no meaning there."""
    system = crm.declare("columns = {account = 'id'}\n" + declaration(provider))

    assert "`columns` is for a system of one table" in refusal(Misconfigured, system)
