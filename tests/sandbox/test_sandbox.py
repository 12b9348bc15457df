"""The sandbox behaves as the vendors' documents say, and gives nothing that they would not.

Every other test relies on the sandbox. Here it is tested over HTTP, without Rollcall's client.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests

from tests.sandbox import Sandbox
from tests.sandbox.company.parts import charthop_id, okta_id, role_id
from tests.sandbox.generate import generate

ALL_AGENTS = {
    "includeenabled": "true",
    "includedisabled": "true",
    "includeapiagents": "true",
    "includeroles": "true",
    "include_membership_info": "true",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def charthop(sandbox: Sandbox, path: str, **query: Any) -> requests.Response:
    """Send a GET below the organisation, with the right token."""
    token = sandbox.company.charthop.token
    url = sandbox.charthop.url + path.replace("{org}", sandbox.company.charthop.slug)
    return requests.get(url, params=query, headers={"Authorization": f"Bearer {token}"})


def persons(sandbox: Sandbox, **query: Any) -> dict[str, dict[str, Any]]:
    """Return one page of persons with their groups, by id."""
    query = {"fields": "id,groupIds,startDateOrg,endDateOrg", "limit": 1000} | query
    rows = charthop(sandbox, "/v2/org/{org}/person", **query).json()["data"]
    return {row["id"]: row for row in rows}


def halo_token(sandbox: Sandbox, **form: str) -> requests.Response:
    halo = sandbox.company.haloitsm
    known = {"client_id": halo.client_id, "client_secret": halo.client_secret, "scope": "all"}
    known["grant_type"] = "client_credentials"
    return requests.post(f"{sandbox.haloitsm.url}/auth/token", data=known | form)


def halo(
    sandbox: Sandbox, path: str, body: Any = None, scope: str = "all", **query: Any
) -> requests.Response:
    """Send a request with a fresh token: a GET, or a POST when there is a body."""
    token = halo_token(sandbox, scope=scope).json()["access_token"]
    return requests.request(
        "GET" if body is None else "POST",
        f"{sandbox.haloitsm.url}/api/{path}",
        params=query,
        json=body,
        headers={"Authorization": f"Bearer {token}"},
    )


# --- ChartHop


def test_charthop_lists_only_who_is_employed_unless_asked(sandbox):
    """ChartHop lists only people who are employed, unless the query asks for all.

    Nora (2) has left, Theo (6) starts in 2099, Edith (31) never had a job.
    """
    hidden = {charthop_id("person", number) for number in (2, 6, 17, 31)}

    assert set(sandbox.company.charthop.persons) - hidden == set(persons(sandbox))
    assert set(sandbox.company.charthop.persons) == set(persons(sandbox, includeAll="true"))


def test_charthop_groups_belong_to_the_job_of_that_day(sandbox):
    """ChartHop's groups belong to the job that a person holds on the requested day.

    Nora's groups ended with her job; Ada joined Platform On-call on 5 January 2026.
    """
    nora, ada = charthop_id("person", 2), charthop_id("person", 4)
    on_call, old_ops = charthop_id("group", 21), charthop_id("group", 41)

    before = persons(sandbox, date="2026-01-04", includeAll="true")
    after = persons(sandbox, date="2026-04-01", includeAll="true")

    assert len(before[nora]["groupIds"]) == 3
    assert "groupIds" not in after[nora]
    assert on_call not in before[ada]["groupIds"]
    assert on_call in after[ada]["groupIds"]
    assert old_ops not in after[ada]["groupIds"]  # archived, though her seat still names the group
    assert nora in persons(sandbox, date="2026-03-31")  # the last day is a working day


def test_charthop_shows_the_latest_employment(sandbox):
    """ChartHop shows the latest employment of a person who came back."""
    ivo = charthop_id("person", 7)

    assert persons(sandbox)[ivo]["startDateOrg"] == "2023-02-01"
    assert persons(sandbox, date="2020-01-01")[ivo]["startDateOrg"] == "2018-04-02"
    assert ivo not in persons(sandbox, date="2022-01-01")


@pytest.mark.parametrize("inclusive", [True, False])
def test_charthop_pages_meet_without_a_gap_or_an_overlap(sandbox, inclusive):
    """ChartHop's pages contain every row once, whichever row `next` names."""
    sandbox.company.charthop.switches.inclusive_from = inclusive
    query: dict[str, Any] = {"limit": 10, "includeAll": "true"}
    seen: list[str] = []
    while True:
        body = charthop(sandbox, "/v2/org/{org}/person", **query).json()
        seen += [row["id"] for row in body["data"]]
        if "next" not in body:
            break
        assert (body["next"] in seen) is not inclusive
        query["from"] = body["next"]

    assert sorted(sandbox.company.charthop.persons) == seen


def test_charthop_cuts_a_large_limit_silently_or_refuses_it(sandbox):
    """ChartHop silently reduces a limit above the cap, or refuses it."""
    sandbox.company.charthop.switches.limit_cap = 5
    body = charthop(sandbox, "/v2/org/{org}/person", limit=1000).json()

    assert (len(body["data"]), "next" in body) == (5, True)

    sandbox.company.charthop.switches.over_limit = "400"
    assert charthop(sandbox, "/v2/org/{org}/person", limit=1000).status_code == 400


def test_charthop_refuses_with_code_and_message(sandbox):
    """ChartHop answers errors with a code and a message; paths are never guessed."""
    url = f"{sandbox.charthop.url}/v2/org/lanternfish/person"
    refused = requests.get(url, headers={"Authorization": "Bearer wrong"})

    assert refused.json() == {"code": 401, "message": "Unauthorized"}
    for path in ("/v2/org/somebody-else/person", "/v2/org/{org}/persons", "/v3/org", "/"):
        answer = charthop(sandbox, path)
        assert (answer.status_code, answer.json()["code"]) == (404, 404)
    assert charthop(sandbox, "/v2/org/{org}/person", **{"from": "nobody"}).status_code == 400
    by_id = f"/v2/org/{sandbox.company.charthop.org_id}/person"
    assert charthop(sandbox, by_id).status_code == 200


def test_charthop_says_202_while_it_builds_and_then_answers(sandbox):
    """ChartHop answers 202 without a body while it builds a list, then the list."""
    sandbox.company.charthop.switches.building_answers = 2
    answers = [charthop(sandbox, "/v2/org/{org}/group") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 200]
    assert answers[0].content == b""


def test_charthop_group_ids_can_be_missing_from_the_list_alone(sandbox):
    """ChartHop's list of persons may lack group ids that single persons and jobs have."""
    sandbox.company.charthop.switches.list_has_group_ids = False
    ada = charthop_id("person", 4)
    single = charthop(sandbox, f"/v2/org/{{org}}/person/{ada}", fields="groupIds").json()
    jobs = charthop(sandbox, "/v2/org/{org}/job", fields="id,personId,groupIds").json()["data"]

    assert not any("groupIds" in row for row in persons(sandbox).values())
    assert list(single) == ["groupIds"]  # the query did not name `id`
    assert single["groupIds"] in [job["groupIds"] for job in jobs if job.get("personId") == ada]
    assert any("personId" not in job and job["groupIds"] for job in jobs)  # the open seat


def test_charthop_groups_are_current_archived_or_future(sandbox):
    """ChartHop filters groups by current, archived and future; the default is current."""
    shown = {
        which: {
            row["name"]
            for row in charthop(sandbox, "/v2/org/{org}/group", timeFilter=which).json()["data"]
        }
        for which in ("CURRENT", "ARCHIVED", "FUTURE", "ALL")
    }

    assert ({"Old Ops"}, {"Lisbon"}) == (shown["ARCHIVED"], shown["FUTURE"])
    assert shown["ALL"] - shown["CURRENT"] == {"Old Ops", "Lisbon"}
    default = charthop(sandbox, "/v2/org/{org}/group").json()["data"]
    assert shown["CURRENT"] == {row["name"] for row in default}


def test_charthop_a_removed_member_leaves_a_trace(sandbox):
    """A removed member leaves the group from that day on, and a change records the removal."""
    ada, group = charthop_id("person", 4), charthop_id("group", 21)
    events = len(sandbox.company.charthop.events)
    url = f"{sandbox.charthop.url}/v2/org/lanternfish/group/{group}/removemembers"
    answer = requests.patch(
        url,
        params={"date": "2026-05-01"},
        json={"jobIds": [charthop_id("job", 4)]},
        headers={"Authorization": f"Bearer {sandbox.company.charthop.token}"},
    )

    assert answer.status_code == 204
    assert group in persons(sandbox, date="2026-04-30")[ada]["groupIds"]
    assert group not in persons(sandbox, date="2026-05-01")[ada]["groupIds"]
    assert len(sandbox.company.charthop.events) > events
    changes = charthop(sandbox, "/v1/org/{org}/change", date="2026-05-01").json()["data"]
    assert changes[0]["update"]["removeGroupIds"] == [group]


def test_charthop_today_can_be_any_day(sandbox):
    """ChartHop's lists follow its own date: people and groups of 2099 appear in 2099."""
    sandbox.company.charthop.fixed_today = date(2099, 6, 1)

    assert charthop_id("person", 6) in persons(sandbox)
    lisbon = charthop(sandbox, "/v2/org/{org}/group", search="lisbon").json()["data"]
    assert len(lisbon) == 1


# --- HaloITSM


def test_halo_hides_special_agents_unless_asked(sandbox):
    """HaloITSM hides disabled, API and Unassigned agents unless the query asks for them."""
    shown = {agent["id"] for agent in halo(sandbox, "Agent").json()}
    everyone = {agent["id"] for agent in halo(sandbox, "agent", **ALL_AGENTS).json()}

    assert everyone - shown == {2, 9, 27}  # the API agent, Ivo's first one, Olu
    assert set(sandbox.company.haloitsm.agents) - everyone == {1}


def test_halo_pages_only_when_asked_and_never_more_than_the_cap(sandbox):
    """HaloITSM pages only on request, caps a page silently, and old builds never page."""
    sandbox.company.haloitsm.switches.page_cap = 4
    ask = ALL_AGENTS | {"pageinate": "true", "page_size": "500", "order": "id"}
    pages = [halo(sandbox, "Agent", **ask, page_no=number).json() for number in (1, 2, 99)]

    assert [len(page["results"]) for page in pages] == [4, 4, 0]
    assert {15} == {page["record_count"] for page in pages}
    bare = halo(sandbox, "Agent", **ALL_AGENTS, page_size=2, page_no=2).json()
    assert len(bare) == 15

    sandbox.company.haloitsm.switches.build = "old"
    assert len(halo(sandbox, "Agent", **ask, page_no=1).json()) == 15


def test_halo_a_team_row_may_be_no_membership(sandbox):
    """A HaloITSM row with a team may be no membership, or may come from a role.

    Sam (25) only has settings for the Service Desk. Ada (14) is an approver, and so in Change
    Board.
    """
    rows = {agent["id"]: agent for agent in halo(sandbox, "Agent", **ALL_AGENTS).json()}
    sam = {row["team_name"]: row for row in rows[25]["teams"]}
    ada = {row["team_name"]: row for row in rows[14]["teams"]}
    desk = halo(sandbox, "Team/1", includeagents="true").json()["agents"]

    assert (sam["Network"]["in_section"], sam["Service Desk"]["in_section"]) == (True, False)
    assert ada["Change Board"]["role_id"] == role_id(3)
    assert "role_id" not in ada["Service Desk"]
    assert 25 in {row["agent_id"] for row in desk if not row["in_section"]}
    assert 25 not in {a["id"] for a in halo(sandbox, "Agent", team_id=1).json()}


def test_halo_builds_may_keep_memberships_elsewhere(sandbox):
    """HaloITSM builds whose lists lack memberships have them in the details."""
    switches = sandbox.company.haloitsm.switches
    switches.list_has_teams, switches.list_roles = False, "role_list"
    rows = {agent["id"]: agent for agent in halo(sandbox, "Agent", **ALL_AGENTS).json()}
    approvers = halo(sandbox, "Agent", role=3).json()

    assert not any("teams" in row or "roles" in row for row in rows.values())
    assert rows[13]["role_list"] == "Auditor, read only"
    assert {14, 30} == {agent["id"] for agent in approvers}
    detail = halo(sandbox, "Agent/14", includedetails="true").json()
    assert {"Technician", "Change Approver"} == {role["name"] for role in detail["roles"]}


def test_halo_tokens_are_checked_and_run_out(sandbox):
    """HaloITSM refuses wrong clients, scopes, grant types, expired tokens and missing rights."""
    assert halo_token(sandbox, client_secret="wrong").json()["error"] == "invalid_client"
    assert halo_token(sandbox, scope="read:agents").json()["error"] == "invalid_scope"
    assert halo_token(sandbox, grant_type="password").json()["error"] == "unsupported_grant_type"
    assert requests.get(f"{sandbox.haloitsm.url}/api/Agent").status_code == 401
    assert requests.get(f"{sandbox.haloitsm.url}/API/authinfo").status_code == 200

    token = halo_token(sandbox).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    before = requests.get(f"{sandbox.haloitsm.url}/api/Roles", headers=headers)
    sandbox.company.haloitsm.expire_tokens()
    after = requests.get(f"{sandbox.haloitsm.url}/api/Roles", headers=headers)
    assert (before.status_code, after.status_code) == (200, 401)

    sandbox.company.haloitsm.switches.roles_need_admin = True
    assert halo(sandbox, "Roles", scope="read:tickets").status_code == 403
    assert halo(sandbox, "Roles", scope="read:tickets admin").status_code == 200
    assert halo(sandbox, "Tickets", scope="read:customers").status_code == 403


@pytest.mark.parametrize("kept", ["replace", "merge"])
def test_halo_a_post_keeps_what_it_does_not_name(sandbox, kept):
    """A HaloITSM POST keeps what it does not name; builds replace or merge nested arrays.

    Lena (30) has three memberships: two of her own, one of them through a role too.
    """
    sandbox.company.haloitsm.switches.nested_arrays = kept
    answer = halo(sandbox, "Agent", [{"id": 30, "teams": [{"team_id": 2}]}]).json()
    direct = {row["team_id"] for row in answer["teams"] if "role_id" not in row}

    assert direct == ({2} if kept == "replace" else {1, 2, 3})
    assert {3} == {row["team_id"] for row in answer["teams"] if "role_id" in row}
    assert answer["email"] == "lena.fuchs@lanternfish.example"
    assert halo(sandbox, "Agent", [{"id": 4711, "name": "X"}]).status_code == 400
    made = halo(sandbox, "Agent", {"name": "Lena Fuchs"}).json()
    assert made["id"] not in (0, 30)


def test_halo_a_deleted_ticket_is_only_hidden(sandbox):
    """A deleted HaloITSM ticket is hidden from lists and details, and still exists."""
    ask = {"summary": "Remove Olu from Network", "team": "Service Desk", "user_id": 451}
    ticket = halo(sandbox, "Tickets", [ask]).json()
    note = {"ticket_id": ticket["id"], "outcome": "Internal Note", "note": "done"}
    halo(sandbox, "Actions", [note | {"new_status": 24}])
    closed = halo(sandbox, "Tickets", closed_only="true", search="olu").json()["tickets"]
    token = halo_token(sandbox).json()["access_token"]
    url = f"{sandbox.haloitsm.url}/api/Tickets/{ticket['id']}"
    requests.delete(url, headers={"Authorization": f"Bearer {token}"})

    assert ticket["dateclosed"].startswith("1900-01-01")
    assert [ticket["id"]] == [row["id"] for row in closed]
    assert closed[0]["dateclosed"] >= closed[0]["dateoccurred"]
    assert halo(sandbox, f"Tickets/{ticket['id']}").status_code == 404
    assert halo(sandbox, "Tickets").json()["record_count"] == 0
    assert halo(sandbox, "Tickets", deleted="true").json()["record_count"] == 1
    halo(sandbox, "Tickets", [{"id": ticket["id"], "_recover": True}])
    assert halo(sandbox, "Tickets").json()["record_count"] == 1


# --- the company


def test_every_reference_in_a_company_leads_somewhere(sandbox):
    """Every id that a company's rows refer to exists, in invented and generated companies."""
    for made in (sandbox.company, generate(200, groups=20, okta=100)):
        chart, desk, ping, okta = made.charthop, made.haloitsm, made.pingone, made.okta
        for job in chart.jobs.values():
            assert set(job["groupIds"]) <= set(chart.groups)
            assert job.get("managerJobId", job["id"]) in chart.jobs
        for person in chart.persons.values():
            assert {hire["jobId"] for hire in person["hires"]} <= set(chart.jobs)
        for row in desk.memberships:
            assert row["team_id"] in desk.teams
            assert (row["agent_id"] in desk.agents) or row["role_id"] in desk.roles
        assert {guid for _, guid in desk.role_holders} <= set(desk.roles)
        assert len({row["id"] for row in desk.memberships}) == len(desk.memberships)
        for user_id, group_id in ping.members | ping.external_members:
            assert user_id in ping.users
            assert group_id in ping.groups
        for principal, rows in ping.assignments.items():
            assert principal in {**ping.users, **ping.groups, **ping.applications}
            assert {row["role"]["id"] for row in rows} <= set(ping.roles)
        for user_id, group_id in okta.members:
            assert (user_id in okta.users) and (group_id in okta.groups)
        holders = {**okta.users, **okta.groups, **okta.applications}
        assert okta.assignments.keys() <= holders.keys()
        for (set_id, custom), rows in okta.bindings.items():
            assert (set_id in okta.resource_sets) and (custom in okta.roles)
            assert {row["principal"] for row in rows.values()} <= holders.keys()
        assert {app for app, _ in okta.app_users | okta.app_groups} <= okta.applications.keys()
        assert {user for _, user in okta.app_users} <= okta.users.keys()
        assert {group for _, group in okta.app_groups} <= okta.groups.keys()


def test_the_okta_of_the_company_tells_other_stories(sandbox):
    """Nora's account is live, Ivo's is closed and still in groups, and two groups share a name."""
    headers = {"Authorization": f"SSWS {sandbox.company.okta.token}"}

    def ask(path: str) -> Any:
        return requests.get(f"{sandbox.okta.url}/api/v1/{path}", headers=headers).json()

    nora, ivo, grace, paul = (okta_id("user", number) for number in (2, 7, 123, 26))
    assert "ACTIVE" == ask(f"users/{nora}")["status"]
    assert "DEPROVISIONED" == ask(f"users/{ivo}")["status"]
    assert {"Old network", "VPN"} == {row["profile"]["name"] for row in ask(f"users/{ivo}/groups")}
    assert ["SUPER_ADMIN"] == [row["type"] for row in ask(f"users/{grace}/roles")]
    assert "ACTIVE_DIRECTORY" == ask(f"users/{paul}")["credentials"]["provider"]["type"]
    named = ask('groups?search=profile.name eq "Finance"')
    assert {"OKTA_GROUP", "APP_GROUP"} == {row["type"] for row in named}
    users = ask("users?search=status pr")
    wanted = {"STAGED", "PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT"}
    assert wanted | {"SUSPENDED", "DEPROVISIONED"} == {row["status"] for row in users}


def test_a_generated_company_is_the_same_for_the_same_seed():
    """Equal seeds generate equal companies, and other seeds generate others."""
    first, second = (generate(300, okta=50) for _ in range(2))
    other = generate(300, seed=2, okta=50)

    assert first.charthop.persons == second.charthop.persons
    assert first.haloitsm.memberships == second.haloitsm.memberships
    assert first.pingone.members == second.pingone.members
    assert first.okta.members == second.okta.members
    assert first.pingone.members != other.pingone.members


def test_a_kept_page_does_not_outlive_a_write():
    """A write invalidates the cached pages."""
    with Sandbox(generate(50, groups=10)) as sandbox:
        before = halo(sandbox, "Agent", **ALL_AGENTS).json()
        halo(sandbox, "Agent", [{"id": 3, "isdisabled": True, "name": "Changed"}])
        after = halo(sandbox, "Agent", **ALL_AGENTS).json()

    assert "Changed" not in {agent["name"] for agent in before}
    assert "Changed" in {agent["name"] for agent in after}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("department:finance", {3, 8, 27, 30}),
        ("department:finance,security", {3, 8, 23, 22, 26, 27, 30}),
        ("department=Finance && title!=accountant", {3, 30}),
        ("department:finance title:manager", {3}),
        ("department:finance AND !title:accountant,bookkeeper", {3}),
        ("title='VP Engineering' || department:finance title:manager", {3, 5}),
        ("(title:vp || department:finance) && is:manager", {3, 5}),
        ("!(open:filled)", {2, 6, 17, 31}),
        ("endDateOrg<='2025-11-30'", {17}),
        ("endDateOrg>='2025-11-30' && endDateOrg<2026-12-31", {2, 17}),
        ("costCenter:cc-7", {4}),
    ],
)
def test_charthop_answers_carrot(sandbox, query, found):
    """A query gives the people that ChartHop's documentation of Carrot says."""
    org = sandbox.company.charthop
    org.custom_fields.add("costCenter")
    org.persons[charthop_id("person", 4)]["fields"] = {"costCenter": "CC-7"}

    got = persons(sandbox, q=query, includeAll="true")

    assert {charthop_id("person", number) for number in found} == {*got}


@pytest.mark.parametrize(
    "query", ["department:", "(title:vp", "title:vp)", "&& title:vp", "costCentre:7", "title~vp"]
)
def test_charthop_refuses_a_wrong_query(sandbox, query):
    """A query that is not Carrot, or names an unknown field, is a 400 with a sentence."""
    answer = charthop(sandbox, "/v2/org/{org}/person", q=query)

    assert (400, True) == (answer.status_code, "invalid query" in answer.json()["message"])


def test_charthop_may_hide_from_a_query_who_is_not_employed(sandbox):
    """Whether `q` sees leavers and future hires under `includeAll` is not documented."""
    sandbox.company.charthop.switches.query_sees_all = False

    assert {} == persons(sandbox, q="endDateOrg<='2025-11-30'", includeAll="true")


def test_charthop_has_a_catalogue_of_fields(sandbox):
    """The catalogue names built-in fields, those of group types, and custom ones."""
    sandbox.company.charthop.custom_fields.add("costCenter")

    def names(builtin: str) -> set[str]:
        rows = charthop(sandbox, "/v1/org/{org}/field", builtin=builtin).json()["data"]
        return {row["name"] for row in rows}

    assert {"costCenter", "location", "team"} <= names("custom")
    assert names("custom") | names("builtin") == names("all")
