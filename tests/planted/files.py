"""Bugs in files and exports."""

from __future__ import annotations

from tests.planted.bug import Bug

BOMBS = "tests/review/test_decision_bombs.py"

BUGS = [
    Bug(
        "two applies at once",
        "pipelines/files/lock.py",
        "fcntl.LOCK_EX |",
        "fcntl.LOCK_SH |",
        "tests/write_back/test_apply.py -k only_one",
    ),
    Bug(
        "ids as numbers",
        "pipelines/files/json_text.py",
        "return str(value).strip() or None",
        "return str(value).strip().lstrip('0') or None",
        "tests/cli/test_bad_input.py -k stay_text",
    ),
    Bug(
        "the export does not neutralise formulas",
        "pipelines/files/safe_csv.py",
        'if kind == "VARCHAR":',
        "if False:",
        "tests/export/test_export.py -k 'formula or inert'",
    ),
    Bug(
        "resources in a circle keep their parents",
        "pipelines/export/baton_rows.py",
        "name_of(placed.parent_resource_id)",
        "name_of(resources.parent_resource_id)",
        "tests/export/test_formats.py -k circle",
    ),
    Bug(
        "a baton-file omits inherited grants of unknown origin",
        "pipelines/export/baton_rows.py",
        "(is_direct or len(inherited_from) = 0)",
        "is_direct",
        "tests/export/test_formats.py -k circle",
    ),
    Bug(
        "a baton-file has no nested groups",
        "pipelines/export/baton_rows.py",
        "    source_name = {source}\n    and entitlement_id in",
        "    false and entitlement_id in",
        "tests/export/test_formats.py -k baton_file",
    ),
    Bug(
        "a scoped role is shown as unscoped",
        "pipelines/export/names.py",
        "slug || coalesce('@' || name_of(scope_id), '');",
        "slug;",
        "tests/export/test_formats.py -k baton_file",
    ),
    Bug(
        "the header that the connector reads is missing",
        "pipelines/export/baton_file.py",
        '            "Entitlement Granted to Prinicpal": "entitlement_id",',
        "",
        "tests/export/test_formats.py -k spellings",
    ),
    Bug(
        "a source that was never read gets an empty file",
        "pipelines/export/folder.py",
        'for state in states if state["as_of"]]',
        "for state in states]",
        "tests/export/test_formats.py -k stale",
    ),
    Bug(
        "a disabled account is shown as active",
        "pipelines/export/vanta.py",
        "'Deactivated' else 'Active'",
        "'Active' else 'Active'",
        "tests/export/test_formats.py -k vanta",
    ),
    Bug(
        "a comma in a name makes another column",
        "pipelines/files/safe_csv.py",
        """"','", "'\\"'",""",
        """"'\\"'",""",
        "tests/export/test_export.py -k row_for_row",
    ),
    Bug(
        "a stale state is exported without a warning",
        "pipelines/export/folder.py",
        "if stale and not allow_stale:",
        "if False:",
        "tests/sync/test_incomplete.py -k down_keeps",
    ),
    Bug(
        "a leading quote is not removed on import",
        "pipelines/files/safe_csv.py",
        "then {rest} else",
        "then {name} else",
        "tests/review/test_decision_files.py -k undone",
    ),
    Bug(
        "macros and links are accepted",
        "pipelines/files/xlsx_read.py",
        "for unwanted, pattern in UNWANTED:",
        "for unwanted, pattern in ():",
        f"{BOMBS}",
    ),
    Bug(
        "a DTD in a workbook is accepted",
        "pipelines/files/xlsx_cells.py",
        "    parser.StartDoctypeDeclHandler = _refuse_doctype\n",
        "",
        f"{BOMBS} -k entit",
    ),
    Bug(
        "a workbook of any size is accepted",
        "pipelines/files/xlsx_read.py",
        "if len(parts) > MAX_PARTS or",
        "if False and",
        f"{BOMBS} -k 'bomb or thousand'",
    ),
    Bug(
        "a name is not escaped in its cell",
        "pipelines/files/xlsx_write.py",
        '("<", "lt"), ',
        "",
        "tests/review/test_review_files.py -k its_reviewers_files",
    ),
    Bug(
        "an empty cell is dropped whatever follows it",
        "pipelines/files/xlsx_cells.py",
        """    rb'(?=<c r="|</row>)'
)
# Any""",
        ")\n# Any",
        "tests/review/test_decision_files.py -k nobody_wants",
    ),
    Bug(
        "an output replaces the warehouse",
        "pipelines/files/output.py",
        "        if one.parent == home and (",
        "        if False and (",
        "tests/files/test_output.py -k touches_the_warehouse",
    ),
    Bug(
        "an output replaces any file",
        "pipelines/files/output.py",
        "not (path.is_file() and is_ours(path))",
        "False",
        "tests/files/test_output.py -k replaces_only_a_plan",
    ),
    Bug(
        "a lock follows a link",
        "pipelines/files/lock.py",
        " | os.O_NOFOLLOW",
        "",
        "tests/files/test_output.py -k follow_no_link",
    ),
    Bug(
        "an export removes folders of others",
        "pipelines/files/scratch.py",
        "DRAFT_NAME.fullmatch(left.name) and",
        "left.name.startswith('.') and",
        "tests/files/test_output.py -k beside_an_export",
    ),
]
