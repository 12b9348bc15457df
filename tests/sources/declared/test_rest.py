"""Kind `rest`: an API of lists is read whole through dlt's paginators, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from pipelines.failures import Denied, Failure, Misconfigured, Unreadable
from pipelines.sources.declared.api import ApiKey, Auth
from tests.sandbox.server import Fault, Response, Server
from tests.support.lists_api import TOKEN, ListsApi
from tests.support.systems import DeclaredSystem

PEOPLE = [
    {"id": 1, "name": "Ada Byron", "contact": {"mail": "ada@lanternfish.example"}, "on": True},
    {"id": 2, "name": "Nora Lind", "contact": {"mail": "nora@lanternfish.example"}, "on": False},
    {"id": 3, "name": "Bo Berg", "contact": None, "left": "2026-03-01", "on": True},
    {"id": 4, "name": "Cy Young", "on": True},
    {"id": 5, "name": "Di Moss", "on": True},
]
CURSOR = '{type = "cursor", cursor_path = "meta.next", cursor_param = "cursor"}'
PAGINATORS = {
    "cursor": CURSOR,
    "page": '{type = "page_number", base_page = 1, total_path = "meta.pages"}',
    "offset": '{type = "offset", limit = 2, total_path = "meta.total"}',
    "json_link": '{type = "json_link", next_url_path = "meta.next"}',
    "link": '{type = "header_link"}',
}


@pytest.fixture
def api() -> Iterator[Server]:
    with Server(ListsApi({"/api/people": PEOPLE})) as server:
        yield server


@pytest.fixture
def crm(tmp_path, monkeypatch) -> DeclaredSystem:
    return DeclaredSystem(tmp_path, monkeypatch)


Declare = Callable[..., DeclaredSystem]


@pytest.fixture
def declare(api: Server, crm: DeclaredSystem) -> Declare:
    def write(
        paginator: str = CURSOR, people: str = "", more: str = "", selector: str = "data"
    ) -> DeclaredSystem:
        text = f"""
kind = "rest"
columns = {{account = "id", name = "name"}}
requests_per_second = 1000

[client]
base_url = "{api.url}/api"
auth = "bearer"
paginator = {paginator}

[[resources]]
name = "people"
endpoint = {{path = "people", data_selector = "{selector}"}}
{people}
{more}
"""
        return crm.declare(text, token=TOKEN)

    return write


def refusal(kind: type[Failure], system: DeclaredSystem) -> str:
    """Return the sentence by which a read is refused, after which there is nothing to publish."""
    with pytest.raises(kind) as refused:
        system.read()
    assert refused.value.next
    return f"{refused.value.what}: {refused.value.why}"


@pytest.mark.parametrize("style", PAGINATORS)
@pytest.mark.parametrize("rows", [0, 1, 2, 4, 5])
def test_every_way_of_paging_reads_the_whole_list(api, declare, style, rows):
    """Whatever leads from page to page, all rows come, also if the last page is full or empty."""
    api.vendor.style, api.vendor.lists["/api/people"] = style, PEOPLE[:rows]
    system = declare(
        PAGINATORS[style], "optional = ['id']", selector="$" if style == "link" else "data"
    )

    found = system.read().execute("select id from people").fetchall()

    assert [(str(row["id"]),) for row in PEOPLE[:rows]] == found
    assert rows == system.counters.rows_read["people"]


def test_a_row_becomes_columns_whatever_row_has_them_first(declare):
    """A column is text and an object is JSON, over all pages; what a row lacks is null."""
    found = declare().read()

    sql = """
        select name, contact->>'mail', contact is null, "on", "left" from people where id = '{}'
    """
    expected = {
        1: ("Ada Byron", "ada@lanternfish.example", False, "true", None),
        3: ("Bo Berg", None, True, "true", "2026-03-01"),
    }
    assert expected == {key: found.execute(sql.format(key)).fetchone() for key in expected}
    assert ["VARCHAR", "VARCHAR", "JSON"] == [
        row[1] for row in found.execute("describe people").fetchall()[:3]
    ]


def test_ids_keep_every_digit(api, declare):
    """An id beyond 64 bits is no float, and text stays as it is even if it looks like JSON."""
    long = 123456789012345678901234567890
    api.vendor.lists["/api/people"] = [{"id": long, "name": '{"a": 1}'}, {"id": "007", "name": "x"}]

    rows = declare().read().execute("select id, name from people").fetchall()

    assert [(str(long), '{"a": 1}'), ("007", "x")] == rows


def test_a_field_of_two_kinds_is_text_in_every_row(api, declare):
    """A field that has a word in one row and an object in another leaves the words as they are."""
    api.vendor.lists["/api/people"] = [{"id": "a"}, {"id": {"x": 1}}]

    assert [("a",), ('{"x":1}',)] == declare().read().execute("from people").fetchall()


def test_rows_inside_of_a_list_are_found(declare, api):
    """The nodes of edges, as GraphQL has them, are rows; an edge without a node is refused."""
    edges = [{"node": {"id": 1}}, {"node": {"id": 2}}]
    api.vendor.lists["/api/people"] = {"data": {"edges": edges}}
    system = declare('"single_page"', selector="data.edges[*].node")
    assert [("1",), ("2",)] == system.read().execute("from people").fetchall()

    edges.append({})
    assert "has no list at data.edges[*].node" in refusal(Unreadable, system)


def test_one_object_is_a_row_where_no_page_follows(declare, api):
    """An object in place of a list is a row of a single page only."""
    api.vendor.lists["/api/people"] = {"id": 1}
    system = declare('"single_page"', selector="$")
    assert [("1",)] == system.read().execute("from people").fetchall()

    assert "has no list at $" in refusal(Unreadable, declare(selector="$"))


def test_the_calls_behind_a_list_are_noted(declare):
    """An auditor sees the endpoint and its parameters, and never the credential."""
    system = declare()
    system.read()

    assert {"people": [("GET /api/people", "{}")]} == system.counters.calls
    assert TOKEN not in str(system.counters)


# ---- one list for each row of another


CHILD = """
[[resources]]
name = "roles"
endpoint = {path = "people/{resources.people.id}/roles", data_selector = "data"}
include_from_parent = ["id"]
"""


def with_roles(declare: Declare, api: Server, child: str = CHILD) -> DeclaredSystem:
    for row in PEOPLE:
        roles = [{"role": f"r{number}"} for number in range(row["id"])]
        api.vendor.lists[f"/api/people/{row['id']}/roles"] = roles
    system = declare(more=child)
    path = system.home / "systems" / "crm.toml"
    text = path.read_text().replace('columns = {account = "id", name = "name"}', "")
    mapping = """
[mapping]
accounts = "select id as account_id from people"
entitlements = "select distinct role as entitlement_id from roles"
grants = "select _people_id as account_id, role as entitlement_id from roles"
"""
    path.write_text(text + mapping)
    return system


def test_a_list_for_each_row_of_another(declare, api):
    """Each person's roles are read over all their pages, and name the person."""
    found = with_roles(declare, api).map()

    sql = "select account_id, count(*) from mapped_grants group by all order by all"
    assert [(f"crm:user:{row['id']}", row["id"]) for row in PEOPLE] == found.execute(sql).fetchall()


def test_a_lost_child_is_never_nobody(declare, api):
    """A person who is listed, but whose roles answer 404, refuses the read."""
    system = with_roles(declare, api)
    del api.vendor.lists["/api/people/3/roles"]

    assert "its people 3 is in a list, but the answer was 404" in refusal(Unreadable, system)


def test_an_id_cannot_lead_to_another_path(declare, api):
    """An id with a slash or a question mark stays one part of the path."""
    api.vendor.lists["/api/people"] = [{"id": "a/b?c", "name": "x"}]
    api.vendor.lists["/api/people/a/b?c/roles"] = [{"role": "r"}]
    system = with_roles(declare, api)
    system.read()

    assert "/api/people/a%2Fb%3Fc/roles" in {
        request.path.replace("a/b?c", "a%2Fb%3Fc") for request in api.seen
    }
    assert 1 == system.counters.rows_read["roles"]


@pytest.mark.parametrize("key", [None, "", "..", True, {"a": 1}], ids=str)
def test_a_parent_without_an_id_is_refused(declare, api, key):
    """A null in a path would ask for another thing, so nothing is asked."""
    system = with_roles(declare, api)
    api.vendor.lists["/api/people"] = [{"id": key, "name": "x"}]

    assert "has no id to ask with" in refusal(Unreadable, system)


def test_scalars_of_a_list_become_rows(declare, api):
    """A list of words has one row per word, in the column `value`."""
    api.vendor.lists["/api/people"] = ["admin", "user"]

    assert [("admin",), ("user",)] == declare().read().execute("from people").fetchall()


# ---- what would lose rows


def test_an_answer_without_its_list_is_refused(declare, api):
    """An error with status 200 is no empty list."""
    api.faults.append(Fault(lambda r: True, lambda r, a: Response(200, {"state": "busy"})))

    assert "has no list at data; it has state" in refusal(Unreadable, declare())


def test_an_answer_that_failed_in_part_is_refused(declare, api):
    """Rows beside an error are not all rows, and an empty list that may be missing is none."""
    system = declare(people="may_be_missing = true")
    for body in ({"data": PEOPLE[:1], "errors": [{"message": "timeout"}]}, {"error": "timeout"}):
        api.faults = [Fault(lambda r: True, lambda r, a, body=body: Response(200, body))]
        assert "an answer has an error: " in refusal(Unreadable, system)


def test_a_null_in_place_of_the_list_needs_a_word(declare, api):
    """A null is an empty list only where the file says that it may be."""
    api.vendor.lists["/api/people"] = {"data": None}

    assert "has no list at data" in refusal(Unreadable, declare())
    system = declare(people="may_be_missing = true\noptional = ['id']")
    assert [] == system.read().execute("from people").fetchall()


def test_a_page_that_comes_twice_is_refused(declare, api):
    """A cursor that leads back ends the read."""

    def back(request, answer):
        answer.body["meta"]["next"] = "c0"
        return answer

    api.faults.append(Fault(lambda r: True, back, times=9))

    assert "came before, so the paging goes in a circle" in refusal(Unreadable, declare())


def test_the_declared_total_binds(declare, api):
    """A list that is shorter than its total, in every reading, is refused."""

    def lose(request, answer):
        answer.body["data"] = answer.body["data"][:1]
        return answer

    total = 'total = "meta.total"'
    assert 5 == len(declare(people=total).read().execute("from people").fetchall())
    api.faults.append(Fault(lambda r: "cursor" not in r.query, lose, times=9))

    assert "4 rows came, 5 were declared" in refusal(Unreadable, declare(people=total))


def test_a_total_that_changes_is_read_again(declare, api):
    """Somebody who is added meanwhile leads to a second reading, which is taken."""

    def add(request, answer):
        if len(api.vendor.lists["/api/people"]) == 5:
            api.vendor.lists["/api/people"] = [*PEOPLE, {"id": 6, "name": "New"}]
        return answer

    api.faults.append(Fault(lambda r: True, add))
    system = declare(people='total = "meta.total"\nprimary_key = "id"')

    assert 6 == len(system.read().execute("from people").fetchall())
    assert 6 == system.counters.reported["people"]


def test_a_total_of_the_first_page_is_enough(declare, api):
    """An API that says its total once is held to it all the same."""

    def forget(request, answer):
        del answer.body["meta"]["total"]
        return answer

    api.faults.append(Fault(lambda r: "cursor" in r.query, forget, times=9))
    system = declare(people='total = "meta.total"')
    assert 5 == len(system.read().execute("from people").fetchall())
    assert 5 == system.counters.reported["people"]


@pytest.mark.parametrize(
    ("total", "why"),
    [
        ("meta.count", "no number at meta.count"),
        ("meta.size", "meta.size counts the rows of each page only"),
    ],
)
def test_a_total_that_is_none_is_refused(declare, api, total, why):
    """A total that is missing, or that counts pages, is a mistake of the file."""

    def count(request, answer):
        answer.body["meta"]["size"] = len(answer.body["data"])
        return answer

    api.vendor.lists["/api/people"] = PEOPLE[:4]
    api.faults.append(Fault(lambda r: True, count, times=99))

    assert why in refusal(Failure, declare(people=f'total = "{total}"'))


def test_expected_rows_is_the_least(declare):
    """A list with fewer rows than the file expects is refused."""
    assert declare(people="expected_rows = 5").read()
    assert "expected_rows is 6" in refusal(Unreadable, declare(people="expected_rows = 6"))


def test_an_empty_text_is_no_link(declare, api):
    """APIs that end a list with an empty text for a link are read, too."""

    def end(request, answer):
        answer.body["meta"]["next"] = answer.body["meta"]["next"] or ""
        return answer

    api.vendor.style = "json_link"
    api.faults.append(Fault(lambda r: True, end, times=9))

    found = declare(PAGINATORS["json_link"]).read().execute("from people").fetchall()
    assert 5 == len(found)


def test_a_row_deleted_meanwhile_hides_no_other(declare, api):
    """Pages by number shift when a row goes; without a total, two readings must agree."""

    def delete(request, answer):
        api.vendor.lists["/api/people"] = PEOPLE[1:]
        return answer

    api.vendor.style, api.vendor.says_total = "page", False
    api.faults.append(Fault(lambda r: True, delete))
    system = declare('{type = "page_number", base_page = 1, total_path = ""}', "primary_key = 'id'")

    found = {row[0] for row in system.read().execute("select id from people").fetchall()}
    assert {"2", "3", "4", "5"} == found


def test_pages_smaller_than_the_limit_are_refused(declare, api):
    """Steps of 50 over pages of 2 would leave out 48 rows each time."""
    api.vendor.style = "offset"
    system = declare('{type = "offset", limit = 3, total_path = "meta.total"}')

    assert "a page has 2 rows, 3 were asked for, and more follow" in refusal(Unreadable, system)


def test_more_that_nothing_leads_to_is_refused(declare, api):
    """An answer that says that there are more, and names no cursor, is cut short."""

    def lose(request, answer):
        answer.body["meta"]["next"] = None
        return answer

    api.faults.append(Fault(lambda r: True, lose))
    system = declare(CURSOR[:-1] + ', has_more_path = "meta.more"}')

    assert "meta.more says that there are more" in refusal(Unreadable, system)


def test_a_cursor_that_was_renamed_is_noticed(declare, api):
    """A list that had many pages does not end after the first one because its link is gone."""
    system = declare()
    system.read()
    api.vendor.lists["/api/people"] = PEOPLE[:2]
    assert 2 == len(system.read().execute("from people").fetchall())  # says that it ends

    system = declare()
    api.vendor.lists["/api/people"] = PEOPLE
    system.read()
    api.vendor.leaves_out_end, api.vendor.lists["/api/people"] = True, PEOPLE[:2]

    assert "nothing leads to a second one now" in refusal(Unreadable, system)


def test_a_round_number_of_rows_is_said(declare, api):
    """A first page of exactly 100 rows, without a word about its end, is a warning."""
    api.vendor.size, api.vendor.leaves_out_end = 100, True
    api.vendor.lists["/api/people"] = [{"id": number, "name": "x"} for number in range(100)]
    system = declare()
    system.read()

    [warning] = system.counters.warnings
    assert "exactly 100 rows" in warning and "meta.next" in warning


def test_an_answer_that_lacks_the_paging_names_nobody(declare, api):
    """dlt would quote the whole answer; the refusal names the place only."""
    api.vendor.style, api.vendor.says_total = "offset", False
    why = refusal(Unreadable, declare(PAGINATORS["offset"]))

    assert "an answer does not have meta.total" in why and "Ada" not in why


def test_the_same_id_with_two_rows_is_refused(declare, api):
    """A primary key that comes twice with different rows is no list, in any reading."""
    api.vendor.lists["/api/people"] = [*PEOPLE, {"id": 1, "name": "Eve"}]

    assert "came twice with different rows: 1" in refusal(
        Unreadable, declare(people="primary_key = 'id'")
    )
    api.vendor.lists["/api/people"] = [{"name": "Eve"}]
    assert "no id, which is its primary key" in refusal(
        Unreadable, declare(people="primary_key = 'id'")
    )


def test_names_that_differ_in_case_are_refused(declare, api):
    """SQL cannot tell `Id` and `id` apart, so one would be lost."""
    api.vendor.lists["/api/people"] = [{"id": 1, "Id": 2}]

    assert "the fields id and Id" in refusal(Failure, declare())


def test_an_empty_list_keeps_its_columns(declare, api):
    """A list whose last row is gone has the columns of the read before; a first one needs them."""
    system = declare()
    system.read()
    api.vendor.lists["/api/people"] = []
    assert [] == system.read().execute("select name from people").fetchall()

    system.facts = {}
    assert "its list is empty" in refusal(Misconfigured, system)


# ---- signing in, and the network


def test_each_way_of_signing_in_is_sent(api, crm):
    """The credential of the settings is where the file says, and never twice in a query."""
    ways = {
        'auth = "bearer"': (
            {"token": TOKEN},
            lambda r: f"Bearer {TOKEN}" == r.headers["authorization"],
        ),
        'auth = {type = "api_key", name = "X-Key"}': (
            {"api_key": "key-1234"},
            lambda r: r.headers.get("x-key") == "key-1234",
        ),
        'auth = {type = "api_key", name = "key", location = "query"}': (
            {"api_key": "key-1234"},
            lambda r: r.query.pop("key", "") == "key-1234",
        ),
        'auth = {type = "http_basic", username = "rollcall"}': (
            {"password": "pass word"},
            lambda r: r.headers["authorization"] == "Basic cm9sbGNhbGw6cGFzcyB3b3Jk",
        ),
        f'auth = {{type = "oauth2_client_credentials", access_token_url = "{api.url}/token"}}': (
            {"client_id": "client-1", "client_secret": "secret-1"},
            lambda r: f"Bearer {TOKEN}" == r.headers["authorization"],
        ),
    }
    for way, (secrets, credential) in ways.items():
        api.vendor.credential = credential
        crm.declare(
            f"""
kind = "rest"
columns = {{account = "id"}}
client = {{base_url = "{api.url}/api", {way}, paginator = {CURSOR}}}
resources = [{{name = "people", endpoint = {{path = "people", data_selector = "data"}}}}]
""",
            **secrets,
        )
        assert 5 == len(crm.read().execute("from people").fetchall()), way


def test_a_key_in_the_query_is_sent_once():
    """A call that is tried again is signed again, and has the key once."""
    key = ApiKey("key-1234", Auth(type="api_key", name="key", location="query"), "")
    request = requests.Request("GET", "https://crm.example/people", params={"page": 1}).prepare()
    key.sign(request)
    key.sign(request)

    assert "https://crm.example/people?page=1&key=key-1234" == request.url


def test_a_refused_credential_names_the_setting(declare, api):
    """A 401 says which setting to set again, and a 404 which entry of the file to check."""
    system = declare()
    system.patch.setenv("SOURCES__CRM__TOKEN", "wrong-token")
    with pytest.raises(Denied) as denied:
        system.read()
    assert "set SOURCES__CRM__TOKEN again" == denied.value.next

    system.patch.setenv("SOURCES__CRM__TOKEN", TOKEN)
    del api.vendor.lists["/api/people"]
    with pytest.raises(Unreadable) as lost:
        system.read()
    assert f"check client.base_url in {system.home}/systems/crm.toml" == lost.value.next


def test_a_link_to_another_host_is_not_followed(declare, api):
    """A next link with another origin ends the read, before the credential leaves."""
    api.vendor.style = "json_link"

    def elsewhere(request, answer):
        answer.body["meta"]["next"] = "http://127.0.0.1:9/api/people?after=2"
        return answer

    api.faults.append(Fault(lambda r: True, elsewhere))

    assert "requests go to http://127.0.0.1" in refusal(
        Unreadable, declare(PAGINATORS["json_link"])
    )


def test_a_list_can_be_asked_for_by_post(declare, api, crm):
    """A search takes its cursor in the body, as dlt's users write it."""
    crm.declare(
        f"""
kind = "rest"
columns = {{account = "id"}}
[client]
base_url = "{api.url}"
auth = "bearer"
paginator = {{type = "cursor", cursor_path = "meta.next", cursor_body_path = "cursor"}}
[[resources]]
name = "people"
[resources.endpoint]
path = "api/people"
method = "POST"
json = {{active = true}}
data_selector = "data"
""",
        token=TOKEN,
    )

    assert 5 == len(crm.read().execute("from people").fetchall())
    assert [("POST /api/people", '{"json": {"active": true}}')] == crm.counters.calls["people"]


def test_a_probe_reads_one_page(declare):
    """`check` says how many rows the first page has, and how many the list."""
    into = declare(people='total = "meta.total"').connect()
    [probe] = into.system.declaration.find_probes(into)

    assert ("people", "2 rows on the first page, 5 in all") == (probe.what, probe.call())
    assert 1 == into.counters.requests


# ---- mistakes of the file


WRONG = {
    "no path": ('paginator = {type = "cursor", cursor_path = "a.."}', "its paginator"),
    "guess": ('paginator = "auto"', "to guess how the pages of a list follow each other"),
    "cut": (
        'paginator = {type = "page_number", maximum_page = 3}',
        "maximum_page cannot be used: it would leave out what comes later",
    ),
    "unknown": ('paginator = {type = "cursor", cursor = "x"}', "its paginator"),
    "page": (
        'paginator = {type = "page_number", page = 1}',
        "say where pages begin with base_page",
    ),
    "secret header": (
        'headers = {"X-Api-Key" = "abc"}',
        'write auth = {type = "api_key", name = "X-Api-Key"} in the client',
    ),
    "unfit": ('auth = {type = "bearer", location = "query"}', "bearer has no entry location"),
    "no token": ('auth = "oauth2_client_credentials"', "access_token_url is missing"),
    "token": ('auth = {type = "bearer", token = "abc"}', "a secret does not belong in this file"),
    "query": (
        'base_url = "https://crm.example/v1?key=abc"',
        "write what follows the question mark",
    ),
    "no address": ('base_url = "ftp://crm.example"', "https:// address"),
}


@pytest.mark.parametrize("entry", WRONG)
def test_a_wrong_client_is_one_sentence(declare, entry):
    """An entry of the client that would lose rows, or that dlt refuses, says so."""
    line, why = WRONG[entry]
    system = declare()
    path = system.home / "systems" / "crm.toml"
    name = line.split(" = ")[0]
    given = [one for one in path.read_text().split("\n") if not one.startswith(f"{name} = ")]
    path.write_text("\n".join(given).replace("[client]", f"[client]\n{line}"))

    assert why in refusal(Misconfigured, system)


WRONG_RESOURCES = {
    "incremental": (
        '[resources.endpoint.incremental]\ncursor_path = "x"',
        "incremental cannot be used: every read is whole",
    ),
    "ignored": (
        '[[resources.endpoint.response_actions]]\nstatus_code = 404\naction = "ignore"',
        "response_actions cannot be used: an answer that is ignored would look like a removal",
    ),
    "twice": ('[[resources]]\nname = "people"', "already defined"),
    "parent": (
        '[[resources]]\nname = "x"\nendpoint = {path = "x/{resources.nobody.id}"}',
        "non existing parent resource",
    ),
    "selector": (
        '[[resources]]\nname = "x"\nendpoint = {path = "x", data_selector = "a..b"}',
        "it must lead to one place",
    ),
    "no selector": ('[[resources]]\nname = "x"', "nothing says where its rows are"),
    "misspelt": ('[[resources]]\nname = "x"\ntotals = "y"', "unknown name"),
    "secret": ('[[resources]]\nname = "x"\nendpoint.params = {api_key = "k"}', "a secret"),
}


@pytest.mark.parametrize("entry", WRONG_RESOURCES)
def test_a_wrong_resource_is_one_sentence(declare, entry):
    """What a whole read cannot keep is refused before any request, with its reason."""
    more, why = WRONG_RESOURCES[entry]
    system = declare(more=more)
    if entry in ("incremental", "ignored"):
        path = system.home / "systems" / "crm.toml"
        inline = 'endpoint = {path = "people", data_selector = "data"}'
        path.write_text(path.read_text().replace(inline, ""))

    assert why in refusal(Misconfigured, system)
