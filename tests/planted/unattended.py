"""Bugs in standing approvals and in pushes without a person."""

from __future__ import annotations

from tests.planted.bug import Bug

APPROVAL = "pipelines/write_back/approval.py"
STANDING = "pipelines/unattended/standing.py"
PUSH = "pipelines/unattended/push_run.py"
TEXT = "pipelines/unattended/push_text.py"
ABOUT_APPROVALS = "tests/unattended/test_approval.py"
ABOUT_RUNS = "tests/unattended/test_push_run.py"
AROUND_RUNS = "tests/unattended/test_push_scenarios_later.py"
ABOUT_MESSAGES = "tests/unattended/test_push_message.py"
ABOUT_STOPS = "tests/unattended/test_push_stopped.py"

BUGS = [
    Bug(
        "rules that nobody approved are pushed",
        APPROVAL,
        "    if found is None:\n        return",
        '    if found is None:\n        return ""\n    if found is None:\n        return',
        f"{ABOUT_RUNS} -k nobody_approved",
    ),
    Bug(
        "an approval holds after its last day",
        APPROVAL,
        "if datetime.now(UTC).date() > found.until:",
        "if False:",
        f"{ABOUT_APPROVALS} -k after_its_last_day",
    ),
    Bug(
        "an approval ends on its last day",
        APPROVAL,
        "if datetime.now(UTC).date() > found.until:",
        "if datetime.now(UTC).date() >= found.until:",
        f"{ABOUT_APPROVALS} -k after_its_last_day",
    ),
    Bug(
        "rules that were changed stay approved",
        APPROVAL,
        "if found.rules_sha256 != digest:",
        "if False:",
        f"{ABOUT_APPROVALS} -k changed_rules",
    ),
    Bug(
        "an approval is for every tenant",
        APPROVAL,
        "if found.tenant != tenant:",
        "if False:",
        f"{ABOUT_APPROVALS} -k another_tenant",
    ),
    Bug(
        "an approval is for every subject",
        APPROVAL,
        "if one.subject == subject)",
        "if subject)",
        f"{ABOUT_APPROVALS} -k subject_alone",
    ),
    Bug(
        "an earlier approval counts again",
        APPROVAL,
        "for one in reversed(found)",
        "for one in found",
        f"{ABOUT_APPROVALS} -k last_approval_counts",
    ),
    Bug(
        "an approval of an edited log counts",
        APPROVAL,
        "    _verify(folder)\n    found = [",
        "    found = [",
        f"{ABOUT_APPROVALS} -k edited_or_cut",
    ),
    Bug(
        "a wrong clock prolongs an approval",
        APPROVAL,
        "if clock.is_ahead(found.approved_at):",
        "if False:",
        f"{ABOUT_APPROVALS} -k wrong_clock",
    ),
    Bug(
        "an approval may be for ten years",
        APPROVAL,
        "if until > add_years(today, MAX_YEARS):",
        "if until > add_years(today, 10):",
        f"{ABOUT_APPROVALS} -k near_enough",
    ),
    Bug(
        "the digest of another file is approved",
        "pipelines/cli/push/approve.py",
        "if arguments.digest != digest:",
        "if False:",
        f"{ABOUT_APPROVALS} -k digest_of_the_file",
    ),
    Bug(
        "approvals are not published",
        "pipelines/write_back/collect.py",
        "_replace_rows(connection, APPROVALS, list_approvals(changes_folder()))",
        "pass",
        f"{ABOUT_RUNS} -k brings_about",
    ),
    Bug(
        "a push that was killed is not recorded",
        "pipelines/write_back/collect.py",
        "    return [*found.values()]",
        '    return [row for row in found.values() if row["ended_at"]]',
        f"{ABOUT_STOPS} -k killed",
    ),
    Bug(
        "the approval is not checked again before the changes",
        STANDING,
        "    found = check_job(job)",
        "    from pipelines.write_back.approval import find_approval\n\n"
        "    found = find_approval(changes_folder(), job.subject)",
        f"{ABOUT_RUNS} -k during_a_run",
    ),
    Bug(
        "a plan beyond the limits is not offered to a person",
        STANDING,
        'if exceeded := plan.document["exceeded"]:',
        "if exceeded := []:",
        f"{ABOUT_RUNS} -k waits_for_a_person",
    ),
    Bug(
        "a push goes on after a read that failed",
        STANDING,
        "    if not failures:",
        "    if True:",
        f"{ABOUT_RUNS} -k cannot_be_read",
    ),
    Bug(
        "no sync proves what a push did",
        STANDING,
        "if progress.stopped == INTERRUPTED or not _read(job.targets, outcome, options):",
        "if progress.stopped == INTERRUPTED:",
        f"{ABOUT_RUNS} -k brings_about",
    ),
    Bug(
        "a lagging list fails a push",
        STANDING,
        "outcome.left += known is None or is_unused",
        "outcome.left += 1",
        f"{ABOUT_RUNS} -k lagging",
    ),
    Bug(
        "a change that drifted is a success",
        STANDING,
        "if one.outcome not in SETTLED_OUTCOMES]",
        "if one.outcome not in (*SETTLED_OUTCOMES, 'drift')]",
        f"{AROUND_RUNS} -k changed_meanwhile",
    ),
    Bug(
        "signals are ignored once a push has read",
        STANDING,
        "            signal.signal(number, handler)",
        "            pass",
        f"{ABOUT_STOPS} -k finishes_the_change",
    ),
    Bug(
        "a dry run changes the target",
        PUSH,
        "        if options.dry_run:",
        "        if False:",
        f"{ABOUT_RUNS} -k dry_run",
    ),
    Bug(
        "two pushes run at once",
        PUSH,
        "        with hold_changes(changes_folder()):",
        "        if True:",
        f"{ABOUT_RUNS} -k keeps_a_push_out",
    ),
    Bug(
        "the status of a push leaves out what is blocked",
        "pipelines/cli/push/status.py",
        'read_wanted_changes(warehouse, "push", target)',
        "read_wanted_changes(warehouse)",
        f"{ABOUT_RUNS} -k brings_about",
    ),
    Bug(
        "a dry run that fails is told",
        "pipelines/__main__.py",
        ' or getattr(arguments, "dry_run", False)',
        "",
        f"{ABOUT_MESSAGES} -k wrong_rules",
    ),
    Bug(
        "the message about a push has values",
        TEXT,
        "', '.join(sorted(wanted.get('profile') or {}))",
        "wanted.get('profile')",
        f"{ABOUT_MESSAGES} -k no_value",
    ),
    Bug(
        "the message about a push has no end",
        TEXT,
        "return lines if hidden <= 1 else",
        "return lines if True else",
        f"{ABOUT_MESSAGES} -k fifty",
    ),
    Bug(
        "mail addresses are told in the message about a push",
        TEXT,
        "text = redact_text(describe_change(result.change))",
        "text = describe_change(result.change)",
        f"{ABOUT_MESSAGES} -k no_value",
    ),
    Bug(
        "a push of the watch sends messages, too",
        "pipelines/cli/push/run.py",
        "if message is not None and not arguments.for_watch:",
        "if message is not None:",
        f"{ABOUT_MESSAGES} -k watch",
    ),
]
