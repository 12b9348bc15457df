"""What a push is planned from at this moment: the rules, the tenant, and whose data counts."""

from __future__ import annotations

import duckdb

from pipelines.failures import Misconfigured, Refused
from pipelines.push.rules import PushRules, read_rules
from pipelines.sources import write_access
from pipelines.sql import has_table
from pipelines.unattended.expiry_rules import EXPIRY, read_expiry_rules
from pipelines.write_back.plan import Basis, Plan


def read_push_basis(warehouse: duckdb.DuckDBPyConnection, target: str) -> Basis:
    """Return the basis of a push into a target.

    Raise Misconfigured for a wrong file of rules or no write settings, and Refused if the published
    data was made from other rules than those of the file.
    """
    rules = read_rules(target)
    _must_be_published(warehouse, rules)
    hr_systems = warehouse.execute("select distinct source_name from people").fetchall()
    return Basis(
        "push",
        target,
        tuple(sorted({target} | {name for (name,) in hr_systems})),
        rules.digest(write_access.writable_tenant(target)),
        rules.definition.limits.model_dump(),
    )


def read_basis(warehouse: duckdb.DuckDBPyConnection, plan: Plan) -> Basis | None:
    """Return what a plan would be made from now; None for a plan of access, which needs nothing.

    Raises what `read_push_basis` and `read_expiry_rules` do.
    """
    if plan.kind == EXPIRY:
        return read_expiry_rules().basis
    return read_push_basis(warehouse, plan.target) if plan.target else None


def _must_be_published(warehouse: duckdb.DuckDBPyConnection, rules: PushRules) -> None:
    if not has_table(warehouse, "targets", "push"):
        why = "the published warehouse has no push rules"
        raise Misconfigured(str(rules.path), why, "run `rollcall sync`")
    found = warehouse.execute(
        "select rules_sha256, refused_because from push.targets where target = ?", [rules.target]
    ).fetchone()
    if found is None or found[0] != rules.digest(""):
        why = "the published data was made before the rules were changed"
        raise Refused(str(rules.path), why, "run `rollcall sync`")
    if found[1]:
        raise Refused(str(rules.path), f"the rules have no answer: {found[1]}", "correct them")
