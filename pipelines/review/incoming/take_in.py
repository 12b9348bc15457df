"""Decisions come back: every row is held against its item, and all are taken in, or none.

A row that cannot be taken is told with its number, why, and what was expected. Silence is neither
approval nor revocation: a row that is missing or empty leaves its item undecided. A decision that
is taken in is never changed; another one supersedes it, and both stay.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.failures import Misconfigured, Refused
from pipelines.files import safe_csv
from pipelines.review import campaign, seal
from pipelines.review.columns import IDENTITY_COLUMNS, SEALED_COLUMNS, SHOWN_COLUMNS
from pipelines.review.incoming import decision_file, rules
from pipelines.review.incoming.decision_file import COLUMNS, LABELS, DecisionFile
from pipelines.review.incoming.outcome import Decision, FileOutcome, Outcome, Rejection
from pipelines.review.incoming.rules import Asked, Wrong
from pipelines.review.outgoing.rows import shown_sql
from pipelines.sql import fetch_dicts, quote
from pipelines.warehouse import publish, review_tables
from pipelines.warehouse import publish as folder


def import_decisions(
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
    with folder.open_published(warehouse) as connection:
        asked = _asked(connection, name, warehouse)
        read = [decision_file.read_decision_file(path) for path in paths]
        files = [*{file.sha256: file for file in reversed(read)}.values()][::-1]
        outcome = _judged(connection, asked, files, supersede)
    if not outcome.new or (outcome.rejections and not good_rows):
        return outcome
    with (
        publish.amend_published(warehouse) as workspace,
        duckdb.connect(str(workspace.copy)) as connection,
    ):
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
    status = campaign.campaign_status(connection, name)
    if status is None:
        raise Misconfigured(
            f"campaign {name}", "it was never opened", f"say `rollcall review open {name}`"
        )
    if status != "open":
        raise Refused(
            f"campaign {name}",
            "it is closed, and its decisions stay as they are",
            "decide in the next campaign",
        )
    [(opened_at, due_on)] = connection.execute(
        "select opened_at, due_on from review_campaigns where campaign = ?", [name]
    ).fetchall()
    return Asked(name, opened_at, due_on, seal.read_key(warehouse, make=False), datetime.now(UTC))


def _judged(
    connection: duckdb.DuckDBPyConnection, asked: Asked, files: list[DecisionFile], supersede: bool
) -> Outcome:
    """Every row against its item, against the others, and against what was decided before."""
    known = {
        digest
        for (digest,) in connection.execute(
            "select file_sha256 from review_imports where campaign = ? and rows_rejected = 0",
            [asked.name],
        ).fetchall()
    }
    outcome = Outcome(
        asked.name,
        [
            FileOutcome(
                file.name, file.sha256, not supersede and file.sha256 in known, len(file.rows)
            )
            for file in files
        ],
    )
    rejected: list[tuple[int, Rejection]] = []
    said: dict[str, list[Decision]] = defaultdict(list)

    def reject(place: int, number: int, reason: str, expected: str) -> None:
        rejected.append((place, Rejection(files[place].name, number, reason, expected)))

    unknown = {place: file for place, file in enumerate(files) if not outcome.files[place].is_known}
    for row in _held_against_items(connection, asked, unknown):
        place = row["file"]
        try:
            answer = rules.judge_row(row, files[place], asked)
        except Wrong as wrong:
            reject(place, row["row_number"], wrong.reason, wrong.expected)
            continue
        if answer is None:
            outcome.files[place].undecided += 1
        else:
            before = (row["before_decision"], row["before_comment"])
            said[row["item_id"]].append(
                Decision(
                    place,
                    row["row_number"],
                    row["item_id"],
                    row["grant_id"],
                    row["is_gone"],
                    before,
                    answer,
                )
            )
    for decisions in said.values():
        first, *others = decisions
        if len({(one.answer.decision, one.answer.comment) for one in decisions}) > 1:
            rows = " and ".join(
                f"{files[one.file].name} row {one.row_number}" for one in decisions[:9]
            )
            for one in decisions:
                reject(
                    one.file,
                    one.row_number,
                    f"{rows} decide on one item, and not alike",
                    "one decision and comment for each item",
                )
            continue
        for one in others:
            outcome.files[one.file].repeated += 1
        taken, before = outcome.files[first.file], first.before[0]
        if first.before == (first.answer.decision, first.answer.comment):
            taken.decided_before += 1
        elif before and not supersede:
            what = "another comment" if before == first.answer.decision else f"`{before}`"
            reject(
                first.file,
                first.row_number,
                f"decision: {what} was taken in for it before",
                "the same again, or --supersede if this is to take its place",
            )
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
    connection.register(
        "came_back",
        pa.table(
            {
                "file": pa.array([place for place, *_ in rows], pa.int32()),
                "is_csv": pa.array([file.is_csv for _, file, _ in rows], pa.bool_()),
                "row_number": pa.array([row.number for *_, row in rows], pa.int64()),
                "wrong": pa.array([row.wrong for *_, row in rows], pa.string()),
                **{
                    column: pa.array(text, pa.string())
                    for column, text in zip(COLUMNS, texts, strict=True)
                },
            }
        ),
    )
    labels = {column.header: shown_sql(column) for column in SHOWN_COLUMNS}
    # a workbook may have been made of a CSV; no id begins with a quote, but a comment may
    cells = ", ".join(
        f"case when is_csv then {safe_csv.restored_cell_sql(column)} else {column} end as {column}"
        if column == "comment"
        else f'{safe_csv.restored_cell_sql(chr(34) + column + chr(34))} as "{column}"'
        for column in COLUMNS
    )
    of = ", ".join(
        (
            *(f"coalesce({column}, '') as \"of_{column}\"" for column in IDENTITY_COLUMNS),
            *(f"coalesce({labels[label]}, '') as \"of_{label}\"" for label in LABELS),
            "work_email as of_mail",
        )
    )
    bound = (f"of_{name}" for name in (*SEALED_COLUMNS, "reviewer"))
    sealed = seal.seal_sql(quote(asked.name), *bound)
    return fetch_dicts(
        connection.execute(
            f"""
        with came as (
            select file, row_number, wrong, {cells} from came_back
        ),
        items as (
            select item_id as of_item_id, grant_id,
                grant_id not in (select grant_id from grants) as is_gone, {of}
            from review_items where campaign = {quote(asked.name)}
        ),
        before as (
            select item_id as before_item_id, decision as before_decision,
                comment as before_comment
            from review_decisions where campaign = {quote(asked.name)} and is_current
        )
        select *, {sealed} as of_seal from came
        left join items on item_id = of_item_id
        left join before on item_id = before_item_id
        order by file, row_number
    """,
            seal.hmac_pads(asked.key),
        )
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, asked: Asked, outcome: Outcome, actor: str
) -> None:
    ids = [f"{asked.now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}" for _ in outcome.files]
    new = outcome.new
    connection.register(
        "taken",
        pa.table(
            {
                "item_id": pa.array([one.item_id for one in new], pa.string()),
                "import_id": pa.array([ids[one.file] for one in new], pa.string()),
                "grant_id": pa.array([one.grant_id for one in new], pa.string()),
                "row_number": pa.array([one.row_number for one in new], pa.int64()),
                **{
                    name: pa.array([getattr(one.answer, name) for one in new], pa.string())
                    for name in ("decision", "comment", "decided_by")
                },
                "decided_at": pa.array(
                    [one.answer.decided_at for one in new], pa.timestamp("us", "UTC")
                ),
            }
        ),
    )
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
                [
                    import_id,
                    asked.name,
                    file.name,
                    file.sha256,
                    asked.now,
                    actor,
                    file.rows,
                    file.decided,
                    file.undecided,
                    file.rejected,
                ],
            )
