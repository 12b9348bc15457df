"""ChartHop's events are kept as evidence from the first sync on, and never decide anything."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.charthop import feeds
from tests.support.oracle import charthop
from tests.support.product import Rollcall
from tests.sync.test_sync import published_grants

OURS = "source_name = 'charthop'"


def move_somebody(rollcall: Rollcall) -> None:
    """Remove the first person with a group from it, as an administrator of ChartHop would."""
    org = rollcall.sandbox.company.charthop
    job, group = next((key, row["groupIds"][0]) for key, row in org.jobs.items() if row["groupIds"])
    answer = requests.patch(
        f"{rollcall.sandbox.charthop.url}/v2/org/{org.slug}/group/{group}/removemembers",
        json={"jobIds": [job]},
        headers={"Authorization": f"Bearer {org.token}"},
        timeout=5,
    )
    assert answer.ok, answer.text


@pytest.mark.long
def test_events_are_kept_once_and_date_grants(rollcall, published):
    """Each event is kept once, and a grant is dated by the change that gave it.

    Events add when and by whom a grant was made. Without a new event, no change is requested. Both
    formats of the time are understood.
    """
    org = rollcall.has(published).sandbox.company.charthop
    assert [] == rollcall.rows("from raw_charthop.events")
    assert [] == rollcall.rows(f"from grants where granted_at is not null and {OURS}")
    person = next(key for key in sorted(org.persons) if org.group_ids(key))
    job, held = org.persons[person]["hires"][-1]["jobId"], org.group_ids(person)
    group = next(
        row
        for key, row in sorted(org.groups.items())
        if key not in held and not row.get("deleteAt") and "startsOn" not in row
    )
    feeds.move(org, job, group, add=True, on=org.today)
    rollcall.sync("charthop")

    at = max(row["at"] for row in org.events.values() if row["entityType"] == "CHANGE")
    dated = (
        "select account_id, entitlement_id, granted_by,"
        " strftime(granted_at, '%Y-%m-%dT%H:%M:%SZ') as at"
        f" from grants where granted_at is not null and {OURS}"
    )
    expected = {
        "account_id": f"charthop:person:{person}",
        "entitlement_id": f"charthop:group:{group['id']}:member",
        "granted_by": f"charthop:user:{org.user_id}",
        "at": at,
    }
    assert [expected] == rollcall.rows(dated)

    rollcall.sandbox.charthop.log.clear()
    org.switches.event_from = "epoch"
    rollcall.sync("charthop")
    assert 0 == rollcall.sandbox.charthop.count(contains="/change/")
    assert [expected] == rollcall.rows(dated)
    kept = rollcall.column("select id from raw_charthop.events")
    assert kept and len(kept) == len({*kept})
    assert charthop(org).grants() == published_grants(rollcall, OURS)


@pytest.mark.long
@pytest.mark.parametrize("closed", ["event", "change"])
def test_a_closed_feed_costs_nothing_but_itself(rollcall, published, closed):
    """A forbidden feed costs only its own data: the sync completes with a warning."""
    rollcall.has(published).sandbox.company.charthop.switches.forbidden = {closed}
    move_somebody(rollcall)

    result = rollcall.sync("charthop")

    assert f"{closed}s cannot be read" in result.err
    assert ["complete"] == rollcall.column("select distinct status from runs")
    assert charthop(rollcall.sandbox.company.charthop).grants() == published_grants(rollcall, OURS)
