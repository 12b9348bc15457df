"""What holds for every push, on random days: Okta becomes what HR and the rules say.

ROLLCALL_PUSH_DAYS makes more days; the long suite makes a thousand.
"""

from __future__ import annotations

import os
import shlex
from random import Random

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.okta.server import Okta
from tests.support.counted import count
from tests.support.oracle_push import Expected, Memory, state
from tests.support.product import Rollcall
from tests.support.push_days import MEANING, Days, draw_rules, spell
from tests.support.push_world import may_push
from tests.support.pushing import Pushing
from tests.sync.test_guard import cure_of

DAYS = int(os.environ.get("ROLLCALL_PUSH_DAYS", "2"))
TOGETHER = 3  # days of one company, if there are few
LONGER = 6


@pytest.fixture
def settle(tmp_path, capsys, monkeypatch):
    """Return a function that gives a served company a Rollcall of its own."""

    def settling(sandbox: Sandbox) -> Pushing:
        warehouse = tmp_path / "data" / "access.duckdb"
        environment = sandbox.environment() | {"WAREHOUSE": str(warehouse)}
        return may_push(Rollcall(sandbox, warehouse, tmp_path, environment, capsys, monkeypatch))

    return settling


def companies() -> list[tuple[int, int]]:
    """Return a seed for each company, and the number of its days."""
    each = LONGER if DAYS > 20 else TOGETHER
    return [(seed, min(each, DAYS - seed * each)) for seed in range(-(-DAYS // each))]


@pytest.mark.long
@pytest.mark.parametrize(("seed", "days"), companies())
def test_okta_becomes_what_hr_and_the_rules_say(settle, seed, days):
    """P2, P1: after each push of random days Okta is what the oracle says, and a second push of
    the last day writes nothing. What only a person may bring back waits for a person."""
    world, random, memory = Days(seed), Random(seed), Memory()
    rules = draw_rules(random)
    with Sandbox(world.company) as sandbox:
        pushing, changes = settle(sandbox), 0
        for day in range(days):
            if day and random.random() < 0.2:
                rules = draw_rules(random)
            world.passes()
            pushing.approve(spell(rules))
            told = f"seed {seed}, day {day}, {rules}"
            changes += push_and_compare(pushing, world, rules, memory, told)
        pushing.forget_requests()
        assert 0 == pushing.run("run").code, told
        assert [] == pushing.writes(), told
    count("days of pushes", days=days, changes=changes, wrong=0)


def push_and_compare(pushing: Pushing, world: Days, rules: dict, memory: Memory, told: str) -> int:
    """Push, and return how many calls it made. Okta must be what the oracle says afterwards.

    A person applies the plan of what is left to them. The next push goes on from there.
    """
    before = world.copy()
    expected = Expected(world.org, before, rules, MEANING, memory)
    there = expected.run()
    pushing.forget_requests()
    result = pushing.run("run")
    if "guard: charthop" in result.err:  # so much at once is refused in a small company, and right
        accept = shlex.split(cure_of(result))[1:]
        assert 0 == pushing.rollcall.run("sync", *accept).code and [] == pushing.writes(), told
        result = pushing.run("run")
    assert 0 == result.code, f"{told} {result.err}"
    must_be(world, there, before, told)
    memory.learn(before, world.okta)
    if expected.refused:
        before = world.copy()
        there = Expected(world.org, before, rules, MEANING, memory).run(is_approved=True)
        plan = pushing.run("plan", "--json").document
        applied = pushing.rollcall.run("apply", plan["path"], "--digest", plan["digest"])
        assert 0 == applied.code, f"{told} {applied.err}"
        assert 0 == pushing.run("run").code, told
        must_be(world, there, before, told)
        memory.learn(before, world.okta)
    return len(pushing.writes())


def must_be(world: Days, there: Okta, before: Okta, told: str) -> None:
    """Compare Okta with the state that it must have."""
    world.company.touch()
    wanted, found = (state(one, before) for one in (there, world.okta))
    for name, part in wanted.items():
        assert part == found[name], told
