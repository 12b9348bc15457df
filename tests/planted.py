"""`make planted`: plants one bug at a time in a copy of the code and shows that a test goes red.

Each bug is a text in a file that is replaced, and the tests that must notice. A bug that no longer
fits the code, or that nothing notices, fails the run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Bug:
    """One guard taken away: `old` becomes `new` in `file`; `tests` is a pytest selection."""

    name: str
    file: str
    old: str
    new: str
    tests: str


MATRIX = "tests/test_sync.py::test_the_tables_equal_what_the_vendors_hold"
INCREMENTAL = "tests/test_incremental.py"
DECISIONS = "tests/test_decisions.py"
BOMBS = "tests/test_decision_bombs.py"
HISTORIES = "tests/test_histories.py -k built"
WRITES, TICKETS = "tests/test_pingone_writes.py", "tests/test_halo_tickets.py"
FINDINGS = "tests/test_findings.py -k 'invented or come'"
UNIT = "tests/test_dbt.py -k own_unit_test"
BUGS = [
    Bug("another digest is as good", "pipelines/apply.py",
        "if arguments.digest != plan.digest:", "if False:", "tests/test_apply.py -k edited"),
    Bug("an edited plan is a plan", "pipelines/plan.py",
        'if document["digest"] != digest_of(document):', "if False:", "tests/test_plan.py -k byte"),
    Bug("journal after the call", "pipelines/journal.py",
        "        ledger.append(self.path, lambda _: record)",
        '        if event != "begun":\n            ledger.append(self.path, lambda _: record)',
        "tests/test_apply.py -k on_disk_before"),
    Bug("no look before", "pipelines/carrying.py",
        "        seen = self.writer.look(change, asked_at)\n", '        seen = Seen("pending")\n',
        "tests/test_apply.py -k 'already or drifted or elses'"),
    Bug("asked again after unknown", "pipelines/carrying.py",
        "if (seen.state, seen.step) == (before.state, before.step):", "if False:",
        "tests/test_apply.py -k may_have_happened"),
    Bug("asked again after an answer", "pipelines/carrying.py",
        "            if journal.was_answered(change, seen.step):\n", "            if False:\n",
        "tests/test_apply.py -k does_not_show"),
    Bug("the tenant is not looked at", "pipelines/apply.py",
        "if provision.tenant(source) != tenant:", "if False:",
        "tests/test_apply.py -k another_tenant"),
    Bug("no limits", "pipelines/limits.py", "if exceeded and most != len(changes):", "if False:",
        "tests/test_plan.py tests/test_apply.py -k limit"),
    Bug("protected is only a word", "pipelines/limits.py", 'return "protected"', "return None",
        "tests/test_plan.py tests/test_apply.py -k 'protection or touch'"),
    Bug("own accounts are like others", "pipelines/limits.py", "if change.account_id in own:",
        "if False:", "tests/test_plan.py tests/test_apply.py -k 'own_worker or touch'"),
    Bug("a stale plan is applied", "pipelines/apply.py", "    if stale:\n", "    if False:\n",
        "tests/test_apply.py -k stale"),
    Bug("whose id it is does not matter", "pipelines/carrying.py",
        'if seen.state == "wrong":', "if False:", "tests/test_apply.py -k elses"),
    Bug("it never stops", "pipelines/carrying.py", "if in_a_row >= care.stop_after > 0:",
        "if False:", "tests/test_apply.py -k in_a_row"),
    Bug("two applies at once", "pipelines/ledger.py", "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_SH", "tests/test_apply.py -k only_one"),
    Bug("no lock", "pipelines/publish.py", "fcntl.LOCK_EX | fcntl.LOCK_NB", "fcntl.LOCK_SH",
        "tests/test_publish.py -k at_once"),
    Bug("publish before dbt", "pipelines/sync.py", "    transform(copy, work.parent)\n",
        "    publish.publish(copy, outcome.warehouse); transform(copy, work.parent)\n",
        "tests/test_guard.py -k empty"),
    Bug("no host pin", "pipelines/http.py", "if target != self.origin:", "if False:",
        "tests/test_secrets.py"),
    Bug("no loop detection", "pipelines/rest.py", "(found and mark in seen)",
        "(found and len(seen) > 99)",
        "tests/test_paging.py -k 'itself or circle or cycle'"),
    Bug("ignore total", "pipelines/haloitsm/client.py", "total_binds=True", "total_binds=False",
        "tests/test_paging.py -k 'total or early'"),
    Bug("error body as empty page", "pipelines/rest.py", "found = rows(body) if",
        "found = rows(body) or [] if", "tests/test_bad_input.py -k never_an_empty_list"),
    Bug("swallow a child that fails", "pipelines/pingone/client.py",
        "if failure.status != 404 or not self.is_gone(kind, key):", "if False:",
        "tests/test_faults.py tests/test_paging.py -k 'child or gone'"),
    Bug("no renewal on 401", "pipelines/auth.py", "                self.ends = 0.0",
        "                pass", "tests/test_faults.py -k renewed_once"),
    Bug("guard compares with the last run only", "pipelines/guard.py",
        "lost = max(removed, largest - after)", "lost = removed",
        "tests/test_guard.py -k little"),
    Bug("guard ignores memberships", "pipelines/guard.py", "] + _resources(connection, limits)",
        "]", "tests/test_guard.py -k resource"),
    Bug("guard lets everything through", "pipelines/guard.py", "if refused:", "if False:",
        "tests/test_guard.py -k empty"),
    Bug("ids as numbers", "pipelines/payload.py", "return str(value).strip() or None",
        "return str(value).strip().lstrip('0') or None", "tests/test_bad_input.py -k stay_text"),
    Bug("email match minds case", "dbt_project/macros/text.sql", "nfc_normalize(lower(trim(",
        "nfc_normalize((trim(", "tests/test_contract.py -k told"),
    Bug("ambiguous is picked", "dbt_project/models/intermediate/int_accounts.sql",
        "people = 1", "true", "tests/test_contract.py -k told"),
    Bug("dynamic groups are trusted", "pipelines/pingone/access.py",
        "                or is_rule_managed(row)\n", "", HISTORIES),
    Bug("counts are trusted to move the group", "pipelines/pingone/access.py",
        "doubted |= holding[user] ^ directly(row)", "pass", f"{INCREMENTAL} -k swapped"),
    Bug("the feed is not read", "pipelines/pingone/feed.py",
        'if action not in ACTIONS or status not in (None, "SUCCESS"):', "if True:",
        f"{INCREMENTAL} -k one_signal"),
    Bug("a shifting list is believed", "pipelines/haloitsm/client.py",
        "missed[:MOST_ASKED]", "missed[:0]", f"{INCREMENTAL} -k shifting"),
    Bug("export without neutralising", "pipelines/export.py", "if kind == \"VARCHAR\":",
        "if False:", "tests/test_export.py -k 'formula or inert'"),
    Bug("resources in a circle keep their parents", "pipelines/baton_rows.py",
        "name_of(placed.parent_resource_id)", "name_of(resources.parent_resource_id)",
        "tests/test_formats.py -k circle"),
    Bug("inherited for no known reason is left out of a baton-file", "pipelines/baton_rows.py",
        "(is_direct or len(inherited_from) = 0)", "is_direct", "tests/test_formats.py -k circle"),
    Bug("a baton-file has no nested groups", "pipelines/baton_rows.py",
        "    source_name = {source}\n    and entitlement_id in", "    false and entitlement_id in",
        "tests/test_formats.py -k baton_file"),
    Bug("a scoped role is told as a role for everything", "pipelines/baton_rows.py",
        "slug || coalesce('@' || name_of(scope_id), '');", "slug;",
        "tests/test_formats.py -k baton_file"),
    Bug("the header that the connector reads is missing", "pipelines/baton.py",
        "[*section.headers.values(), *[MISSPELT] * twice]", "[*section.headers.values()]",
        "tests/test_formats.py -k spellings"),
    Bug("an empty file for a source that was never read", "pipelines/export.py",
        'for state in states if state["as_of"]]', "for state in states]",
        "tests/test_formats.py -k stale"),
    Bug("a disabled account is told as active", "pipelines/upload.py",
        "'Deactivated' else 'Active'", "'Active' else 'Active'", "tests/test_formats.py -k vanta"),
    Bug("a comma in a name makes another column", "pipelines/export.py",
        """"','", "'\\"'",""", """"'\\"'",""", "tests/test_export.py -k row_for_row"),
    Bug("one row per person is enough", "pipelines/charthop/client.py",
        '"includeAll": "true", "fields": ",".join(fields)', '"fields": ",".join(fields)', MATRIX),
    Bug("disabled agents are left out", "pipelines/haloitsm/client.py",
        '"includedisabled": "true",\n    "includeapiagents"', '"includeapiagents"', MATRIX),
    Bug("future groups exist", "dbt_project/models/staging/charthop/stg_charthop__entitlements.sql",
        "anti join future_groups on source.id = future_groups.id", "", MATRIX),
    Bug("in_section is ignored", "dbt_project/models/staging/haloitsm/stg_haloitsm__team_rows.sql",
        "coalesce(team_row.in_section, true) as is_member", "true as is_member", MATRIX),
    Bug("nested groups are not followed", "pipelines/pingone/access.py",
        "if counts(row)[1] != 0 and", "if False and", MATRIX),
    Bug("file mode 0644", "pipelines/publish.py", "copy.chmod(0o400)", "copy.chmod(0o644)",
        "tests/test_incomplete.py -k adds_its_record"),
    Bug("a log beside the published file is ignored", "pipelines/publish.py",
        "    if log.exists():", "    if False:", "tests/test_storage.py -k write_ahead"),
    Bug("renamed before it is on disk", "pipelines/publish.py", "        _sync_to_disk(copy)\n",
        "", "tests/test_storage.py -k on_disk"),
    Bug("a damaged file is carried on", "pipelines/publish.py",
        "    must_be_sound(copy, warehouse)\n", "", "tests/test_storage.py -k flipped"),
    Bug("what was refused is kept for ever", "pipelines/sync.py",
        "    publish.forget_refused(outcome.warehouse)\n", "", "tests/test_guard.py -k at_once"),
    Bug("the clock is trusted", "pipelines/runs.py",
        "return max(now, newest + timedelta(microseconds=1)) if newest else now", "return now",
        "tests/test_storage.py -k clock"),
    Bug("any numbers are accepted", "pipelines/guard.py",
        "if str(change) not in agreed]", "if not agreed]", "tests/test_guard.py -k at_once"),
    Bug("guard ignores what goes missing in a column", "pipelines/guard.py",
        "if risen > limits.missing_points:", "if False:", "tests/test_guard.py -k field"),
    Bug("a source that failed looks fresh", "pipelines/load.py",
        "return {4: \"incomplete\", 5: \"refused\"}.get(self.failure.code, \"failed\")",
        "return \"complete\"", "tests/test_incomplete.py -k down_keeps"),
    Bug("an old state is exported without a word", "pipelines/export.py",
        "if stale and not allow_stale:", "if False:", "tests/test_incomplete.py -k down_keeps"),
    Bug("history never closes", "dbt_project/macros/history.sql",
        "        current_rows.{{ key }} is null\n        -- A",
        "        false\n        -- A", "tests/test_dbt.py -k past_moment"),
    Bug("a row that comes back was always there", "dbt_project/macros/history.sql",
        "select * from {{ this }} where valid_to is null",
        "select * from {{ this }}", "tests/test_dbt.py -k past_moment"),
    Bug("a closed audit feed counts as silence", "pipelines/pingone/access.py",
        "            return None\n\n    @cached_property\n    def fresh",
        "            return []\n\n    @cached_property\n    def fresh",
        f"{INCREMENTAL} -k closed"),
    Bug("an audit feed that reaches too far back is believed", "pipelines/pingone/access.py",
        "begun - datetime.fromisoformat(cursor) > REACH", "False", f"{INCREMENTAL} -k sweep"),
    Bug("never a full sweep again", "pipelines/pingone/access.py",
        "            or self.begun - datetime.fromisoformat(last) >= self.full_every\n", "",
        f"{INCREMENTAL} -k sweep"),
    Bug("secrets are said", "pipelines/redact.py",
        'text = text.replace(secret, "<secret>")', "pass", "tests/test_secrets.py -k says_our"),
    Bug("logs are not filtered", "pipelines/__main__.py", "    redact.install()\n", "",
        "tests/test_secrets.py -k goes_well"),
    Bug("names are logged", "pipelines/redact.py", 'MAIL.sub("<mail>", said)', "said",
        "tests/test_secrets.py -k 'names_no_person and foreign'"),
    Bug("dangling grants are dropped", "dbt_project/models/marts/dangling_grants.sql",
        "where dangling_reason is not null", "where false", "tests/test_dbt.py -k unit_test"),
    Bug("a future change dates a grant",
        "dbt_project/models/staging/charthop/stg_charthop__grant_dates.sql",
        "        and coalesce(changes.change.date, today.today) <= today.today\n", "",
        "tests/test_dbt.py -k unit_test"),
    Bug("a lost answer counts as not sent", "pipelines/once.py", "if never_left(error):",
        "if True:", f"{WRITES} -k is_lost"),
    Bug("a write is repeated like a read", "pipelines/once.py",
        "requests.Session.send(\n            session,\n", "session.send(\n",
        f"{WRITES} -k is_lost"),
    Bug("a 500 counts as refused", "pipelines/once.py", "if status >= 500 or", "if",
        f"{WRITES} -k is_lost"),
    Bug("no wait for what lags behind", "pipelines/provision.py", "min(left, settle)", "0",
        f"{WRITES} -k waited"),
    Bug("an id that is another account's", "pipelines/pingone/wanted.py",
        "abs(made - before) >= timedelta(seconds=1)", "False", f"{WRITES} -k another_account"),
    Bug("gone from a view that is empty", "pipelines/pingone/provision.py",
        "if self.sees_users:", "if True:", f"{WRITES} -k gone_only"),
    Bug("gone by the word of a proxy", "pipelines/pingone/provision.py",
        ' or "NOT_FOUND" not in codes(failure.body)', "", f"{WRITES} -k gone_only"),
    Bug("an account in use is disabled as if new", "pipelines/pingone/provision.py",
        'if user.get("lastSignOn"):', "if False:", f"{WRITES} -k never_twice"),
    Bug("accounts are deleted unasked", "pipelines/pingone/provision.py",
        "if not self.allow_delete:", "if False:", f"{WRITES} -k may_change"),
    Bug("a ticket is not looked for", "pipelines/haloitsm/provision.py",
        "row = self.desk.find(mark, asked_at)", "row = None", f"{TICKETS} -k second_ticket"),
    Bug("any search is believed", "pipelines/haloitsm/desk.py",
        "(asked_at is None and self.search_works)", "asked_at is None",
        f"{TICKETS} -k found_again"),
    Bug("a search is believed at once", "pipelines/haloitsm/desk.py",
        "(asked_at is None and self.search_works)", "self.search_works",
        f"{TICKETS} -k found_again"),
    Bug("a list that broke off counts as read", "pipelines/haloitsm/desk.py",
        "            read |= {*keys}", "            read |= {*keys}; self.listed |= read",
        f"{TICKETS} -k broke_off"),
    Bug("somebody else's ticket is closed", "pipelines/haloitsm/provision.py",
        "if mark not in f", "if False and mark not in f", f"{TICKETS} -k left_alone"),
    Bug("an exception never ends", "dbt_project/models/marts/findings/findings.sql",
        "excepted.until >= {{ run_at() }}::date", "excepted.until is not null", FINDINGS),
    Bug("a finding is always new", "dbt_project/models/marts/findings/findings.sql",
        "    history.first_seen_at,\n", "    {{ run_at() }} as first_seen_at,\n", FINDINGS),
    Bug("closed accounts are found", "dbt_project/models/intermediate/findings/"
        "int_account_findings.sql", "where accounts.status <> 'disabled'", "where true", FINDINGS),
    Bug("the clock runs to the last change", "dbt_project/models/marts/findings/exposures.sql",
        "    where status <> 'disabled'\n", "    where true\n", FINDINGS),
    Bug("who is told that nothing remains", "dbt_project/models/marts/reviews/access_review.sql",
        "when grants.is_inherited and grants.is_direct", "when false", "tests/test_findings.py"),
    Bug("a regrant is no finding", "dbt_project/models/intermediate/findings/int_revoked.sql",
        "when grants.first_seen_at > standing.revoked_at", "when false",
        "tests/test_findings.py -k revoked"),
    Bug("no seal check", "pipelines/decision_rules.py",
        'if not hmac.compare_digest(made.encode(), row["seal"].encode()):', "if False:",
        f"{DECISIONS} -k altered"),
    Bug("a seal without the reviewer", "pipelines/seal.py", 'scope_id or "", reviewer)',
        'scope_id or "")', f"{DECISIONS} -k altered"),
    Bug("the last row wins", "pipelines/decisions.py",
        "if len({(one.answer.decision, one.answer.comment) for one in decisions}) > 1:",
        "if decisions.reverse():", f"{DECISIONS} -k contradict"),
    Bug("no decision is an approval", "pipelines/decision_rules.py",
        "    if not word:\n        return None\n", '    word = word or "keep"\n',
        f"{DECISIONS} -k stays_open"),
    Bug("a revocation needs no comment", "pipelines/decision_rules.py",
        'NEEDS_COMMENT = ("revoke", "modify")', "NEEDS_COMMENT = ()", f"{DECISIONS} -k altered"),
    Bug("anybody decides", "pipelines/decision_rules.py", "if by and by != reviewer:",
        "if False:", f"{DECISIONS} -k altered"),
    Bug("another reviewer's rows are taken", "pipelines/decision_rules.py",
        """if row["reviewer"] != file.reviewer.removeprefix("'"):""", "if False:",
        f"{DECISIONS} -k altered"),
    Bug("labels are not held against the item", "pipelines/decision_rules.py",
        "for name in LABELS:", "for name in ():", f"{DECISIONS} -k 'altered or places'"),
    Bug("a day that may be two is guessed", "pipelines/decision_rules.py",
        "if max(day, month) <= 12:", "if False:", f"{DECISIONS} -k altered"),
    Bug("a closed campaign takes decisions", "pipelines/decisions.py", 'if status != "open":',
        "if False:", f"{DECISIONS} -k closed"),
    Bug("good rows are taken unasked", "pipelines/decisions.py",
        "(outcome.rejections and not good_rows)", "False", f"{DECISIONS} -k altered"),
    Bug("a contradiction supersedes unasked", "pipelines/decisions.py",
        "elif before and not supersede:", "elif False:", f"{DECISIONS} -k supersede"),
    Bug("a superseded decision is gone", "pipelines/decisions.py",
        "update review_decisions set is_current = false, superseded_by = taken.import_id from",
        "delete from review_decisions using", f"{DECISIONS} -k supersede"),
    Bug("rows are counted as lines", "pipelines/decision_file.py",
        "                    number,\n", "                    reader.line_num,\n",
        f"{DECISIONS} -k numbers"),
    Bug("inert text stays inert", "pipelines/export.py", "then {rest} else", "then {name} else",
        "tests/test_decision_files.py -k undone"),
    Bug("a formula is a value", "pipelines/decision_file.py",
        'wrong = f"{formulas[0]} is a formula" if formulas else ""', 'wrong = ""', f"{BOMBS}"),
    Bug("macros and links are let in", "pipelines/xlsx.py", "for unwanted, pattern in UNWANTED:",
        "for unwanted, pattern in ():", f"{BOMBS}"),
    Bug("a workbook may have a DTD", "pipelines/xlsx.py",
        "    parser.StartDoctypeDeclHandler = _no_doctype\n", "", f"{BOMBS} -k entit"),
    Bug("a workbook may be of any size", "pipelines/xlsx.py",
        "if len(parts) > PARTS or", "if False and", f"{BOMBS} -k 'bomb or thousand'"),
    Bug("a campaign closes over what is not decided", "pipelines/closing.py",
        "if missing and not leave_undecided:", "if False:",
        "tests/test_review_close.py -k undecided"),
    Bug("who is unsure has decided", "pipelines/reviews.py",
        'SETTLED = ("keep", "revoke", "modify")', "SETTLED = DECISIONS",
        "tests/test_review_close.py -k 'status or undecided'"),
    Bug("verify looks at no digest", "pipelines/verify.py", 'if digest != entry["sha256"]:',
        "if False:", "tests/test_review_close.py -k byte"),
    Bug("verify follows links", "pipelines/verify.py", "if stat.S_ISREG(mode):",
        "if path.is_file():", "tests/test_review_close.py -k belong"),
    Bug("verify counts nothing", "pipelines/verify.py", "if sound == listed.keys():",
        "if False:", "tests/test_review_close.py -k counts"),
    Bug("people decide on themselves", "pipelines/reviewers.py",
        "when own.grant_id is not null then 'self'", "when false then 'self'",
        "tests/test_review.py -k nobody_decides"),
    Bug("an old source is reviewed unasked", "pipelines/freshness.py", "    if refused:\n",
        "    if False:\n", "tests/test_review.py -k not_fresh"),
    Bug("a reviewer can type anywhere", "pipelines/reviewer_book.py",
        "typed if name in DECIDED else", "typed if number else",
        "tests/test_review_files.py -k only_type"),
    Bug("leavers of a stale source are closed",
        "dbt_project/models/intermediate/changes/int_wishes.sql",
        "when source_states.is_stale", "when false", UNIT),
    Bug("the last administrator goes",
        "dbt_project/models/intermediate/changes/int_last_administrators.sql",
        "    where status = 'enabled'", "", UNIT),
    Bug("what is under way is planned again",
        "dbt_project/models/marts/changes/planned_changes.sql",
        "    where not is_under_way", "", UNIT),
    Bug("time-limited access stays",
        "dbt_project/models/intermediate/changes/int_requested.sql",
        "coalesce(requests.until >= today.on_day, true) as is_active", "true as is_active", UNIT),
    Bug("an incomplete run proves a removal",
        "dbt_project/models/intermediate/changes/int_judged_runs.sql",
        "runs.status = 'complete'", "true", UNIT),
    Bug("a run from before proves a removal", "dbt_project/models/marts/changes/remediations.sql",
        "where judged_runs.started_at > carried_out.known_at", "where true", UNIT),
    Bug("a ticket is closed unseen",
        "dbt_project/models/intermediate/changes/int_ticket_changes.sql",
        "and is_judged and is_met", "and is_met", UNIT),
    Bug("an unread ticket is closed",
        "dbt_project/models/staging/haloitsm/stg_haloitsm__tickets.sql",
        "else 'unknown'", "else 'closed'", UNIT),
    Bug("tickets that must not be seen are gone", "pipelines/haloitsm/tickets.py",
        "return dict.fromkeys(keys)", "return {}", "tests/test_ticket_reads.py -k not_shown"),
    Bug("failures are not told", "pipelines/__main__.py", "and (code or counts)", "and counts",
        "tests/test_notify.py -k fails_says_so"),
]  # fmt: skip


def noticed(bug: Bug) -> str:
    """`red` if a test notices, else what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".venv", "data", ".git", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=ignored)
        file = copy / bug.file
        text = file.read_text()
        if bug.old not in text:
            return "does not fit the code any more"
        file.write_text(text.replace(bug.old, bug.new))
        done = subprocess.run(
            f"{sys.executable} -m pytest -q -x -n0 -p no:cacheprovider {bug.tests}",
            shell=True,
            cwd=copy,
            env=os.environ
            | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "ROLLCALL_LONG": "1"},
            capture_output=True,
            text=True,
        )
    return {0: "GREEN: nothing noticed", 1: "red"}.get(done.returncode, done.stdout[-300:])


def main() -> int:
    chosen = [
        bug for bug in BUGS if not sys.argv[1:] or any(word in bug.name for word in sys.argv[1:])
    ]
    results = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for bug, result in zip(chosen, pool.map(noticed, chosen), strict=True):
            results[bug.name] = result
            print(f"{bug.name}: {result}", flush=True)
    missed = [name for name, result in results.items() if result != "red"]
    print(f"{len(results) - len(missed)} of {len(results)} planted bugs were noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
