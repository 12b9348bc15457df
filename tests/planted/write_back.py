"""Bugs in plans, applying them, the audit log and the commands."""

from __future__ import annotations

from tests.planted.bug import Bug

BUGS = [
    Bug(
        "another digest is accepted",
        "pipelines/cli/apply.py",
        "if arguments.digest != plan.digest:",
        "if False:",
        "tests/write_back/test_apply.py -k edited",
    ),
    Bug(
        "an edited plan is accepted",
        "pipelines/write_back/plan.py",
        'if document["digest"] != plan_digest(document):',
        "if False:",
        "tests/write_back/test_plan.py -k byte",
    ),
    Bug(
        "the journal is written after the call",
        "pipelines/write_back/journal.py",
        "        json_lines.append_record(self.path, lambda _: record)",
        '        if event != "begun":\n            json_lines.append_record(self.path, lambda _: record)',  # noqa: E501
        "tests/write_back/test_apply.py -k on_disk_before",
    ),
    Bug(
        "the state is not read before a change",
        "pipelines/write_back/apply.py",
        "        seen = self.writer.look(change, asked_at)\n",
        '        seen = Seen("pending")\n',
        "tests/write_back/test_apply.py -k 'already or drifted or elses'",
    ),
    Bug(
        "a call with an unknown result is repeated",
        "pipelines/write_back/apply.py",
        "if (seen.state, seen.step) == (before.state, before.step):",
        "if False:",
        "tests/write_back/test_apply_broken.py -k may_have_happened",
    ),
    Bug(
        "an answered call is repeated",
        "pipelines/write_back/apply.py",
        "            if journal.was_answered(change, seen.step):\n",
        "            if False:\n",
        "tests/write_back/test_apply_broken.py -k does_not_show",
    ),
    Bug(
        "the tenant is not checked",
        "pipelines/write_back/admission.py",
        "if configured != tenant:",
        "if False:",
        "tests/write_back/test_apply.py -k another_tenant",
    ),
    Bug(
        "the limits are not checked",
        "pipelines/write_back/limits.py",
        "if exceeded and max_changes != len(changes):",
        "if False:",
        "tests/write_back/test_plan.py tests/write_back/test_apply.py -k limit",
    ),
    Bug(
        "protected access is changed",
        "pipelines/write_back/limits.py",
        'return "protected"',
        "return None",
        "tests/write_back/test_plan.py tests/write_back/test_apply.py -k 'protection or touch'",
    ),
    Bug(
        "own accounts are changed",
        "pipelines/write_back/limits.py",
        "if change.account_id in own_accounts:",
        "if False:",
        "tests/write_back/test_plan.py tests/write_back/test_apply.py -k 'own_worker or touch'",
    ),
    Bug(
        "a stale plan is applied",
        "pipelines/write_back/admission.py",
        "    if stale:\n",
        "    if False:\n",
        "tests/write_back/test_apply.py -k stale",
    ),
    Bug(
        "the owner of an id is not checked",
        "pipelines/write_back/apply.py",
        'if seen.state == "wrong":',
        "if False:",
        "tests/write_back/test_apply.py -k elses",
    ),
    Bug(
        "apply never stops after failures",
        "pipelines/write_back/apply.py",
        "if in_a_row >= limits.stop_after > 0:",
        "if False:",
        "tests/write_back/test_apply_broken.py -k in_a_row",
    ),
    Bug(
        "secrets are logged",
        "pipelines/redact.py",
        'text = text.replace(secret, "<secret>")',
        "pass",
        "tests/cli/test_secrets.py -k says_our",
    ),
    Bug(
        "logs are not redacted",
        "pipelines/__main__.py",
        "    redact.redact_logs()\n",
        "",
        "tests/cli/test_secrets.py -k library",
    ),
    Bug(
        "names are logged",
        "pipelines/redact.py",
        'MAIL.sub("<mail>", remove_secrets(str(text)))',
        "remove_secrets(str(text))",
        "tests/cli/test_secrets.py -k 'names_no_person and foreign'",
    ),
    Bug(
        "no notification of a failure",
        "pipelines/__main__.py",
        "and (code or counts)",
        "and counts",
        "tests/cli/test_notify.py -k fails_says_so",
    ),
]
