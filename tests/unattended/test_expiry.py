"""Access ends at its end date without a person, within a limit that a person has approved."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.server import Fault
from tests.support.applying import calls
from tests.support.expiring import (
    TICKETED,
    YESTERDAY,
    approve,
    ends,
    held_in_pingone,
    may_expire,
    write_policy,
)
from tests.support.faults import quick, status
from tests.support.product import Published, Rollcall, first_sync, make_once
from tests.support.typed import Shell, blocks
from tests.support.wanted import may_write

DOCS = Path(__file__).parents[2] / "docs" / "write-back.md"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Ended:
    """A published company, its folder `reviews`, and the access that has end dates in it."""

    published: Published
    reviews: Path
    over: Pairs
    ticketed: Pairs
    later: Pairs


@pytest.fixture(scope="session")
def ended(published, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Sync once a company in which two accesses ended yesterday, and one has a later end."""

    def make(home: Path) -> Ended:
        with Sandbox() as sandbox:
            company = Rollcall(sandbox, home / "access.duckdb", home, {}, None, None)  # type: ignore[arg-type]
            may_expire(company.has(published))
            over, ticketed = ends(company), ends(company, 1, TICKETED)
            later = ends(company, until=YESTERDAY + timedelta(days=30), after=1)
            synced = first_sync(home, sandbox, another=published)
        return Ended(synced, home / "reviews", over, ticketed, later)

    return make_once(tmp_path_factory, "ended", make)


@pytest.fixture
def company(rollcall: Rollcall, ended: Ended) -> Rollcall:
    """Return this company with the right to write."""
    shutil.copytree(ended.reviews, rollcall.home / "reviews")
    return may_write(rollcall.has(ended.published))


@pytest.fixture
def fresh(rollcall: Rollcall, published) -> Rollcall:
    """Return a company in which no access has an end yet."""
    return may_expire(rollcall.has(published))


def requests(company: Rollcall) -> int:
    return sum(len(server.log) for server in company.sandbox.servers.values())


def test_access_ends_and_a_sync_proves_it(company, ended):
    """What ended yesterday is revoked, by API or ticket, and access with a later end stays."""
    approve(company)
    result = company.run("expiry", "run", "--no-sync", "--json")

    assert 0 == result.code, result.out + result.err
    assert {"done": 1, "ticketed": 1} == result.document["counts"]
    assert 0 == held_in_pingone(company, ended.over)
    assert 1 == held_in_pingone(company, ended.later)
    outcomes = "select outcome from applied_changes where reason_kind = 'expiry' order by all"
    assert ["done", "ticketed"] == company.column(outcomes)
    assert ["ticketed", "verified"] == company.column("select state from remediations order by all")
    assert 0 == company.run("expiry", "run", "--no-sync").code
    assert 1 == len(calls(company))


@pytest.mark.long
def test_the_page_leads_to_a_run(fresh):
    """Section 7 of docs/write-back.md, as it stands: a limit, a look, an approval, and the run."""
    (fresh.home / "reviews").mkdir(exist_ok=True)
    policy, *steps = [block for block in blocks(DOCS) if "expiry" in block]
    shell = Shell(fresh)
    shell.type(policy)
    pairs = ends(fresh)
    for step in steps:
        shell.type(step)
    assert 0 == held_in_pingone(fresh, pairs)


def test_nothing_ends_without_an_approval(company, ended):
    """Without the approval no request is sent, and the message has the command that approves."""
    before = requests(company)
    result = company.run("expiry", "run")

    digest = company.run("expiry", "status", "--json").document["rules_sha256"]
    assert 5 == result.code and f"rollcall expiry approve --digest {digest}" in result.err
    assert before == requests(company) and 1 == held_in_pingone(company, ended.over)


def test_without_the_table_nothing_runs(company):
    """A policy without [expiry] lets nothing end by itself: exit code 2."""
    write_policy(company, "")
    for step in (["run"], ["run", "--dry-run"], ["status"], ["approve", "--digest", "0"]):
        result = company.run("expiry", *step)
        assert 2 == result.code and "[expiry]" in result.err, step


def test_an_approval_covers_one_limit_and_tenant(company):
    """A raised limit or another tenant needs an approval of its own."""
    approve(company)
    write_policy(company, "[expiry]\nchanges = 21\n")
    raised = company.run("expiry", "run")
    write_policy(company, "[expiry]\nchanges = 20\n")
    moved = company.run("expiry", "run", SOURCES__PINGONE__ENVIRONMENT_ID="another")

    assert 5 == raised.code and "not those that" in raised.err
    assert 5 == moved.code and "settings lead to" in moved.err
    assert [] == calls(company)


def test_only_the_digest_as_it_is_can_be_approved(company):
    """A digest of another policy, and a day that is past, are refused."""
    digest = company.run("expiry", "status", "--json").document["rules_sha256"]
    write_policy(company, "[expiry]\nchanges = 2\n")

    assert 5 == company.run("expiry", "approve", "--digest", digest).code
    digest = company.run("expiry", "status", "--json").document["rules_sha256"]
    past = company.run("expiry", "approve", "--digest", digest, "--until", "2026-01-01")
    assert 2 == past.code and "past" in past.err


def test_more_than_the_limit_needs_a_person(company, ended):
    """Beyond the limit nothing is changed; the message has the plan and how a person applies it."""
    write_policy(company, "[expiry]\nchanges = 1\n")
    approve(company)
    result = company.run("expiry", "run", "--no-sync")

    assert 5 == result.code and "the limit of expiry is 1" in result.err
    assert [] == calls(company)
    command = result.err.split("rollcall apply ")[1].split("\n")[0].split()
    assert 0 == company.run("apply", *command).code
    assert 0 == held_in_pingone(company, ended.over)


@pytest.mark.long
def test_the_limit_holds_for_a_whole_day(fresh):
    """What one run made counts for the next one; `status` says how much is used."""
    write_policy(fresh, "[expiry]\nchanges = 1\n")
    approve(fresh)
    ends(fresh)
    assert 0 == fresh.run("expiry", "run").code
    second = ends(fresh)
    result = fresh.run("expiry", "run")

    assert 5 == result.code and "beside the 1 of the last 24 hours" in result.err
    assert 1 == held_in_pingone(fresh, second)
    assert 1 == fresh.run("expiry", "status", "--json").document["changes_in_24_hours"]


def test_a_dry_run_changes_nothing(company, ended):
    """A dry run needs no approval, prints the plan, and writes no plan, journal or record."""
    result = company.run("expiry", "run", "--dry-run", "--no-sync")

    assert 0 == result.code and ended.over[0][0].split(":")[0] in result.out
    assert "rollcall expiry approve --digest" in result.out and "dry run" in result.out
    assert not (company.warehouse.parent / "changes").exists() and [] == calls(company)


@pytest.mark.long
def test_expiry_takes_nothing_but_what_has_expired(fresh):
    """Other wanted changes, such as the accounts of leavers, are left to a person."""
    write_policy(fresh, "[expiry]\nchanges = 20\n[leavers]\ndisable_after_days = 0\n")
    ends(fresh)
    approve(fresh)
    result = fresh.run("expiry", "run", "--json")

    assert 0 == result.code and {"done": 1} == result.document["counts"], result.out
    assert fresh.rows("from planned_changes where reason_kind = 'leaver'")
    assert 1 == len(calls(fresh))


def test_nothing_ends_while_a_source_cannot_be_read(company):
    """Sources that fail are named with exit code 4, and nothing is changed anywhere."""
    approve(company)
    quick(company.patch)
    for server in company.sandbox.servers.values():  # all, or the others would be published
        server.faults = [Fault(lambda request: True, status(503), times=10**6, before=True)]
    result = company.run("expiry", "run")

    assert 4 == result.code and "haloitsm" in result.err and [] == calls(company)


def test_a_policy_that_is_gone_ends_nothing(company):
    """A deleted policy file stops the run, although requests still have end dates."""
    approve(company)
    (company.home / "reviews" / "policy.toml").unlink()
    result = company.run("expiry", "run")

    assert result.code in (2, 5) and [] == calls(company)
