"""rollcall push status: whether the rules of a target are approved, and how its pushes went."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.cli.output import print_result
from pipelines.cli.standing import describe_approval, spell_approval
from pipelines.redact import UNPRINTABLE, redact_text

MAX_RUNS = 10


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the step."""
    about = "show whether the rules are approved, the last runs, and what is blocked and why"
    add_step("status", run, about)


def run(arguments: argparse.Namespace) -> int:
    """Print the digest of the rules, their approval, the last runs, and what is blocked and why."""
    from pipelines import settings
    from pipelines.push.rules import read_rules
    from pipelines.sources.write_access import writable_tenant
    from pipelines.write_back import approval
    from pipelines.write_back.audit_log import changes_folder
    from pipelines.write_back.collect import list_pushes

    rules, tenant = read_rules(arguments.target), writable_tenant(arguments.target)
    digest, subject = rules.digest(tenant), f"{approval.PUSH_SUBJECT}{rules.target}"
    found = approval.find_approval(changes_folder(), subject)
    runs = [row for row in list_pushes(changes_folder()) if row["target"] == rules.target]
    document = {
        "code": 0,
        "target": rules.target,
        "rules": str(rules.path),
        **describe_approval(subject, digest, tenant, found),
        "runs": runs[: -MAX_RUNS - 1 : -1],
        "blocked": _count_blocked(settings.warehouse_path(), rules.target),
    }
    lines = (UNPRINTABLE.sub(" ", line) for line in _describe(document))
    print_result(arguments, document, lines, even_if_quiet=True)
    return 0


def _count_blocked(path: Path, target: str) -> dict[str, int]:
    """Return how many wanted changes are blocked in the published data, by reason."""
    from pipelines.warehouse.publish import open_published
    from pipelines.write_back.wanted import read_wanted_changes

    if not path.exists():
        return {}
    with open_published(path) as warehouse:
        wanted = read_wanted_changes(warehouse, "push", target)
    reasons = Counter(one.blocked_because for one in wanted if one.blocked_because)
    return dict(reasons.most_common())


def _describe(document: dict[str, Any]) -> Iterator[str]:
    yield f"{document['target']}: {document['rules']}"
    yield from spell_approval(document)
    for why, count in document["blocked"].items():
        yield f"  blocked: {redact_text(why)} ({count})"
    yield "last runs:" if document["runs"] else "no push has run yet"
    for row in document["runs"]:
        yield f"  {_describe_run(row)}"


def _describe_run(row: dict[str, Any]) -> str:
    begun = f"{row['started_at'][:19]}Z by {row['begun_by']}"
    if row["ended_at"] is None:
        return f"{begun}: it has no end: it is running, or was killed"
    counts = ", ".join(f"{row[name]} {name}" for name in ("changes", "done", "failed", "blocked"))
    return f"{begun}: {counts}, exit code {row['code']}"
