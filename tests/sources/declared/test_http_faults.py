"""Any fault at any request of a REST API or a SCIM server: the truth comes, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.failures import Failure
from tests.sandbox import scim
from tests.sandbox.server import Fault, Server
from tests.support import lists_api
from tests.support.faults import broken_gzip, cut, marked, status, then
from tests.support.systems import DeclaredSystem

USERS = [{"id": key, "name": f"Person {key}"} for key in "abc"]
REST = """
kind = "rest"
requests_per_second = 1000

[client]
base_url = "{url}"
auth = "bearer"
paginator = {{type = "cursor", cursor_path = "meta.next", cursor_param = "cursor"}}

[resource_defaults]
endpoint = {{data_selector = "data"}}
total = "meta.total"

[[resources]]
name = "users"
primary_key = "id"

[[resources]]
name = "roles"
endpoint = {{path = "users/{{resources.users.id}}/roles"}}
include_from_parent = ["id"]

[mapping]
accounts = "select id as account_id, name as display_name from users"
entitlements = "select distinct role as entitlement_id from roles"
grants = "select _users_id as account_id, role as entitlement_id from roles"
"""
SCIM = 'kind = "scim"\nbase_url = "{url}/scim/v2"\nrequests_per_second = 1000\n'
ROWS = ("data", "Resources")  # where an answer has them


def change_rows(change: Callable[[list[Any]], list[Any]]) -> Any:
    """Return a fault that changes the rows of an answer, and nothing that it says of them."""
    return then(
        lambda body: {key: change(value) if key in ROWS else value for key, value in body.items()}
    )


def lose_link(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("meta"):
        body["meta"]["next"] = None
    body.pop("nextCursor", None)
    return body


EFFECTS = {
    "half of the answer": cut,
    "a broken answer": broken_gzip,
    "another encoding": marked,
    "busy": status(503),
    "gone": status(404),
    "forbidden": status(403),
    "an error with status 200": then(lambda body: {"error": "busy"}),
    "nothing": then(lambda body: {}),
    "a bare list": then(lambda body: []),
    "null": then(lambda body: None),
    "no rows": change_rows(lambda rows: []),
    "null for rows": change_rows(lambda rows: None),
    "a row less": change_rows(lambda rows: rows[:-1]),
    "a row twice": change_rows(lambda rows: [*rows, *rows[:1]]),
    "rows without ids": change_rows(lambda rows: [{"x": 1} for _ in rows]),
    "no link": then(lose_link),
}


def serve_rest() -> Server:
    lists: dict[str, Any] = {"/users": USERS}
    for user in USERS:
        lists[f"/users/{user['id']}/roles"] = [{"role": "reader"}, {"role": user["id"]}]
    return Server(lists_api.ListsApi(lists))


def serve_scim() -> Server:
    server = scim.ScimServer(largest_page=2, lists_members=False, takes_attributes=False)
    for key in "abc":
        server.add_user(key, active=True)
    server.add_group("readers", "a", "b", "c")
    server.add_group("writers", "a")
    return Server(server)


KINDS = {"rest": (REST, serve_rest, lists_api.TOKEN), "scim": (SCIM, serve_scim, scim.TOKEN)}
# the faults of SCIM belong to the long suite
FAULTY = [pytest.param(kind, marks=[pytest.mark.long] if kind == "scim" else []) for kind in KINDS]


def take(system: DeclaredSystem) -> tuple[list[Any], ...]:
    """Return the accounts and the grants that a read leads to."""
    tables = system.map()
    found = tuple(
        tables.execute(f"select * from mapped_{name} order by all").fetchall()
        for name in ("accounts", "grants")
    )
    tables.close()
    return found


@pytest.mark.parametrize("kind", FAULTY)
@pytest.mark.parametrize("effect", EFFECTS)
def test_a_fault_never_looks_like_a_removal(tmp_path, monkeypatch, kind, effect):
    """One wrong answer, wherever it is, leads to the same tables or to a refusal."""
    text, serve, token = KINDS[kind]
    with serve() as server:
        system = DeclaredSystem(tmp_path, monkeypatch)
        system.declare(text.format(url=server.url), token=token)
        truth = take(system)
        assert 3 == len(truth[0])
        for position in range(len(server.log)):
            fault = Fault(lambda request: True, EFFECTS[effect], after=position)
            server.faults = [fault]
            try:
                assert truth == take(system), position
            except Failure as failure:
                assert failure.code in (2, 3, 4, 5) and failure.next
            assert fault.fired
