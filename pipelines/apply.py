"""rollcall apply: carry out a plan that was approved by its digest, and prove what was done.

Without the digest nothing is changed: each item is looked at, and told. With it, one change after
the other is made (see carrying.py). Killed at any moment, run it again: it reads what has come
about, and goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pipelines import carrying, changes, ledger, limits, provision, publish, settings
from pipelines import plan as plans
from pipelines.export import opened
from pipelines.failures import Failure, Incomplete, Locked, Misconfigured, Refused, StorageFailed
from pipelines.journal import SETTLED, Journal
from pipelines.plan import NEW, Plan
from pipelines.plan_text import counted, told
from pipelines.provision import Provisioner
from pipelines.redact import UNPRINTABLE, plain
from pipelines.said import tell


def run(arguments: argparse.Namespace) -> int:
    plan, folder = plans.read(arguments.plan), changes.folder()
    if arguments.digest is None:
        return _dry_run(arguments, plan, folder)
    if arguments.digest != plan.digest:
        raise Refused(
            f"plan {arguments.plan}", f"its digest is {plan.digest}, another one was approved",
            "look at the plan again, and give its digest",
        )  # fmt: skip
    with ledger.alone(folder, "plan or apply"):
        journal = Journal(folder, plan, settings.actor())
        writers = admitted(plan, journal, arguments.max_changes)
        course = _carried_out(arguments, plan, journal, writers)
        noted = _collected()
    return _report(arguments, plan, journal, course, noted)


def admitted(plan: Plan, journal: Journal, most: int | None) -> dict[str, Provisioner]:
    """What writes to each system, once nothing speaks against the plan. Raises Refused for one that
    is stale, too old, of another tenant, beyond the limits, or touches what no plan may."""
    document, todo = plan.document, plan.changes
    for source, tenant in document["tenants"].items():
        if provision.tenant(source) != tenant:
            raise Refused(f"plan: {source}", f"it is for {tenant}, and the settings lead to"
                          f" {provision.tenant(source)}", NEW)  # fmt: skip
    throughs = {change.through for change in todo}
    if throughs != {*document["tenants"]}:
        raise Refused("plan", "it does not name the tenant of each system", NEW)
    hours = limits.Limits.configured().max_age_hours
    if plans.older(document["made_at"], hours):
        raise Refused("plan", f"it is more than {hours:g} hours old", NEW)
    writers = {
        source: provision.connect(source)
        for source in provision.sources()
        if source in throughs or provision.is_configured(source)  # their own accounts count, too
    }
    own = {account for writer in writers.values() for account in writer.own_accounts()}
    patterns = limits.protected()
    for change in todo:
        if why := limits.untouchable(change, patterns, own):
            raise Refused(f"plan: {change.account_id}", why, NEW)
    with opened(settings.warehouse()) as warehouse:
        limits.judge(todo, warehouse, most, "apply")
        if document["undoes"]:
            return writers  # planned_changes never has an undo: whoever approved it asks for it
        planned = plans.read_planned_changes(warehouse)
    wanted = {change.change_id: change for change in plans.sorted_out(planned, own)[0]}
    left = [change for change in todo if journal.outcome(change) not in SETTLED]
    stale = sum(wanted.get(change.change_id) != change for change in left)
    if stale:
        told_so = "not wanted (so) any more by what is published"
        raise Refused("plan", f"of {counted(len(left), 'change')}, {stale}: {told_so}", NEW)
    return writers


def _dry_run(arguments: argparse.Namespace, plan: Plan, folder: Path) -> int:
    """Look at every item, and say what would be done; nothing is changed or written down."""
    journal = Journal(folder, plan, settings.actor())
    writers = admitted(plan, journal, arguments.max_changes)
    looked = []
    for change in plan.changes:
        seen = writers[change.through].look(change, journal.asked_at(change))
        looked.append({"change_id": change.change_id, "state": seen.state, "why": plain(seen.why)})
        if not arguments.json:
            says = {"pending": "would be done"}.get(seen.state, seen.state)
            print(f"{says}{': ' * bool(seen.why)}{plain(seen.why)}")
            for line in told(change.item()):
                print(f"  {UNPRINTABLE.sub(' ', line)}")
    if arguments.json:
        print(json.dumps({"code": 0, "digest": plan.digest, "dry_run": True, "items": looked},
                         indent=2))  # fmt: skip
    else:
        print(f"nothing was changed; to do it: rollcall apply {arguments.plan} --digest"
              f" {plan.digest}")  # fmt: skip
    return 0


def _carried_out(
    arguments: argparse.Namespace, plan: Plan, journal: Journal, writers: dict[str, Provisioner]
) -> carrying.Course:
    """Make the changes, between the two records that say who did and how far they came."""
    document = plan.document
    journal.write(
        "apply_begun", made_at=document["made_at"], made_by=document["made_by"],
        data_as_of=document["snapshot"]["data_as_of"], changes=len(plan.changes),
        applied_by=settings.actor(),
    )  # fmt: skip
    quiet = arguments.quiet or arguments.json
    course = carrying.carry_out(
        plan.changes, journal, writers,
        say=lambda text: None if quiet else print(plain(text), file=sys.stderr),
    )  # fmt: skip
    journal.write("apply_ended", counts=course.counts, stopped=course.stopped or None,
                  is_complete={*course.outcomes.values()} <= {*SETTLED})  # fmt: skip
    return course


def _collected() -> str:
    """Take the journals into the published file. What stands in the way keeps nothing from being
    done: the next sync takes them in; it is returned in words."""
    from pipelines.transform import DECISIONS, transform

    try:
        with publish.amended(settings.warehouse()) as copy:
            changes.collect(copy)
            transform(copy, copy.parent.parent.parent, DECISIONS)
    except (Locked, Misconfigured, Refused, StorageFailed) as error:
        return f"the next sync notes this in the warehouse ({error.why})"
    return ""


def _report(
    arguments: argparse.Namespace, plan: Plan, journal: Journal, course: carrying.Course, noted: str
) -> int:
    """Say what became of every change. Returns the exit code."""
    document: dict[str, Any] = {
        "digest": plan.digest,
        "dry_run": False,
        "counts": course.counts,
        "stopped": course.stopped,
        "audit_head": journal.log.head,
        "items": [
            {"change_id": key, "outcome": outcome, "why": course.why[key]}
            for key, outcome in course.outcomes.items()
        ],
    }
    said = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in course.counts.items())
    arguments.counts = [f"{counted(len(plan.changes), 'change')}: {said}"]
    if not arguments.json:
        print(arguments.counts[0])
        print(f"audit head {journal.log.head}")
    if noted:
        print(noted, file=sys.stderr)
    failures: list[Failure] = [course.wrong] if course.wrong else []
    open_ = sum(n for name, n in course.counts.items() if name not in SETTLED)
    if open_ and not failures:
        reasons = dict.fromkeys(why for why in course.why.values() if why)
        why = "; ".join([*filter(None, [course.stopped]), said, *[*reasons][:2]])
        failures = [Incomplete("apply", why, "run the same command again: it goes on from here")]
    if failures:
        code = failures[0].code
        effect = "what is done is done, and in the audit log; the rest is as it was"
        tell(arguments, failures, document | {"effect": effect}, code)
        return code
    if arguments.json:
        print(json.dumps({"code": 0} | document, indent=2))
    return 0
