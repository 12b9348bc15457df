"""Bugs in what people read of declared systems, do there, and take out."""

from __future__ import annotations

from tests.planted.bug import Bug

GONE = "tests/sync/test_gone_systems.py"
BY_HAND = "tests/write_back/test_declared_changes.py"

BUGS = [
    Bug(
        "a system whose file is gone is taken out unasked",
        "pipelines/sync/gone_systems.py",
        "        if missing:\n",
        "        if False:\n",
        f"{GONE} -k refused",
    ),
    Bug(
        "a system that is gone stays as it was",
        "pipelines/sync/gone_systems.py",
        "            connection.execute(f'drop schema if exists \"raw_{name}\" cascade')\n",
        "            pass\n",
        f"{GONE} -k accepted",
    ),
    Bug(
        "a system that is gone proves what was asked for there",
        "pipelines/sync/gone_systems.py",
        "'gone' as status",
        "'complete' as status",
        f"{BY_HAND} -k proven",
    ),
    Bug(
        "the guard asks again about a system that is gone",
        "pipelines/sync/guard.py",
        "    changes = [change for change in changes if change.source not in gone]\n",
        "",
        f"{GONE} -k accepted",
    ),
    Bug(
        "a system that is gone makes monitoring ask for its age",
        "dbt_project/models/marts/core/source_states.sql",
        "where last_status <> 'gone'",
        "",
        f"{GONE} -k accepted",
    ),
    Bug(
        "a ticket does not say how access is taken away",
        "pipelines/sources/haloitsm/ticket_text.py",
        '"How": change.how_to_revoke,',
        '"How": None,',
        f"{BY_HAND} -k approved",
    ),
    Bug(
        "an approver does not see how access is taken away",
        "pipelines/write_back/plan_text.py",
        '        yield from _describe_how(document["items"])\n',
        "",
        f"{BY_HAND} -k approved",
    ),
    Bug(
        "tickets are planned where no system takes any",
        "dbt_project/models/intermediate/write_back/int_wanted_change_states.sql",
        "            false\n        ) as lacks_desk",
        "            false\n        ) and false as lacks_desk",
        f"{BY_HAND} -k list_says",
    ),
    Bug(
        "tickets are planned that no credential can open",
        "pipelines/write_back/wanted.py",
        "and not may_write(change.through)",
        "and False",
        f"{BY_HAND} -k host",
    ),
    Bug(
        "what is protected is on the list of what people do",
        "pipelines/write_back/wanted.py",
        "        if not why or why.startswith(NO_CHANNEL):",
        "        if not why:",
        f"{BY_HAND} -k protected",
    ),
    Bug(
        "what is blocked for another reason, too, is on the list",
        "pipelines/write_back/planning.py",
        "ONLY_NO_CHANNEL.fullmatch(",
        "ONLY_NO_CHANNEL.search(",
        f"{BY_HAND} -k protected",
    ),
    Bug(
        "a list replaces any file",
        "pipelines/export/by_hand.py",
        "        return file.read(len(header)) == header\n",
        "        return True\n",
        f"{BY_HAND} -k replaces",
    ),
    Bug(
        "reviewers read the short name of a system",
        "pipelines/review/columns.py",
        'SYSTEM_SQL = "coalesce(source_title, source_name)"',
        'SYSTEM_SQL = "source_name"',
        "tests/review/test_declared_title.py -k opening",
    ),
    Bug(
        "two systems of one title look like one",
        "pipelines/sources/__init__.py",
        "title if often[title.casefold()] == 1 else",
        "title if True else",
        "tests/review/test_declared_title.py -k told",
    ),
]
