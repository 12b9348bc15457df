"""Bugs in reading the files that a declared system exports."""

from __future__ import annotations

from tests.planted.bug import Bug

READ_TABLES = "pipelines/sources/declared/read_tables.py"
FILES = "pipelines/sources/declared/files"
TESTS = "tests/sources/declared"

BUGS = [
    Bug(
        "export: a half row is filled up",
        f"{FILES}/parse.py",
        "strict_mode = true\n",
        "strict_mode = false, null_padding = true\n",
        f"{TESTS}/test_files_bad.py -k 'half or quote'",
    ),
    Bug(
        "export: a file that is being written is read",
        f"{FILES}/copies.py",
        "if not any(_is_young(one, tables) for one in found) or signs == before:",
        "if True:",
        f"{TESTS}/test_files_age.py -k waited_for",
    ),
    Bug(
        "export: a file that changed during the copy is read",
        f"{FILES}/copies.py",
        "if copies and _list_signs(look_again()) == signs:",
        "if copies:",
        f"{TESTS}/test_files_age.py -k during_the_copy",
    ),
    Bug(
        "export: unfinished files are exports",
        f"{FILES}/copies.py",
        'if not (table.has_wildcard and UNFINISHED.fullmatch(item["file_name"]))',
        "if True",
        f"{TESTS}/test_files.py -k newest_file",
    ),
    Bug(
        "export: the oldest file is the newest",
        f"{FILES}/copies.py",
        "return [max(found, key=lambda one: (one.modified, one.name))]",
        "return [min(found, key=lambda one: (one.modified, one.name))]",
        f"{TESTS}/test_files.py -k newest_file",
    ),
    Bug(
        "export: an old file is no stale source",
        READ_TABLES,
        "if limit is not None and age > timedelta(hours=limit):",
        "if False:",
        f"{TESTS}/test_files_age.py -k stale",
    ),
    Bug(
        "export: a restored backup is a new state",
        f"{FILES}/age.py",
        "        if old:\n",
        "        if False:\n",
        f"{TESTS}/test_files_age.py -k 'backup or gone'",
    ),
    Bug(
        "export: the data is as new as the newest file",
        f"{FILES}/age.py",
        "oldest = min(",
        "oldest = max(",
        f"{TESTS}/test_files.py -k all_files",
    ),
    Bug(
        "export: data may come from the future",
        READ_TABLES,
        "self.as_of = min(moment, self.read_at)",
        "self.as_of = moment",
        f"{TESTS}/test_files_age.py -k ahead",
    ),
    Bug(
        "a connector's older file is a new state",
        "pipelines/sources/declared/baton/__init__.py",
        "            self._must_follow(into, as_of)\n",
        "",
        f"{TESTS}/test_baton_c1z.py -k older_than_it_may",
    ),
    Bug(
        "export: a code page is guessed",
        f"{FILES}/text.py",
        "    if not (found or named):\n",
        '    named = named or "cp1252"\n    if False:\n',
        f"{TESTS}/test_files_bad.py -k Unicode",
    ),
    Bug(
        "export: a named code page is believed",
        f"{FILES}/text.py",
        "if named and found and not is_plain and",
        "if False and",
        f"{TESTS}/test_files_bad.py -k another_encoding",
    ),
    Bug(
        "export: the trailer is not compared",
        f"{FILES}/tables.py",
        "if rows != told:",
        "if False:",
        f"{TESTS}/test_files_bad.py -k trailer",
    ),
    Bug(
        "export: too few rows are enough",
        f"{FILES}/tables.py",
        "if rows < (table.expected_rows or 0):",
        "if False:",
        f"{TESTS}/test_files_bad.py -k too_few",
    ),
    Bug(
        "export: a file with other columns is read along",
        f"{FILES}/tables.py",
        "if changes := list_changes(first.columns, part.columns):",
        "if (changes := []):",
        f"{TESTS}/test_files_bad.py -k same_columns",
    ),
    Bug(
        "export: two spellings of a column are one",
        f"{FILES}/text.py",
        "if folded.count(name.casefold()) > 1:",
        "if names.count(name) > 1:",
        f"{TESTS}/test_files_bad.py -k same",
    ),
    Bug(
        "export: zeros at the end of a file are text",
        f"{FILES}/text.py",
        'if b"\\0" in chunk:',
        "if False:",
        f"{TESTS}/test_files_bad.py -k zeros",
    ),
    Bug(
        "export: a formula is its last result",
        f"{FILES}/sheets.py",
        "if column in row.formulas:\n            why",
        "if False:\n            why",
        f"{TESTS}/test_files_xlsx.py -k refused",
    ),
    Bug(
        "export: cells that are merged are empty",
        f"{FILES}/sheets.py",
        "if area.bottom > self.header.number and",
        "if False and",
        f"{TESTS}/test_files_xlsx.py -k refused",
    ),
    Bug(
        "export: a day in a sheet is a number",
        "pipelines/files/xlsx_formats.py",
        "if is_day and (day := _to_day(value, is_from_1904)):",
        'if (day := ""):',
        f"{TESTS}/test_files_xlsx.py -k 'shows or macs'",
    ),
    Bug(
        "export: a long number in a sheet is right",
        "pipelines/files/xlsx_formats.py",
        "if abs(value) >= 10**MAX_DIGITS:",
        "if False:",
        f"{TESTS}/test_files_xlsx.py -k refused",
    ),
]
