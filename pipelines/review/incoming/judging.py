"""Check every row of the files that came back against the items of the campaign."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.files import safe_csv
from pipelines.review import seal
from pipelines.review.columns import (
    IDENTITY_COLUMNS,
    SEALED_COLUMNS,
    SHOWN_COLUMNS,
    replace_controls_sql,
)
from pipelines.review.incoming import encodings, rules
from pipelines.review.incoming.decision_file import COLUMNS, LABELS, DecisionFile
from pipelines.review.incoming.outcome import Decision, FileOutcome, Outcome
from pipelines.review.incoming.rules import InvalidRow, OpenCampaign
from pipelines.review.outgoing.rows import shown_sql
from pipelines.review.people import reviewers_sql
from pipelines.sql import fetch_dicts, quote
from pipelines.warehouse.current_items import items_sql, reassignments_sql
from pipelines.warehouse.review_tables import SETTLED


def judge_files(
    connection: duckdb.DuckDBPyConnection,
    campaign: OpenCampaign,
    files: list[DecisionFile],
    supersede: bool,
) -> Outcome:
    """Check every row against its item, the other rows, and the item's earlier decision."""
    imported = connection.execute(
        "select file_sha256 from review_imports where campaign = ? and rows_rejected = 0",
        [campaign.name],
    ).fetchall()
    outcome = Outcome(
        campaign.name, [FileOutcome(file.name, file.sha256, rows=len(file.rows)) for file in files]
    )
    for file in outcome.files:
        file.is_known = not supersede and (file.sha256,) in imported
    for decisions in _read_decisions(connection, campaign, files, outcome).values():
        if len({(one.answer.decision, one.answer.comment) for one in decisions}) > 1:
            _reject_contradiction(outcome, decisions)
        else:
            first, *others = decisions
            for one in others:
                outcome.files[one.file].repeated += 1
            _judge_decision(outcome, first, campaign, supersede)
    return outcome


def _read_decisions(
    connection: duckdb.DuckDBPyConnection,
    campaign: OpenCampaign,
    files: list[DecisionFile],
    outcome: Outcome,
) -> dict[str, list[Decision]]:
    """Return the decisions of all new files by item; reject invalid rows, and count empty ones."""
    found: dict[str, list[Decision]] = defaultdict(list)
    new = {
        place: file if file.encoding else _prove_encoding(connection, campaign, file)
        for place, file in enumerate(files)
        if not outcome.files[place].is_known
    }
    for row in _match_items(connection, campaign, new):
        place, number = row["file"], row["row_number"]
        try:
            if rules.is_of_earlier_reviewer(row):
                if rules.repeats_earlier_answer(row):
                    outcome.files[place].decided_before += 1
                else:
                    outcome.files[place].undecided += 1
                continue
            answer = rules.read_answer(row, new[place], campaign)
        except InvalidRow as invalid:
            outcome.reject(place, number, invalid.reason, invalid.expected)
            continue
        if answer is None:
            outcome.files[place].undecided += 1
            continue
        item, before = row["item_id"], (row["before_decision"], row["before_comment"])
        # An answer like `not_mine` is answered itself by giving the item to somebody else
        is_open = before[0] not in SETTLED and row["before_decided_by"] != row["of_reviewer"]
        found[item].append(
            Decision(place, number, item, row["grant_id"], row["is_gone"], before, is_open, answer)
        )
    return found


def _prove_encoding(
    connection: duckdb.DuckDBPyConnection, campaign: OpenCampaign, file: DecisionFile
) -> DecisionFile:
    shown = {column.header: shown_sql(column) for column in SHOWN_COLUMNS}
    labels = ", ".join(f"coalesce({shown[label]}, '')" for label in LABELS)
    sent = connection.execute(
        f"select item_id, {labels} from review_items"
        " where campaign = ? and item_id in (select unnest(?))",
        [campaign.name, [row.texts[encodings.ITEM] for row in file.rows]],
    ).fetchall()
    return encodings.prove_encoding(file, {item: tuple(texts) for item, *texts in sent})


def _reject_contradiction(outcome: Outcome, decisions: list[Decision]) -> None:
    rows = " and ".join(
        f"{outcome.files[one.file].name} row {one.row_number}" for one in decisions[:9]
    )
    for one in decisions:
        outcome.reject(
            one.file,
            one.row_number,
            f"{rows} decide differently on the same item",
            "one decision and comment for each item",
        )


def _judge_decision(
    outcome: Outcome, one: Decision, campaign: OpenCampaign, supersede: bool
) -> None:
    """Add a decision to the new ones, unless it repeats or contradicts the item's earlier one."""
    file, before = outcome.files[one.file], one.before[0]
    if one.before == (one.answer.decision, one.answer.comment):
        file.decided_before += 1
    elif before and not (supersede or one.is_open):
        what = "another comment" if before == one.answer.decision else f"`{before}`"
        outcome.reject(
            one.file,
            one.row_number,
            f"decision: {what} was imported for this item before",
            "the same decision and comment, or --supersede to replace them",
        )
    else:
        outcome.new.append(one)
        file.decided += 1
        file.superseding += before is not None
        file.late += campaign.due_on is not None and campaign.now.date() > campaign.due_on
        file.gone += one.is_gone


def _match_items(
    connection: duckdb.DuckDBPyConnection, campaign: OpenCampaign, files: dict[int, DecisionFile]
) -> Any:
    """Return every row of the files with its item as `of_...`, the seal that went out with the
    item, and the item's current decision."""
    _register_rows(connection, files)
    # A workbook may have been made from a CSV, so its cells may have the CSV's quotes, too. Only
    # in a comment, a quote in a workbook is always the reviewer's own.
    cells = ", ".join(
        f"case when is_csv then {safe_csv.restored_sql(column, True)} else {column} end as {column}"
        if column == "comment"
        else f'{_plain_sql(column)} as "{column}"'
        for column in COLUMNS
    )
    labels = {column.header: shown_sql(column) for column in SHOWN_COLUMNS}
    item = ", ".join(
        (
            *(f"coalesce({column}, '') as \"of_{column}\"" for column in IDENTITY_COLUMNS),
            *(
                # A quote in an id may be the id's own, so the id is compared with and without it.
                f"[coalesce({replace_controls_sql(column)}, ''),"
                f" coalesce({_plain_sql(column)}, '')] as plain_{column}"
                for column in IDENTITY_COLUMNS
            ),
            *(f"coalesce({labels[label]}, '') as \"of_{label}\"" for label in LABELS),
            "work_email as of_mail",
        )
    )
    sealed = (f"of_{name}" for name in (*SEALED_COLUMNS, "reviewer"))
    return fetch_dicts(
        connection.execute(
            f"""
        with came as (
            select *, mode(reviewer) over (partition by file) as file_reviewer
            from (select file, row_number, wrong, remedy, {cells} from returned_rows)
        ),
        items as (
            select item_id as of_item_id, grant_id,
                grant_id not in (select grant_id from grants) as is_gone, {item}
            from {items_sql(connection)} where campaign = {quote(campaign.name)}
        ),
        reassigned as (
            select item_id as reassigned_item_id, list(from_reviewer) as of_earlier_reviewers,
                max(reassigned_at) as of_reassigned_at
            from {reassignments_sql(connection)} where campaign = {quote(campaign.name)}
            group by all
        ),
        reviewers as (
            select reviewer as named_reviewer, full_name as of_reviewer_name
            from {reviewers_sql(connection)} where campaign = {quote(campaign.name)}
        ),
        before as (
            select item_id as before_item_id, decision as before_decision,
                comment as before_comment, decided_by as before_decided_by
            from review_decisions where campaign = {quote(campaign.name)} and is_current
        )
        select *, {seal.seal_sql(quote(campaign.name), *sealed)} as of_seal from came
        left join items on item_id = of_item_id
        left join before on item_id = before_item_id
        left join reassigned on item_id = reassigned_item_id
        left join reviewers on of_reviewer = named_reviewer
        order by file, row_number
    """,
            seal.hmac_pads(campaign.key),
        )
    )


def _plain_sql(column: str) -> str:
    """Return SQL that brings a text into the form in which sent and returned texts are compared."""
    return replace_controls_sql(safe_csv.restored_sql(f'"{column}"'))


def _register_rows(connection: duckdb.DuckDBPyConnection, files: dict[int, DecisionFile]) -> None:
    """Make the rows of the files available to queries as `returned_rows`."""
    rows = [(place, file, row) for place, file in files.items() for row in file.rows]
    texts = zip(*(row.texts for *_, row in rows), strict=True) if rows else [()] * len(COLUMNS)
    columns = {
        "file": pa.array([place for place, *_ in rows], pa.int32()),
        "is_csv": pa.array([file.is_csv for _, file, _ in rows], pa.bool_()),
        "row_number": pa.array([row.number for *_, row in rows], pa.int64()),
        "wrong": pa.array([row.wrong for *_, row in rows], pa.string()),
        "remedy": pa.array([row.remedy for *_, row in rows], pa.string()),
    }
    for column, text in zip(COLUMNS, texts, strict=True):
        columns[column] = pa.array(text, pa.string())
    connection.register("returned_rows", pa.table(columns))
