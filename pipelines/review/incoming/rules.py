"""Read what one row of a decision file says, and check whether the row may say it.

A row is compared with the frozen item, because the file may have been changed. The row's ids must
be those that were sent out, and the item's reviewer must be the one who answers. A row without a
decision decides nothing.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from pipelines.review.columns import EARLIER_NOBODY, IDENTITY_COLUMNS, NOBODY
from pipelines.review.incoming import encodings
from pipelines.review.incoming.decision_file import BLANKS, LABELS, DecisionFile, normalize_words
from pipelines.warehouse.review_tables import DECISIONS

NEEDS_COMMENT = ("revoke", "modify")
SYNONYMS = {
    **dict.fromkeys(
        ("approve", "approved", "certify", "certified", "maintain", "maintained"), "keep"
    ),
    **dict.fromkeys(("remove", "removed", "deny", "denied"), "revoke"),
}
MAX_COMMENT_CHARACTERS = 10_000
WORDS = "keep, revoke, modify, not mine or unsure"
AS_SENT = "the row as it was in the file that was sent out"
MAX_SECONDS = 604_800  # spent on one decision: a week
IS_BULK = {"": None, "alone": False, "together": True}
A_DAY = "a day like 2026-03-31, or an empty cell"
DAY = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})"
    r"(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([ap])?\.?(?:m\.?)?)?",
    re.IGNORECASE,
)
SERIAL_DAY = re.compile(r"\d{5}(?:[.,]\d+)?")  # days since 1899-12-30, as spreadsheets store them
ANY_TIME_ZONE = timedelta(days=1)  # tolerance, because a file does not say its time zone
# How a spreadsheet rewrites text that looks like a number or a day: 1.00E+05, 1-Mar, 05.12.26
REWRITTEN = re.compile(r"(?=.*\d)[\d\s.,:/+-]*[^\W\d_]{0,4}[\d\s.,:/+-]*")


class InvalidRow(Exception):
    """A row that cannot be accepted, with the reason and what was expected instead."""

    def __init__(self, reason: str, expected: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


@dataclass(frozen=True)
class OpenCampaign:
    """The campaign that the rows are compared with."""

    name: str
    opened_at: datetime
    due_on: date | None
    key: bytes
    now: datetime


class Answer(NamedTuple):
    """What a row decides."""

    decision: str
    comment: str | None
    decided_by: str
    decided_at: datetime
    seconds: int | None  # spent on the decision; None if unknown
    is_bulk: bool | None  # whether one act decided several items; None if unknown


def read_answer(row: dict[str, Any], file: DecisionFile, campaign: OpenCampaign) -> Answer | None:
    """Return the decision of a row, or None if it has none. Raises InvalidRow.

    `row` has the texts of the file by column, and those of the item as `of_<column>`, which are
    null if the campaign has no such item.
    """
    if row["wrong"]:
        raise InvalidRow(row["wrong"], row["remedy"])
    _must_match_item(row, file, campaign)
    decision = _read_decision(row["decision"])
    comment = read_comment(row["comment"] or "")
    if decision is None:
        return None
    if decision in NEEDS_COMMENT and not comment:
        raise InvalidRow(f"comment: {decision} needs one", "what has to be done, and why")
    _must_be_from_reviewer(row)
    decided_at = parse_decided_at(row["decided_at"] or "", campaign)
    seconds, is_bulk = read_seconds(row["seconds"] or ""), read_how(row["how"] or "")
    return Answer(decision, comment, row["of_reviewer"], decided_at, seconds, is_bulk)


def is_of_earlier_reviewer(row: dict[str, Any]) -> bool:
    """Return whether the row was sent to somebody whose item was given to another reviewer."""
    return row["reviewer"] != row["of_reviewer"] and row["reviewer"] in (
        row["of_earlier_reviewers"] or ()
    )


def repeats_earlier_answer(row: dict[str, Any]) -> bool:
    """Return whether a row of an earlier reviewer has the answer that the reviewer gave before.

    Return false for a row without a decision. Raises InvalidRow for any other decision.
    """
    if row["wrong"]:
        raise InvalidRow(row["wrong"], row["remedy"])
    decision = _read_decision(row["decision"])
    if decision is None:
        return False
    before = row["before_decided_by"], row["before_decision"], row["before_comment"]
    if before == (row["reviewer"], decision, read_comment(row["comment"] or "")):
        return True
    name = row["of_reviewer_name"] or row["of_reviewer"]
    raise InvalidRow(
        f"reviewer: the item was given to {name} on"
        f" {row['of_reassigned_at']:%Y-%m-%d}, who decides on it since then",
        "no decision in this row",
    )


def _must_match_item(row: dict[str, Any], file: DecisionFile, campaign: OpenCampaign) -> None:
    """Raise InvalidRow unless the row identifies its item, and has the seal that we gave it."""
    as_sent = AS_SENT
    if not file.is_unicode:
        as_sent = f"{AS_SENT}; the file is in {file.encoding}, so {encodings.SAVE_AS}"
    if not row["item_id"]:
        raise InvalidRow("item_id: it is empty", as_sent)
    if row["campaign"] != campaign.name:
        raise InvalidRow("campaign: it is another campaign", f"`{campaign.name}`")
    if row["of_item_id"] is None:
        raise InvalidRow("item_id: this campaign has no such item", as_sent)
    for name in IDENTITY_COLUMNS:
        forms = row[f"plain_{name}"]
        if name != "campaign" and row[name] not in (
            *forms,
            *(form.strip(BLANKS) for form in forms),
        ):
            raise InvalidRow(f"{name}: it differs from the item's", as_sent)
    if row["reviewer"] != row["file_reviewer"]:
        raise InvalidRow("reviewer: the other rows have another one", "one file per reviewer")
    if row["seal"] != row["of_seal"]:
        raise InvalidRow("seal: it does not match the row", as_sent)
    for name in LABELS:
        seen, sent = row[name], row[f"of_{name}"]
        if _is_same_label(seen, sent, file):
            continue
        if how := encodings.find_misreading(seen, sent):
            raise InvalidRow(
                f"{name}: its letters are not those that were sent; the CSV was read {how}",
                "the .xlsx file filled in, or the CSV opened and saved as UTF-8",
            )
        raise InvalidRow(f"{name}: it differs from the item's", f"{as_sent}, or no such column")


def _is_same_label(seen: str | None, sent: str, file: DecisionFile) -> bool:
    """Return whether a label is the one that was sent, apart from what a spreadsheet changes.

    If a row has the label of another row, it was decided by mistake.
    """
    if not seen or seen == sent or normalize_words(seen) == normalize_words(sent):
        return True
    if seen == EARLIER_NOBODY and NOBODY in sent:
        return True
    if file.encoding in encodings.CODE_PAGES:
        try:
            sent.encode(file.encoding)
        except UnicodeEncodeError:
            return True  # letters that the code page lacks were lost
    return bool(REWRITTEN.fullmatch(seen) and re.search(r"\d", sent))


@lru_cache
def _read_decision(text: str) -> str | None:
    """Return the decision in a text, whatever its case, blanks and hyphens; None if it is empty."""
    word = unicodedata.normalize("NFKC", text).casefold().strip(BLANKS)
    word = re.sub(r"[\s_\u2010-\u2015-]+", "_", word)
    if not word:
        return None
    word = SYNONYMS.get(word, word)
    if word not in DECISIONS:
        near = difflib.get_close_matches(word, DECISIONS, 1)
        hint = f"; did you mean {near[0].replace('_', ' ')}?" if near else ""
        raise InvalidRow(f"decision: the word is unknown{hint}", WORDS)
    return word


def read_comment(text: str) -> str | None:
    """Return the reviewer's words unchanged, except for line ends, outer blanks and nulls."""
    words = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").strip(BLANKS)
    if len(words) > MAX_COMMENT_CHARACTERS:
        raise InvalidRow(
            f"comment: it has {len(words):,} characters", f"at most {MAX_COMMENT_CHARACTERS:,}"
        )
    return words or None


def _must_be_from_reviewer(row: dict[str, Any]) -> None:
    """Raise InvalidRow unless the item's reviewer decided, and not about their own access."""
    reviewer, by = row["of_reviewer"].casefold(), (row["decided_by"] or "").casefold()
    if (by or reviewer) == (row["of_mail"] or "").casefold():
        raise InvalidRow("decided_by: nobody decides on their own access", "the item's reviewer")
    if by and by != reviewer:
        raise InvalidRow(
            "decided_by: it is not the item's reviewer",
            "the mail address in `reviewer`, or an empty cell",
        )


def parse_decided_at(text: str, campaign: OpenCampaign) -> datetime:
    """Return the time of the decision: now if the text is empty. A time without a zone is UTC."""
    if not text:
        return campaign.now
    try:
        found = _parse_moment(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        is_possible = campaign.opened_at - ANY_TIME_ZONE <= found <= campaign.now + ANY_TIME_ZONE
    except (ValueError, OverflowError):
        raise InvalidRow("decided_at: it is not a day", A_DAY) from None
    if not is_possible:
        raise InvalidRow(
            "decided_at: it is before the campaign was opened, or in the future", A_DAY
        )
    return found


def read_seconds(text: str) -> int | None:
    """Return the seconds that the decision took, or None if the cell is empty."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) > MAX_SECONDS:
        raise InvalidRow(
            "seconds: it is not a number of seconds",
            f"a whole number up to {MAX_SECONDS:,}, or an empty cell",
        )
    return int(text)


def read_how(text: str) -> bool | None:
    """Return whether the item was decided together with others, or None if the cell is empty."""
    word = text.casefold()
    if word not in IS_BULK:
        raise InvalidRow("how: the word is unknown", "alone, together or an empty cell")
    return IS_BULK[word]


def _parse_moment(text: str) -> datetime:
    """Parse a day with or without a time. Raises ValueError, and InvalidRow if it is ambiguous."""
    if SERIAL_DAY.fullmatch(text):
        return datetime(1899, 12, 30) + timedelta(days=float(text.replace(",", ".")))
    found = DAY.fullmatch(text)
    if not found:
        return datetime.fromisoformat(text)
    first, mark, second, third, hour, minute, seconds, half = found.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif len(third) == 4:
        year, month, day = int(third), int(second), int(first)
        if mark != "." and day != month:
            if max(day, month) <= 12:
                raise InvalidRow("decided_at: it can be read as two days", A_DAY)
            if month > 12:
                month, day = day, month
    else:
        raise InvalidRow("decided_at: it can be read as several days", A_DAY)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + 12 * (half.lower() == "p")
    return datetime(year, month, day, hours, int(minute or 0), int(seconds or 0))
