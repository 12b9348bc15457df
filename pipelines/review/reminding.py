"""Says which reviewers of a campaign are late, with a text to send to each of them.

A text has counts and days, and nothing about anybody's access, because mail and chat are read by
others. A decision answered `unsure` or `not_mine` is missing, too.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.failures import Misconfigured
from pipelines.review import progress
from pipelines.review.outgoing.files import file_stem
from pipelines.words import count_noun

NEAR_DAYS = 7


@dataclass(frozen=True)
class Reminder:
    """One reviewer who has not decided on everything, with the texts to send."""

    reviewer: str
    missing: int
    items: int
    folders: list[str]  # where the reviewer's files are on this machine
    text: str
    chat_text: str


@dataclass(frozen=True)
class CampaignReminders:
    """An open campaign, and who is late with it."""

    campaign: str
    title: str
    due_on: str
    days_left: int
    reminders: list[Reminder]

    @property
    def headline(self) -> str:
        late = len(self.reminders)
        return f"{self.title}: {count_noun(late, 'reviewer')} not done, {due_text(self)}"

    def describe(self) -> list[str]:
        """Return the lines to print: a headline, and each reviewer's text with a line to them."""
        lines = [f"{self.campaign}: {self.headline}"]
        for one in self.reminders:
            lines += ["", f"To: {one.reviewer}", *one.text.splitlines()]
            lines += [f"(files: {folder})" for folder in one.folders]
        return lines

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


def read_reminders(
    connection: duckdb.DuckDBPyConnection, name: str | None, out: Path
) -> list[CampaignReminders]:
    """Return the reminders of the campaign, or of all open ones that are due in NEAR_DAYS or less.

    `out` is the folder of the campaigns' files. Raises Misconfigured for a campaign that is unknown
    or not open.
    """
    if name:
        states = [progress.read_campaign(connection, name)]
        if states[0]["status"] != "open":
            raise Misconfigured(
                f"campaign {name}",
                f"it is {states[0]['status']}, so nobody is late",
                "see `rollcall review list`",
            )
    else:
        states = [
            one
            for one in progress.read_campaigns(connection)
            if one["status"] == "open" and one["days_left"] <= NEAR_DAYS
        ]
    return [_describe(connection, state, out) for state in states]


def _describe(
    connection: duckdb.DuckDBPyConnection, state: dict[str, Any], out: Path
) -> CampaignReminders:
    name = state["campaign"]
    [(text,)] = connection.execute(
        "select definition from review_campaigns where campaign = ?", [name]
    ).fetchall()
    definition = json.loads(text)
    contact = definition.get("contact") or definition.get("fallback")
    found = CampaignReminders(name, state["title"], state["due_on"], state["days_left"], [])
    for one in state["reviewers"]:
        missing = one["items"] - one["decided"]
        if missing:
            found.reminders.append(_remind(found, one, missing, contact, out / name))
    return found


def _remind(
    campaign: CampaignReminders, one: dict[str, Any], missing: int, contact: str, home: Path
) -> Reminder:
    reviewer, items = one["reviewer"], one["items"]
    stem = file_stem(reviewer)
    places = [home / "opened" / "reviewers", *sorted(home.glob("reassigned-*"))]
    folders = [str(place) for place in places if any(place.glob(f"{stem}.*"))]
    unsettled = one["unsettled"]
    unsure = f" ({unsettled} answered unsure or not mine)" if unsettled else ""
    missed = f"{missing} of {count_noun(items, 'decision')} missing{unsure}"
    lines = [
        f"{campaign.title}: {missed}, {due_text(campaign)}.",
        f"Your list is {stem} (.html, .xlsx or .csv: use one of them). Please decide and send the"
        " file back; some decisions now and the others later is fine.",
        f"An access without a decision counts as undecided, not as approved. Questions: {contact}.",
    ]
    chat = f"{reviewer}: {missed}; list {stem}; questions: {contact}"
    return Reminder(reviewer, missing, items, folders, "\n".join(lines), chat)


def due_text(campaign: CampaignReminders) -> str:
    """Return when the campaign is due in words, such as `due 31 January 2027, 5 days left`."""
    day, left = date.fromisoformat(campaign.due_on), campaign.days_left
    ending = count_noun(left, "day") + " left" if left >= 0 else count_noun(-left, "day") + " over"
    return f"due {day.day} {day:%B %Y}, {ending}"
