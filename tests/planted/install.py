"""Planted bugs: the package, its installation, and where a scheduled command finds its project."""

from __future__ import annotations

from tests.planted.bug import Bug

PLACE = "tests/cli/test_project_dir.py"
PACKAGE = "tests/test_package.py"

BUGS: list[Bug] = [
    Bug(
        "the project directory of a flag is not entered",
        "pipelines/project.py",
        "if given is None else given",
        "or None",
        f"{PLACE} -k three_ways",
    ),
    Bug(
        "the variable wins over the flag in child processes",
        "pipelines/project.py",
        "    os.environ[VARIABLE] = ",
        "    _ = ",
        f"{PLACE} -k flag_wins",
    ),
    Bug(
        "a command goes on without its project directory",
        "pipelines/__main__.py",
        "        sys.exit(failure.code)\n    try:",
        "        pass\n    try:",
        f"{PLACE} -k one_sentence",
    ),
    Bug(
        "nobody says where a missing setting was looked for",
        "pipelines/settings.py",
        'f"{why}; {looked}"',
        "why",
        f"{PLACE} -k looked_for",
    ),
    Bug(
        "README lets cron call make",
        "README.md",
        "/opt/rollcall/.venv/bin/rollcall --project-dir /opt/rollcall sync",
        "cd /opt/rollcall && make --silent sync",
        "tests/cli/test_scheduled.py -k lock",
    ),
    Bug(
        "data of a work tree is packed",
        "pyproject.toml",
        '"/dbt_project/**/*.sql"',
        '"/dbt_project/**/*"',
        f"{PACKAGE} -k nothing_else",
    ),
    Bug(
        "an installed package looks for the dbt project outside",
        "pipelines/warehouse/__init__.py",
        "_PACKAGED if _PACKAGED.is_dir() else _SOURCE",
        "_SOURCE",
        f"{PACKAGE} -k anywhere",
    ),
    Bug(
        "a verb installs whenever the lock file is newer",
        "Makefile",
        "$(ROLLCALL):\n",
        "$(ROLLCALL): .ci/requirements.lock\n",
        "tests/test_install.py -k only_the_command",
    ),
    Bug(
        "an environment is used before it is complete",
        ".ci/install.py",
        "                make_environment(environment)\n",
        "                turn_link(environment)\n                make_environment(environment)\n",
        "tests/test_install.py -k leaves_the_last_one",
    ),
]
