"""dbt in this process: the candidate's raw tables into marts, tested."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import duckdb

from pipelines import built, changes, policy, provision, reviews, settings
from pipelines.failures import FULL, Failure, Misconfigured, Refused, StorageFailed, explained
from pipelines.redact import plain

DECISIONS = "tag:decisions"  # what policy and decisions decide, besides what a sync reads
PROJECT = Path(__file__).parent.parent / "dbt_project"


def transform(candidate: Path, home: Path, select: str = "", exclude: str = "") -> None:
    """Build every model and run every test in the candidate, or those that `select` names as dbt
    would, without those that `exclude` names; DECISIONS only where something has changed since
    they were built. Raises Refused for the first that fails: what it holds is then not published.
    """
    policy.write(candidate)
    told = variables()
    with duckdb.connect(str(candidate)) as connection:
        for table in (*reviews.TABLES, *changes.TABLES):
            table.create(connection)  # models read them, and an older warehouse lacks some
    if select == DECISIONS and built.is_current(candidate, PROJECT, told):
        return
    from dbt.cli.main import dbtRunner  # takes seconds to import: only those who need it wait

    os.environ.setdefault("ROLLCALL_THREADS", str(os.cpu_count() or 2))
    common = (
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(home / "dbt"), "--log-path", str(home / "dbt")),
        *("--log-level", "none", "--log-level-file", "none", "--quiet", "--no-write-json"),
        *("--vars", json.dumps(told)),
    )
    try:
        manifest = _parsed.get(common[-1])
        if manifest is None:
            # by its name alone: dbt parses everything anew when the profile's path has changed
            os.environ["ROLLCALL_CANDIDATE"] = candidate.name
            result = dbtRunner().invoke(["parse", *common])
            if not result.success:
                raise _failure(result)
            manifest = _parsed[common[-1]] = result.result
        if drop_stale_tables(candidate, manifest):
            select = ""  # an older version built this: the selected models need all the others
        os.environ["ROLLCALL_CANDIDATE"] = str(candidate)
        build = ["build", *common, "--exclude-resource-type", "unit_test"]
        if select:
            build += ["--select", *select.split()]
        if exclude:
            build += ["--exclude", *exclude.split()]
        result = dbtRunner(manifest=manifest).invoke(build)
    finally:
        _close()
    if not result.success:
        raise _failure(result)
    if select in ("", DECISIONS):
        built.note(candidate, PROJECT, told)


def variables() -> dict[str, Any]:
    """What the models are told of the settings. Raises Misconfigured."""
    owner = settings.setting("review.owner")
    if owner and not re.fullmatch(r"[^\s'\"\\{}]+@[^\s'\"\\{}]+", owner):
        raise Misconfigured("REVIEW__OWNER", "it is no mail address", "set REVIEW__OWNER")
    dormant = _days("dormant_after_days", 90)
    return {
        "review_owner": owner,
        "ticket_source": provision.ticket_source(),
        "dormant_after_days": dormant,
        "dormant_service_after_days": _days("dormant_service_after_days", dormant),
    }


def _days(name: str, default: int) -> int:
    text = settings.setting(f"review.{name}", str(default))
    if not (text.isascii() and text.isdecimal()):
        variable = f"REVIEW__{name.upper()}"
        raise Misconfigured(variable, f"{text} is no number of days", f"set {variable}")
    return int(text)


def drop_stale_tables(candidate: Path, manifest: Any) -> bool:
    """Drop the tables that only an older version's models make; return whether a table of today's
    models is missing. Schema main stays as it is, because commands write tables there as well."""
    made = {
        (node.schema, node.name)
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.config.materialized != "ephemeral"
    }
    only_models = {schema for schema, _ in made} - {"main"}
    with duckdb.connect(str(candidate)) as connection:
        found = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in {*found} - made:
            if schema in only_models:
                connection.execute(f'drop table "{schema}"."{table}"')
    return not made <= {*found}


_parsed: dict[str, Any] = {}  # by the variables: several syncs of one process parse once


def _close() -> None:
    """Let go of the candidate. dbt-duckdb keeps it open, which is twice as fast as opening it anew
    for every model, and would keep it open after the build as well."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()


def _failure(result: object) -> Failure:
    """The first model or test that did not pass, in one sentence."""
    thrown = getattr(result, "exception", None)
    if thrown and (failure := explained(thrown)):
        return failure
    broken = [
        node
        for node in getattr(getattr(result, "result", None), "results", None) or []
        if str(node.status) in ("error", "fail")
    ]
    if not broken:
        why = plain(getattr(result, "exception", None) or "it gave no reason", 500)
        return Failure("transform: dbt", why, "report it with this message")
    node = broken[0]
    why = plain(str(node.message or "").strip() or str(node.status), 500)
    if any(words in why for words in FULL):
        return StorageFailed("transform", why, "free some space, then run `rollcall sync` again")
    more = f" ({len(broken) - 1} more)" if len(broken) > 1 else ""
    return Refused(
        f"transform: {node.node.resource_type} {node.node.name}",
        why + more,
        "look at the candidate that was kept, then run `rollcall sync` again",
    )
