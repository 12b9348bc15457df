"""Bugs in the reading of declared systems."""

from __future__ import annotations

from tests.planted.bug import Bug

FOLDER = "pipelines/sources/declared"
COLUMNS = "tests/sources/declared/test_columns.py"
MAPPING = "tests/sources/declared/test_mapping.py"
DECLARATION = "tests/sources/declared/test_declaration.py"
SYNCS = "tests/sources/declared/test_syncs.py"

BUGS = [
    Bug(
        "a grant of an unknown account is lost without a word",
        f"{FOLDER}/mapping.py",
        'if found[1]:\n            why = f"{found[1]} rows name',
        'if False:\n            why = f"{found[1]} rows name',
        f"{MAPPING} -k contradict",
    ),
    Bug(
        "an account that comes twice is taken twice",
        f"{FOLDER}/mapping.py",
        'if table in ("accounts", "entitlements"):',
        "if False:",
        f"{MAPPING} -k contradict",
    ),
    Bug(
        "two keys become one id",
        f"{FOLDER}/mapping.py",
        "    _refuse_equal_ids(tables)\n",
        "",
        f"{MAPPING} -k one_id",
    ),
    Bug(
        "a system without accounts is published as empty",
        f"{FOLDER}/mapping.py",
        'if table == "accounts" and not _count',
        'if table == "nothing" and not _count',
        f"{COLUMNS} -k wrong_row",
    ),
    Bug(
        "the company's SQL reads files of the machine",
        f"{FOLDER}/mapping.py",
        "    connection.execute(LOCK_DOWN)\n",
        "",
        f"{MAPPING} -k wrong_is_told",
    ),
    Bug(
        "a column that the contract does not have is left out silently",
        f"{FOLDER}/mapping.py",
        "if column not in known:",
        "if False:",
        f"{MAPPING} -k wrong_is_told",
    ),
    Bug(
        "a word of DuckDB's is taken for a time",
        f"{FOLDER}/conversion.py",
        'f"case when regexp_matches({text}, ',
        'f"case when true or regexp_matches({text}, ',
        f"{COLUMNS} -k wrong_row",
    ),
    Bug(
        "a value of a wrong type is null",
        f"{FOLDER}/conversion.py",
        "        if rows:\n            yield column, rows, value",
        "        if False:\n            yield column, rows, value",
        f"{COLUMNS} -k wrong_row",
    ),
    Bug(
        "a status in unknown words is enabled",
        f"{FOLDER}/conversion.py",
        "other = \"'unknown'\"",
        "other = \"'enabled'\"",
        f"{COLUMNS} -k not_explained",
    ),
    Bug(
        "a user with two mail addresses has one of them",
        f"{FOLDER}/simple.py",
        "having count(distinct {column}) > 1 limit 1",
        "having false limit 1",
        f"{COLUMNS} -k wrong_row",
    ),
    Bug(
        "a row without an account is left out",
        f"{FOLDER}/simple.py",
        'WITHOUT_ID = "select row_number from user_rows where account is null limit 1"',
        'WITHOUT_ID = "select row_number from user_rows where false limit 1"',
        f"{COLUMNS} -k wrong_row",
    ),
    Bug(
        "other columns of a file are taken as they come",
        f"{FOLDER}/read_tables.py",
        'if change.replace(" ", "") not in self.accepted:',
        "if False:",
        f"{SYNCS} -k other_columns",
    ),
    Bug(
        "another file is read as the same system",
        f"{FOLDER}/__init__.py",
        "return system.declaration.describe_tenant(system.secrets)",
        'return "the same"',
        f"{SYNCS} -k another_address",
    ),
    Bug(
        "a secret may stand in the file of a system",
        f"{FOLDER}/declaration.py",
        "    _refuse_secrets(path)\n",
        "",
        f"{DECLARATION} -k one_sentence",
    ),
    Bug(
        "a file named after a vendor replaces its source",
        f"{FOLDER}/folder.py",
        "    if name in vendor_names():",
        "    if name in ():",
        f"{DECLARATION} -k cannot_be",
    ),
    Bug(
        "a file that is older than a change proves that the change failed",
        "dbt_project/models/intermediate/write_back/int_change_checks.sql",
        "least(runs.data_as_of, runs.started_at)",
        "runs.started_at",
        "tests/warehouse/test_dbt.py -k own_unit_test",
    ),
]
