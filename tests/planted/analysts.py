"""Bugs in what analysts find: macros, comments and pages."""

from __future__ import annotations

from tests.planted.bug import Bug

ANALYSTS = "tests/warehouse/test_analysts.py"
DOCS_PAGE = "tests/warehouse/test_docs_page.py"

BUGS = [
    Bug(
        "before the first sync nobody had anything",
        "dbt_project/macros/asof.sql",
        "                when {{ moment }}::timestamptz < first_sync_at\n",
        "                when false\n",
        f"{ANALYSTS} -k not_known",
    ),
    Bug(
        "before its last source a first sync had nobody",
        "dbt_project/macros/asof.sql",
        "            select max(started_at) as first_sync_at\n",
        "            select min(started_at) as first_sync_at\n",
        f"{ANALYSTS} -k not_known",
    ),
    Bug(
        "a source counts as known before it was read",
        "dbt_project/macros/asof.sql",
        "'.runs where started_at <= ' ~ known_moment('ts')",
        "'.runs where now() >= ' ~ known_moment('ts')",
        f"{ANALYSTS} -k which_sources",
    ),
    Bug(
        "comments have line breaks",
        "dbt_project/macros/comments.sql",
        "description.split() | join(' ')",
        "description",
        f"{ANALYSTS} -k one_line",
    ),
    Bug(
        "internal tables do not say so",
        "dbt_project/macros/comments.sql",
        "('' if schema == target.schema else internal) ~",
        "'' ~",
        f"{ANALYSTS} -k one_line",
    ),
    Bug(
        "the page of the policy says required of what is not",
        "pipelines/policy/company_files.py",
        "    changes: int = Field(ge=0, strict=True)\n",
        "    changes: int = Field(20, ge=0, strict=True)\n",
        "tests/policy/test_policy_doc.py -k every_entry",
    ),
    Bug(
        "the page of tables lists internal ones",
        "dbt_project/docs_page.py",
        'node["docs"] = {"show": node["schema"] in SHOWN_SCHEMAS}',
        'node["docs"] = {"show": True}',
        f"{DOCS_PAGE} -k for_queries",
    ),
    Bug(
        "a model leads to a source that the page does not have",
        "dbt_project/docs_page.py",
        'for key in needed.get("nodes", ()) if key not in gone]',
        'for key in needed.get("nodes", ())]',
        f"{DOCS_PAGE} -k for_queries",
    ),
]
