"""Bugs in what HR says of people."""

from __future__ import annotations

from tests.planted.bug import Bug

NAMES = "tests/write_back/test_names.py"
UNIT = "tests/warehouse/test_dbt.py -k own_unit_test"

BUGS = [
    Bug(
        "a family name is cut out of the full name",
        "dbt_project/models/marts/write_back/planned_changes.sql",
        "'family_name', people.family_name",
        "'family_name', split_part(people.full_name, ' ', -1)",
        NAMES,
    ),
    Bug(
        "an account is made without the parts of a name",
        "dbt_project/models/intermediate/write_back/reasons/int_wanted_by_request.sql",
        "and (people.given_name is null or people.family_name is null)",
        "and false",
        NAMES,
    ),
    Bug(
        "an exported user has the full name as a given name",
        "pipelines/export/baton_rows.py",
        "coalesce(given_name, '') as first_name",
        "coalesce(full_name, '') as first_name",
        "tests/export/test_formats.py -k leaver_is_told",
    ),
]
