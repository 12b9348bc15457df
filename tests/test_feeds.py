"""ChartHop's events are kept as evidence, from the first sync on, and never decide anything."""

from __future__ import annotations

import pytest
import requests

from tests.conftest import Rollcall
from tests.oracle import charthop
from tests.test_sync import published_grants


def move_somebody(rollcall: Rollcall) -> None:
    """Take the first person with a group out of it, as an administrator of ChartHop would."""
    org = rollcall.sandbox.company.charthop
    job, group = next((key, row["groupIds"][0]) for key, row in org.jobs.items() if row["groupIds"])
    answer = requests.patch(
        f"{rollcall.sandbox.charthop.url}/v2/org/{org.slug}/group/{group}/removemembers",
        json={"jobIds": [job]},
        headers={"Authorization": f"Bearer {org.token}"},
        timeout=5,
    )
    assert answer.ok, answer.text


@pytest.mark.parametrize("spelling", ["iso", "epoch"])
def test_events_since_the_first_sync_are_kept_once(rollcall, spelling):
    org = rollcall.sandbox.company.charthop
    org.switches.event_from = spelling
    rollcall.sync("charthop")
    assert [] == rollcall.rows("from raw_charthop.events")

    move_somebody(rollcall)
    rollcall.sync("charthop")
    rollcall.sync("charthop")

    kept = rollcall.column("select id from raw_charthop.events")
    assert kept and len(kept) == len({*kept})
    assert charthop(org).grants() == published_grants(rollcall)


def test_a_closed_feed_costs_nothing_but_itself(rollcall):
    rollcall.sync("charthop")
    rollcall.sandbox.company.charthop.switches.forbidden = {"event"}

    result = rollcall.sync("charthop")

    assert "events cannot be read" in result.err
    assert ["complete"] == rollcall.column("select distinct status from runs")
