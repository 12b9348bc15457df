"""Bugs in the report page."""

from __future__ import annotations

from tests.planted.bug import Bug

PAGE = "tests/report/test_report.py"
DASHBOARD = "tests/report/test_dashboard.py"
TEMPLATE = "pipelines/report/template"

BUGS = [
    Bug(
        "report: a trend never goes down",
        "pipelines/report/figures.py",
        "select finding_type, valid_to::date, -1 from",
        "select finding_type, valid_to::date, 0 from",
        f"{DASHBOARD} -k trend",
    ),
    Bug(
        "report: an exception stays in the figure",
        "pipelines/report/figures.py",
        "count(*) filter (not is_excepted) as number,",
        "count(*) as number,",
        f"{DASHBOARD} -k exception",
    ),
    Bug(
        "report: an upper bound of leavers' days is shown as exact",
        f"{TEMPLATE}/grid.js",
        "exposures.at_most(row) ? `at most ${days}` : days",
        "days",
        f"{DASHBOARD} -k bounds",
    ),
    Bug(
        "report: unknown second factors are shown as missing ones",
        "pipelines/report/figures.py",
        "second_factor.is_upper_bound = True",
        "second_factor.is_upper_bound = False",
        f"{DASHBOARD} -k bounds",
    ),
    Bug(
        "report: what a new source has counts as changed",
        "pipelines/report/changes.py",
        "known = [name for name, is_new in sources if not is_new]",
        "known = [name for name, _ in sources]",
        f"{DASHBOARD} -k late",
    ),
    Bug(
        "report: duties count as checked without a rule",
        "pipelines/report/figures.py",
        "    if not _has_separation_rules(warehouse):\n",
        "    if False:\n",
        f"{DASHBOARD} -k 'separation or too_little'",
    ),
    Bug(
        "report: a trend is drawn of one day",
        "pipelines/report/figures.py",
        "MIN_DAYS = 3 ",
        "MIN_DAYS = 1 ",
        f"{DASHBOARD} -k too_little",
    ),
    Bug(
        "report: the matrix leaves out accounts of nobody",
        f"{TEMPLATE}/matrix.js",
        "if (system === null) return;",
        "if (system === null || department === NO_PERSON) return;",
        f"{DASHBOARD} -k matrix",
    ),
    Bug(
        "report: a figure leads to all findings",
        f"{TEMPLATE}/findings.js",
        "(!values.type || findings.type(row) === values.type)",
        "true",
        f"{DASHBOARD} -k lead_to_them",
    ),
    Bug(
        "report: access of unknown origin is not drawn",
        f"{TEMPLATE}/drawing.js",
        "if (!node.from.length) this.edge(",
        "if (false) this.edge(",
        f"{DASHBOARD} -k circles",
    ),
    Bug(
        "report: a circle of groups ends the page",
        f"{TEMPLATE}/drawing.js",
        "    if (seen.has(entitlement)) return node;\n",
        "",
        f"{DASHBOARD} -k circles",
    ),
    Bug(
        "report: a stale source looks complete",
        f"{TEMPLATE}/sources.html",
        "{{ 'STALE' if state.is_stale else",
        "{{ 'STALE' if false else",
        f"{DASHBOARD} -k stale",
    ),
    Bug(
        "report: a name is read as markup",
        f"{TEMPLATE}/elements.js",
        '{ dir: "auto", ...properties }, words ?? "");\nconst address',
        '{ dir: "auto", innerHTML: words ?? "", ...properties });\nconst address',
        f"{PAGE} -k markup",
    ),
    Bug(
        "report: the server writes names as markup",
        "pipelines/report/page.py",
        "        autoescape=True,\n",
        "        autoescape=False,\n",
        f"{PAGE} -k markup",
    ),
    Bug(
        "report: quiet text is too pale to read",
        f"{TEMPLATE}/base.css",
        "--quiet: #566070;",
        "--quiet: #a3acb8;",
        f"{PAGE} -k axe",
    ),
    Bug(
        "report: a damaged page shows no findings",
        f"{TEMPLATE}/data.js",
        '  report("The lists of this page cannot be read',
        '  console.log("The lists of this page cannot be read',
        f"{PAGE} -k damaged",
    ),
    Bug(
        "report: an old page does not say its age",
        f"{TEMPLATE}/show.js",
        "  if (days < 2) return;\n",
        "  if (days < 200) return;\n",
        f"{PAGE} -k lies_about",
    ),
    Bug(
        "report: a card on a phone does not name its columns",
        f"{TEMPLATE}/lists.css",
        '.grid td[data-name]::before { content: attr(data-name) ": ";',
        ".grid td[data-name]::before {",
        f"{PAGE} -k phone",
    ),
    Bug(
        "report: grants of the first sync count as added",
        "pipelines/report/changes.py",
        "as began_at, max(started_at) as moment",
        "as began_at, min(started_at) as moment",
        f"{DASHBOARD} -k too_little",
    ),
]
