"""Gives items of an open campaign to another reviewer, who gets new files with new seals.

The rows of these items in the files of the earlier reviewer are refused from then on. Decisions
that were imported stay, and so does the record of who gave which item to whom, when and why.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.failures import Misconfigured, Refused, storage_failure
from pipelines.files import lock
from pipelines.files.output import check_output
from pipelines.files.scratch import scratch_in
from pipelines.review import may_decide, people, seal
from pipelines.review.outgoing.files import make_file_writers
from pipelines.review.packet.write import FACTS
from pipelines.sql import create_tables, fetch_dicts, quote
from pipelines.warehouse import review_tables
from pipelines.warehouse.current_items import items_sql
from pipelines.warehouse.publish import amend_published
from pipelines.warehouse.review_tables import SETTLED
from pipelines.warehouse.source_states import time_text
from pipelines.words import count_noun

MAIL = re.compile(r"[^\s'\"\\{}@]+@[^\s'\"\\{}@]+")
MAX_REASON_CHARACTERS = 1_000
MAX_IDS_SHOWN = 5


@dataclass(frozen=True)
class Wanted:
    """Which items are to be given to whom, and why."""

    items: list[str]
    reviewer: str  # the new one, by mail address in small letters
    because: str


@dataclass(frozen=True)
class Reassigned:
    """What was done: the items that got another reviewer, and the folder of the new files.

    `already` counts items that the reviewer had before, `decided` those whose decision stays.
    """

    campaign: str
    reviewer: str
    moved: list[str]
    already: int
    decided: int
    folder: Path


def reassign_items(warehouse: Path, wanted: Wanted, out: Path) -> Reassigned:
    """Record the new reviewer of the items, and write the files to send.

    Raises Misconfigured for items or a reviewer that nobody knows, and Refused for a campaign that
    is closed or a reviewer who may not decide. The same command again only writes the files again.
    """
    must_be_clear(wanted)
    key = seal.read_key(warehouse, make=False)
    # The files are moved into their place at the end of `until_published`, after the publication.
    with (
        ExitStack() as until_published,
        amend_published(warehouse) as workspace,
        duckdb.connect(str(workspace.copy)) as connection,
    ):
        connection.execute("set TimeZone = 'UTC'")
        # a file of an earlier version lacks some columns
        tables = (review_tables.ITEMS, review_tables.REASSIGNMENTS, review_tables.DECIDED)
        create_tables(connection, tables)
        found = _read_items(connection, wanted.items)
        name = found[0]["campaign"]
        moved = [one for one in found if one["reviewer"] != wanted.reviewer]
        if moved:
            ids = [one["item_id"] for one in moved]
            may_decide.must_be_allowed(connection, name, wanted.reviewer, ids)
            _record(connection, moved, wanted)
            people.note_reviewers(connection, name)
        folder = until_published.enter_context(
            _write_files(connection, name, key, wanted.items, out)
        )
    return Reassigned(
        name,
        wanted.reviewer,
        [one["item_id"] for one in moved],
        len(found) - len(moved),
        sum(one["decision"] in SETTLED for one in moved),
        folder,
    )


def must_be_clear(wanted: Wanted) -> None:
    """Raise Misconfigured for an address that is none, and for a missing or overlong reason."""
    if not MAIL.fullmatch(wanted.reviewer):
        raise Misconfigured("--to", "this is not one mail address", "name the new reviewer's")
    if not wanted.because:
        raise Misconfigured("--because", "it is empty", "write why somebody else decides")
    if len(wanted.because) > MAX_REASON_CHARACTERS:
        why = f"it has more than {MAX_REASON_CHARACTERS:,} characters"
        raise Misconfigured("--because", why, "write the reason in a sentence")


def _read_items(connection: duckdb.DuckDBPyConnection, ids: list[str]) -> list[dict[str, Any]]:
    """Return the items with their reviewers and decisions of now, all of one open campaign."""
    found = [
        *fetch_dicts(
            connection.execute(
                f"select items.campaign, items.item_id, items.reviewer, decision, status"
                f" from {items_sql(connection)} as items"
                " join review_campaigns using (campaign)"
                " left join review_decisions on review_decisions.campaign = items.campaign"
                " and review_decisions.item_id = items.item_id and review_decisions.is_current"
                " where items.item_id in (select unnest(?::varchar[])) order by all",
                [ids],
            )
        )
    ]
    if missing := sorted({*ids} - {one["item_id"] for one in found}):
        raise Misconfigured(
            shorten_ids(missing),
            "no campaign has these items",
            "take the ids from `item_id` in population.csv or in a reviewer's file",
        )
    campaigns = {one["campaign"]: one["status"] for one in found}
    if len(campaigns) > 1:
        names = " and ".join(sorted(campaigns))
        raise Misconfigured("the items", f"they are of {names}", "name items of one campaign")
    [(name, status)] = campaigns.items()
    if status != "open":
        raise Refused(
            f"campaign {name}",
            "it is closed, and nobody decides on its items any more",
            "decide in the next campaign",
        )
    return found


def _record(
    connection: duckdb.DuckDBPyConnection, moved: list[dict[str, Any]], wanted: Wanted
) -> None:
    now = datetime.now(UTC)
    chosen = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    connection.executemany(
        "update review_reassignments set is_current = false where campaign = ? and item_id = ?",
        [[one["campaign"], one["item_id"]] for one in moved],
    )
    connection.executemany(
        "insert into review_reassignments by name select ? as campaign, ? as item_id,"
        " ? as from_reviewer, ? as reassignment_id, ? as to_reviewer,"
        " ?::timestamptz as reassigned_at, ? as reassigned_by, ? as because, true as is_current",
        [
            [
                *(one["campaign"], one["item_id"], one["reviewer"], chosen),
                *(wanted.reviewer, now, settings.read_actor(), wanted.because),
            ]
            for one in moved
        ],
    )


@contextmanager
def _write_files(
    connection: duckdb.DuckDBPyConnection, name: str, key: bytes, ids: list[str], out: Path
) -> Iterator[Path]:
    """Write the new reviewer's files, and rename them to `out/<campaign>/reassigned-<number>` if
    the block succeeds."""
    home = out / name
    check_output(home)
    [row] = fetch_dicts(connection.execute("from review_campaigns where campaign = ?", [name]))
    facts = {fact: time_text(row[fact]) for fact in FACTS}
    facts |= {"due_on": str(row["due_on"]), "definition": json.loads(row["definition"])}
    items = f"(from {items_sql(connection)} where item_id in ({', '.join(map(quote, ids))}))"
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with lock.exclusive(home), scratch_in(home) as building:
            made = building / "reviewers"
            for write in make_file_writers(connection, name, key, made, facts, items):
                write()
            places = (home / f"reassigned-{number}" for number in range(1, 100_000))
            folder = next(place for place in places if not (place.exists() or place.is_symlink()))
            yield folder
            made.rename(folder)
    except OSError as error:
        raise storage_failure(
            home, error, "check the disk, then run the same command again"
        ) from None


def shorten_ids(ids: list[str]) -> str:
    """Return the first ids, and how many more there are."""
    more = len(ids) - MAX_IDS_SHOWN
    listed = ", ".join(f"item {one[:80]}" for one in ids[:MAX_IDS_SHOWN])
    return f"{listed} and {count_noun(more, 'more item')}" if more > 0 else listed
