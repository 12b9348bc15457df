"""A sync builds only what has changed, and its tables are the same as if all had been built.

ROLLCALL_DAYS=60 makes more random days; the long suite makes them.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.support.all_built import differences, statements_path
from tests.support.counted import count
from tests.support.other_clock import write_site
from tests.support.product import Result, Rollcall
from tests.support.troubles import SOURCES, strike
from tests.support.worlds import World
from tests.support.worlds_okta import CHANGES
from tests.support.worlds_pingone import REMOVABLE

DAYS = int(os.environ.get("ROLLCALL_DAYS", "1"))
TOGETHER = 10  # days of one company, if there are many
SEED = 423  # the first three days of this company have all that is drawn
OPEN = {  # a small company often loses much at once
    "GUARD__REMOVED_SHARE": "1",
    "GUARD__REMOVED_MOST": "9999",
    "GUARD__RESOURCE_SHARE": "1",
}
PUSH_RULES = Path(__file__).parents[1] / "sandbox" / "push" / "okta.toml"
POLICY = """
[leavers]
disable_after_days = {days}

[[exceptions]]
id = "known"
finding = "*"
subject = "{subject}"
reason = "known"
approved_by = "grace.okoye@lanternfish.example"
until = {until}

[[protected]]
id = "*:{protected}"
reason = "of the board"
"""


def write_policy(home: Path, random: Random, today: datetime) -> None:
    """Write one of a few policies, so that an earlier one comes back."""
    text = POLICY.format(
        days=random.choice((0, 30)),
        subject=random.choice(("*", "okta:*")),
        until=(today + timedelta(days=random.choice((-1, 1, 40)))).date(),
        protected=random.choice(("1", "*9")),
    )
    (home / "reviews" / "policy.toml").write_text(text, encoding="utf-8")


def sync_at(rollcall: Rollcall, days: int, **settings: str) -> Result:
    """Run a sync on a machine whose clock is so many days ahead."""
    site = rollcall.home / f"clock{days}"
    if not site.exists():
        write_site(site, days)
    process = rollcall.start("sync", PYTHONPATH=f"{site}:{Path.cwd()}", **settings)
    out, err = process.communicate()
    return Result(process.returncode, out, err)


def companies() -> list[tuple[int, int]]:
    """Return a seed for each company, and the number of its days."""
    return [(SEED + done, min(TOGETHER, DAYS - done)) for done in range(0, DAYS, TOGETHER)]


@pytest.mark.long
@pytest.mark.parametrize(("seed", "days"), companies())
def test_random_days_build_what_all_models_would(rollcall, published, tmp_path, seed, days):
    """After each random day, every table is what a build of all models makes of it.

    People and access change or stay, sources fail, days pass, and policy, settings and push rules
    come and go.
    """
    random, ahead, settings = Random(seed), 0, OPEN
    rollcall.has(published)
    world = World(rollcall.sandbox.company, 90_000)
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "push").mkdir()
    write_policy(rollcall.home, random, datetime.now(UTC))
    assert 0 == sync_at(rollcall, 0, **settings).code
    for day in range(days):
        changes = [
            (random.choice([*CHANGES]), random.randrange(10_000), random.randrange(10_000))
            for _ in range(random.choice((0, 1, 3)))
        ]
        for change in changes:
            world.change(*change)
        ahead += random.choice((0, 1, 1, 30))
        failing = random.choice((*SOURCES, *[""] * 6))
        strike(rollcall.sandbox, {failing: ("404", 0)})
        if random.random() < 0.2:
            settings = OPEN | {"REVIEW__DORMANT_AFTER_DAYS": random.choice(("90", "7"))}
        if random.random() < 0.4:
            write_policy(rollcall.home, random, datetime.now(UTC) + timedelta(days=ahead))
        if random.random() < 0.3:
            (rollcall.home / "push" / "okta.toml").write_bytes(PUSH_RULES.read_bytes())

        result = sync_at(rollcall, ahead, **settings)

        told = f"seed {seed}, day {day}, {changes}, {failing}, {ahead}, {settings}: {result.err}"
        assert result.code in (0, 4, 5), told
        if result.code != 5:
            assert {} == differences(rollcall, tmp_path / f"all {day}", **settings), told
    count("days on which only changes were built", days=days, wrong=0)


def digests(rollcall: Rollcall) -> dict[str, str]:
    rows = rollcall.rows("from built.steps")
    return {row["name"].removeprefix("model.rollcall."): row["digest"] for row in rows}


def test_a_sync_without_changes_builds_little(rollcall, published):
    """Where nothing changed, no dbt starts, no history is compared and no data test runs. Built are
    only the models that read the time of the run."""
    rollcall.has(published).sync()
    before, kept = digests(rollcall), statements_path(rollcall).stat()
    seen_before = max(rollcall.column("select last_seen_at from accounts"))

    rollcall.sync()

    after = digests(rollcall)
    assert (kept.st_ino, kept.st_mtime_ns) == (
        statements_path(rollcall).stat().st_ino,
        statements_path(rollcall).stat().st_mtime_ns,
    )
    assert before.keys() == after.keys() and len(after) > 150
    built = {name for name in after if before[name] != after[name]}
    assert {"source_states", "accounts", "grants"} <= built
    assert len(built) < 30, built
    assert not [name for name in built if name.startswith("test.") or name.endswith("_history")]
    assert {"base_charthop__today"} == {name for name in built if "__" in name}
    assert min(rollcall.column("select last_seen_at from accounts")) > seen_before


def test_a_removal_is_built_without_dbt(rollcall, published, tmp_path):
    """A membership that is removed is gone from `grants` and closed in the history, with dbt and
    then without."""
    rollcall.has(published)
    pingone, kept = rollcall.sandbox.company.pingone, []
    statements_path(rollcall).unlink()
    for grant in rollcall.rows(REMOVABLE)[:2]:
        pingone.remove_member(grant["user_id"], grant["group_id"])
        rollcall.sync()
        kept.append(statements_path(rollcall).stat().st_mtime_ns)
        is_it = f"grant_id = '{grant['grant_id']}'"
        assert [] == rollcall.rows(f"from grants where {is_it}")
        ended = "select valid_to = (select max(started_at) from runs)"
        assert [True] == rollcall.column(f"{ended} from grants_history where {is_it}")

    assert len(kept) == 2 and kept[0] == kept[1]
    assert {} == differences(rollcall, tmp_path / "all")
