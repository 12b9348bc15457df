"""Facts that a source asks for instead of concluding them, and facts that it reports as unread."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sandbox.company import parts
from tests.sandbox.server import Fault
from tests.support.faults import read_own as read_own
from tests.support.faults import status


def test_a_group_is_archived_when_charthop_says_so(read_own):
    """A group with a deletion date in the future is not archived."""
    org = read_own.sandbox.company.charthop
    archived = {key for key, group in org.groups.items() if group.get("deleteAt")}
    soon = next(key for key in org.groups if key not in archived)
    tomorrow = org.today + timedelta(days=1)
    org.groups[soon] = org.groups[soon] | {"deleteAt": f"{tomorrow}T00:00:00Z"}

    taken = read_own("charthop")

    assert archived == taken.rows["archived_groups"].keys()
    assert soon in taken.rows["groups"]


def test_a_role_without_a_number_is_not_asked_for(read_own):
    """A role with number 0 fails the read, because Halo ignores 0 as a filter."""
    halo = read_own.sandbox.company.haloitsm
    halo.switches.list_roles = "none"
    role = halo.roles[parts.role_id(2)]
    halo.roles[parts.role_id(2)] = role | {"id_int": 0}

    taken = read_own("haloitsm")

    assert (4, True) == (taken.code, "number 0" in taken.failure.why)


@pytest.mark.parametrize("answer", ["held", "none held", "forbidden", "unknown path"])
def test_roles_of_gateways_are_named_as_not_read(read_own, answer):
    """A gateway with a role is reported as unread, and so is an unreadable list of gateways."""
    tenant = read_own.sandbox.company.pingone
    key = "99999999-0000-4000-8000-000000000001"
    tenant.gateways[key] = {"id": key, "name": "RADIUS Oslo", "type": "RADIUS"}
    if answer == "held":
        tenant.assign_role(key, parts.IDENTITY_DATA_ADMIN, "ENVIRONMENT", parts.ENVIRONMENT)
    codes = {"forbidden": 403, "unknown path": 404}
    faults = (
        [Fault(lambda request: request.path.endswith("/gateways"), status(codes[answer]), times=9)]
        if answer in codes
        else []
    )

    taken = read_own("pingone", *faults)

    assert 0 == taken.code, taken.failure
    named = [warning for warning in taken.warnings if "gateway" in warning]
    expected = {"held": "RADIUS Oslo holds 1 role", "none held": ""}.get(answer, "not read")
    assert bool(expected) == bool(named)
    assert all(expected in warning for warning in named)
