"""Opening a campaign: its population is frozen in the warehouse, and stays as it is.

Every grant and every account is either decided on or left out with a reason. Items carry what was
known about them at this moment, so that evidence cannot change after the fact.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import __version__
from pipelines.failures import Misconfigured, Refused
from pipelines.review import assignment, freshness, scope
from pipelines.review.campaign import Campaign
from pipelines.review.campaign_state import campaign_status
from pipelines.review.packet import publish
from pipelines.sql import Table, quote
from pipelines.warehouse import publish as folder
from pipelines.warehouse import review_tables
from pipelines.warehouse.dbt_build import DECISION_MODELS, transform

COUNTED = "completeness_ledger"  # it counts what is in the campaign, so it is built after it


MEMORY = "1GB"  # that freezing may take before it goes to disk


ID_LENGTH = 16  # hex digits: among a million items, two that are the same are not to be expected


@dataclass(frozen=True)
class Accepted:
    """Sources that somebody accepts as they are, and why."""

    stale: list[str] = field(default_factory=list)
    old_read: list[str] = field(default_factory=list)
    because: str = ""


def freeze(
    campaign: Campaign, warehouse: Path, actor: str, accepted: Accepted, out: Path
) -> tuple[Path, str]:
    """Freeze the population and publish it with the packet, whose folder and digest are returned.
    Raises Refused for a source that is not fresh, and Misconfigured for a campaign that nobody
    could carry out."""
    _must_make_sense(campaign, warehouse, accepted)
    return publish.publish_with_packet(
        warehouse,
        campaign.name,
        out,
        "opened",
        lambda copy: _frozen(copy, campaign, actor, accepted),
    )


def _frozen(copy: Path, campaign: Campaign, actor: str, accepted: Accepted) -> None:
    home = copy.parent.parent.parent
    transform(copy, home, DECISION_MODELS, exclude=COUNTED)  # the policy as it is now
    chosen = scope.select_by_condition(campaign, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{MEMORY}'")
        for table in review_tables.TABLES:
            table.create(connection)
        now = datetime.now(UTC)
        _insert_campaign(connection, campaign, actor, accepted, now)
        if chosen is not None:
            connection.register("chosen_by_condition", chosen)
        _sort_out(connection, campaign, chosen is not None)
        assignment.assign(connection, campaign)
        _insert_items(connection, campaign.name)
        _insert_exclusions(connection, campaign.name)
    transform(copy, home, COUNTED)
    with duckdb.connect(str(copy)) as connection:
        _must_add_up(connection)
        take_exclusions(connection, review_tables.FINDINGS, campaign.name, "findings")
        take_exclusions(connection, review_tables.LEDGER, campaign.name, COUNTED)


def _must_add_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise Refused where a grant is neither decided on nor left out with a reason."""
    for source, off in connection.execute(
        "select source_name, balance_reviewed from completeness_ledger where balance_reviewed <> 0"
        " order by all"
    ).fetchall():
        raise Refused(
            f"campaign: the ledger of {source}",
            f"{off} grants are neither in it nor left out",
            "report it; nothing was opened",
        )


def _insert_campaign(
    connection: duckdb.DuckDBPyConnection,
    campaign: Campaign,
    actor: str,
    accepted: Accepted,
    now: datetime,
) -> None:
    if campaign_status(connection, campaign.name):
        raise Refused(
            f"campaign {campaign.name}",
            "it was opened already",
            "see `rollcall review status`, or give the new one a name of its own",
        )
    states, wrong = _sources(connection, campaign, accepted, now)
    reason = {"accepted_by": actor, "because": accepted.because.strip()}
    connection.execute(
        "insert into review_campaigns by name select ? as campaign, ? as title, ?::date as due_on,"
        " 'open' as status, ?::timestamptz as opened_at, ? as opened_by,"
        " (select max(started_at) from runs where status = 'complete') as data_as_of,"
        " ?::json as definition, ? as definition_sha256, ?::json as sources, ?::json as accepted,"
        " ? as rollcall",
        [
            campaign.name,
            campaign.definition.title,
            campaign.definition.due,
            now,
            actor,
            json.dumps(campaign.document),
            campaign.sha256,
            json.dumps(states),
            json.dumps([one | reason for one in wrong]),
            __version__,
        ],
    )


def _sources(
    connection: duckdb.DuckDBPyConnection, campaign: Campaign, accepted: Accepted, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The state of each source, and what was accepted of them with a reason. Raises Refused for
    what was not."""
    states = freshness.read_states(connection)
    wrong = freshness.check_freshness(
        states, campaign.definition, now, accepted.stale, accepted.old_read
    )
    if wrong and not accepted.because.strip():
        raise Misconfigured(
            "--because",
            "what is accepted needs a reason that an auditor can read",
            "say --because '…'",
        )
    return states, wrong


def _sort_out(
    connection: duckdb.DuckDBPyConnection, campaign: Campaign, by_condition: bool
) -> None:
    """Temporary tables: every grant with why it is left out, and those that are not."""
    reasons = scope.exclusion_reasons(campaign)
    joined = ""
    if by_condition:
        joined = "join chosen_by_condition using (grant_id)"
        reasons.append(
            "case when is_chosen is null then 'scope: its condition cannot be answered'"
            " when not is_chosen then 'scope: its condition does not hold' end"
        )
    connection.execute(
        "create or replace temp table sorted_out as"
        " select grant_id, account_id, source_name,"
        f" concat_ws('; ', {', '.join(reasons or ['null'])}) as reason from access_review {joined}"
    )
    connection.execute(
        "create or replace temp table in_scope as select grant_id, account_id, entitlement_id,"
        " source_name, person_id, work_email, account_email, manager_email from access_review"
        " where grant_id in (select grant_id from sorted_out where reason = '')"
    )
    [(items,)] = connection.execute("select count(*) from in_scope").fetchall()
    if not items:
        raise Misconfigured(str(campaign.path), "not one grant is in its scope", "widen the scope")


def _must_make_sense(campaign: Campaign, warehouse: Path, accepted: Accepted) -> None:
    """Raise Misconfigured for a misspelt filter, which would leave everything out, or nothing, and
    for what is no condition, and Refused for a source that is not fresh; at once, before anything
    is built."""
    with folder.open_published(warehouse) as connection:
        _must_be_known(connection, campaign)
        _sources(connection, campaign, accepted, datetime.now(UTC))
    scope.select_by_condition(campaign, warehouse)


def _must_be_known(connection: duckdb.DuckDBPyConnection, campaign: Campaign) -> None:
    for column, chosen in (
        ("source_name", campaign.definition.scope.source),
        ("resource_type", campaign.definition.scope.resource_type),
    ):
        known = [
            row[0]
            for row in connection.execute(
                f"select distinct {column} from entitlements"
                f" where {column} is not null order by all"
            ).fetchall()
        ]
        for one in chosen:
            if one not in known:
                raise Misconfigured(
                    f"{campaign.path} scope.{column.removesuffix('_name')}",
                    f"nothing published has {one!r}",
                    f"use {', '.join(known)}",
                )


def _insert_items(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Everything that access_review says, and who decides."""
    add_columns(connection, review_tables.ITEMS, "access_review")
    connection.execute(
        "insert into review_items by name"
        " select access_review.* exclude (reviewer, reviewer_rule), ? as campaign,"
        f" concat('i-', ?, '-', left(sha256(concat(?, '|', grant_id)), {ID_LENGTH})) as item_id,"
        " assigned.reviewer, assigned.rule as reviewer_rule, conflict as reviewer_conflict,"
        " first_choice"
        " from access_review join assigned using (grant_id)",
        [name, name, name],
    )
    [(twice,)] = connection.execute(
        "select count(*) - count(distinct item_id) from review_items where campaign = ?", [name]
    ).fetchall()
    if twice:
        raise Refused(
            f"campaign {name}", f"{twice} of its items would share an id", "give it another name"
        )


def _insert_exclusions(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(
        "insert into review_exclusions by name"
        " select ? as campaign, 'grant' as kind, grant_id as excluded_id, source_name, reason"
        " from sorted_out where reason <> ''"
        " union all select ?, 'grant', grant_id, source_name,"
        " 'dangling: ' || reason from dangling_grants"
        " union all select ?, 'account', account_id, accounts.source_name,"
        " case when count(sorted_out.grant_id) = 0 then 'it holds nothing'"
        " else 'nothing that it holds is in the campaign' end"
        " from accounts left join sorted_out using (account_id)"
        " group by all having count(*) filter (sorted_out.reason = '') = 0",
        [name, name, name],
    )


def take_exclusions(
    connection: duckdb.DuckDBPyConnection, table: Table, name: str, mart: str
) -> None:
    """Freeze what a mart says now, where this warehouse has it."""
    if not connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'main' and table_name = ?", [mart]
    ).fetchone():
        return
    add_columns(connection, table, mart)
    connection.execute(
        f"insert into {table.name} by name select {mart}.*, ? as campaign from {mart}", [name]
    )


def add_columns(connection: duckdb.DuckDBPyConnection, table: Table, mart: str) -> None:
    """Give a table of ours the columns of a mart that it has not yet, with their descriptions."""
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
