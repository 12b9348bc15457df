"""dbt in this process: the candidate's raw tables into marts, tested."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.failures import FULL, Failure, Misconfigured, Refused, StorageFailed, explain
from pipelines.policy import company_files
from pipelines.redact import redact_text
from pipelines.sources import write_access
from pipelines.warehouse import change_tables, dbt_unchanged, review_tables

DECISION_MODELS = "tag:decisions"  # what policy and decisions decide, besides what a sync reads
PROJECT_FOLDER = Path(__file__).parents[2] / "dbt_project"


def transform(candidate: Path, home: Path, select: str = "", exclude: str = "") -> None:
    """Build every model and run every test in the candidate, or those that `select` names as dbt
    would, without those that `exclude` names; DECISIONS only where something has changed since
    they were built. Raises Refused for the first that fails: what it holds is then not published.
    """
    company_files.write_policy(candidate)
    told = dbt_variables()
    with duckdb.connect(str(candidate)) as connection:
        for table in (*review_tables.TABLES, *change_tables.TABLES):
            table.create(connection)  # models read them, and an older warehouse lacks some
    if select == DECISION_MODELS and dbt_unchanged.is_current(candidate, PROJECT_FOLDER, told):
        return
    from dbt.cli.main import dbtRunner  # takes seconds to import: only those who need it wait

    os.environ.setdefault("ROLLCALL_THREADS", str(os.cpu_count() or 2))
    common = (
        *("--project-dir", str(PROJECT_FOLDER), "--profiles-dir", str(PROJECT_FOLDER)),
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
    if select in ("", DECISION_MODELS):
        dbt_unchanged.note_build(candidate, PROJECT_FOLDER, told)


def dbt_variables() -> dict[str, Any]:
    """What the models are told of the settings. Raises Misconfigured."""
    owner = settings.read_setting("review.owner")
    if owner and not re.fullmatch(r"[^\s'\"\\{}]+@[^\s'\"\\{}]+", owner):
        raise Misconfigured("REVIEW__OWNER", "it is no mail address", "set REVIEW__OWNER")
    dormant = _days("dormant_after_days", 90)
    return {
        "review_owner": owner,
        "ticket_source": write_access.ticket_source(),
        "dormant_after_days": dormant,
        "dormant_service_after_days": _days("dormant_service_after_days", dormant),
    }


def _days(name: str, default: int) -> int:
    text = settings.read_setting(f"review.{name}", str(default))
    if not (text.isascii() and text.isdecimal()):
        variable = f"REVIEW__{name.upper()}"
        raise Misconfigured(variable, f"{text} is no number of days", f"set {variable}")
    return int(text)


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
    if thrown and (failure := explain(thrown)):
        return failure
    broken = [
        node
        for node in getattr(getattr(result, "result", None), "results", None) or []
        if str(node.status) in ("error", "fail")
    ]
    if not broken:
        why = redact_text(getattr(result, "exception", None) or "it gave no reason", 500)
        return Failure("transform: dbt", why, "report it with this message")
    node = broken[0]
    why = redact_text(str(node.message or "").strip() or str(node.status), 500)
    if any(words in why for words in FULL):
        return StorageFailed("transform", why, "free some space, then run `rollcall sync` again")
    more = f" ({len(broken) - 1} more)" if len(broken) > 1 else ""
    return Refused(
        f"transform: {node.node.resource_type} {node.node.name}",
        why + more,
        "look at the candidate that was kept, then run `rollcall sync` again",
    )
