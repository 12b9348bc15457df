"""A source that fails keeps its last complete state whole; refused data changes nothing.

`runs`, status and export show the failure.
"""

from __future__ import annotations

import csv
import json

import duckdb
import pytest

from tests.sandbox.server import Fault, Request, Response
from tests.support import oracle
from tests.support.product import Rollcall
from tests.sync.test_sync import published_grants
from tests.warehouse.test_publish import change

SOURCES = ("charthop", "haloitsm", "okta", "pingone")
LISTS = {
    "charthop": "/v2/org",
    "haloitsm": "/api/",
    "okta": "/api/v1/users",
    "pingone": "/environments",
}


def down(part: str, status: int = 404) -> Fault:
    return Fault(
        lambda request: part in request.path,
        lambda request, honest: Response(status),
        times=10_000,
        before=True,
    )


def raw(rollcall: Rollcall, source: str) -> dict[str, list]:
    """Return every row of a source's raw tables."""
    tables = rollcall.column(
        "select table_name from duckdb_tables()"
        f" where schema_name = 'raw_{source}' and table_name not like '\\_dlt%' escape '\\'"
    )
    return {name: rollcall.rows(f"from raw_{source}.{name} order by id") for name in tables}


def everything(rollcall: Rollcall) -> dict[str, list]:
    """Return one number per table for all of its rows, without the record of runs."""
    tables = rollcall.column(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where table_name not in ('runs', 'run_resources')"
    )
    told = "select count(*) as rows, bit_xor(hash(line)) as content from"
    return dict(
        zip(
            tables,
            rollcall.rows(" union all ".join(f"({told} {name} as line)" for name in tables)),
            strict=True,
        )
    )


def runs_of(rollcall: Rollcall, run_id: str) -> dict[str, str]:
    rows = rollcall.rows(f"from runs where run_id = '{run_id}'")
    return {row["source_name"]: row["status"] for row in rows}


def test_a_source_that_is_down_keeps_its_last_state(rollcall, published):
    """A source that is down keeps its last complete state, and is marked stale.

    PingOne fails halfway, after changes in PingOne and in HaloITSM.
    """
    rollcall.has(published)
    company = rollcall.sandbox.company
    before, held = oracle.pingone(company.pingone), raw(rollcall, "pingone")
    complete = rollcall.column("select max(run_id) from runs")[0]
    change(rollcall)
    assert before.grants() != oracle.pingone(company.pingone).grants()
    rollcall.sandbox.pingone.faults = [down("/populations")]

    result = rollcall.run("sync", "--json")

    run = result.document
    assert (4, True, 4) == (result.code, run["published"], run["code"])
    assert ["complete"] * 3 + ["incomplete"] == [read["status"] for read in run["sources"]]
    [failure] = run["failures"]
    assert "/populations" in failure["what"] and "404" in failure["why"] and failure["next"]
    published_part, _, kept = failure["effect"].partition("; unchanged: ")
    assert all(published_part.count(name) == 1 for name in SOURCES[:-1])
    assert "pingone" not in published_part and "stale" not in published_part
    assert kept.startswith("pingone: ") and kept.endswith(" (stale)") and kept.count(":") == 1

    truth = {"haloitsm": oracle.haloitsm(company.haloitsm), "pingone": before}
    truth["charthop"] = oracle.charthop(company.charthop)
    truth["okta"] = oracle.okta(company.okta)
    grants = {key: told for facts in truth.values() for key, told in facts.grants().items()}
    assert grants == published_grants(rollcall)
    assert {key: status for facts in truth.values() for key, status in facts.accounts.items()} == {
        row["account_id"]: row["status"] for row in rollcall.rows("from accounts")
    }
    assert held == raw(rollcall, "pingone")

    expected = dict.fromkeys(SOURCES, "complete") | {"pingone": "incomplete"}
    assert expected == runs_of(rollcall, run["run_id"])
    assert [] == rollcall.rows(
        f"from run_resources where run_id = '{run['run_id']}' and source_name = 'pingone'"
    )
    status = rollcall.run("status", "--json").document
    states = {row["source_name"]: row for row in status["sources"]}
    assert [False, False, False, True] == [states[name]["is_stale"] for name in SOURCES]
    assert complete == states["pingone"]["complete_run_id"]
    assert [True, True, True, False] == rollcall.column(
        "select data_as_of = started_at from runs"
        f" where run_id = '{run['run_id']}' order by source_name"
    )
    ages = "select data_as_of from runs where source_name = 'pingone' order by run_id"
    assert 1 == len({*rollcall.column(ages)})
    assert "STALE" in rollcall.run("status").out

    refused = rollcall.run("export")
    assert (5, "", True) == (refused.code, refused.out, "pingone" in refused.err)
    assert "--allow-stale" in refused.err
    assert not (rollcall.home / "data" / "exports").exists()
    allowed = rollcall.run("export", "--allow-stale", "--json").document
    assert ["pingone"] == allowed["stale_accepted"]
    with (rollcall.home / allowed["folder"] / "access_review.csv").open(newline="") as file:
        told = {(row["source_name"], row["is_stale"]) for row in csv.DictReader(file)}
    assert {(name, str(name == "pingone").lower()) for name in SOURCES} == told


@pytest.mark.parametrize(
    "teams, why",
    [
        pytest.param({"all": True}, "`teams` is no list", marks=pytest.mark.long),
        pytest.param([7], "`teams` is no list of objects", marks=pytest.mark.long),
        ([{"team_id": {"id": 7}}], "`teams[*].team_id` is no id"),
    ],
    ids=["no list", "no objects", "no id"],
)
def test_refuses_data_and_keeps_it_for_a_look(rollcall, published, teams, why):
    """Data that a test refuses changes nothing but the record of runs; the candidate is kept.

    A HaloITSM role has its teams in another form: read on, it would give no teams.
    """
    rollcall.has(published)
    before = everything(rollcall)
    change(rollcall)

    def no_list(_: Request, honest: Response | None) -> Response:
        rows = json.loads(honest.encoded())
        rows = rows if isinstance(rows, list) else rows["roles"]
        return Response(200, [row | {"teams": teams} for row in rows])

    rollcall.sandbox.haloitsm.faults = [
        Fault(lambda request: request.path.lower().endswith("/roles"), no_list, times=9)
    ]
    result = rollcall.run("sync", "--json")

    assert 5 == result.code, result.out
    run = result.document
    assert not run["published"]
    assert "roles" in run["failures"][0]["why"]
    assert why in run["failures"][0]["why"]
    assert before == everything(rollcall)
    assert dict.fromkeys(SOURCES, "refused") == runs_of(rollcall, run["run_id"])
    with duckdb.connect(run["candidate"], read_only=True) as kept:
        assert kept.execute("select count(*) from raw_haloitsm.roles").fetchone()[0] > 0
    assert 5 == rollcall.run("export").code


@pytest.mark.parametrize("status, code, word", [(401, 3, "failed"), (404, 4, "incomplete")])
def test_a_failed_run_adds_its_record_only(rollcall, published, status, code, word):
    """A run in which every source fails adds its record, and changes nothing else."""
    rollcall.has(published)
    before, resources = everything(rollcall), rollcall.rows("from run_resources order by all")
    earlier = rollcall.rows("from runs order by all")
    for name in SOURCES:
        getattr(rollcall.sandbox, name).faults = [down(LISTS[name], status)]

    result = rollcall.run("sync", "--json")

    assert (code, False) == (result.code, result.document["published"])
    assert before == everything(rollcall)
    assert resources == rollcall.rows("from run_resources order by all")
    run_id = result.document["run_id"]
    assert earlier == rollcall.rows(f"from runs where run_id <> '{run_id}' order by all")
    assert dict.fromkeys(SOURCES, word) == runs_of(rollcall, run_id)
    assert 0o400 == rollcall.warehouse.stat().st_mode & 0o777

    states = rollcall.run("status", "--json").document["sources"]
    assert [(True, run_id)] * 4 == [(state["is_stale"], state["last_run_id"]) for state in states]


@pytest.mark.long
def test_a_review_after_a_run_that_published_nothing_says_stale(rollcall, published):
    """A campaign after a run that published nothing shows the sources as stale.

    The run is recorded in `runs` alone, and opening a campaign builds the states of the sources
    again.
    """
    rollcall.has(published)
    for name in SOURCES:
        getattr(rollcall.sandbox, name).faults = [down(LISTS[name])]
    assert 4 == rollcall.run("sync").code
    assert [False] == rollcall.column("select distinct is_stale from source_states")
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "q4.toml").write_text(
        'title = "Q4"\ndue = 2099-12-15\nfallback = "security@lanternfish.example"\n'
    )

    accepted = [word for name in SOURCES for word in ("--accept-stale", name)]
    result = rollcall.run("review", "open", "q4", *accepted, "--because", "audit is due")

    assert 0 == result.code, result.err
    for table in ("source_states", "access_review"):
        assert [True] == rollcall.column(f"select distinct is_stale from {table}")


@pytest.mark.long
def test_a_first_run_with_a_source_down(rollcall):
    """A first run publishes the other sources, and names the source that was never read."""
    rollcall.sandbox.haloitsm.faults = [down(LISTS["haloitsm"])]

    assert 4 == rollcall.run("sync", "--quiet").code

    assert {*SOURCES} - {"haloitsm"} == set(
        rollcall.column("select distinct source_name from accounts")
    )
    line = rollcall.run("status").out.splitlines()[1]
    assert "haloitsm" in line and "STALE" in line and "never complete" in line
