"""Bugs in secrets that come from files."""

from __future__ import annotations

from tests.planted.bug import Bug

TESTS = "tests/cli/test_secret_files.py"

BUGS = [
    Bug(
        "a secret in a file beside one in a variable is not refused",
        "pipelines/secret_files.py",
        "    if os.environ.get(name):\n",
        "    if False:\n",
        f"{TESTS} -k given_twice",
    ),
    Bug(
        "an empty file is a secret",
        "pipelines/secret_files.py",
        "elif not (text :=",
        "elif None is (text :=",
        f"{TESTS} -k 'cannot_be_read and empty'",
    ),
    Bug(
        "the newline at the end of a file is a part of the secret",
        "pipelines/secret_files.py",
        '.removesuffix("\\n")',
        "",
        f"{TESTS} -k one_newline",
    ),
    Bug(
        "a secret from a file is printed",
        "pipelines/secret_files.py",
        "    hide(text)\n",
        "",
        f"{TESTS} -k never_printed",
    ),
    Bug(
        "an old secret in a settings file wins over a secret file",
        "pipelines/secret_files.py",
        "[SecretFiles(), *super().initial_providers()]",
        "[*super().initial_providers(), SecretFiles()]",
        f"{TESTS} -k wins_over",
    ),
    Bug(
        "a file variable of another program is read",
        "pipelines/secret_files.py",
        '"__" in name and os.environ.get',
        "os.environ.get",
        f"{TESTS} -k other_programs",
    ),
    Bug(
        "a file that is not there leaves out a secret that is seldom needed",
        "pipelines/settings.py",
        "for variable in find_file_variables(SECTIONS):",
        "for variable in ():",
        f"{TESTS} -k 'cannot_be_read and NOTIFY'",
    ),
    Bug(
        "a misspelt file variable is ignored",
        "pipelines/settings.py",
        "            yield variable, (*sections, name.removesuffix(SUFFIX.lower()))\n",
        "            if not name.endswith(SUFFIX.lower()):\n"
        "                yield variable, (*sections, name)\n",
        f"{TESTS} -k misspelt",
    ),
    Bug(
        "a secret that everybody can read is not told",
        "pipelines/sources/check.py",
        "expanduser(), 0o007)",
        "expanduser(), 0)",
        f"{TESTS} -k others_can_read",
    ),
]
