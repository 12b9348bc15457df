"""Insert wanted changes into the marts, and give Rollcall the right to make them."""

from __future__ import annotations

from contextlib import AbstractContextManager

import duckdb

from pipelines.sources.writer import Change
from pipelines.warehouse import publish
from tests.support.product import Rollcall

COLUMNS = [*Change.__dataclass_fields__, "blocked_because"]
FROM_GRANTS = """
    sha256(concat('{action}', grant_id)) as change_id, '{action}' as action, 'api' as channel,
    grants.source_name, grants.source_name as through, grants.account_id, grants.entitlement_id,
    scope_type, scope_id, grant_id, source_grant_id, 'decision' as reason_kind,
    concat('q4/', left(sha256(grant_id), 8)) as reason_id, 'not needed' as reason,
    'joan.diaz@lanternfish.example' as approved_by, 'q4' as campaign,
    left(sha256(grant_id), 8) as item_id, 'grant' as inverse_action,
    accounts.display_name as account_name, entitlements.display_name as entitlement_name,
    accounts.person_id, username as account_username, accounts.created_at as account_created_at,
    resource_name
    from grants join accounts using (account_id) join entitlements using (entitlement_id)
"""
DIRECT = """
    grants.source_name = 'pingone' and resource_type = 'group' and is_direct and not is_inherited
    and entitlements.change_channel = 'api'
"""


def wants(
    rollcall: Rollcall, where: str = DIRECT, count: int = 6, action: str = "revoke", **instead: str
) -> None:
    """Publish wanted changes for so many of the grants that match `where`.

    `instead` maps a column to the SQL of another value.
    """
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        kinds = dict.fromkeys(COLUMNS, "varchar") | {"account_created_at": "timestamptz"}
        columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        connection.execute(f"create or replace table planned_changes ({columns})")
        connection.execute(
            "insert into planned_changes by name select"
            f" {FROM_GRANTS.format(action=action)} where {where} order by grant_id limit {count}"
        )
        for name, value in instead.items():
            connection.execute(f"update planned_changes set {name} = {value}")
        connection.execute("checkpoint")
    rollcall.warehouse.chmod(0o400)


def may_write(rollcall: Rollcall) -> Rollcall:
    """Give Rollcall write credentials of its own, without any waiting; return the same Rollcall."""
    rollcall.environment |= rollcall.sandbox.write_environment() | {
        **{
            f"PROVISION__{source}__{name}": "0"
            for source in ("HALOITSM", "OKTA", "PINGONE")
            for name in ("REQUESTS_PER_SECOND", "SETTLE_SECONDS")
        },
        "APPLY__CHANGES_PER_SECOND": "0",
        "APPLY__SETTLE_SECONDS": "0",
        "PLAN__MAX_PERCENT_OF_HOLDERS": "100",
    }
    return rollcall


def busy(rollcall: Rollcall) -> AbstractContextManager[object]:
    """Hold the warehouse's lock like a running sync, so that results are recorded later."""
    return publish.lock_warehouse(rollcall.warehouse)


def many(rollcall: Rollcall, count: int) -> None:
    """Publish many wanted changes: alternately a membership to revoke and a ticket to open.

    Tickets are for changes that only people can make.
    """
    pingone = rollcall.sandbox.company.pingone
    group = next(key for key, one in pingone.groups.items() if one["name"] == "VPN")
    some = next(iter(pingone.users.values()))
    rows = []
    for number in range(count):
        said = dict.fromkeys(COLUMNS) | {"change_id": f"{number:064x}", "reason_kind": "decision"}
        said |= {"reason_id": f"q4/{number}", "reason": "not needed", "account_name": "Somebody"}
        if number % 2:
            said |= {
                "action": "open_ticket",
                "channel": "ticket",
                "wanted_action": "revoke",
                "source_name": "haloitsm",
                "through": "haloitsm",
                "inverse_action": None,
                "account_id": "haloitsm:agent:19",
                "entitlement_name": f"Network {number}",
                "entitlement_id": f"haloitsm:team:{number}:member",
            }
        else:
            key = f"ffffffff-0000-4000-8000-{number:012x}"
            pingone.users[key] = some | {"id": key, "username": f"user.{number}"}
            pingone.add_member(key, group)
            said |= {
                "action": "revoke",
                "channel": "api",
                "source_name": "pingone",
                "through": "pingone",
                "inverse_action": "grant",
                "resource_name": "VPN",
                "account_id": f"pingone:user:{key}",
                "account_username": f"user.{number}",
                "entitlement_id": f"pingone:group:{group}:member",
            }
        rows.append([said[name] for name in COLUMNS])
    wants(rollcall, count=0)
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        places = ", ".join("?" * len(COLUMNS))
        names = ", ".join(COLUMNS)
        connection.executemany(f"insert into planned_changes ({names}) values ({places})", rows)
        connection.execute("checkpoint")
    rollcall.warehouse.chmod(0o400)
