"""Bugs in a sync, the guard, the published file and the policy."""

from __future__ import annotations

from tests.planted.bug import Bug

DECISIONS = "tests/review/test_decisions.py"

BUGS = [
    Bug(
        "no lock",
        "pipelines/files/lock.py",
        "fcntl.LOCK_EX |",
        "fcntl.LOCK_SH |",
        "tests/warehouse/test_publish.py -k at_once",
    ),
    Bug(
        "publish before dbt",
        "pipelines/sync/run.py",
        "    transform(copy, work.parent)\n",
        "    publish.publish(copy, outcome.warehouse); transform(copy, work.parent)\n",
        "tests/sync/test_guard.py -k empty",
    ),
    Bug(
        "guard compares with the last run only",
        "pipelines/sync/guard.py",
        "lost = max(removed, largest - after)",
        "lost = removed",
        "tests/sync/test_guard.py -k little",
    ),
    Bug(
        "guard ignores memberships",
        "pipelines/sync/guard.py",
        "        changes += _find_lost_holders(connection, limits)\n",
        "",
        "tests/sync/test_guard.py -k resource",
    ),
    Bug(
        "guard lets everything through",
        "pipelines/sync/guard.py",
        "if refused:",
        "if False:",
        "tests/sync/test_guard.py -k empty",
    ),
    Bug(
        "another tenant is as good",
        "pipelines/sync/guard.py",
        "        if before in (None, now):",
        "        if True:",
        "tests/sync/test_guard.py -k another_tenant",
    ),
    Bug(
        "a small company may be all another",
        "pipelines/sync/guard.py",
        "removed == before >= MIN_REPLACED_ACCOUNTS",
        "False",
        "tests/sync/test_guard.py -k all_another",
    ),
    Bug(
        "file mode 0644",
        "pipelines/warehouse/publish.py",
        "copy.chmod(0o400)",
        "copy.chmod(0o644)",
        "tests/sync/test_incomplete.py -k adds_its_record",
    ),
    Bug(
        "a log beside the published file is ignored",
        "pipelines/warehouse/publish.py",
        "    if log.exists():",
        "    if False:",
        "tests/warehouse/test_storage.py -k write_ahead",
    ),
    Bug(
        "renamed before it is on disk",
        "pipelines/warehouse/publish.py",
        "        sync_to_disk(copy)\n",
        "",
        "tests/warehouse/test_storage.py -k on_disk",
    ),
    Bug(
        "a damaged file is carried on",
        "pipelines/warehouse/publish.py",
        "    must_be_sound(copy, warehouse)\n",
        "",
        "tests/warehouse/test_storage.py -k flipped",
    ),
    Bug(
        "what was refused is kept for ever",
        "pipelines/sync/run.py",
        "    publish.remove_refused(outcome.warehouse)\n",
        "",
        "tests/sync/test_guard.py -k mass_removal",
    ),
    Bug(
        "the clock is trusted",
        "pipelines/sync/run_record.py",
        "return max(now, newest + timedelta(microseconds=1)) if newest else now",
        "return now",
        "tests/warehouse/test_storage.py -k clock",
    ),
    Bug(
        "any numbers are accepted",
        "pipelines/sync/guard.py",
        "if str(change) not in accepted]",
        "if not accepted]",
        "tests/sync/test_guard.py -k mass_removal",
    ),
    Bug(
        "guard ignores what goes missing in a column",
        "pipelines/sync/guard.py",
        "if risen > limits.missing_points:",
        "if False:",
        "tests/sync/test_guard.py -k field",
    ),
    Bug(
        "a source that failed looks fresh",
        "pipelines/sync/load.py",
        'return {4: "incomplete", 5: "refused"}.get(self.failure.code, "failed")',
        'return "complete"',
        "tests/sync/test_incomplete.py -k down_keeps",
    ),
    Bug(
        "who is unsure has decided",
        "pipelines/warehouse/review_tables.py",
        'SETTLED = ("keep", "revoke", "modify")',
        "SETTLED = DECISIONS",
        "tests/review/test_review_close.py -k 'status or undecided'",
    ),
    Bug(
        "only the number of decisions is looked at",
        "pipelines/warehouse/dbt_unchanged.py",
        '", sum(hash(line))"',
        '""',
        "tests/warehouse/test_built.py",
    ),
    Bug(
        "a wrong number is found after the reading",
        "pipelines/sync/run.py",
        "    guard.ShrinkLimits.configured(), dbt_variables()\n",
        "",
        "tests/cli/test_bad_input.py -k cannot_be",
    ),
]
