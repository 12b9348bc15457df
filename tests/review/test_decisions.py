"""Decisions that come back: valid ones are imported, invalid rows are refused by number.

Nothing is imported in part.
"""

from __future__ import annotations

import getpass
import signal
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.review.columns import EARLIER_NOBODY, HEADERS, IDENTITY_COLUMNS, NOBODY
from pipelines.review.incoming import take_in
from tests.review.test_review import changed, table
from tests.support.filled_in import came, decided, sealed, text, workbook
from tests.support.product import Rollcall

MEASURED = (*HEADERS, "seconds", "how")  # the columns that a reviewer's page adds


def decisions(review: Rollcall) -> list[dict[str, Any]]:
    return review.rows("from review_decisions order by item_id, import_id")


def test_decided_rows_are_taken_in_and_others_stay_open(review, opened):
    """Rows with a decision are imported; rows without a decision leave their items open."""
    rows = decided(opened.rows[:3]) + opened.rows[3:]
    rows[1] |= {"decision": " Revoke", "comment": "left\r\nthe project"}
    rows[2] |= {"decision": "Not Mine", "decided_by": rows[2]["reviewer"].upper()}

    result = review.run("review", "import", "q4", came(review.home, rows), "--json")

    assert 0 == result.code, result.err
    assert {"keep": None, "revoke": "left\nthe project", "not_mine": None} == {
        row["decision"]: row["comment"] for row in decisions(review)
    }
    assert {row["item_id"] for row in rows[:3]} == {row["item_id"] for row in decisions(review)}
    assert {(rows[0]["reviewer"], True, False)} == {
        (row["decided_by"], row["is_current"], row["is_late"]) for row in decisions(review)
    }
    [taken] = review.rows("from review_imports")
    actor = f"lead@lanternfish.example ({getpass.getuser()}@{socket.gethostname()})"
    assert ("kim.csv", actor) == (taken["file_name"], taken["imported_by"])
    assert (len(rows), 3, len(rows) - 3, 0) == tuple(
        taken[f"rows_{kind}"] for kind in ("read", "decided", "undecided", "rejected")
    )


def test_how_a_decision_was_made_comes_back_with_it(review, opened):
    """Seconds and `how` are kept with the decision, and are null where the file lacks them."""
    rows = decided(opened.rows[:4])
    rows[0] |= {"seconds": "0", "how": "together"}
    rows[1] |= {"seconds": "47", "how": "Alone"}
    with_both = came(review.home, text(rows[:3], MEASURED).encode())
    without = came(review.home, rows[3:], "without.csv")

    result = review.run("review", "import", "q4", with_both, without)

    assert 0 == result.code, result.err
    assert {
        rows[0]["item_id"]: (0, True),
        rows[1]["item_id"]: (47, False),
        rows[2]["item_id"]: (None, None),
        rows[3]["item_id"]: (None, None),
    } == {row["item_id"]: (row["seconds"], row["is_bulk"]) for row in decisions(review)}


def test_the_words_of_other_products_are_understood(review, opened):
    """Approve, certify and maintain mean keep; remove and deny mean revoke, with a comment."""
    words = ("Approve", "certified", "Maintain", "approved", "remove", "DENY", "denied")
    rows = [
        row | {"decision": word, "comment": "not used"}
        for row, word in zip(opened.rows, words, strict=False)
    ]
    named = came(review.home, rows)

    result = review.run("review", "import", "q4", named)
    wordless = [opened.rows[8] | {"decision": "Remove", "comment": ""}]
    bare = review.run("review", "import", "q4", came(review.home, wordless, "bare.csv"))

    assert 0 == result.code, result.err
    found = {row["item_id"]: row["decision"] for row in decisions(review)}
    assert ["keep"] * 4 + ["revoke"] * 3 == [found[row["item_id"]] for row in rows]
    assert 5 == bare.code and "revoke needs one" in bare.err


def test_a_file_of_an_earlier_version_is_taken_in(review, opened):
    """Files whose ids stand first, and that call a person without a name nobody, are imported."""
    [path] = [path for path in opened.files if path.name.startswith("security")]
    rows = decided(table(path))
    unknown = [row for row in rows if NOBODY in row["Person"]]
    for row in unknown:
        row["Person"] = EARLIER_NOBODY
    headers = ["item_id", *(name for name in HEADERS if name != "item_id")]

    result = review.run("review", "import", "q4", came(review.home, text(rows, headers).encode()))

    assert 0 == result.code, result.err
    assert unknown and len(rows) == len(decisions(review))


def test_the_same_file_twice_changes_nothing(review, opened):
    """The same decisions a second time change nothing, in any file or order."""
    name = came(review.home, decided(opened.rows))
    first = review.run("review", "import", "q4", name)
    before = review.warehouse.read_bytes()

    again = review.run("review", "import", "q4", name)
    in_other_words = came(review.home, decided(opened.rows[::-1]), "again.csv")
    resaved = review.run("review", "import", "q4", in_other_words, name)

    assert (0, 0, 0) == (first.code, again.code, resaved.code)
    assert "nothing new" in again.out and "nothing new" in resaved.out
    assert before == review.warehouse.read_bytes()


def test_a_contradiction_needs_supersede_and_both_stay(review, opened):
    """A contradiction needs --supersede, and both decisions are kept."""
    first, second = (
        came(review.home, decided(opened.rows), "a.csv"),
        came(review.home, decided(opened.rows[:1], "revoke", "no longer"), "b.csv"),
    )
    review.run("review", "import", "q4", first)

    plain = review.run("review", "import", "q4", second)
    asked = review.run("review", "import", "q4", second, "--supersede")
    old = review.run("review", "import", "q4", first)

    assert (5, 0, 0) == (plain.code, asked.code, old.code)
    assert "b.csv row 2: " in plain.err and "`keep`" in plain.err and "--supersede" in plain.err
    both = [row for row in decisions(review) if row["item_id"] == opened.rows[0]["item_id"]]
    assert {("keep", False), ("revoke", True)} == {
        (row["decision"], row["is_current"]) for row in both
    }
    imports = {row["file_name"]: row["import_id"] for row in review.rows("from review_imports")}
    assert {None, imports["b.csv"]} == {row["superseded_by"] for row in both}


def test_the_good_rows_are_taken_only_if_asked_for(review, opened):
    """A file with a bad row is refused whole unless --good-rows is given."""
    rows = decided(opened.rows)
    rows[4]["decision"] = "yes"
    name = came(review.home, rows)

    plain = review.run("review", "import", "q4", name)
    nothing = decisions(review)
    asked = review.run("review", "import", "q4", name, "--good-rows")

    assert (5, [], 5) == (plain.code, nothing, asked.code)
    assert "kim.csv row 6: decision: the word is unknown" in plain.err
    assert {row["item_id"] for row in rows} - {rows[4]["item_id"]} == {
        row["item_id"] for row in decisions(review)
    }


def test_several_files_are_taken_in_together_or_not_at_all(review, opened):
    """Several files are imported together or not at all."""
    good, bad = came(review.home, decided(opened.rows), "good.csv"), decided(opened.others)
    bad[0]["seal"] = "A" * 20

    refused = review.run("review", "import", "q4", good, came(review.home, bad, "bad.csv"))

    assert (5, []) == (refused.code, decisions(review))
    assert "bad.csv row 2: seal" in refused.err
    taken = review.run("review", "import", "q4", good, came(review.home, decided(opened.others)))
    assert 0 == taken.code
    assert len(opened.rows) + len(opened.others) == len(decisions(review))
    assert 2 == len(review.rows("from review_imports"))


# ---- invalid rows are refused by number


@dataclass(frozen=True)
class Row:
    """What a row can be altered with.

    The row itself, another row of its reviewer, a row of another reviewer, and the installation's
    key.
    """

    own: dict[str, str]
    other: dict[str, str]
    stranger: dict[str, str]
    key: bytes

    def sealed(self, key: bytes | None = None, **changes: str) -> dict[str, str]:
        """Return the row with the seal that somebody with that key would make."""
        row = self.own | changes
        about = (row[name] for name in ("campaign", "item_id", *IDENTITY_COLUMNS[:4]))
        return changes | {"seal": sealed(key or self.key, *about)}

    def theirs(self, which: str, *names: str) -> dict[str, str]:
        return {name: getattr(self, which)[name] for name in names}


TAMPERED: dict[str, tuple[Callable[[Row], dict[str, str]], str]] = {
    "the id of another item": (lambda row: row.theirs("other", "item_id"), "_id"),
    "an id that nobody gave": (lambda _: {"item_id": "i-q4-0123456789abcdef"}, "item_id"),
    "an id cut short": (lambda row: {"item_id": row.own["item_id"][:-1]}, "item_id"),
    "an id in capitals": (lambda row: {"item_id": row.own["item_id"].upper()}, "item_id"),
    "no id": (lambda _: {"item_id": ""}, "item_id"),
    "somebody else's account": (lambda row: row.theirs("stranger", "account_id"), "account_id"),
    "no account": (lambda _: {"account_id": ""}, "account_id"),
    "other access": (
        lambda row: {"entitlement_id": row.own["entitlement_id"] + "0"},
        "entitlement_id",
    ),
    "another place": (lambda _: {"scope_id": "everywhere"}, "scope_id"),
    "another reviewer": (lambda row: row.theirs("stranger", "reviewer"), "reviewer"),
    "no reviewer": (lambda _: {"reviewer": ""}, "reviewer"),
    "another campaign": (lambda _: {"campaign": "q3"}, "campaign"),
    "no campaign": (lambda _: {"campaign": ""}, "campaign"),
    "no seal": (lambda _: {"seal": ""}, "seal"),
    "the seal of another row": (lambda row: row.theirs("other", "seal"), "seal"),
    "a letter of the seal": (
        lambda row: {"seal": row.own["seal"][:-1] + "AB"[row.own["seal"][-1] == "A"]},
        "seal",
    ),
    "half a seal": (lambda row: {"seal": row.own["seal"][:10]}, "seal"),
    "a seal of another key": (lambda row: row.sealed(b"a guess, but a long one"), "seal"),
    "a seal for another reviewer": (
        lambda row: {"seal": row.sealed(reviewer="kim@lanternfish.example")["seal"]},
        "seal",
    ),
    "a seal of another campaign": (lambda row: {"seal": row.sealed(campaign="q3")["seal"]}, "seal"),
    "a seal that is not ASCII": (lambda _: {"seal": "Ä" * 20}, "seal"),
    "a sealed row of another campaign": (lambda row: row.sealed(campaign="q3"), "campaign"),
    "a sealed row of another reviewer": (
        lambda row: {**row.stranger, "decision": "keep"},
        "reviewer",
    ),
    "who somebody else is": (lambda row: row.theirs("stranger", *IDENTITY_COLUMNS), "_id"),
    "what another row is about": (lambda row: row.theirs("other", *IDENTITY_COLUMNS), "_id"),
    "another person's name": (lambda row: {"Person": "Somebody Else"}, "Person"),
    "another access's name": (lambda row: {"Access": "Read only"}, "Access"),
    "another account's name": (lambda row: {"Account": "nobody · user"}, "Account"),
    "yes": (lambda _: {"decision": "yes"}, "decision"),
    "an unknown word": (lambda _: {"decision": "perhaps"}, "decision"),
    "a tick": (lambda _: {"decision": "x"}, "decision"),
    "TRUE": (lambda _: {"decision": "TRUE"}, "decision"),
    "two words": (lambda _: {"decision": "keep or revoke"}, "decision"),
    "a word misspelt": (lambda _: {"decision": "revok", "comment": "x"}, "mean revoke?"),
    "a formula": (lambda _: {"decision": "=keep"}, "decision"),
    "revoke without a comment": (lambda _: {"decision": "revoke"}, "comment"),
    "modify without a comment": (lambda _: {"decision": "modify"}, "comment"),
    "a comment of blanks": (lambda _: {"decision": "revoke", "comment": "\xa0 \u200b"}, "comment"),
    "a comment without end": (lambda _: {"comment": "x" * 10_001}, "comment"),
    "a decision of somebody else": (
        lambda row: {"decided_by": row.stranger["reviewer"]},
        "decided_by",
    ),
    "a decision of nobody": (lambda _: {"decided_by": "-"}, "decided_by"),
    "a day that is none": (lambda _: {"decided_at": "31.02.2026"}, "decided_at"),
    "a day in words": (lambda _: {"decided_at": "yesterday"}, "decided_at"),
    "a day that may be two": (lambda _: {"decided_at": "03/04/2026"}, "two days"),
    "a day before it was asked": (lambda _: {"decided_at": "2020-02-03"}, "decided_at"),
    "a day to come": (lambda _: {"decided_at": "2199-01-01T00:00:00Z"}, "decided_at"),
    "seconds in words": (lambda _: {"seconds": "a minute"}, "seconds"),
    "seconds below zero": (lambda _: {"seconds": "-3"}, "seconds"),
    "seconds of eleven days": (lambda _: {"seconds": "950400"}, "seconds"),
    "another way of deciding": (lambda _: {"how": "by the robot"}, "how"),
    "an altered row without a decision": (
        lambda row: {"decision": "", **row.theirs("other", "seal")},
        "seal",
    ),
}


def refused(review: Rollcall, name: str) -> list[tuple[int, str]]:
    """Return the refused rows' numbers with the reasons."""
    result = review.run("review", "import", "q4", name, "--json")
    assert 5 == result.code, result.out + result.err
    assert not result.document["published"]
    return [(one["row"], one["reason"]) for one in result.document["rejected"]]


@pytest.mark.parametrize("case", TAMPERED)
def test_an_altered_row_is_refused_by_its_number(asking, opened, case):
    """An altered row is refused by its number, with the reason."""
    change, said = TAMPERED[case]
    rows = decided(opened.rows)
    rows[4] |= change(Row(rows[4], rows[5], opened.others[0], opened.key))

    [(number, reason)] = refused(asking, came(asking.home, text(rows, MEASURED).encode()))

    assert 6 == number and said in reason


def test_an_altered_workbook_is_refused_row_by_row(asking, opened):
    """Every row of a workbook with its own alteration is refused with its own reason."""
    sent, rows = decided(opened.rows), decided(opened.rows)
    for place, (change, _) in enumerate(TAMPERED.values()):
        rows[place] |= change(Row(sent[place], sent[place + 1], opened.others[0], opened.key))

    found = dict(refused(asking, came(asking.home, workbook(rows, headers=MEASURED), "kim.xlsx")))

    assert [*range(2, 2 + len(TAMPERED))] == sorted(found)
    for number, (case, (_, said)) in enumerate(TAMPERED.items(), 2):
        assert said in found[number], case


def test_two_rows_that_changed_places_are_both_refused(asking, opened):
    """Two rows with swapped labels are both refused."""
    rows = decided(opened.rows)
    last = next(place for place, row in enumerate(rows) if row["Person"] != rows[1]["Person"])
    labels = ("Person", "Account", "Access")
    rows[1], rows[last] = (
        rows[1] | {name: rows[last][name] for name in labels},
        rows[last] | {name: rows[1][name] for name in labels},
    )

    assert [3, last + 2] == [number for number, _ in refused(asking, came(asking.home, rows))]


@pytest.mark.parametrize(
    "again",
    [{"decision": "revoke", "comment": "left"}, {"comment": "but why"}, {"decision": "Unsure"}],
)
def test_rows_that_contradict_each_other_are_refused_together(asking, opened, again):
    """Contradicting rows of one file are refused together, each naming the other."""
    rows = [*decided(opened.rows), decided(opened.rows)[2] | again]

    found = refused(asking, came(asking.home, rows))

    assert [4, len(rows) + 1] == [number for number, _ in found]
    assert all(f"row 4 and kim.csv row {len(rows) + 1}" in reason for _, reason in found)


def test_files_that_contradict_each_other_are_refused_together(asking, opened):
    """Contradicting rows of two files are refused together, even with --supersede."""
    one = came(asking.home, decided(opened.rows), "one.csv")
    other = came(asking.home, decided(opened.rows[3:4], "unsure"), "other.csv")

    result = asking.run("review", "import", "q4", one, other, "--supersede", "--json")

    assert 5 == result.code
    assert [("one.csv", 5), ("other.csv", 2)] == [
        (row["file"], row["row"]) for row in result.document["rejected"]
    ]


def test_numbers_are_those_that_a_spreadsheet_shows(asking, opened):
    """Row numbers are those that a spreadsheet shows, whatever lines a row takes."""
    rows = decided(opened.rows)[::-1]
    rows[0] |= {"comment": "one\r\ntwo\r\nthree"}
    rows[3] |= {"seal": ""}
    lines = text(rows).split("\r\n")
    told = "\r\n".join(["sep=,", "Please return by Friday" + "," * 26, *lines[:5], "", *lines[5:]])

    # title 1, header 2, a row of three lines 3 …, with an empty row among them
    [(number, _)] = refused(asking, came(asking.home, told.encode()))
    assert 7 == number


# ---- when and where nothing is imported


def test_a_closed_or_unknown_campaign_takes_nothing(review, opened):
    """A campaign that is closed or unknown imports nothing."""
    name = came(review.home, decided(opened.rows))
    codes = {
        campaign: review.run("review", "import", campaign, name).code
        for campaign in ("q3", "../q4", "Q4")
    }
    changed(review, "update review_campaigns set status = 'closed'")
    closed = review.run("review", "import", "q4", name)

    assert {"q3": 2, "../q4": 2, "Q4": 2} == codes
    assert (5, []) == (closed.code, decisions(review))
    assert "closed" in closed.err


def test_a_decision_after_the_last_day_is_taken_and_marked(review, opened):
    """A decision after the due date is imported and marked as late."""
    changed(review, "update review_campaigns set due_on = '2026-01-01'", "delete from grants")

    result = review.run("review", "import", "q4", came(review.home, decided(opened.rows[:2])))

    assert 0 == result.code
    assert [True, True] == [row["is_late"] for row in decisions(review)]
    assert "after the last day: 2" in result.out and "gone since: 2" in result.out


def test_a_key_that_is_not_there_or_another_one_takes_nothing(review, opened):
    """A missing or different key imports nothing."""
    name = came(review.home, decided(opened.rows))
    another = review.run("review", "import", "q4", name, REVIEW__SEAL_KEY="x" * 32)
    lost = review.run("review", "import", "q4", name, REVIEW__SEAL_KEY="")

    assert (5, 2, []) == (another.code, lost.code, decisions(review))
    assert len(opened.rows) == another.err.count("seal: it does not match the row")


def test_files_are_judged_again_if_somebody_was_faster(review, opened, monkeypatch):
    """Files are checked again if another import publishes in between.

    The other import publishes after the check and before the lock is taken.
    """
    other = came(review.home, decided(opened.rows[:1], "revoke", "left"), "other.csv")
    open_copy = take_in._open_copy

    def wait(warehouse: Path) -> AbstractContextManager:
        monkeypatch.setattr(take_in, "_open_copy", open_copy)
        assert 0 == review.run("review", "import", "q4", other).code
        return open_copy(warehouse)

    monkeypatch.setattr(take_in, "_open_copy", wait)
    result = review.run("review", "import", "q4", came(review.home, decided(opened.rows)))

    assert 5 == result.code and "`revoke`" in result.err
    assert ["revoke"] == [row["decision"] for row in decisions(review)]


def test_a_killed_import_leaves_the_old_or_the_new_file(review, opened):
    """A killed import leaves the old warehouse or the new one."""
    name = came(review.home, decided(opened.rows))
    work = review.warehouse.with_name(".access.duckdb.work") / "run" / "candidate"
    found = set()
    for delay in (0, 0.01, 0.03, 0.1, 0.2):
        process = review.start("review", "import", "q4", name)
        while process.poll() is None and not work.exists():
            time.sleep(0.002)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found.add(len(decisions(review)))

    assert found <= {0, len(opened.rows)}
    assert 0 == review.run("review", "import", "q4", name).code
    assert len(opened.rows) == len(decisions(review))
