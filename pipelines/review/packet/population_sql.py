"""The SQL that selects the population of a campaign, as it is run, and as an auditor reads it."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines import __version__
from pipelines.review import scope
from pipelines.review.campaign import Campaign
from pipelines.warehouse import PROJECT_FOLDER
from pipelines.warehouse.version import digest_project

POPULATION_MODEL = "access_review"
CONDITION_REASON = (
    "case when is_chosen is null then 'scope: its condition cannot be answered'"
    " when not is_chosen then 'scope: its condition does not hold' end"
)


def grant_reasons_sql(campaign: Campaign) -> str:
    """Return SQL that makes the table `grant_reasons`: each grant, and why it is left out; an empty
    text for a grant to decide on.

    With a condition in the campaign's file, `chosen_by_condition` must have its answers.
    """
    reasons, joined = scope.exclusion_reasons(campaign), ""
    if campaign.definition.scope.where is not None:
        reasons.append(CONDITION_REASON)
        joined = "\njoin chosen_by_condition using (grant_id)"
    listed = ",\n        ".join(reasons or ["null"])
    return (
        "create or replace temp table grant_reasons as\nselect\n    grant_id,\n    account_id,\n"
        f"    source_name,\n    concat_ws(\n        '; ',\n        {listed}\n    ) as reason\n"
        f"from {POPULATION_MODEL}{joined}"
    )


def describe_selection(campaign: Campaign) -> str:
    """Return the content of `population.sql`: statements that select the items again in DuckDB."""
    return "\n".join(_lines(campaign)) + "\n"


def _lines(campaign: Campaign) -> Iterator[str]:
    yield f"-- How Rollcall {__version__} selected the items of the campaign {campaign.name}."
    yield "-- The statements run in DuckDB, over the warehouse as it was at the opening."
    yield ""
    if where := campaign.definition.scope.where:
        yield "-- The condition of the campaign's file"
        yield "create or replace temp table chosen_by_condition as"
        yield f"select grant_id, ({where}\n) as is_chosen from {POPULATION_MODEL};"
        yield ""
    yield "-- Every grant, and why it is left out (exclusions.csv); empty for a grant to decide on"
    yield f"{grant_reasons_sql(campaign)};"
    yield ""
    yield "-- The items (population.csv)"
    yield f"select {POPULATION_MODEL}.*"
    yield f"from {POPULATION_MODEL}"
    yield "where grant_id in (select grant_id from grant_reasons where reason = '');"
    yield ""
    yield f"-- The model {POPULATION_MODEL}. SHA-256 of all models: {digest_project()}"
    [path] = PROJECT_FOLDER.glob(f"models/**/{POPULATION_MODEL}.sql")
    for line in path.read_text(encoding="utf-8").splitlines():
        yield f"-- | {line}".rstrip()
