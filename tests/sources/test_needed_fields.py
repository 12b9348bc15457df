"""`check` warns of rows that a sync could not use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.server import Fault
from tests.support.faults import then

LISTS = [
    ("charthop", "/person"),
    ("charthop", "/group-type"),
    ("haloitsm", "/api/Agent"),
    ("haloitsm", "/api/Roles"),
    ("okta", "/users"),
    ("okta", "/groups"),
    ("pingone", "/users"),
    ("pingone", "/roles"),
]


def without(*names: str) -> Any:
    """Return an effect that removes these fields from every object of the answer."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(inner) for key, inner in value.items() if key not in names}
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    return then(strip)


@pytest.mark.parametrize(("source", "path"), LISTS, ids=str)
def test_check_fails_where_a_sync_cannot_use_the_rows(rollcall, source, path):
    """Rows without their id fail `check` as they fail a sync."""
    server = getattr(rollcall.sandbox, source)
    server.faults = [
        Fault(lambda request: request.path.endswith(path), without("id"), times=10_000)
    ]

    checked = rollcall.run("check", source, "--json")
    synced = rollcall.run("sync", source)

    failed = [one for one in checked.document["findings"] if one["verdict"] == "fail"]
    assert (4, 4, 1) == (checked.code, synced.code, len(failed))
    for said in (failed[0]["why"], synced.err):
        assert "a row lacks the required field `id`" in said


@pytest.mark.parametrize(
    ("source", "path", "field"),
    [
        ("haloitsm", "/api/Agent", "isdisabled"),
        ("okta", "/users", "status"),
        ("pingone", "/users", "enabled"),
    ],
)
def test_check_warns_of_a_needed_field_that_no_row_has(rollcall, source, path, field):
    """`check` names a field that decides a status and is in no row, and the right for it."""
    server = getattr(rollcall.sandbox, source)
    server.faults = [
        Fault(lambda request: request.path.endswith(path), without(field), times=10_000)
    ]

    found = rollcall.run("check", source, "--json").document["findings"]

    [warning] = [one for one in found if field in one["why"] and one["verdict"] == "warn"]
    assert "give the credential" in warning["next"]
