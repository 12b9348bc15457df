"""Run dbt in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.failures import FULL_TEXTS, Failure, Refused, StorageFailed, explain
from pipelines.redact import redact_text
from pipelines.warehouse import PROJECT_FOLDER

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

_parsed: list[Any] = []  # the parsed project, so that several syncs in one process parse once


@dataclass(frozen=True)
class Dbt:
    """dbt with these variables, and a folder to work in. `file` is the name of the file that it
    builds in. `select` and `exclude` choose models; without both, all."""

    folder: Path
    file: str
    variables: dict[str, Any]
    select: str = ""
    exclude: str = ""

    @property
    def manifest(self) -> Any:
        """Return dbt's parsed project. Raises Refused.

        It is the same for all variables, because models read them only in their SQL. With `--vars`,
        dbt would parse everything again after each change of a setting.
        """
        from dbt.cli.main import dbtRunner  # takes seconds to import

        if not _parsed:
            os.environ.setdefault("ROLLCALL_THREADS", str(os.cpu_count() or 2))
            # a name without its folder: dbt parses everything again when the profile's path changes
            os.environ["ROLLCALL_CANDIDATE"] = self.file
            result = dbtRunner().invoke(["parse", *self._list_flags()])
            if not result.success:
                raise _find_failure(result)
            _parsed.append(result.result)
        return _parsed[0]

    def run(
        self,
        verb: str,
        candidate: Path,
        callbacks: Sequence[Callable[[EventMsg], None]] = (),
        threads: int = 0,
    ) -> list[Any]:
        """Run a verb on this file, and return dbt's results. Raises the failure of the first model
        or test that fails."""
        from dbt.cli.main import dbtRunner

        # a copy: a build marks ephemeral models as compiled, and the next would not compile them
        runner = dbtRunner(self.manifest.deepcopy(), [*callbacks])
        os.environ["ROLLCALL_CANDIDATE"] = str(candidate)
        flags = [verb, *self._list_flags(), "--vars", json.dumps(self.variables)]
        if verb in ("build", "test"):
            flags += ["--exclude-resource-type", "unit_test", "exposure"]
        if self.select:
            flags += ["--select", *self.select.split()]
        if self.exclude:
            flags += ["--exclude", *self.exclude.split()]
        if threads:
            flags += ["--threads", str(threads)]
        try:
            result = runner.invoke(flags)
        finally:
            close_connections()
        if not result.success:
            raise _find_failure(result)
        return result.result.results

    def _list_flags(self) -> tuple[str, ...]:
        return (
            *("--project-dir", str(PROJECT_FOLDER), "--profiles-dir", str(PROJECT_FOLDER)),
            *("--target-path", str(self.folder), "--log-path", str(self.folder)),
            *("--log-level", "none", "--log-level-file", "none", "--quiet", "--no-write-json"),
        )


def close_connections() -> None:
    """Close the candidate. dbt-duckdb keeps it open over all models, which is twice as fast as
    opening it for each, but does not close it after the build."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()


def _find_failure(result: object) -> Failure:
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
