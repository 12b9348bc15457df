"""Reminders: who is late, a text for each reviewer, and what chat is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.monitoring.test_notify import webhook  # noqa: F401
from tests.review.test_reassign import GRACE, JOAN, WHY, given, rows_of
from tests.review.test_review import changed
from tests.support.filled_in import came, decided
from tests.support.product import Rollcall


def due_in(review: Rollcall, days: int) -> str:
    """Move the last day of the campaign, and return that day."""
    day = datetime.now(UTC).date() + timedelta(days=days)
    changed(review, f"update review_campaigns set due_on = '{day}'")
    return f"{day.day} {day:%B %Y}"


def test_whoever_is_late_gets_a_text(review):
    """Each reviewer who is not done gets a text with counts, the last day, contact and files."""
    joans = rows_of(review, "joan")
    answers = decided(joans[1:]) + decided(joans[:1], "unsure", "what is this?")
    review.run("review", "import", "q4", came(review.home, answers))
    graces = decided(rows_of(review, "grace"))
    review.run("review", "import", "q4", came(review.home, graces, "grace.csv"))
    day = due_in(review, 3)

    told = review.run("review", "remind")
    document = review.run("review", "remind", "--json").document

    assert 0 == told.code, told.err
    assert f"To: {JOAN}" in told.out and f"To: {GRACE}" not in told.out
    missing = f"1 of {len(joans)} decisions missing (1 answered unsure or not mine)"
    assert f"Access review, fourth quarter: {missing}, due {day}, 3 days left." in told.out
    assert "Questions: security@lanternfish.example." in told.out
    [campaign] = document["campaigns"]
    [one] = [one for one in campaign["reminders"] if one["reviewer"] == JOAN]
    assert (1, len(joans)) == (one["missing"], one["items"])
    assert one["folders"][0].endswith("q4/opened/reviewers")
    names = {row["Person"] for row in joans} | {row["Access"] for row in joans}
    assert not [name for name in names if name in one["text"] + one["chat_text"]]


def test_nobody_is_reminded_long_before_the_last_day(review):
    """A campaign that is due later is left alone, unless it is named."""
    due_in(review, 8)
    later = review.run("review", "remind")
    named = review.run("review", "remind", "q4")
    due_in(review, -1)
    over = review.run("review", "remind")
    state = review.run("review", "status", "q4")
    changed(review, "update review_campaigns set status = 'closed'")
    closed = review.run("review", "remind", "q4")

    assert "no open campaign is due soon" in later.out and "To:" not in later.out
    assert f"To: {JOAN}" in named.out and "8 days left" in named.out
    assert "1 day over" in over.out and "next: rollcall review remind q4" in state.out
    assert (0, 0, 0, 2) == (later.code, named.code, over.code, closed.code)


def test_a_reminder_names_the_files_of_a_reassigned_item(review):
    """Whoever was given an item is told where the files of it are."""
    given(review, [rows_of(review, "joan")[0]["item_id"]])

    document = review.run("review", "remind", "q4", "--json").document

    folders = {one["reviewer"]: one["folders"] for one in document["campaigns"][0]["reminders"]}
    assert ["reviewers", "reassigned-1"] == [path.split("/")[-1] for path in folders[GRACE]]
    assert ["reviewers"] == [path.split("/")[-1] for path in folders[JOAN]]


def test_chat_is_told_in_counts_who_is_late(review, webhook):  # noqa: F811
    """--send tells the addresses of NOTIFY__URLS who is late, and nothing about any access."""
    due_in(review, 2)
    unset = review.run("review", "remind", "--send")

    sent = review.run("review", "remind", "--send", "--json", NOTIFY__URLS=webhook.url)
    nowhere = review.run("review", "remind", "--send", NOTIFY__URLS="json://127.0.0.1:9")

    assert (2, 0, 4) == (unset.code, sent.code, nowhere.code), sent.err
    assert "NOTIFY__URLS" in unset.err
    assert sent.document["sent"] and f"To: {JOAN}" in nowhere.out
    [message] = webhook.taken
    assert message["title"].startswith("Access review, fourth quarter: 7 reviewers not done")
    joans = rows_of(review, "joan")
    assert f"{JOAN}: {len(joans)} of {len(joans)} decisions missing" in message["message"]
    whole = json.dumps(message)
    assert not [row["Access"] for row in joans if f" {row['Access']} " in whole]
    assert WHY[1] not in whole
