"""A campaign: the frozen items, their reviewers, and the files that go out."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.product import Result, Rollcall
from tests.warehouse.test_publish import too_open

DEFINITION = """
title = "Access review, fourth quarter"
due = 2099-12-15
fallback = "security@lanternfish.example"
"""


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    """Return Rollcall with the invented company and a folder for its campaigns."""
    (rollcall.home / "reviews").mkdir()
    return rollcall.has(published)


def written(rollcall: Rollcall, text: str = DEFINITION, name: str = "q4") -> None:
    (rollcall.home / "reviews" / f"{name}.toml").write_text(text, encoding="utf-8")


def opened(rollcall: Rollcall, text: str = DEFINITION, *arguments: str) -> Path:
    """Open a campaign that must open, and return its folder."""
    written(rollcall, text)
    result = rollcall.run("review", "open", "q4", "--json", *arguments)
    assert 0 == result.code, result.out
    return rollcall.home / result.document["folder"]


def refused(rollcall: Rollcall, text: str, *arguments: str) -> Result:
    written(rollcall, text)
    return rollcall.run("review", "open", "q4", *arguments)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, strict=True))


def changed(rollcall: Rollcall, *statements: str) -> None:
    """Change the warehouse to that of another company."""
    rollcall.warehouse.chmod(0o600)
    with duckdb.connect(str(rollcall.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.execute("checkpoint")
    rollcall.warehouse.chmod(0o400)


# ---- frozen items


def test_every_grant_is_an_item_or_has_a_reason(company):
    """Every grant and every account is an item of the campaign, or is left out with a reason."""
    folder = opened(
        company,
        DEFINITION
        + """
        [scope]
        source = "pingone"
        resource_type = ["group", "role"]
        where = "account_status <> 'disabled' and account_id in (select account_id from accounts)"
        [[exceptions]]
        entitlement = "pingone:role:*"
        reason = "reviewed by the auditors themselves"
        approved_by = "mira.solberg@lanternfish.example"
        """,
    )

    items = company.rows("from review_items")
    left_out = company.rows("from review_exclusions where kind = 'grant'")
    grants = {row["grant_id"]: row for row in company.rows("from access_review")}
    assert {*grants} == {row["grant_id"] for row in items} | {r["excluded_id"] for r in left_out}
    assert len(grants) == len(items) + len(left_out)
    for row in items:
        grant = grants[row["grant_id"]]
        assert ("pingone", "group") == (grant["source_name"], grant["resource_type"])
        assert "disabled" != grant["account_status"]
    assert all(row["reason"] for row in left_out)
    excepted = [row for row in left_out if "the auditors themselves" in row["reason"]]
    roles = [key for key, row in grants.items() if row["entitlement_id"].startswith("pingone:role")]
    assert {*roles} == {row["excluded_id"] for row in excepted}
    accounts = company.column("select excluded_id from review_exclusions where kind = 'account'")
    assert {*company.column("select account_id from accounts")} == {*accounts} | {
        row["account_id"] for row in items
    }
    assert len(items) == len(table(folder / "population.csv"))
    assert len(left_out) + len(accounts) == len(table(folder / "exclusions.csv"))


def test_a_pattern_without_effect_is_named_at_the_opening(company):
    """An opening names the exceptions that match nothing, and goes on."""
    exception = "[[exceptions]]\naccount = 'pingone:USER:*'\nreason = 'robots'\n"
    result = refused(company, DEFINITION + exception)

    assert 0 == result.code
    assert "warning: q4.toml: exception for account pingone:USER:* matches nothing" in result.err


def test_what_is_frozen_stays_whatever_the_next_sync_finds(review):
    """Frozen items stay the same after later changes of the warehouse."""
    before = review.rows("from review_items order by item_id")
    changed(review, "delete from grants", "update people set full_name = 'somebody'")

    again = review.run("review", "open", "q4", "--json")

    assert 0 == again.code
    assert before == review.rows("from review_items order by item_id")
    assert all(row["item_id"].startswith("i-q4-") for row in before)
    assert len(before) == len({row["item_id"] for row in before})


def test_no_two_items_share_an_id(company, monkeypatch):
    """A campaign in which two items would share an id is refused."""
    monkeypatch.setattr("pipelines.review.opening.ID_LENGTH", 1)

    ended = refused(company, DEFINITION)

    assert (5, True) == (ended.code, "would share an id" in ended.err)
    assert [0] == company.column("select count(*) from review_campaigns")


@pytest.mark.long
def test_answers_to_a_lost_opening_are_not_taken_in(company):
    """After a restore, a campaign opens again only with a reason, and old answers stay out."""
    before = company.warehouse.read_bytes()
    first = opened(company)
    items = set(company.column("select item_id from review_items"))
    answered = min((first / "reviewers").glob("*.csv"))
    rows = table(answered)
    with (company.home / answered.name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"decision": "keep"} for row in rows)
    company.warehouse.chmod(0o600)
    company.warehouse.write_bytes(before)
    company.warehouse.chmod(0o400)

    again = refused(company, DEFINITION.replace("fourth", "first"), "--out", "again")
    opened(
        company,
        DEFINITION.replace("fourth", "first"),
        *("--out", "again", "--because", "the disk of the warehouse failed"),
    )
    taken = company.run("review", "import", "q4", answered.name)

    assert (5, True) == (again.code, "an older one was restored" in again.err), again.err
    assert items.isdisjoint(company.column("select item_id from review_items"))
    assert 5 == taken.code, taken.out
    assert [0] == company.column("select count(*) from review_decisions")
    [accepted] = company.column("select accepted from review_campaigns")
    assert "the disk of the warehouse failed" in accepted


# ---- reviewers


def decides(rollcall: Rollcall, name: str) -> set[tuple[Any, ...]]:
    """Return who decides on a person's access, by which rule, and why not the first choice."""
    return {
        (row["reviewer"].split("@")[0], row["reviewer_rule"], row["reviewer_conflict"])
        for row in rollcall.rows(f"from review_items where full_name = '{name}'")
    }


def test_managers_decide_and_the_fallback_where_there_is_none(asking):
    """The manager decides, and the fallback where there is no manager."""
    assert {("joan.diaz", "manager", None)} == decides(asking, "Ada Park")
    assert {("security", "fallback", None)} == decides(asking, "Nora Lind")


OWNERS = """
[[owners]]
owner = "ada.park@lanternfish.example"
entitlement = "charthop:group:65f0cccc0000000000000002:member"
[[owners]]
owner = "nora.lind@lanternfish.example"
entitlement = "haloitsm:team:2:member"
[[owners]]
owner = "somebody.else@lanternfish.example"
entitlement = "haloitsm:team:2:*"
[[owners]]
owner = "desk@lanternfish.example"
source = "haloitsm"
"""


def test_nobody_decides_on_themself_or_after_leaving(company):
    """Nobody decides on their own access, no two people on each other's, and no leaver at all.

    Ada owns a group that she and her manager Joan are in; Nora, who left, owns Sam's team.
    """
    (company.home / "reviews" / "policy.toml").write_text(OWNERS, encoding="utf-8")
    changed(
        company,
        "update people set manager_email = 'who@lanternfish.example'"
        " where full_name = 'Lena Fuchs'",
    )
    rules = 'reviewers = ["entitlement_owner", "manager", "source_owner"]'
    opened(company, DEFINITION + rules)

    assert {("security", "fallback", "self"), ("security", "fallback", "reciprocal")} == decides(
        company, "Ada Park"
    )
    assert {("security", "fallback", "reciprocal"), ("mira.solberg", "manager", None)} == decides(
        company, "Joan Diaz"
    )
    assert {("security", "fallback", "left"), ("freya.holm", "manager", None)} == decides(
        company, "Sam Reed"
    )
    assert {("security", "fallback", "unknown")} == decides(company, "Lena Fuchs")
    assert {"desk@lanternfish.example"} == {
        *company.column(
            "select reviewer from review_items where source_name = 'haloitsm'"
            " and manager_email is null and entitlement_id not like 'haloitsm:team:2:%'"
        )
    }


def test_a_fallback_with_own_access_needs_a_second_one(company):
    """A fallback reviewer who would decide on their own access needs a second fallback."""
    mira = DEFINITION.replace("security@", "mira.solberg@")

    alone = refused(company, mira)
    opened(company, mira + 'second_fallback = "audit@lanternfish.example"')

    assert (2, True) == (alone.code, "second_fallback" in alone.err)
    assert {("audit", "second_fallback", "self")} == decides(company, "Mira Solberg")
    assert {("mira.solberg", "fallback", None)} == decides(company, "Nora Lind")


# ---- refusals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = 'x'", "due"),
        (DEFINITION + "fallbak = 'x'", "fallbak"),
        (DEFINITION + "reviewers = ['boss']", "reviewers.1"),
        (DEFINITION + "[scope]\nsource = 'pingtwo'", "'pingtwo'"),
        (DEFINITION + "[scope]\nwhere = 'true; drop table runs'", "scope.where"),
        (DEFINITION + "[scope]\nwhere = 'account_id'", "not true or false"),
        (DEFINITION + "[scope]\nwhere = 'true) or (true'", "scope.where"),
        (DEFINITION + "[scope]\nwhere = 'true order by 1'", "scope.where"),
        (DEFINITION + "[scope]\nwhere = \"exists (from read_text('/etc/hostname'))\"", "answered"),
        (DEFINITION + "[scope]\nwhere = 'false'", "not one grant"),
        (DEFINITION + "[[exceptions]]\nreason = 'x'", "exceptions.1"),
        *(
            (DEFINITION + f"[scope]\nwhere = {json.dumps(condition)}", f"asks for `{name}`")
            for condition, name in (
                ("random() < 0.5", "random"),
                ("uuid()::text < '8'", "uuid"),
                ("last_login_at < now()", "now"),
                ("last_login_at < Current_Date", "current_date"),
                ("last_login_at < current_timestamp - interval 90 day", "current_timestamp"),
                ("last_login_at < ago(interval 90 day)", "ago"),
                ("age(last_login_at) > interval 90 day", "age"),
                ("len([x for x in [1] if random() > x]) = 1", "random"),
                ("exists (from accounts where last_login_at < today())", "today"),
                ("account_id in (select account_id from accounts tablesample 50%)", "tablesample"),
                ("account_id in (select account_id from accounts using sample 3)", "tablesample"),
            )
        ),
    ],
)
def test_a_mistaken_campaign_file_freezes_nothing(company, text, said):
    """A campaign file with a mistake is refused, and nothing is frozen."""
    ended = refused(company, text)

    assert (2, True) == (ended.code, said in ended.err), ended.err
    assert [0] == company.column("select count(*) from review_campaigns")


@pytest.mark.long
def test_a_condition_means_the_same_everywhere(company):
    """A condition over days is answered in UTC, whatever the time zone of the machine is."""
    at_night = "timestamptz '2026-01-31 23:30:00+00'"
    condition = f"day({at_night}) = 31 and age({at_night}, {at_night}) = interval 0 day"

    written(company, DEFINITION + f"[scope]\nwhere = {json.dumps(condition)}")
    # In a process of its own, because DuckDB asks once for the time zone of the machine
    ended = company.start("review", "open", "q4", TZ="Asia/Tokyo")
    _, errors = ended.communicate()

    assert 0 == ended.returncode, errors
    assert 0 < company.column("select count(*) from review_items")[0]


@pytest.mark.parametrize("name", ["nothing", "../q4", "policy", "Q4", "con", "-", "q4\n", "a" * 61])
def test_a_name_that_is_no_campaign_is_refused(company, name):
    """An invalid campaign name is refused without a traceback."""
    ended = company.run("review", "open", name)

    assert 2 == ended.code and "Traceback" not in ended.err


def test_a_source_not_fresh_is_accepted_by_name(company):
    """A source that is not fresh is reviewed only when it is accepted by name, with a reason."""
    changed(
        company,
        "insert into runs by name select * replace ('later' as run_id, 'incomplete' as status,"
        " now() as started_at) from runs where source_name = 'haloitsm'",
        "update runs set mode = 'incremental' where source_name = 'pingone'",
    )

    plain = refused(company, DEFINITION)
    half = refused(company, DEFINITION, "--accept-stale", "haloitsm", "--because", "a pity")
    wordless = refused(
        company, DEFINITION, "--accept-stale", "haloitsm", "--accept-old-read", "pingone"
    )
    folder = opened(
        company,
        DEFINITION,
        *("--accept-stale", "haloitsm", "--accept-old-read", "pingone"),
        *("--because", "the desk moves this week"),
    )

    assert (5, 5, 2) == (plain.code, half.code, wordless.code)
    assert "--accept-stale haloitsm --accept-old-read pingone" in plain.err
    accepted = json.loads((folder / "manifest.json").read_text())["accepted"]
    assert [("haloitsm", "stale"), ("pingone", "old_read")] == [
        (one["source_name"], one["kind"]) for one in accepted
    ]
    assert {"the desk moves this week"} == {one["because"] for one in accepted}
    assert "the desk moves this week" in (folder / "attestation.txt").read_text()


# ---- files


def test_each_reviewer_gets_their_own_items(sent):
    """Each reviewer gets their own items, and all files together hold the whole campaign."""
    folder = sent / "data" / "reviews" / "q4" / "opened"

    population = {row["item_id"]: row["reviewer"] for row in table(folder / "population.csv")}
    found: dict[str, str] = {}
    for path in sorted((folder / "reviewers").glob("*.csv")):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        rows = table(path)
        assert 1 == len({row["reviewer"] for row in rows})
        assert not found.keys() & {row["item_id"] for row in rows}
        found |= {row["item_id"]: row["reviewer"] for row in rows}
        assert {("", "")} == {(row["decision"], row["comment"]) for row in rows}
        assert all(len(row["seal"]) == 20 for row in rows)
    assert population == found


def test_a_campaign_gives_the_same_bytes_wherever_it_is(company):
    """One campaign gives the same bytes in every folder."""
    first = opened(company)
    noted = company.column("select manifest_sha256 from review_packets")
    second = opened(company, DEFINITION, "--out", "elsewhere")

    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert [] == too_open(company.home / "data")
    digest = hashlib.sha256((first / "manifest.json").read_bytes()).hexdigest()
    assert [digest] == noted == company.column("select manifest_sha256 from review_packets")
    assert digest in (first / "attestation.txt").read_text()


@pytest.mark.long
def test_what_is_in_the_place_of_the_files_is_never_written_over(company):
    """Existing files and links in the campaign's place are never overwritten."""
    place = company.home / "data" / "reviews" / "q4"
    place.parent.mkdir()
    place.symlink_to(company.home)
    through_a_link = refused(company, DEFINITION)
    place.unlink()
    (place / "opened").mkdir(parents=True)
    (place / "opened" / "mine.txt").write_text("mine")

    over_mine = refused(company, DEFINITION)

    assert (2, 2) == (through_a_link.code, over_mine.code)
    assert [] == company.column("select campaign from review_campaigns")
    assert ["mine.txt"] == [path.name for path in (place / "opened").iterdir()]
    (place / "opened" / "mine.txt").unlink()
    (place / "opened").rmdir()
    assert opened(company) == place / "opened"
