"""Bugs in the kind of declared system that reads what a connector has written."""

from __future__ import annotations

from tests.planted.bug import Bug

FOLDER = "pipelines/sources/declared/baton"
C1Z = "tests/sources/declared/test_baton_c1z.py"
FILE = "tests/sources/declared/test_baton_file.py"

BUGS = [
    Bug(
        "a sync of a connector that is not finished counts",
        f"{FOLDER}/c1z.py",
        "where ended_at is not null and {is_whole}",
        "where {is_whole}",
        f"{C1Z} -k finished_sync",
    ),
    Bug(
        "a sync of a part counts as a whole",
        f"{FOLDER}/c1z.py",
        "is_whole = \"sync_type = 'full'\"",
        'is_whole = "true"',
        f"{C1Z} -k finished_sync",
    ),
    Bug(
        "rows of an earlier sync of a connector count",
        f"{FOLDER}/c1z.py",
        "where sync_id = ? order by id",
        "where sync_id >= ? or true order by id",
        f"{C1Z} -k last_finished_sync",
    ),
    Bug(
        "half a file of a connector is a whole one",
        f"{FOLDER}/c1z.py",
        'raise Unreadable(what, "it is damaged, or not written to its end", AGAIN) from None',
        "pass",
        f"{C1Z} -k broken_file",
    ),
    Bug(
        "a damaged database of a connector is read",
        f"{FOLDER}/c1z.py",
        '            if state != "ok":\n',
        "            if False:\n",
        f"{C1Z} -k lost_a_row",
    ),
    Bug(
        "the local time of a connector is taken as it is",
        f"{FOLDER}/__init__.py",
        "        if ended > written + TOLERANCE:\n",
        "        if False:\n",
        f"{C1Z} -k time_of_the_data",
    ),
    Bug(
        "a grant of a connector that has a source is not direct, too",
        f"{FOLDER}/c1z.py",
        'if not sources or row["entitlement"] in sources:',
        "if not sources:",
        f"{C1Z} -k becomes_accounts",
    ),
    Bug(
        "a shallow expansion holds for all",
        f"{FOLDER}/rows.py",
        "        not is_shallow and (\n",
        "        true and (\n",
        f"{C1Z} -k no_implication",
    ),
    Bug(
        "a group that nobody inherits from loses its grant",
        f"{FOLDER}/rows.py",
        "or (not grants.expands::boolean and grants.through is null)",
        "",
        f"{C1Z} -k no_user",
    ),
    Bug(
        "the first mail address of a user is the primary one",
        f"{FOLDER}/c1z.py",
        "key=lambda one: not one.is_primary",
        "key=lambda one: 0",
        f"{C1Z} -k becomes_accounts",
    ),
    Bug(
        "an entry of a baton-file without an id is passed over",
        f"{FOLDER}/sections.py",
        "                if row[field] is None:\n",
        "                if False:\n",
        f"{FILE} -k wrong_file",
    ),
    Bug(
        "a grant of a baton-file to nobody is passed over",
        f"{FOLDER}/sections.py",
        '            elif row["principal"] not in self.keys:\n',
        "            elif False:\n",
        f"{FILE} -k wrong_file",
    ),
    Bug(
        "a new list of a baton-file is passed over",
        f"{FOLDER}/sections.py",
        "            if name not in (*LISTS, *GRANTS, EXTERNAL):\n",
        "            if False:\n",
        f"{FILE} -k wrong_file",
    ),
    Bug(
        "what an entitlement of a baton-file implies is lost",
        f"{FOLDER}/sections.py",
        '            if row["principal"] not in self.ids:\n',
        "            if False:\n",
        f"{FILE} -k reads_back",
    ),
]
