"""Run dbt in this process: build the marts of the candidate file, and test them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import yaml

from pipelines import settings
from pipelines.failures import FULL_TEXTS, Failure, Misconfigured, Refused, StorageFailed, explain
from pipelines.policy import company_files
from pipelines.redact import redact_text
from pipelines.sql import has_table
from pipelines.warehouse import (
    PROJECT_FOLDER,
    change_tables,
    dbt_statements,
    dbt_unchanged,
    push_tables,
    review_tables,
    version,
)

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

DECISION_MODELS = "tag:decisions"  # the models whose rows depend on policy and decisions
# What a build may use of the memory at first: per thread of DuckDB, or per byte of the file. Before
# the first build, the file has nothing but raw rows, of which the models make many times the bytes.
MEMORY_PER_THREAD, MEMORY_PER_BYTE, MEMORY_PER_RAW_BYTE = 224 * 2**20, 3, 30
MEBIBYTES = {"MiB": 1, "GiB": 2**10, "TiB": 2**20}
MANY_BYTES = 64 * 2**20  # of a file whose models are built one after the other, in less memory
OUT_OF_MEMORY = "Out of Memory Error"
PUSH_MODELS = dbt_statements.PUSH_MODELS
RELATIONS_SQL = """
select (schema_name, table_name), 'table' from duckdb_tables()
union all
select (schema_name, view_name), 'view' from duckdb_views() where not internal
"""


def transform(
    candidate: Path,
    home: Path,
    select: str = "",
    exclude: str = "",
    on_step: Callable[[int, int], None] | None = None,
) -> None:
    """Build and test the models that dbt's `select` and `exclude` choose; without both, all.

    Skips those that are up to date, and dbt as well if its SQL of an earlier build is known. Before
    each model and each test, `on_step` takes its number and how many there are. Raises Refused for
    the first model or test that fails; the candidate is then not published.
    """
    folder = home / "dbt"
    with duckdb.connect(str(candidate)) as connection:  # while open, opening again takes no time
        company_files.write_policy(candidate)
        variables = dbt_variables()
        for table in (*review_tables.TABLES, *change_tables.TABLES):
            table.create(connection)  # models read them; an older warehouse lacks some
        push_tables.create_tables(connection)
        shapes = dbt_statements.read_shapes(connection)
        if dbt_unchanged.build_changed(candidate, folder, variables, select, exclude, on_step):
            return
    from dbt.cli.main import dbtRunner  # takes seconds to import

    os.environ.setdefault("ROLLCALL_THREADS", str(os.cpu_count() or 2))
    common = (
        *("--project-dir", str(PROJECT_FOLDER), "--profiles-dir", str(PROJECT_FOLDER)),
        *("--target-path", str(folder), "--log-path", str(folder)),
        *("--log-level", "none", "--log-level-file", "none", "--quiet", "--no-write-json"),
        *("--vars", json.dumps(variables)),
    )
    try:
        manifest = _manifests.get(common[-1])
        if manifest is None:
            # a name without its folder: dbt parses everything again when the profile's path changes
            os.environ["ROLLCALL_CANDIDATE"] = candidate.name
            result = dbtRunner().invoke(["parse", *common])
            if not result.success:
                raise _failure(result)
            manifest = _manifests[common[-1]] = result.result
        is_older = _drop_stale_tables(candidate, manifest) or not version.has_these_models(
            candidate
        )
        if is_older and select == DECISION_MODELS:
            select = ""  # another version built this: the selected models need all the others
        os.environ["ROLLCALL_CANDIDATE"] = str(candidate)
        build = ["build", *common, "--exclude-resource-type", "unit_test", "exposure"]
        if select:
            build += ["--select", *select.split()]
        if exclude:
            build += ["--exclude", *exclude.split()]
        if candidate.stat().st_size > MANY_BYTES:
            build += ["--threads", "1"]
        # a copy: a build marks ephemeral models as compiled, and the next would not compile them
        for memory in _list_memory_limits(candidate):
            os.environ["ROLLCALL_MEMORY"] = memory
            recorder = dbt_statements.Recorder(shapes)
            callbacks = [recorder, partial(_tell_step, on_step)] if on_step else [recorder]
            result = dbtRunner(manifest.deepcopy(), callbacks).invoke(build)
            _close_connections()
            if result.success or OUT_OF_MEMORY not in _failure(result).why:
                break
    finally:
        _close_connections()
    if not result.success:
        raise _failure(result)
    if select == PUSH_MODELS or not (select or exclude):
        version.record_version(candidate)
    kept = dbt_statements.keep_statements(folder, candidate, recorder, manifest.nodes, variables)
    dbt_unchanged.record_build(candidate, *kept)


def _list_memory_limits(candidate: Path) -> list[str]:
    """Return how much memory a build may use: first little, because DuckDB would take most of the
    machine's, whether it needs it or not; then as much as DuckDB allows itself."""
    threads, size = os.cpu_count() or 2, candidate.stat().st_size
    with duckdb.connect(str(candidate)) as connection:
        [(most,)] = connection.execute("select current_setting('memory_limit')").fetchall()
        per_byte = MEMORY_PER_BYTE if has_table(connection, "grants") else MEMORY_PER_RAW_BYTE
    little = max(MEMORY_PER_THREAD * threads, per_byte * size) >> 20
    number, unit = most.split()  # such as 19.2 GiB
    has_more = little < float(number) * MEBIBYTES.get(unit, 0)
    return [f"{little}MiB", most] if has_more else [most]


def _tell_step(on_step: Callable[[int, int], None], event: EventMsg) -> None:
    if event.info.name == "LogStartLine":
        on_step(event.data.index, event.data.total)


def _drop_stale_tables(candidate: Path, manifest: Any) -> bool:
    """Drop the tables that only an older version's models make.

    Return whether a table of today's models is missing. Schema main stays as it is, because
    commands write tables there as well.
    """
    made = {
        (node.schema, node.name)
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.config.materialized != "ephemeral"
    }
    only_models = {schema for schema, _ in made} - {"main"}
    with duckdb.connect(str(candidate)) as connection:
        found = dict(connection.execute(RELATIONS_SQL).fetchall())
        for relation in found.keys() - made:
            if relation[0] in only_models:
                connection.execute('drop {} "{}"."{}"'.format(found[relation], *relation))
    return not made <= found.keys()


def dbt_variables() -> dict[str, Any]:
    """Return the settings that the models read as dbt variables. Raises Misconfigured."""
    owner = settings.read_setting("review.owner")
    if owner and not re.fullmatch(r"[^\s'\"\\{}]+@[^\s'\"\\{}]+", owner):
        raise Misconfigured("REVIEW__OWNER", "it is not an email address", "set REVIEW__OWNER")
    dormant = _read_days("dormant_after_days", 90)
    return {
        "review_owner": owner,
        "dormant_after_days": dormant,
        "dormant_service_after_days": _read_days("dormant_service_after_days", dormant),
        "write_settings": _read_write_settings(),
    }


def read_project_variables() -> dict[str, Any]:
    """Return the variables of the dbt project: what is said of each source, and the defaults."""
    text = (PROJECT_FOLDER / "dbt_project.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["vars"]


def _read_write_settings() -> dict[str, dict[str, bool]]:
    """Return the write settings that the models ask for, by source; dbt_project.yml names them."""
    found: dict[str, dict[str, bool]] = {}
    for source, defaults in read_project_variables()["write_settings"].items():
        for name, default in defaults.items():
            text = settings.read_setting(f"provision.{source}.{name}", str(default)).lower()
            if text not in settings.SWITCHES:
                variable = f"PROVISION__{source}__{name}".upper()
                raise Misconfigured(variable, "it must be true or false", f"set {variable} again")
            found.setdefault(source, {})[name] = settings.SWITCHES[text]
    return found


def _read_days(name: str, default: int) -> int:
    text = settings.read_setting(f"review.{name}", str(default))
    if not (text.isascii() and text.isdecimal()):
        variable = f"REVIEW__{name.upper()}"
        raise Misconfigured(variable, f"{text} is not a number of days", f"set {variable}")
    return int(text)


_manifests: dict[str, Any] = {}  # by variables, so that several syncs in one process parse once


def _close_connections() -> None:
    """Close the candidate. dbt-duckdb keeps it open over all models, which is twice as fast as
    opening it for each, but does not close it after the build."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()


def _failure(result: object) -> Failure:
    """Return the failure of the first model or test that did not pass."""
    error = getattr(result, "exception", None)
    if error and (failure := explain(error)):
        return failure
    failed = [
        node
        for node in getattr(getattr(result, "result", None), "results", None) or []
        if str(node.status) in ("error", "fail")
    ]
    if not failed:
        why = redact_text(error or "it gave no reason", 500)
        return Failure("transform: dbt", why, "report this message")
    node = failed[0]
    why = redact_text(str(node.message or "").strip() or str(node.status), 500)
    if any(words in why for words in FULL_TEXTS):
        return StorageFailed("transform", why, "free some space, then run `rollcall sync` again")
    more = f" ({len(failed) - 1} more)" if len(failed) > 1 else ""
    return Refused(
        f"transform: {node.node.resource_type} {node.node.name}",
        why + more,
        "look at the refused candidate, then run `rollcall sync` again",
    )
