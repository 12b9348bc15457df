"""rollcall check: print what the credentials can read, and which right is missing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from pipelines.cli.output import print_result
from pipelines.redact import redact_text

if TYPE_CHECKING:
    import duckdb

    from pipelines.sources.check import Finding


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("check", run, "say what the credentials can read, and which right is missing")
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="only these")


def run(arguments: argparse.Namespace) -> int:
    """Print each finding as soon as it is known, and return the exit code."""
    findings = []
    for finding in chain(_check_policy(), _check_push(), _check_sources(arguments.sources)):
        findings.append(finding)
        is_shown = finding.code or finding.verdict in ("warn", "fail") or not arguments.quiet
        if is_shown and not arguments.json:
            _print(finding)
    code = min((finding.code for finding in findings if finding.code), default=0)
    document = {"code": code, "findings": [finding.document() for finding in findings]}
    print_result(arguments, document, [])
    return code


def _check_policy() -> Iterator[Finding]:
    """Yield where the company's own rules are read, each pattern that matches nothing, of the
    policy and of each campaign that is not closed, and each exception that nobody may approve."""
    from pipelines import settings
    from pipelines.policy import company_files, presence
    from pipelines.sources.check import Finding
    from pipelines.warehouse.publish import open_published

    folder = company_files.policy_folder()
    rules = company_files.read_policy(folder)
    if (folder / "policy.toml").exists():
        protected = f"{len(rules['protected'])} protected patterns"
        yield Finding("policy", str(folder / "policy.toml"), "ok", protected)
    if ignored := company_files.describe_ignored_folder():
        remedy = "move its files there, or set REVIEW__FOLDER"
        yield Finding("policy", "reviews", "warn", ignored, remedy)
    if settings.warehouse_path().exists():
        with open_published(settings.warehouse_path()) as warehouse:
            unmatched = presence.find_unmatched(warehouse, rules)
            unapproved = presence.find_unknown_approvers(warehouse, rules)
            campaigns = [*_check_campaigns(warehouse)]
        for name in unmatched:
            yield Finding("policy", name, "warn", "it matches nothing", presence.NEXT_PATTERN)
        for name in unapproved:
            why, remedy = presence.UNKNOWN_APPROVER, presence.NEXT_APPROVER
            yield Finding("policy", name, "warn", why, remedy)
        yield from campaigns


def _check_campaigns(warehouse: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Yield each campaign file that cannot be read, and each pattern that matches nothing in it."""
    from pipelines.failures import Misconfigured
    from pipelines.policy.presence import NEXT_PATTERN
    from pipelines.review import campaign, scope
    from pipelines.sources.check import Finding

    for name in campaign.campaign_names():
        if campaign.campaign_status(warehouse, name) == "closed":
            continue
        try:
            unmatched = scope.find_unmatched(warehouse, campaign.read_campaign_file(name))
        except Misconfigured as error:
            effect = "the campaign cannot be opened"
            yield Finding("policy", error.what, "fail", error.why, error.next, error.code, effect)
            continue
        for pattern in unmatched:
            yield Finding("policy", pattern, "warn", "it matches nothing", NEXT_PATTERN)


def _check_push() -> Iterator[Finding]:
    """Yield each file of push rules: a mistake in it, or each rule that has no answer."""
    from pipelines import settings
    from pipelines.failures import Misconfigured, Refused
    from pipelines.push.evaluate import evaluate_rules
    from pipelines.push.rules import find_targets, read_rules
    from pipelines.sources.check import Finding

    warehouse = settings.warehouse_path()
    for target in find_targets():
        try:
            rules = read_rules(target)
            refused = evaluate_rules(warehouse, rules).refused if warehouse.exists() else {}
        except (Misconfigured, Refused) as error:
            effect = "nothing is pushed there; a sync goes on"
            yield Finding("push", error.what, "fail", error.why, error.next, error.code, effect)
            continue
        fields, groups = len(rules.definition.fields), len(rules.definition.groups)
        yield Finding("push", str(rules.path), "ok", f"{fields} fields, {groups} groups")
        for place, why in refused.items():
            yield Finding("push", f"{rules.path} {place}", "warn", why, "see docs/push.md")


def _check_sources(names: list[str]) -> Iterator[Finding]:
    from pipelines.failures import Misconfigured
    from pipelines.push.rules import find_asked
    from pipelines.sources.asked import Asked
    from pipelines.sources.check import check_sources

    try:
        asked = find_asked()
    except Misconfigured:  # which is a finding of its own
        asked = Asked()
    yield from check_sources(names, asked)


def _print(finding: Finding) -> None:
    print(f"{finding.verdict:5}{finding.source}: {finding.what}: {redact_text(finding.why)}")
    if finding.right:
        print(f"     needs: {finding.right}, to read {finding.purpose}")
    if finding.effect:
        print(f"     effect: {finding.effect}")
    if finding.next:
        print(f"     next: {finding.next}")
