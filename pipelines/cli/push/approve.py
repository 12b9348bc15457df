"""rollcall push approve: let `push run` make, without a person, what the rules of a target want."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import print_result
from pipelines.cli.standing import add_approve_flags, choose_last_day
from pipelines.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.push.rules import PushRules


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the step and its flags."""
    about = "approve the rules with their limits, so that `push run` needs no person"
    step = add_step("approve", run, about)
    add_approve_flags(step, "push status")


def run(arguments: argparse.Namespace) -> int:
    """Write the approval into the audit log, and print what was approved.

    Raise Refused unless the digest is that of the rules as they are.
    """
    from pipelines import settings
    from pipelines.push.rules import read_rules
    from pipelines.sources.write_access import writable_tenant
    from pipelines.write_back import approval
    from pipelines.write_back.audit_log import changes_folder

    rules, tenant = read_rules(arguments.target), writable_tenant(arguments.target)
    digest = rules.digest(tenant)
    if arguments.digest != digest:
        why = f"the digest of these rules is {digest}, but another digest was given"
        raise Refused(str(rules.path), why, "read the rules again, and give their digest")
    until = choose_last_day(arguments.until)
    subject = f"{approval.PUSH_SUBJECT}{rules.target}"
    actor = settings.read_actor()
    record = approval.approve(changes_folder(), actor, subject, digest, tenant, until)
    document = {
        "code": 0,
        "target": rules.target,
        "rules": str(rules.path),
        "rules_sha256": digest,
        "tenant": tenant,
        "until": until.isoformat(),
        "approved_by": actor,
        "limits": rules.definition.limits.model_dump(),
        "audit_head": record["hash"],
    }
    print_result(arguments, document, _describe(rules, document), even_if_quiet=True)
    return 0


def _describe(rules: PushRules, document: dict[str, Any]) -> Iterator[str]:
    profiles = rules.definition.profiles
    yield f"approved for {rules.target} until {document['until']}, by {document['approved_by']}"
    yield f"  tenant {document['tenant']}"
    yield f"  rules  {rules.path}"
    for name, parts in (
        ("attributes", rules.definition.fields),
        ("groups", rules.definition.groups),
    ):
        yield f"    {name}: {', '.join(sorted(parts)) or 'none'}"
    yield (
        f"    new accounts: {'created' if profiles.create else 'none'},"
        f" activated {profiles.activate.replace('_', ' ')};"
        f" re-hires: {'activated again' if profiles.reactivate else 'stay as they are'}"
    )
    limits = (f"{name} {number:g}" for name, number in document["limits"].items())
    yield f"  limits {', '.join(limits)}"
    yield f"audit head {document['audit_head']}"
