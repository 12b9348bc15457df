"""Bugs in the pages on which reviewers decide."""

from __future__ import annotations

from tests.planted.bug import Bug

PAGE = "tests/review/test_page.py"

BUGS = [
    Bug(
        "a page has seals of any reviewer",
        "pipelines/review/page/items.py",
        'seal.seal_sql("campaign", *SEALED_COLUMNS, "reviewer")',
        'seal.seal_sql("campaign", *SEALED_COLUMNS)',
        f"{PAGE} -k seals",
    ),
    Bug(
        "a name ends the script of a page",
        "pipelines/review/page/items.py",
        "'<', '\\\\u003c'\n    ) as item",
        "'<', '<'\n    ) as item",
        f"{PAGE} -k markup",
    ),
    Bug(
        "a page allows any script",
        "pipelines/review/page/page.html",
        "script-src 'sha256-{{ script_digest }}'",
        "script-src 'unsafe-inline'",
        f"{PAGE} -k seals",
    ),
    Bug(
        "answers of another opening are mixed in",
        "pipelines/review/page/page.py",
        'f"{campaign}|{self._opening}|{mail}"',
        'f"{campaign}|{mail}"',
        f"{PAGE} -k opening",
    ),
    Bug(
        "every reviewer gets a page, however large",
        "pipelines/review/outgoing/files.py",
        "        if count > MAX_PAGE_ITEMS:\n            return []\n",
        "",
        f"{PAGE} -k too_much",
    ),
    Bug(
        "a comment of a page is a formula",
        "pipelines/review/page/saving.js",
        "FORMULA.test(value) ? `'${value}` : value",
        "value",
        f"{PAGE} -k keyboard",
    ),
    Bug(
        "decisions together come back as made one by one",
        "pipelines/review/page/answers.js",
        'chosen.length > 1 ? "together" : "alone"',
        '"alone"',
        f"{PAGE} -k keyboard",
    ),
    Bug(
        "a page saves a revocation without a comment",
        "pipelines/review/page/saving.js",
        "if (isLacking(answer)) {",
        "if (false) {",
        f"{PAGE} -k stay_in",
    ),
    Bug(
        "an undone decision stays",
        "pipelines/review/page/answers.js",
        "of act ?? []) setAnswer(item, before);",
        "of act ?? []) keep(item);",
        f"{PAGE} -k stay_in",
    ),
    Bug(
        "an answer to another list counts",
        "pipelines/review/page/answers.js",
        "if (!item || !answer) {",
        "if (!answer) {",
        f"{PAGE} -k stay_in",
    ),
    Bug(
        "a window does not hear of another",
        "pipelines/review/page/answers.js",
        "if (answer) answers.set(item, answer);\n  else answers.delete(item);\n  isSaved",
        "isSaved",
        f"{PAGE} -k two_windows",
    ),
    Bug(
        "nobody hears that a browser keeps nothing",
        "pipelines/review/page/acting.js",
        'if (!isKept && !$("not-kept")) {',
        "if (false) {",
        f"{PAGE} -k without_storage",
    ),
    Bug(
        "a clock before the opening is believed",
        "pipelines/review/page/answers.js",
        "Date.now() < Date.parse(about.opened)",
        "false",
        f"{PAGE} -k without_storage",
    ),
]
