"""Bugs in the age of data, and in what tells people and machines about a run."""

from __future__ import annotations

from tests.planted.bug import Bug

AGE = "tests/cli/test_age.py"
HEALTHCHECK = "tests/monitoring/test_healthcheck.py"
LOG = "tests/monitoring/test_run_log.py"
METRICS = "tests/monitoring/test_metrics.py"

BUGS = [
    Bug(
        "data from the future counts as fresh",
        "pipelines/warehouse/source_states.py",
        '    if clock.is_ahead(as_of):\n        return f"the data is dated',
        '    if False:\n        return f"the data is dated',
        "tests/sync/test_clock.py -k not_fresh",
    ),
    Bug(
        "a review takes old data as fresh",
        "pipelines/review/freshness.py",
        "if old := explain_age(",
        "if old := (lambda *_: '')(",
        f"{AGE} -k one_setting",
    ),
    Bug(
        "a plan takes old data as fresh",
        "pipelines/write_back/limits.py",
        "why = explain_age(state, hours)",
        "why = ''",
        f"{AGE} -k one_setting",
    ),
    Bug(
        "an export takes old data as fresh",
        "pipelines/export/folder.py",
        "return explain_age(state, max_age_hours())",
        "return ''",
        f"{AGE} -k one_setting",
    ),
    Bug(
        "status --check misses a source that was never read",
        "pipelines/cli/status.py",
        "for name in configured if name not in known]",
        "for name in configured if False]",
        f"{AGE} -k without_complete",
    ),
    Bug(
        "status --check ends with 0 whatever the age",
        "pipelines/cli/status.py",
        "code = Unreadable.code if too_old else 0",
        "code = 0",
        f"{AGE} -k which_source",
    ),
    Bug(
        "a job pings the switch of the syncs",
        "pipelines/cli/standing.py",
        'healthcheck.ping(code, f"{arguments.verb}_url")',
        "healthcheck.ping(code)",
        f"{HEALTHCHECK} -k switch_of_its_own",
    ),
    Bug(
        "a bug in a job pings nobody",
        "pipelines/cli/standing.py",
        "            code = failure.code\n            is_log",
        "            raise\n            is_log",
        f"{HEALTHCHECK} -k bug_in_a_job",
    ),
    Bug(
        "a dry run is a ping",
        "pipelines/cli/standing.py",
        "if code != Locked.code and not arguments.dry_run:",
        "if code != Locked.code:",
        f"{HEALTHCHECK} -k switch_of_its_own",
    ),
    Bug(
        "a quiet job leaves no line in the log",
        "pipelines/cli/standing.py",
        "        if arguments.quiet and is_log:\n",
        "        if False:\n",
        f"{HEALTHCHECK} -k switch_of_its_own",
    ),
    Bug(
        "a failed sync is a ping of success",
        "pipelines/monitoring/healthcheck.py",
        'if code else ("",)',
        'if False else ("",)',
        f"{HEALTHCHECK} -k its_exit_code",
    ),
    Bug(
        "a held lock alarms the operator",
        "pipelines/cli/sync.py",
        "    if end.code != Locked.code:",
        "    if True:",
        f"{HEALTHCHECK} -k overlaps",
    ),
    Bug(
        "a quiet sync is silent although nobody else can tell",
        "pipelines/cli/sync.py",
        "elif not (arguments.quiet and read_address()):",
        "elif not arguments.quiet:",
        f"{LOG} -k quiet_sync",
    ),
    Bug(
        "node_exporter cannot read the metrics",
        "pipelines/monitoring/metrics.py",
        "MODE = 0o644",
        "MODE = 0o600",
        f"{METRICS} -k age_true",
    ),
    Bug(
        "metrics show data from the future as new",
        "pipelines/monitoring/metrics.py",
        "is_known = as_of and not clock.is_ahead(as_of, now)",
        "is_known = bool(as_of)",
        f"{METRICS} -k future",
    ),
    Bug(
        "a settings error leaves no record",
        "pipelines/sync/run.py",
        "if outcome := record_unbegun(names, failure):",
        "if outcome := None:",
        f"{LOG} -k what_failed",
    ),
    Bug(
        "the grants of a new source look as if they were given today",
        "pipelines/warehouse/run_changes.py",
        "if source not in changes.first_grants:",
        "if True:",
        f"{LOG} -k later_source",
    ),
]
