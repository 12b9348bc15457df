"""Bugs in reviews: opening, incoming decisions, packets."""

from __future__ import annotations

from tests.planted.bug import Bug

DECISIONS = "tests/review/test_decisions.py"
BOMBS = "tests/review/test_decision_bombs.py"

BUGS = [
    Bug(
        "seals are not checked",
        "pipelines/review/incoming/rules.py",
        'if row["seal"] != row["of_seal"]:',
        "if False:",
        f"{DECISIONS} -k altered",
    ),
    Bug(
        "the seal does not cover the reviewer",
        "pipelines/review/seal.py",
        "for name in fields)",
        "for name in fields[:-1])",
        "tests/review/test_seal.py",
    ),
    Bug(
        "the last row wins",
        "pipelines/review/incoming/judging.py",
        "if len({(one.answer.decision, one.answer.comment) for one in decisions}) > 1:",
        "if decisions.reverse():",
        f"{DECISIONS} -k contradict",
    ),
    Bug(
        "an empty decision counts as approval",
        "pipelines/review/incoming/rules.py",
        "    if not word:\n        return None\n",
        '    word = word or "keep"\n',
        f"{DECISIONS} -k stay_open",
    ),
    Bug(
        "a revocation needs no comment",
        "pipelines/review/incoming/rules.py",
        'NEEDS_COMMENT = ("revoke", "modify")',
        "NEEDS_COMMENT = ()",
        f"{DECISIONS} -k altered",
    ),
    Bug(
        "anybody may decide",
        "pipelines/review/incoming/rules.py",
        "if by and by != reviewer:",
        "if False:",
        f"{DECISIONS} -k altered",
    ),
    Bug(
        "another reviewer's rows are taken",
        "pipelines/review/incoming/rules.py",
        """if row["reviewer"] != file.reviewer.removeprefix("'"):""",
        "if False:",
        f"{DECISIONS} -k altered",
    ),
    Bug(
        "labels are not compared with the item",
        "pipelines/review/incoming/rules.py",
        "for name in LABELS:",
        "for name in ():",
        f"{DECISIONS} -k 'altered or places'",
    ),
    Bug(
        "an ambiguous date is guessed",
        "pipelines/review/incoming/rules.py",
        "if max(day, month) <= 12:",
        "if False:",
        f"{DECISIONS} -k altered",
    ),
    Bug(
        "a closed campaign takes decisions",
        "pipelines/review/incoming/take_in.py",
        'if status != "open":',
        "if False:",
        f"{DECISIONS} -k closed",
    ),
    Bug(
        "valid rows of a bad file are taken without a flag",
        "pipelines/review/incoming/take_in.py",
        "(outcome.rejections and not good_rows)",
        "False",
        f"{DECISIONS} -k altered",
    ),
    Bug(
        "a contradiction supersedes without a flag",
        "pipelines/review/incoming/judging.py",
        "elif before and not supersede:",
        "elif False:",
        f"{DECISIONS} -k supersede",
    ),
    Bug(
        "a publish between check and write is overlooked",
        "pipelines/review/incoming/take_in.py",
        "judged != _version(warehouse)",
        "False",
        f"{DECISIONS} -k faster",
    ),
    Bug(
        "a superseded decision is deleted",
        "pipelines/review/incoming/take_in.py",
        "update review_decisions set is_current = false, superseded_by = taken.import_id from",
        "delete from review_decisions using",
        f"{DECISIONS} -k supersede",
    ),
    Bug(
        "row numbers count lines",
        "pipelines/review/incoming/decision_file.py",
        "yield Row(number, texts, ",
        "yield Row(reader.line_num, texts, ",
        f"{DECISIONS} -k numbers",
    ),
    Bug(
        "a formula is read as a value",
        "pipelines/review/incoming/decision_file.py",
        'wrong = f"{formulas[0]} is a formula" if formulas else ""',
        'wrong = ""',
        f"{BOMBS}",
    ),
    Bug(
        "a campaign closes with open items",
        "pipelines/review/closing.py",
        "if not leave_undecided:",
        "if False:",
        "tests/review/test_review_close.py -k undecided",
    ),
    Bug(
        "verify checks no digest",
        "pipelines/review/packet/verify.py",
        'if digest != entry["sha256"]:',
        "if False:",
        "tests/review/test_review_close.py -k byte",
    ),
    Bug(
        "verify follows links",
        "pipelines/review/packet/verify.py",
        "if stat.S_ISREG(mode):",
        "if path.is_file():",
        "tests/review/test_review_close.py -k belong",
    ),
    Bug(
        "verify counts nothing",
        "pipelines/review/packet/verify.py",
        "if sound == report.listed.keys():",
        "if False:",
        "tests/review/test_review_close.py -k counts",
    ),
    Bug(
        "people decide on their own access",
        "pipelines/review/assignment.py",
        "when subjects.mail is not null then 'self'",
        "when false then 'self'",
        "tests/review/test_review.py -k nobody_decides",
    ),
    Bug(
        "a stale source is reviewed without a flag",
        "pipelines/review/freshness.py",
        "    if refused:\n",
        "    if False:\n",
        "tests/review/test_review.py -k not_fresh",
    ),
    Bug(
        "a row is lost between two reviewers",
        "pipelines/review/outgoing/rows.py",
        "whole.slice(count - done)",
        "whole.slice(count - done + 1)",
        "tests/review/test_review_files.py -k its_reviewers_files",
    ),
    Bug(
        "a workbook does not name its reviewer",
        "pipelines/review/outgoing/workbook.py",
        "            MAIL: mail,\n",
        "",
        "tests/review/test_review_files.py -k says_whose",
    ),
    Bug(
        "a reviewer can type anywhere",
        "pipelines/review/outgoing/workbook.py",
        "typed if name in DECISION_COLUMNS else",
        "typed if number else",
        "tests/review/test_review_files.py -k only_type",
    ),
    Bug(
        "the digest of an opening is not recorded",
        "pipelines/review/opening.py",
        "            note_digest(connection, campaign.name, packet)\n",
        "",
        "tests/review/test_review.py -k wherever_it_is",
    ),
    Bug(
        "a campaign opens without its files",
        "pipelines/review/opening.py",
        "        _freeze_findings(copy, campaign.name)\n",
        """        _freeze_findings(copy, campaign.name)
        from pipelines.warehouse.publish import publish

        publish(copy, warehouse)
        copy.write_bytes(warehouse.read_bytes())
""",
        "tests/review/test_review.py -k never_written_over",
    ),
    Bug(
        "two items share an id",
        "pipelines/review/opening.py",
        "    if twice:",
        "    if False:",
        "tests/review/test_review.py -k share_an_id",
    ),
    Bug(
        "a condition may ask for chance or the clock",
        "pipelines/review/scope.py",
        "        if name in volatile:",
        "        if False:",
        "tests/review/test_review.py -k 'mistaken and random'",
    ),
    Bug(
        "a condition is answered in the machine's time zone",
        "pipelines/review/scope.py",
        "set TimeZone = 'UTC';\n",
        "",
        "tests/review/test_review.py -k same_everywhere",
    ),
    Bug(
        "an item's id is the same in each opening",
        "pipelines/review/opening.py",
        "[name, name, opening],",
        "[name, name, name],",
        "tests/review/test_review.py -k lost_opening",
    ),
    Bug(
        "a restored warehouse is not noticed",
        "pipelines/review/opening.py",
        "    if day is None:",
        "    if True:",
        "tests/review/test_review.py -k lost_opening",
    ),
]
