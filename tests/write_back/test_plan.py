"""A plan: what it contains, what it leaves out, and when no plan is made."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from pipelines.failures import Refused
from pipelines.write_back import plan as plans
from tests.support.product import Rollcall
from tests.support.wanted import DIRECT, may_write, wants
from tests.warehouse.test_publish import too_open


@pytest.fixture
def company(rollcall: Rollcall, published) -> Rollcall:
    """Return the invented company with a credential that may change it."""
    return may_write(rollcall.has(published))


def planned(company: Rollcall, *arguments: str, **settings: str) -> Path:
    """Make a plan that must be made, and return its file."""
    result = company.run("plan", "--json", *arguments, **settings)
    assert 0 == result.code, result.out
    return Path(result.document["path"])


def changed(company: Rollcall, *statements: str) -> None:
    """Change the warehouse to that of another company."""
    company.warehouse.chmod(0o600)
    with duckdb.connect(str(company.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.execute("checkpoint")
    company.warehouse.chmod(0o400)


def test_a_plan_is_one_canonical_file(company):
    """A plan is one canonical file that says what is changed, when and for whom."""
    wants(company)
    result = company.run("plan")
    [path] = (company.home / "data" / "changes").glob("*.plan.json")
    content = path.read_bytes()
    document = json.loads(content)

    assert 0 == result.code and f"digest {document['digest']}" in result.out
    assert path.name == f"{document['digest'][:12]}.plan.json" and not too_open(path.parent)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert content == canonical.encode() + b"\n"
    assert ["pingone"] == [*document["tenants"]]
    assert document["tenants"]["pingone"].startswith(company.sandbox.pingone.url)
    [run] = company.rows(
        "select run_id, strftime(started_at, '%Y-%m-%dT%H:%M:%SZ') as at from runs"
        " where source_name = 'pingone'"
    )
    assert {"data_as_of": run["at"], "runs": {"pingone": run["run_id"]}} == document["snapshot"]
    assert (6, 0) == (document["totals"]["changes"], document["totals"]["blocked"])
    assert {"revoke": 6} == document["totals"]["by_action"]
    assert set(company.column("select change_id from planned_changes")) == {
        item["change_id"] for item in document["items"]
    }
    for name in company.column("select account_name from planned_changes"):
        assert name in result.out
    assert "plan_made" in (path.parent / "audit.jsonl").read_text()
    assert 0 == company.sandbox.pingone.count("DELETE")


def test_a_plan_says_what_it_leaves_out_and_why(company):
    """A plan says what it leaves out, and why."""
    wants(company, count=3, blocked_because="'inherited only'")
    out = company.run("plan", "--out", "never.json").out

    assert out.startswith("nothing to change") and "not done: inherited only (3)" in out
    assert not (company.home / "never.json").exists()

    wants(company, count=1, residual="'through Finance'")
    assert "remaining access: through Finance" in company.run("plan").out


def test_a_plan_may_leave_out_what_nothing_can_change(company):
    """A plan whose blocked changes have no channel is applied like any other."""
    wants(company, count=3)
    changed(
        company,
        "update planned_changes set channel = 'none', blocked_because = 'mandatory'"
        " where change_id = (select min(change_id) from planned_changes)",
    )
    path = planned(company)
    result = company.run("apply", str(path), "--json")

    assert 0 == result.code, result.err
    assert 2 == len(result.document["items"])


def test_what_no_plan_may_touch_is_left_out(company):
    """A plan leaves out protected accounts and Rollcall's own ones, whatever the mart says.

    The current policy counts, and the workers that read or write are never changed.
    """
    wants(company, count=2)
    account, other = company.column("select account_id from planned_changes order by change_id")
    (company.home / "reviews").mkdir()
    (company.home / "reviews" / "policy.toml").write_text(
        f'[[protected]]\nid = "{account[:-1]}*"\nreason = "break glass"\n'
    )
    changed(
        company,
        "update planned_changes set account_id = 'pingone:application:' || "
        f"'{company.sandbox.company.pingone.client_id}' where account_id = '{other}'",
    )
    document = company.run("plan", "--json").document

    assert [] == document["items"]
    assert ["own identity", "protected"] == [
        item["blocked_because"] for item in document["blocked"]
    ]
    assert all(item["next_step"].startswith("nothing while") for item in document["blocked"])


def test_nothing_to_change_is_said_and_is_no_plan(company):
    """Without any change no plan is made, and the output says so."""
    wants(company, count=0)
    result = company.run("plan", "--json")

    assert (0, None) == (result.code, result.document["path"])
    assert not (company.home / "data" / "changes").exists()


@pytest.mark.parametrize(("limit", "code"), [("5", 5), ("6", 0), ("7", 0)])
def test_a_plan_beyond_the_limit_needs_its_exact_number(company, limit, code):
    """A plan above the limit needs its exact number."""
    wants(company)
    limits = {"PLAN__MAX_CHANGES": limit, "PLAN__MAX_PERCENT_OF_GRANTS": "0"}
    result = company.run("plan", **limits)

    assert code == result.code
    if code:
        assert "pingone: 6 changes; the limit is 5 or 0 % of its" in result.err
        assert "--max-changes 6" in result.err
        assert 5 == company.run("plan", "--max-changes", "7", **limits).code
        path = planned(company, "--max-changes", "6", **limits)
        assert 1 == len(json.loads(path.read_text())["exceeded"])


def test_a_share_of_the_grants_of_a_source_is_let_through(company):
    """A plan up to a share of a source's grants is accepted."""
    wants(company)
    grants = company.column("select count(*) from grants where source_name = 'pingone'")[0]
    share = 600 / grants

    for percent, code in ((share * 0.99, 5), (share * 1.01, 0)):
        limits = {"PLAN__MAX_CHANGES": "0", "PLAN__MAX_PERCENT_OF_GRANTS": f"{percent:.4f}"}
        assert code == company.run("plan", **limits).code


def test_no_entitlement_loses_most_of_its_holders_unsaid(company):
    """A plan that removes most holders of an entitlement is refused."""
    wants(company, DIRECT + " and resource_name = 'Engineering'")
    limits = {"PLAN__MAX_PERCENT_OF_HOLDERS": "25"}
    result = company.run("plan", **limits)

    assert 5 == result.code and "holders lose it; the limit is 25 %" in result.err
    assert 0 == company.run("plan", PLAN__FEW_HOLDERS="6", **limits).code


def test_old_or_half_read_data_gives_no_plan(company):
    """Old or incomplete data gives no plan."""
    wants(company)
    changed(company, "update runs set started_at = started_at - interval 30 hours")
    assert 5 == company.run("plan").code
    assert 0 == company.run("plan", PLAN__MAX_DATA_AGE_HOURS="40").code

    changed(company, "update runs set status = 'incomplete' where source_name = 'pingone'")
    result = company.run("plan", PLAN__MAX_DATA_AGE_HOURS="40")
    assert 5 == result.code and "not complete" in result.err


def test_a_misspelt_limit_is_no_default(company):
    """A misspelt or impossible limit is refused; no default replaces it."""
    wants(company)

    assert 2 == company.run("plan", PLAN__MAX_CHANGE="1").code
    assert 2 == company.run("plan", PLAN__MAX_CHANGES="many").code
    assert 2 == company.run("plan", PLAN__MAX_CHANGES="-1").code


def test_a_plan_of_which_one_byte_is_another_is_no_plan(company):
    """A plan with any one byte changed is refused."""
    wants(company, count=1)
    path = planned(company)
    content = path.read_bytes()
    edited = company.home / "edited.json"

    assert 1 == len(plans.read_plan(path).changes)
    for at in range(len(content)):
        edited.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(Refused):
            plans.read_plan(edited)
    for other in (content[:-1], content + b"\n", b" " + content, b"", b"null\n", b"[]\n"):
        edited.write_bytes(other)
        with pytest.raises(Refused):
            plans.read_plan(edited)


def test_the_decisions_and_the_policy_are_part_of_a_plan(company):
    """A plan's digest covers the decisions and the policy."""
    wants(company, count=1)
    before = json.loads(planned(company).read_text())
    (company.home / "reviews").mkdir()
    (company.home / "reviews" / "policy.toml").write_text("[leavers]\ndisable_after_days = 7\n")
    changed(company, "update policy.leavers set disable_after_days = 7")
    after = json.loads(planned(company).read_text())

    assert before["decisions_sha256"] != after["decisions_sha256"]
    assert before["digest"] != after["digest"] and before["items"] == after["items"]
