"""Bugs in what a newcomer meets: usage, `init` and `check`."""

from __future__ import annotations

from tests.planted.bug import Bug

USAGE = "tests/cli/test_usage.py"
INIT = "tests/cli/test_init.py"
CHECK = "tests/cli/test_first_check.py"
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
    Bug(
        "check asks for every right with a refused credential",
        "pipelines/sources/check.py",
        "return not (is_about_path and has_passed)",
        "return False",
        f"{CHECK} -k pointless",
    ),
    Bug(
        "half a source ends the check",
        "pipelines/sources/check.py",
        "        except Misconfigured as error:\n            states",
        "        except ZeroDivisionError as error:\n            states",
        f"{CHECK} -k half_a_source",
    ),
    Bug(
        "check does not try the audit feed",
        "pipelines/sources/pingone/check.py",
        "tenant.read_activities(READ_ACTIONS[0], now - timedelta(minutes=1), now)",
        "pass",
        f"{CHECK} -k feed",
    ),
    Bug(
        "no persons are ok",
        "pipelines/sources/charthop/check.py",
        "    if not found:\n        raise ProbeWarning",
        "    if False:\n        raise ProbeWarning",
        f"{CHECK} -k match_nobody",
    ),
    Bug(
        "init writes over a file, and through a link",
        "pipelines/cli/init/new_file.py",
        "file = open_new_file(path)",
        'file = path.open("wb")',
        f"{INIT} -k 'left_as_it_is or link_is_not'",
    ),
    Bug(
        "a section of policy.toml is not found",
        "pipelines/cli/init/policy_file.py",
        "# [[protected]] ",
        "# [[protect]] ",
        f"{INIT} -k rules",
    ),
    Bug(
        "cron ends the line at a percent sign",
        "pipelines/cli/init/schedule.py",
        'line.replace("%", r"\\%")',
        "line",
        f"{INIT} -k cron",
    ),
]
