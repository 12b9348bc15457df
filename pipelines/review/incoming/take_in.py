"""Decisions come back: every row is held against its item, and all are taken in, or none.

A row that cannot be taken is told with its number, why, and what was expected. Silence is neither
approval nor revocation: a row that is missing or empty leaves its item undecided. A decision that
is taken in is never changed; another one supersedes it, and both stay.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.export import folder
from pipelines.failures import Misconfigured, Refused
from pipelines.review import campaign, opening, seal
from pipelines.review.incoming import decision_file, rules
from pipelines.review.incoming.decision_file import COLUMNS, LABELS, DecisionFile
from pipelines.review.incoming.rules import Answer, Asked, Wrong
from pipelines.review.outgoing.rows import BOUND, IDENTITY, SHOWN, shown
from pipelines.sql import named, quoted
from pipelines.warehouse import publish, review_tables

TOLD = 100  # rejected rows, on a screen


@dataclass(frozen=True)
class Rejection:
    """A row that is not taken in."""

    file: str
    row: int
    reason: str
    expected: str


@dataclass
class Taken:
    """What became of one file. `is_known`: exactly this file was taken in before."""

    name: str
    sha256: str
    is_known: bool = False
    rows: int = 0
    decided: int = 0  # what is new, `superseding` of them in another decision's place
    superseding: int = 0
    decided_before: int = 0
    repeated: int = 0  # the same again, further up
    undecided: int = 0
    rejected: int = 0
    late: int = 0  # of the new ones
    gone: int = 0  # of the new ones: about access that the last sync did not find any more


COUNTS = [one.name for one in fields(Taken) if one.type in ("int", "bool")]


class Decision(NamedTuple):
    """One row that says something new."""

    file: int
    row_number: int
    item_id: str
    grant_id: str
    is_gone: bool
    before: tuple[str | None, str | None]  # the decision and comment that are taken in already
    answer: Answer


@dataclass
class Outcome:
    """What became of all files."""

    campaign: str
    files: list[Taken]
    rejections: list[Rejection] = field(default_factory=list)
    new: list[Decision] = field(default_factory=list)
    is_published: bool = False

    def told(self) -> list[str]:
        """The rows that are rejected, a line each."""
        lines = [
            f"{one.file} row {one.row}: {one.reason}; expected: {one.expected}"
            for one in self.rejections[:TOLD]
        ]
        if len(self.rejections) > TOLD:
            lines.append(f"… and {len(self.rejections) - TOLD:,} more rows: --json tells them all")
        return lines

    def summary(self) -> list[str]:
        """What was done, in a few lines."""
        of = {name: sum(getattr(file, name) for file in self.files) for name in COUNTS}
        if self.is_published:
            first = f"decisions taken in: {of['decided']:,}"
            if of["superseding"]:
                first += f", {of['superseding']:,} in the place of earlier ones"
        elif self.rejections:
            first = "nothing was taken in: mend the rows, or take the others with --good-rows"
        else:
            first = "nothing new, so nothing was changed"
        counts = (
            (of["rejected"], "rows rejected"),
            (of["decided_before"], "decisions that were taken in before"),
            (of["repeated"], "rows that repeat another"),
            (of["undecided"], "rows without a decision"),
            (of["late"] * self.is_published, "decisions after the last day"),
            (of["gone"] * self.is_published, "decisions about access that is gone since"),
            (of["is_known"], "files that were taken in before"),
        )
        told = [f"  {what}: {count:,}" for count, what in counts if count]
        return [f"{self.campaign}: {first}", *told]

    def document(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign,
            "published": self.is_published,
            "files": [asdict(one) for one in self.files],
            "rejected": [asdict(one) for one in self.rejections],
        }


def take_in(
    warehouse: Path,
    name: str,
    paths: list[Path],
    actor: str,
    good_rows: bool = False,
    supersede: bool = False,
) -> Outcome:
    """Take in what the files decide: all of it or, if any row is rejected, nothing, unless the
    good rows are asked for. Raises Misconfigured for a campaign or file that is not there, and
    Refused for a campaign that is closed or a file that cannot be read."""
    campaign.must_be_a_name(name)
    seen = _version(warehouse)
    with folder.opened(warehouse) as connection:
        asked = _asked(connection, name, warehouse)
        read = [decision_file.read(path) for path in paths]
        files = [*{file.sha256: file for file in reversed(read)}.values()][::-1]
        outcome = _judged(connection, asked, files, supersede)
    if not outcome.new or (outcome.rejections and not good_rows):
        return outcome
    with publish.amended(warehouse) as copy, duckdb.connect(str(copy)) as connection:
        for table in (review_tables.IMPORTS, review_tables.DECIDED):
            table.create(connection)
        if seen != _version(warehouse):  # somebody was here in between
            asked = _asked(connection, name, warehouse)
            outcome = _judged(connection, asked, files, supersede)
        if good_rows or not outcome.rejections:
            _insert(connection, asked, outcome, actor)
            outcome.is_published = True
    return outcome


def _version(warehouse: Path) -> tuple[int, int] | None:
    """What changes with every publishing, which is a rename."""
    about = warehouse.stat() if warehouse.exists() else None
    return about and (about.st_ino, about.st_mtime_ns)


def _asked(connection: duckdb.DuckDBPyConnection, name: str, warehouse: Path) -> Asked:
    connection.execute("set TimeZone = 'UTC'")
    status = opening.is_open(connection, name)
    if status is None:
        raise Misconfigured(f"campaign {name}", "it was never opened",
                            f"say `rollcall review open {name}`")  # fmt: skip
    if status != "open":
        raise Refused(f"campaign {name}", "it is closed, and its decisions stay as they are",
                      "decide in the next campaign")  # fmt: skip
    [(opened_at, due_on)] = connection.execute(
        "select opened_at, due_on from review_campaigns where campaign = ?", [name]
    ).fetchall()
    return Asked(name, opened_at, due_on, seal.key(warehouse, make=False), datetime.now(UTC))


def _judged(
    connection: duckdb.DuckDBPyConnection,
    asked: Asked,
    files: list[DecisionFile],
    supersede: bool,
) -> Outcome:
    """Every row against its item, against the others, and against what was decided before."""
    known = {digest for (digest,) in connection.execute(
        "select file_sha256 from review_imports where campaign = ? and rows_rejected = 0",
        [asked.name],
    ).fetchall()}  # fmt: skip
    outcome = Outcome(asked.name, [
        Taken(file.name, file.sha256, not supersede and file.sha256 in known, len(file.rows))
        for file in files
    ])  # fmt: skip
    rejected: list[tuple[int, Rejection]] = []
    said: dict[str, list[Decision]] = defaultdict(list)

    def reject(place: int, number: int, reason: str, expected: str) -> None:
        rejected.append((place, Rejection(files[place].name, number, reason, expected)))

    unknown = {place: file for place, file in enumerate(files) if not outcome.files[place].is_known}
    for row in _held_against_items(connection, asked, unknown):
        place = row["file"]
        try:
            answer = rules.answer(row, files[place], asked)
        except Wrong as wrong:
            reject(place, row["row_number"], wrong.reason, wrong.expected)
            continue
        if answer is None:
            outcome.files[place].undecided += 1
        else:
            before = (row["before_decision"], row["before_comment"])
            said[row["item_id"]].append(
                Decision(place, row["row_number"], row["item_id"], row["grant_id"],
                         row["is_gone"], before, answer)
            )  # fmt: skip
    for decisions in said.values():
        first, *others = decisions
        if len({(one.answer.decision, one.answer.comment) for one in decisions}) > 1:
            rows = " and ".join(
                f"{files[one.file].name} row {one.row_number}" for one in decisions[:9]
            )
            for one in decisions:
                reject(one.file, one.row_number, f"{rows} decide on one item, and not alike",
                       "one decision and comment for each item")  # fmt: skip
            continue
        for one in others:
            outcome.files[one.file].repeated += 1
        taken, before = outcome.files[first.file], first.before[0]
        if first.before == (first.answer.decision, first.answer.comment):
            taken.decided_before += 1
        elif before and not supersede:
            what = "another comment" if before == first.answer.decision else f"`{before}`"
            reject(first.file, first.row_number, f"decision: {what} was taken in for it before",
                   "the same again, or --supersede if this is to take its place")  # fmt: skip
        else:
            outcome.new.append(first)
            taken.decided += 1
            taken.superseding += before is not None
            taken.late += asked.due_on is not None and asked.now.date() > asked.due_on
            taken.gone += first.is_gone
    for place, _ in rejected:
        outcome.files[place].rejected += 1
    rejected.sort(key=lambda one: (one[0], one[1].row))
    outcome.rejections = [rejection for _, rejection in rejected]
    return outcome


def _held_against_items(
    connection: duckdb.DuckDBPyConnection, asked: Asked, files: dict[int, DecisionFile]
) -> Any:
    """Every row of the files, with its item as `of_...`, the seal that it was sent with, and what
    was decided on it before."""
    rows = [(place, file, row) for place, file in files.items() for row in file.rows]
    texts = zip(*(row.texts for *_, row in rows), strict=True) if rows else [()] * len(COLUMNS)
    connection.register("came_back", pa.table({
        "file": pa.array([place for place, *_ in rows], pa.int32()),
        "is_csv": pa.array([file.is_csv for _, file, _ in rows], pa.bool_()),
        "row_number": pa.array([row.number for *_, row in rows], pa.int64()),
        "wrong": pa.array([row.wrong for *_, row in rows], pa.string()),
        **{column: pa.array(text, pa.string()) for column, text in
           zip(COLUMNS, texts, strict=True)},
    }))  # fmt: skip
    labels = {column.header: shown(column) for column in SHOWN}
    # a workbook may have been made of a CSV; no id begins with a quote, but a comment may
    cells = ", ".join(
        f"case when is_csv then {folder.undone(column)} else {column} end as {column}"
        if column == "comment" else f'{folder.undone(chr(34) + column + chr(34))} as "{column}"'
        for column in COLUMNS
    )  # fmt: skip
    of = ", ".join((
        *(f'coalesce({column}, \'\') as "of_{column}"' for column in IDENTITY),
        *(f'coalesce({labels[label]}, \'\') as "of_{label}"' for label in LABELS),
        "work_email as of_mail",
    ))  # fmt: skip
    bound = (f"of_{name}" for name in (*BOUND, "reviewer"))
    sealed = seal.in_sql(quoted(asked.name), *bound)
    return named(connection.execute(f"""
        with came as (
            select file, row_number, wrong, {cells} from came_back
        ),
        items as (
            select item_id as of_item_id, grant_id,
                grant_id not in (select grant_id from grants) as is_gone, {of}
            from review_items where campaign = {quoted(asked.name)}
        ),
        before as (
            select item_id as before_item_id, decision as before_decision,
                comment as before_comment
            from review_decisions where campaign = {quoted(asked.name)} and is_current
        )
        select *, {sealed} as of_seal from came
        left join items on item_id = of_item_id
        left join before on item_id = before_item_id
        order by file, row_number
    """, seal.pads(asked.key)))  # fmt: skip


def _insert(
    connection: duckdb.DuckDBPyConnection, asked: Asked, outcome: Outcome, actor: str
) -> None:
    ids = [f"{asked.now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}" for _ in outcome.files]
    new = outcome.new
    connection.register("taken", pa.table({
        "item_id": pa.array([one.item_id for one in new], pa.string()),
        "import_id": pa.array([ids[one.file] for one in new], pa.string()),
        "grant_id": pa.array([one.grant_id for one in new], pa.string()),
        "row_number": pa.array([one.row_number for one in new], pa.int64()),
        **{name: pa.array([getattr(one.answer, name) for one in new], pa.string())
           for name in ("decision", "comment", "decided_by")},
        "decided_at": pa.array([one.answer.decided_at for one in new], pa.timestamp("us", "UTC")),
    }))  # fmt: skip
    connection.execute(
        "update review_decisions set is_current = false, superseded_by = taken.import_id from taken"
        " where review_decisions.campaign = ? and review_decisions.is_current"
        " and review_decisions.item_id = taken.item_id",
        [asked.name],
    )
    connection.execute(
        "insert into review_decisions by name select *, ? as campaign, true as is_current,"
        " ?::date > ?::date as is_late from taken",
        [asked.name, asked.now.date(), asked.due_on],
    )
    for import_id, file in zip(ids, outcome.files, strict=True):
        if file.decided:
            connection.execute(
                "insert into review_imports by name select ? as import_id, ? as campaign,"
                " ? as file_name, ? as file_sha256, ?::timestamptz as imported_at,"
                " ? as imported_by, ? as rows_read, ? as rows_decided, ? as rows_undecided,"
                " ? as rows_rejected",
                [import_id, asked.name, file.name, file.sha256, asked.now, actor, file.rows,
                 file.decided, file.undecided, file.rejected],
            )  # fmt: skip
