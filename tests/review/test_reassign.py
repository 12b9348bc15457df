"""Items that are given to another reviewer: who may get them, what counts, what is recorded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.review.test_decisions import decisions
from tests.review.test_review import changed, table
from tests.support.filled_in import came, decided, text
from tests.support.product import Result, Rollcall

JOAN, GRACE = "joan.diaz@lanternfish.example", "grace.okoye@lanternfish.example"
SECURITY = "security@lanternfish.example"
WHY = ("--because", "Joan is on leave")


def rows_of(review: Rollcall, name: str) -> list[dict[str, str]]:
    """Return the rows that went out to a reviewer at the opening."""
    folder = review.warehouse.parent / "reviews" / "q4" / "opened" / "reviewers"
    return table(next(folder.glob(f"{name}*.csv")))


def given(review: Rollcall, items: list[str], to: str = GRACE) -> Result:
    return review.run("review", "reassign", *items, "--to", to, *WHY, "--json")


def new_rows(review: Rollcall, result: Result) -> list[dict[str, str]]:
    """Return the rows of the only CSV that a reassignment wrote."""
    [path] = (review.home / result.document["folder"]).glob("*.csv")
    return table(path)


def edition_of(review: Rollcall, folder: str) -> str:
    """Return the name under which a browser keeps the answers of Grace's page in this folder."""
    home = review.warehouse.parent / "reviews" / "q4" / folder
    [found] = re.findall('"edition":"(\\w+)"', next(home.glob("grace*.html")).read_text())
    return found


def progress(review: Rollcall) -> dict[str, Any]:
    [state] = review.run("review", "status", "q4", "--json").document["campaigns"]
    return {one["reviewer"]: one["items"] for one in state["reviewers"]} | {"all": state}


def test_items_go_to_another_reviewer_with_new_files(review):
    """The new reviewer gets files with new seals and decides; the earlier one cannot any more."""
    joans = rows_of(review, "joan")
    mine, *others = joans[:3]
    before = progress(review)

    result = given(review, [mine["item_id"]])
    [row] = new_rows(review, result)
    late = review.run("review", "import", "q4", came(review.home, decided([mine]), "joan.csv"))
    rest = review.run("review", "import", "q4", came(review.home, [mine, *decided(others)]))
    new = review.run("review", "import", "q4", came(review.home, decided([row]), "grace.csv"))

    assert 0 == result.code, result.err
    assert {".csv", ".html", ".xlsx"} == {
        path.suffix for path in (review.home / result.document["folder"]).iterdir()
    }
    assert edition_of(review, "opened/reviewers") != edition_of(review, "reassigned-1")
    assert (GRACE, mine["item_id"]) == (row["reviewer"], row["item_id"])
    assert row["seal"] != mine["seal"] and row["Access"] == mine["Access"]
    assert 5 == late.code and "was given to Grace Okoye on " in late.err, late.err
    assert (0, 0) == (rest.code, new.code), rest.err + new.err
    assert {JOAN: 2, GRACE: 1} == {
        mail: sum(one["decided_by"] == mail for one in decisions(review)) for mail in (JOAN, GRACE)
    }
    after = progress(review)
    assert (before[JOAN] - 1, before[GRACE] + 1) == (after[JOAN], after[GRACE])
    [noted] = review.rows("from review_reassignments")
    assert (JOAN, GRACE, "Joan is on leave", True) == (
        *(noted[name] for name in ("from_reviewer", "to_reviewer", "because", "is_current")),
    )
    assert noted["reassigned_by"].startswith("lead@lanternfish.example")


def test_not_mine_is_answered_by_another_reviewer(review):
    """Status shows what is not a reviewer's; whoever gets it decides without --supersede."""
    mine, other = rows_of(review, "joan")[:2]
    said = [*decided([mine], "not mine", "Grace runs it"), *decided([other])]
    review.run("review", "import", "q4", came(review.home, said))
    told = review.run("review", "status", "q4")

    result = given(review, [mine["item_id"]])
    again = review.run("review", "import", "q4", came(review.home, said[::-1], "again.csv"))
    both = review.run(
        *("review", "import", "q4", "--json"),
        *(came(review.home, said + decided(rows_of(review, "joan")[2:3]), "more.csv"),),
        *(came(review.home, decided(new_rows(review, result)), "grace.csv"),),
    )

    assert f"{mine['item_id']}: Grace runs it" in told.out
    assert "rollcall review reassign ITEM" in told.out
    assert 0 == again.code and "nothing new" in again.out, again.err
    assert 0 == both.code, both.document["rejected"]
    answers = [one for one in decisions(review) if one["item_id"] == mine["item_id"]]
    assert {("not_mine", JOAN, False), ("keep", GRACE, True)} == {
        (one["decision"], one["decided_by"], one["is_current"]) for one in answers
    }
    assert [] == progress(review)["all"]["not_mine"]


def test_a_decision_stays_when_its_item_is_reassigned(review):
    """A decision stays until the new reviewer's is imported with --supersede."""
    mine = rows_of(review, "joan")[0]
    review.run("review", "import", "q4", came(review.home, decided([mine])))

    result = given(review, [mine["item_id"]])
    revoked = came(review.home, decided(new_rows(review, result), "revoke", "unused"), "grace.csv")
    plain = review.run("review", "import", "q4", revoked)
    asked = review.run("review", "import", "q4", revoked, "--supersede")

    assert 1 == result.document["decided"]
    assert (5, 0) == (plain.code, asked.code) and "--supersede" in plain.err
    assert {("keep", JOAN, False), ("revoke", GRACE, True)} == {
        (one["decision"], one["decided_by"], one["is_current"]) for one in decisions(review)
    }


def test_an_item_can_be_given_on_and_back(review):
    """The last reassignment counts, and all stay on record; the same one again writes files."""
    mine = rows_of(review, "joan")[0]
    first = given(review, [mine["item_id"]])
    held = new_rows(review, first)
    given(review, [mine["item_id"]], SECURITY)
    back = given(review, [mine["item_id"]], JOAN)
    again = given(review, [mine["item_id"]], JOAN)

    taken = review.run("review", "import", "q4", came(review.home, decided([mine])))
    late = review.run("review", "import", "q4", came(review.home, decided(held), "grace.csv"))

    assert (0, 0, 5) == (back.code, taken.code, late.code), taken.err
    assert ([], 1) == (again.document["moved"], again.document["already"])
    assert new_rows(review, back) == new_rows(review, again) == [mine]
    assert [GRACE, SECURITY, JOAN] == review.column(
        "select to_reviewer from review_reassignments order by reassigned_at"
    )
    assert [JOAN] == review.column("select to_reviewer from review_reassignments where is_current")


@pytest.mark.parametrize(
    ("to", "code", "said"),
    [
        ("ada.park@lanternfish.example", 5, "nobody decides on their own access"),
        ("nora.lind@lanternfish.example", 5, "this person has left"),
        ("somebody@lanternfish.example", 2, "HR knows nobody with this address"),
        ("mira.solberg@lanternfish.example", 5, "two people never decide on each other"),
        ("joan", 2, "not one mail address"),
    ],
)
def test_whoever_may_not_decide_gets_no_items(review, to, code, said):
    """Nobody gets their own access, and no leaver, stranger or pair of each other gets any."""
    ada = next(row for row in rows_of(review, "joan") if row["Person"] == "Ada Park")
    changed(  # Ada decides on Mira
        review,
        "update review_items set reviewer = 'ada.park@lanternfish.example'"
        " where full_name = 'Mira Solberg'",
    )

    result = given(review, [ada["item_id"]], to)
    failure = result.document["failures"][0]

    assert (code, True) == (result.code, said in failure["why"]), failure
    assert not {*review.home.glob("**/reassigned-*")}
    assert 0 == sum(review.column("select count(*) from review_reassignments"))


def test_only_known_items_of_an_open_campaign_are_given(review):
    """An unknown item, a reason that is none, and a closed campaign are refused."""
    mine = rows_of(review, "joan")[0]["item_id"]
    unknown = given(review, [mine, "i-q4-0000"])
    wordless = review.run("review", "reassign", mine, "--to", GRACE, "--because", "  ")
    changed(review, "update review_campaigns set status = 'closed'")
    closed = given(review, [mine])

    assert (2, 2, 5) == (unknown.code, wordless.code, closed.code)
    assert "i-q4-0000" in unknown.document["failures"][0]["what"]
    assert mine not in unknown.document["failures"][0]["what"]


def test_the_packet_shows_who_gave_what_to_whom(review):
    """The closed packet has the reassignments and how each reviewer decided, and is verified."""
    mine, other = rows_of(review, "joan")[:2]
    result = given(review, [mine["item_id"]])
    rows = decided(new_rows(review, result))
    rows[0] |= {"seconds": "12", "how": "together"}
    headers = [*rows[0]]
    made = came(review.home, text(rows, headers).encode(), "grace.csv")
    review.run("review", "import", "q4", made, came(review.home, decided([other])))
    closed = review.run("review", "close", "q4", "--undecided", "--json")
    folder = Path(review.home / closed.document["folder"])

    assert 0 == closed.code, closed.out
    assert 0 == review.run("review", "verify", str(folder)).code
    [noted] = table(folder / "reassignments.csv")
    assert (mine["item_id"], JOAN, GRACE, "Joan is on leave") == (
        *(noted[name] for name in ("item_id", "from_reviewer", "to_reviewer", "because")),
    )
    quality = {row["reviewer"]: row for row in table(folder / "reviewer_quality.csv")}
    assert ("1", "12.0", "1.0", "true") == (
        *(quality[GRACE][name] for name in ("decided", "median_seconds", "bulk_share")),
        quality[GRACE]["is_all_kept"],
    )
    assert ("", "") == (quality[JOAN]["median_seconds"], quality[JOAN]["bulk_share"])
    [answer] = [row for row in table(folder / "decisions.csv") if row["item_id"] == mine["item_id"]]
    assert (GRACE, GRACE) == (answer["reviewer"], answer["decided_by"])
