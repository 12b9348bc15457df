"""Bugs in what a newcomer meets: usage, `init` and `check`."""

from __future__ import annotations

from tests.planted.bug import Bug

USAGE = "tests/cli/test_usage.py"

BUGS = [
    Bug(
        "flags may be abbreviated",
        "pipelines/cli/parser.py",
        '{"allow_abbrev": False}',
        '{"allow_abbrev": True}',
        f"{USAGE} -k abbreviated",
    ),
    Bug(
        "a mistyped flag is not answered",
        "pipelines/cli/parser.py",
        "*action.option_strings, *(",
        "*(), *(",
        f"{USAGE} -k near_miss",
    ),
]
