"""Bugs in plans of a push and in their limits."""

from __future__ import annotations

from tests.planted.bug import Bug

PLAN = "tests/write_back/test_push_plan.py"
LIMITS = "tests/write_back/test_push_limits.py"
ADMISSION = "pipelines/write_back/admission.py"
PUSH_LIMITS = "pipelines/write_back/push_limits.py"
WANTED = "pipelines/write_back/wanted.py"

BUGS = [
    Bug(
        "the digest of push rules ignores the limits",
        "pipelines/push/rules.py",
        'self.definition.model_dump(mode="json")',
        'self.definition.model_dump(mode="json", exclude={"limits"})',
        f"{PLAN} -k no_plan_survives",
    ),
    Bug(
        "a push plan is applied after its rules changed",
        ADMISSION,
        'if basis.rules_sha256 != plan.document["rules_sha256"]:',
        "if False:",
        f"{PLAN} -k no_plan_survives",
    ),
    Bug(
        "a push is planned from rules that are not published",
        "pipelines/unattended/basis.py",
        'if found is None or found[0] != rules.digest(""):',
        "if found is None:",
        f"{PLAN} -k no_plan_survives",
    ),
    Bug(
        "a push plan is applied from old data",
        ADMISSION,
        '    limits.find_fresh_states({*basis.sources}, warehouse, "apply")\n',
        "",
        f"{PLAN} -k fresh_hr_data",
    ),
    Bug(
        "a push is planned without fresh HR data",
        "pipelines/unattended/basis.py",
        "tuple(sorted({target} | {name for (name,) in hr_systems}))",
        "(target,)",
        f"{PLAN} -k fresh_hr_data",
    ),
    Bug(
        "a plan of reviews has changes of a push",
        WANTED,
        '"access": "reason_kind <> \'push\'"',
        '"access": "true"',
        f"{PLAN} -k planned_apart",
    ),
    Bug(
        "a plan of a push has changes of reviews",
        WANTED,
        "reason_kind = 'push' and source_name = $target",
        "source_name = $target or $target = 'okta'",
        f"{PLAN} -k planned_apart",
    ),
    Bug(
        "a limit of a push is not checked",
        PUSH_LIMITS,
        "if asked and asked + before.counts[name] > limit:",
        'if name != "creates" and asked and asked + before.counts[name] > limit:',
        f"{LIMITS} -k new_and_returning",
    ),
    Bug(
        "a percentage is that of all accounts of all systems",
        PUSH_LIMITS,
        '"select count(*) from accounts where source_name = ?"',
        "\"select count(*) from accounts where source_name <> '' or source_name = ?\"",
        f"{LIMITS} -k limit_of_profiles",
    ),
    Bug(
        "earlier pushes of the day do not count",
        PUSH_LIMITS,
        'if call.is_unattended and (call.reason_kind, call.source_name) == ("push", target)',
        "if False",
        f"{LIMITS} -k 'adds_up or left_today'",
    ),
    Bug(
        "what a person approved counts as a run without one",
        "pipelines/write_back/journal.py",
        'is_approved = bool(record["facts"].get("approval"))',
        "is_approved = True",
        f"{LIMITS} -k adds_up",
    ),
    Bug(
        "those who left a group today are no members of it",
        PUSH_LIMITS,
        '" union select unnest($gone::varchar[])))"',
        '" where len($gone::varchar[]) >= 0))"',
        f"{LIMITS} -k left_today",
    ),
    Bug(
        "a reactivation may bring back any access",
        PUSH_LIMITS,
        "        *_describe_returns(changes, warehouse, target),\n",
        "",
        f"{LIMITS} -k old_access_back",
    ),
    Bug(
        "a run without a person stops for one who comes back",
        "pipelines/write_back/planning.py",
        "    if is_unattended and target:\n",
        "    if False:\n",
        f"{LIMITS} -k old_access_back",
    ),
    Bug(
        "a rule that gives nobody empties its group without a person",
        "pipelines/write_back/wanted.py",
        "change.account_id and not is_unattended",
        "change.account_id",
        f"{LIMITS} -k gives_nobody",
    ),
    Bug(
        "a rule may bring privileged access back",
        PUSH_LIMITS,
        "where is_privileged or is_unruled",
        "where is_unruled",
        f"{LIMITS} -k old_access_back",
    ),
    Bug(
        "a value that was empty before counts as emptied",
        "pipelines/write_back/journal.py",
        "if new[name] in NOTHING and old.get(name) not in NOTHING",
        "if new[name] in NOTHING",
        f"{LIMITS} -k become_empty",
    ),
    Bug(
        "a push without a person exceeds its limits",
        ADMISSION,
        "if is_unattended and exceeded:",
        "if False:",
        f"{LIMITS} -k adds_up",
    ),
    Bug(
        "reviews count the changes of a push",
        "pipelines/write_back/limits.py",
        'if call.reason_kind != "push" and call.asks_for in COUNTED_ACTIONS',
        "if call.asks_for in COUNTED_ACTIONS",
        f"{LIMITS} -k count_each_other",
    ),
    Bug(
        "an undo gives access to people who have left",
        "pipelines/write_back/undo.py",
        'and one.change.action == "grant"',
        "and False",
        f"{PLAN} -k said_before",
    ),
    Bug(
        "a plan of an earlier version is applied",
        "pipelines/write_back/plan.py",
        "(PLAN_FORMAT, EARLIER_FORMAT) if to_undo else (PLAN_FORMAT,)",
        "(PLAN_FORMAT, EARLIER_FORMAT)",
        f"{PLAN} -k earlier_plan",
    ),
]
