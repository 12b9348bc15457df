"""A command finds settings, rules and data in the project directory, wherever it is started."""

from __future__ import annotations

import os
import re

import pytest

from tests.support.product import Rollcall


@pytest.fixture
def elsewhere(rollcall: Rollcall, tmp_path, monkeypatch) -> Rollcall:
    """Return Rollcall whose settings are in a file of a project directory, and start elsewhere."""
    project = tmp_path / "company"
    (project / ".dlt").mkdir(parents=True)
    sections: dict[str, list[str]] = {}
    for variable, value in rollcall.environment.items():
        *section, name = variable.lower().split("__")
        sections.setdefault(".".join(section), []).append(f"{name} = {value!r}\n")
    del sections[""]  # WAREHOUSE has its default
    text = "".join(f"[{name}]\n{''.join(lines)}" for name, lines in sections.items())
    (project / ".dlt" / "secrets.toml").write_text(text)
    rollcall.environment, rollcall.warehouse = {}, project / "data" / "access.duckdb"
    # a command in this process changes both
    monkeypatch.setenv("ROLLCALL_PROJECT_DIR", "")
    monkeypatch.chdir(tmp_path)
    return rollcall


@pytest.mark.parametrize(
    "arguments",
    [
        ("--project-dir", "company", "status", "--json"),
        ("status", "--json", "--project-dir", "company"),
        ("status", "--json"),
    ],
    ids=["before the verb", "after the verb", "variable"],
)
def test_the_project_directory_is_named_in_three_ways(elsewhere, published, arguments):
    """The flag stands before or after the verb, or a variable names the directory."""
    elsewhere.has(published)
    settings = {} if "company" in arguments else {"ROLLCALL_PROJECT_DIR": "company"}
    result = elsewhere.run(*arguments, **settings)

    assert (0, 4) == (result.code, len(result.document["sources"])), result.err


def test_the_flag_wins_over_the_variable(elsewhere, published):
    """The flag wins over ROLLCALL_PROJECT_DIR, also in the processes that a command starts."""
    elsewhere.has(published)
    os.environ["ROLLCALL_PROJECT_DIR"] = "other"
    result = elsewhere.run("--project-dir", "company", "status")

    assert 0 == result.code, result.err
    assert str(elsewhere.home / "company") == os.environ["ROLLCALL_PROJECT_DIR"]


@pytest.mark.parametrize(
    ("name", "why"), [("missing", "no such file or directory"), ("file", "not a directory")]
)
@pytest.mark.parametrize("way", ["flag", "variable"])
def test_a_wrong_project_directory_is_one_sentence(elsewhere, name, why, way):
    """A directory that cannot be entered ends a command with exit code 2, and nothing is read."""
    (elsewhere.home / "file").write_text("")
    flags, settings = ("--project-dir", name), {}
    if way == "variable":
        flags, settings = (), {"ROLLCALL_PROJECT_DIR": name}
    result = elsewhere.run("sync", *flags, **settings)

    spelling = f"--project-dir {name}" if flags else f"ROLLCALL_PROJECT_DIR={name}"
    assert (2, f"{spelling}: {why}") == (result.code, result.err.splitlines()[0])
    assert ["  effect: nothing was read or changed"] == re.findall(".*effect.*", result.err)


def test_an_empty_project_directory_is_a_mistake(elsewhere):
    """A flag whose variable was empty does not mean the working directory."""
    result = elsewhere.run("status", "--project-dir", "")

    assert (2, True) == (result.code, "--project-dir: no such file" in result.err), result.err


@pytest.mark.parametrize("sources", [[], ["pingone"]], ids=str)
def test_a_missing_setting_says_where_it_was_looked_for(elsewhere, sources):
    """The message names the environment, and both files of the directory that was read."""
    other = elsewhere.home / "other"
    other.mkdir()
    command = elsewhere.start("sync", *sources, "--project-dir", "other")
    _, err = command.communicate()

    looked = f"looked in the environment, and for secrets.toml and config.toml in {other / '.dlt'}"
    assert 2 == command.returncode and looked in err, err


def test_settings_and_rules_are_those_of_the_project(elsewhere, published):
    """`check` reads credentials and policy of the project directory, not of the working one."""
    elsewhere.has(published)
    for folder, name in ((elsewhere.home, "here"), (elsewhere.home / "company", "there")):
        (folder / "reviews").mkdir()
        (folder / "reviews" / "policy.toml").write_text(
            f"[[protected]]\nid = 'no such {name}'\nreason = 'x'\n"
        )
    command = elsewhere.start("check", "charthop", "--project-dir", "company")
    out, err = command.communicate()

    assert 0 == command.returncode, out + err
    assert "no such there: it matches nothing" in out and "no such here" not in out
