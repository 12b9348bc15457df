"""Opens a campaign: freezes the grants to decide in the warehouse, and writes the reviewers' files.

Every grant and every account is either decided on or left out with a reason. Items carry what was
known about them at this moment, so that the evidence cannot change later.
"""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines import __version__, settings
from pipelines.failures import Misconfigured, Refused
from pipelines.review import assignment, freshness, scope, seal
from pipelines.review.campaign import Campaign, campaign_status
from pipelines.review.freshness import Accepted
from pipelines.review.packet.code_facts import read_code_facts
from pipelines.review.packet.population_sql import describe_selection, grant_reasons_sql
from pipelines.review.packet.publish import note_digest
from pipelines.review.packet.write import Origin, Packet, write_packet
from pipelines.review.people import note_reviewers
from pipelines.sources import read_titles
from pipelines.sql import Table, quote
from pipelines.warehouse import review_tables
from pipelines.warehouse.dbt_build import DECISION_MODELS, transform
from pipelines.warehouse.publish import amend_published, open_published

LEDGER_MODEL = "completeness_ledger"  # counts the campaign's items, so dbt builds it after them
MEMORY_LIMIT = "1GB"  # of DuckDB while the items are frozen; beyond it DuckDB uses the disk
ID_LENGTH = 16  # hex digits: a collision among a million items is not to be expected


def open_campaign(campaign: Campaign, warehouse: Path, accepted: Accepted, out: Path) -> Packet:
    """Freeze the campaign's items, and publish them together with the packet of evidence.

    Raises Refused for a source that is not fresh, and Misconfigured for a mistake in the file.
    """
    _check_before_building(campaign, warehouse, accepted)
    origin, opening = Origin(warehouse, seal.read_key(warehouse)), secrets.token_hex(16)
    earlier = _find_restore(campaign.name, warehouse, accepted)
    # The packet is moved into its place at the end of `until_published`, after the publication. If
    # the process dies in between, the same command writes the packet again.
    with ExitStack() as until_published, amend_published(warehouse) as workspace:
        copy, dbt_home = workspace.copy, workspace.dbt_home
        transform(copy, dbt_home, DECISION_MODELS, exclude=LEDGER_MODEL)  # with today's policy
        _insert_campaign(copy, campaign, accepted, opening, earlier)
        _freeze_items(copy, campaign, opening)
        transform(copy, dbt_home, LEDGER_MODEL)
        _freeze_findings(copy, campaign.name)
        with duckdb.connect(str(copy)) as connection:
            packet = until_published.enter_context(
                write_packet(connection, campaign.name, origin, out, "opened")
            )
            note_digest(connection, campaign.name, packet)
    seal.note_opening(warehouse, campaign.name, opening)
    return packet


def _find_restore(name: str, warehouse: Path, accepted: Accepted) -> list[dict[str, str]]:
    """Return an accepted problem if an older warehouse was restored; an empty list if not.

    If the campaign was opened here before and this warehouse does not know it, an older copy of the
    warehouse was restored. Raises Refused if that is so and no reason was given for accepting it.
    """
    day = seal.find_earlier_opening(warehouse, name)
    if day is None:
        return []
    why = f"it was opened here on {day}, and this warehouse lacks it: an older one was restored"
    if not accepted.reason:
        raise Refused(
            f"campaign {name}",
            f"{why}. Its reviewers' files can no longer be imported",
            "restore the newer warehouse, or open it again with --because '…' and send new files",
        )
    return [{"source_name": f"campaign {name}", "kind": "opened_before", "why": why}]


def _check_before_building(campaign: Campaign, warehouse: Path, accepted: Accepted) -> None:
    """Raise now for a mistake that would otherwise be found minutes later.

    Mistakes are a misspelt filter (which would leave everything out, or nothing), a bad condition,
    and a source that is not fresh.
    """
    with open_published(warehouse) as connection:
        for column, chosen in (
            ("source_name", campaign.definition.scope.source),
            ("resource_type", campaign.definition.scope.resource_type),
        ):
            known = [
                name
                for (name,) in connection.execute(
                    f"select distinct {column} from entitlements"
                    f" where {column} is not null order by all"
                ).fetchall()
            ]
            for one in chosen:
                if one not in known:
                    raise Misconfigured(
                        f"{campaign.path} scope.{column.removesuffix('_name')}",
                        f"no published entitlement has {one!r}",
                        f"use one of {', '.join(known)}",
                    )
        freshness.check_sources(connection, campaign.definition, accepted)
    scope.select_by_condition(campaign, warehouse)


def _insert_campaign(
    copy: Path, campaign: Campaign, accepted: Accepted, opening: str, earlier: list[dict[str, str]]
) -> None:
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        if campaign_status(connection, campaign.name):
            raise Refused(
                f"campaign {campaign.name}",
                "the campaign was opened before",
                "see `rollcall review status`, or give the new campaign another name",
            )
        states, problems = freshness.check_sources(connection, campaign.definition, accepted)
        titles = read_titles(connection)
        states = [one | {"source_title": titles.get(one["source_name"])} for one in states]
        actor = settings.read_actor()
        reason = {"accepted_by": actor, "because": accepted.reason}
        connection.execute(
            "insert into review_campaigns by name select ? as campaign, ? as title,"
            " ?::date as due_on, 'open' as status, ?::timestamptz as opened_at, ? as opened_by,"
            " (select max(started_at) from runs where status = 'complete') as data_as_of,"
            " ?::json as definition, ? as definition_sha256, ?::json as sources,"
            " ?::json as accepted, ? as rollcall, ? as opening, ? as population_sql,"
            " ?::json as opened_with",
            [
                campaign.name,
                campaign.definition.title,
                campaign.definition.due,
                datetime.now(UTC),
                actor,
                json.dumps(campaign.document),
                campaign.sha256,
                json.dumps(states),
                json.dumps([one | reason for one in [*problems, *earlier]]),
                __version__,
                opening,
                describe_selection(campaign),
                json.dumps(read_code_facts()),
            ],
        )


def _freeze_items(copy: Path, campaign: Campaign, opening: str) -> None:
    """Insert an item per grant in scope, and an exclusion per grant or account without an item."""
    chosen = scope.select_by_condition(campaign, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        if chosen is not None:
            connection.register("chosen_by_condition", chosen)
        connection.execute(grant_reasons_sql(campaign))
        connection.execute(
            "create or replace temp table in_scope as select grant_id, account_id, entitlement_id,"
            " source_name, person_id, work_email, account_email, manager_email from access_review"
            " where grant_id in (select grant_id from grant_reasons where reason = '')"
        )
        [(count,)] = connection.execute("select count(*) from in_scope").fetchall()
        if not count:
            raise Misconfigured(
                str(campaign.path), "not one grant is in its scope", "widen the scope"
            )
        assignment.assign(connection, campaign)
        _insert_items(connection, campaign.name, opening)
        note_reviewers(connection, campaign.name)
        _insert_exclusions(connection, campaign.name)


def _insert_items(connection: duckdb.DuckDBPyConnection, name: str, opening: str) -> None:
    """Copy all columns of access_review for the grants in scope, and add the reviewer.

    The random text `opening` is part of each item's id, and the id is part of each seal. An answer
    to an earlier opening of this campaign is therefore never accepted.
    """
    _add_columns(connection, review_tables.ITEMS, "access_review")
    titles = read_titles(connection)
    connection.execute(
        "create or replace temp table source_titles as"
        " select unnest(?::varchar[]) as source_name, unnest(?::varchar[]) as source_title",
        [[*titles], [*titles.values()]],
    )
    connection.execute(
        "insert into review_items by name"
        " select access_review.* exclude (reviewer, reviewer_rule), ? as campaign,"
        f" concat('i-', ?, '-', left(sha256(concat(?, '|', grant_id)), {ID_LENGTH})) as item_id,"
        " assigned.reviewer, assigned.rule as reviewer_rule, conflict as reviewer_conflict,"
        " first_choice, source_title"
        " from access_review join assigned using (grant_id)"
        " left join source_titles using (source_name)",
        [name, name, opening],
    )
    [(twice,)] = connection.execute(
        "select count(*) - count(distinct item_id) from review_items where campaign = ?", [name]
    ).fetchall()
    if twice:
        raise Refused(
            f"campaign {name}",
            f"{twice} of its items would share an id",
            "give the campaign another name",
        )


def _insert_exclusions(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(
        "insert into review_exclusions by name"
        " select ? as campaign, 'grant' as kind, grant_id as excluded_id, source_name, reason"
        " from grant_reasons where reason <> ''"
        " union all select ?, 'grant', grant_id, source_name,"
        " 'dangling: ' || reason from dangling_grants"
        " union all select ?, 'account', account_id, accounts.source_name,"
        " case when count(grant_reasons.grant_id) = 0 then 'it holds nothing'"
        " else 'nothing that it holds is in the campaign' end"
        " from accounts left join grant_reasons using (account_id)"
        " group by all having count(*) filter (grant_reasons.reason = '') = 0",
        [name, name, name],
    )


def _freeze_findings(copy: Path, name: str) -> None:
    """Copy the findings and the completeness ledger as they are now.

    Raises Refused if the ledger has a grant that is neither decided on nor left out with a reason.
    """
    with duckdb.connect(str(copy)) as connection:
        unbalanced = connection.execute(
            f"select source_name, balance_reviewed from {LEDGER_MODEL}"
            " where balance_reviewed <> 0 order by all"
        ).fetchone()
        if unbalanced:
            source, count = unbalanced
            raise Refused(
                f"campaign {name}: the ledger of {source}",
                f"{count} grants are neither in the campaign nor left out with a reason",
                "report this as a bug; nothing was opened",
            )
        for table, mart in (
            (review_tables.FINDINGS, "findings"),
            (review_tables.LEDGER, LEDGER_MODEL),
        ):
            _add_columns(connection, table, mart)
            connection.execute(
                f"insert into {table.name} by name select {mart}.*, ? as campaign from {mart}",
                [name],
            )


def _add_columns(connection: duckdb.DuckDBPyConnection, table: Table, mart: str) -> None:
    """Give a review table the columns of a mart that it lacks, with their descriptions."""
    for column, kind, about in connection.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where schema_name = 'main' and table_name = ? order by column_index",
        [mart],
    ).fetchall():
        if column not in table.columns:
            place = f"main.{table.name}.{column}"
            connection.execute(
                f"alter table main.{table.name} add column if not exists {column} {kind}"
            )
            connection.execute(f"comment on column {place} is {quote(about or '')}")
