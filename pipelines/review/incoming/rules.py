"""What one row of a decision file says, and whether it may say so.

A row is held against the frozen item, never believed: what it is about must be what went out, and
whoever answers must be who was asked. A row without a decision decides nothing.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from pipelines.review.columns import IDENTITY_COLUMNS
from pipelines.review.incoming.decision_file import BLANKS, LABELS, DecisionFile
from pipelines.warehouse.review_tables import DECISIONS

BOUND = [(name, f"of_{name}") for name in IDENTITY_COLUMNS if name != "campaign"]
NEEDS_COMMENT = ("revoke", "modify")
MAX_COMMENT_LENGTH = 10_000  # characters of a comment
WORDS = "keep, revoke, modify, not mine or unsure"
AS_SENT = "the row as it was in the file that was sent out"
A_DAY = "a day like 2026-03-31, or an empty cell"
DAY = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})"
    r"(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([ap])?\.?(?:m\.?)?)?",
    re.IGNORECASE,
)
SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")  # how a spreadsheet counts days
SOME_TIME_ZONE = timedelta(days=1)  # a file does not say in which one it was filled in
# What a spreadsheet makes of a text that it takes for a number or a day: 1.00E+05, 1-Mar, 05.12.26
REWRITTEN = re.compile(r"(?=.*\d)[\d\s.,:/+-]*[^\W\d_]{0,4}[\d\s.,:/+-]*")


class Wrong(Exception):
    """A row that cannot be taken: why, and what was expected."""

    def __init__(self, reason: str, expected: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


@dataclass(frozen=True)
class Asked:
    """The campaign, as every row is held against it."""

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


def judge_row(row: dict[str, Any], file: DecisionFile, asked: Asked) -> Answer | None:
    """The decision of a row, None if it has none. `row` has the texts of the file by their column,
    and the item's own as `of_...` (null where there is no such item). Raises Wrong."""
    if row["wrong"]:
        raise Wrong(row["wrong"], "plain values, under the columns that were sent out")
    _must_be_ours(row, file, asked)
    decision = _decision(row["decision"])
    words = read_comment(row["comment"] or "")
    if decision is None:
        return None
    if decision in NEEDS_COMMENT and not words:
        raise Wrong(f"comment: {decision} needs one", "what is to be done, and why")
    _must_be_asked(row)
    decided_at = read_moment(row["decided_at"] or "", asked)
    return Answer(decision, words, row["of_reviewer"], decided_at)


def _must_be_ours(row: dict[str, Any], file: DecisionFile, asked: Asked) -> None:
    """The row must be about the item that it names, and be sealed by us."""
    if not row["item_id"]:
        raise Wrong("item_id: it is empty", AS_SENT)
    if row["campaign"] != asked.name:
        raise Wrong("campaign: it is not this campaign's", f"`{asked.name}`")
    if row["of_item_id"] is None:
        raise Wrong("item_id: this campaign has no such item", AS_SENT)
    for name, of_name in BOUND:
        if row[name] != row[of_name] and row[name] != row[of_name].strip(BLANKS):
            raise Wrong(f"{name}: it is not what the item has", AS_SENT)
    if row["reviewer"] != file.reviewer.removeprefix("'"):
        raise Wrong("reviewer: the other rows are another reviewer's", "one file per reviewer")
    if row["seal"] != row["of_seal"]:
        raise Wrong("seal: it does not fit the row", AS_SENT)
    for name in LABELS:
        if not _same_label(row[name], row[f"of_{name}"], file.is_lossy):
            raise Wrong(f"{name}: it is not what the item has", f"{AS_SENT}, or no such column")


def _same_label(seen: str | None, sent: str, is_lossy: bool) -> bool:
    """Whether a label says what was sent, as far as a spreadsheet leaves it. A row whose label was
    put in another's place was decided on by mistake."""
    if not seen or seen == sent or _gist(seen) == _gist(sent):
        return True
    if is_lossy:
        try:
            sent.encode("cp1252")
        except UnicodeEncodeError:
            return True
    return bool(REWRITTEN.fullmatch(seen) and re.search(r"\d", sent))


def _gist(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


@lru_cache
def _decision(text: str) -> str | None:
    """One of DECISIONS, in any case; blanks and hyphens are as good as underscores."""
    word = unicodedata.normalize("NFKC", text).casefold().strip(BLANKS)
    word = re.sub(r"[\s_\u2010-\u2015-]+", "_", word)
    if not word:
        return None
    if word not in DECISIONS:
        near = difflib.get_close_matches(word, DECISIONS, 1)
        hint = f"; did you mean {near[0].replace('_', ' ')}?" if near else ""
        raise Wrong(f"decision: it is none of the words{hint}", WORDS)
    return word


def read_comment(text: str) -> str | None:
    """The reviewer's words, as they are; the ends of lines are those of their program."""
    words = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").strip(BLANKS)
    if len(words) > MAX_COMMENT_LENGTH:
        raise Wrong(f"comment: it has {len(words):,} characters", f"at most {MAX_COMMENT_LENGTH:,}")
    return words or None


def _must_be_asked(row: dict[str, Any]) -> None:
    """Whoever answers is whom the item was given to, and is not answering for themselves."""
    reviewer, by = row["of_reviewer"].casefold(), (row["decided_by"] or "").casefold()
    if (by or reviewer) == (row["of_mail"] or "").casefold():
        raise Wrong("decided_by: nobody decides on their own access", "the item's reviewer")
    if by and by != reviewer:
        raise Wrong(
            "decided_by: it is not the item's reviewer",
            "the mail address in `reviewer`, or an empty cell",
        )


def read_moment(text: str, asked: Asked) -> datetime:
    """When it was decided: as the file says, else now. A time without a zone is taken as UTC."""
    if not text:
        return asked.now
    try:
        found = _moment(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        far = SOME_TIME_ZONE
        is_possible = asked.opened_at - far <= found <= asked.now + far
    except (ValueError, OverflowError):
        raise Wrong("decided_at: it is no day", A_DAY) from None
    if not is_possible:
        raise Wrong("decided_at: it is before the campaign was opened, or yet to come", A_DAY)
    return found


def _moment(text: str) -> datetime:
    """Raises ValueError for no day, and Wrong for what may be two."""
    if SERIAL.fullmatch(text):
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
                raise Wrong("decided_at: it may be two days", A_DAY)
            if month > 12:
                month, day = day, month
    else:
        raise Wrong("decided_at: it may be several days", A_DAY)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + 12 * (half.lower() == "p")
    return datetime(year, month, day, hours, int(minute or 0), int(seconds or 0))
