"""Bugs in what a newcomer meets: usage, `init` and `check`."""

from __future__ import annotations

from tests.planted.bug import Bug

USAGE = "tests/cli/test_usage.py"
CAUSES = "tests/http/test_causes.py"

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
    Bug(
        "a proxy that wants a login is a proxy that forbids",
        "pipelines/http/causes.py",
        '"407",',
        '"408",',
        f"{CAUSES} -k refuses_is_told",
    ),
    Bug(
        "every bad certificate has the same remedy",
        "pipelines/http/causes.py",
        "mismatch|not valid for|doesn't match",
        "no such words",
        f"{CAUSES} -k certificate",
    ),
    Bug(
        "a wrong path does not name the tenant's setting",
        "pipelines/http/causes.py",
        "[place.setting, place.tenant_setting]",
        "[place.setting]",
        f"{CAUSES} -k status",
    ),
]
