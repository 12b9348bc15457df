"""The file of a declared system: what is refused before anything is read."""

from __future__ import annotations

import json

import pytest

from tests.support.declared import EXPENSES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EXPENSES.replace("kind", "kinds"), "kind: field required"),
        (EXPENSES.replace('"files"', '"excel"'), "kind: input should be 'files'"),
        (EXPENSES.replace("title", "titel"), "titel: unknown name; did you mean title?"),
        (EXPENSES.replace("title =", "title"), "it is not TOML"),
        (EXPENSES.split("[columns]")[0], "neither `columns` nor `mapping` says"),
        (
            EXPENSES + '\n[mapping]\naccounts = "a"\nentitlements = "b"\ngrants = "c"\n',
            "it has `columns` and `mapping`; keep one of them",
        ),
        (
            'token = "abcdefgh"\n' + EXPENSES,
            "a secret does not belong in this file, which others may read; remove it, and set"
            " SOURCES__EXPENSES__TOKEN",
        ),
        (
            EXPENSES.replace('"expenses.csv"', '"sftp://ada:geheim@files.example/x.csv"'),
            "a secret does not belong in this file",
        ),
        (EXPENSES.replace("title", "max_age_hours = 0\ntitle"), "max_age_hours: "),
        (
            'kind = "scim"\nbase_url = "https://x.example"\nmax_age_hours = 2\n',
            "max_age_hours is for files",
        ),
        (
            'role_separator = ";"\n' + EXPENSES.replace('role = "Role"\n', ""),
            "role_separator takes apart the cells of `columns.role`, and there is none",
        ),
    ],
)
def test_a_wrong_file_is_one_sentence(company, text, said):
    """What is wrong, in which file, and what to write."""
    company.declare("expenses", text)
    company.write("expenses.csv")

    code, sentence = company.refusal()

    assert 2 == code
    assert said in sentence
    assert "expenses.toml" in sentence
    assert "geheim" not in sentence
    assert "abcdefgh" not in sentence


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("okta", "okta is read by Rollcall's own source of that name"),
        ("Expenses", "one word of at most 40 small letters"),
        ("expense-tool", "one word of at most 40 small letters"),
        ("policy", "policy is a word of Rollcall's own"),
    ],
)
def test_a_name_that_cannot_be_a_system_stops_every_command(company, name, said):
    """A name that is a vendor's, or no word, is refused before any read."""
    company.declare(name)

    for command in (["sync"], ["check"], ["systems", "test", name]):
        result = company.rollcall.run(*command, "--json")

        assert 2 == result.code, command
        assert said in json.loads(result.out)["failures"][0]["why"]


def test_an_unknown_system_is_answered_with_the_nearest(company):
    """`systems test` knows the names of the files."""
    result = company.rollcall.run("systems", "test", "expenses")
    assert "no file declares a system" in result.err
    assert "docs/systems.md" in result.err

    company.declare("expenses")
    result = company.rollcall.run("systems", "test", "expence")

    assert 2 == result.code
    assert "did you mean expenses?" in result.err


def test_the_folder_is_a_setting(company):
    """SYSTEMS__FOLDER names another folder, which must exist."""
    company.declare("expenses")
    (company.home / "systems").rename(company.home / "declared")
    company.write("expenses.csv")

    other = {"SYSTEMS__FOLDER": "declared"}
    assert 0 == company.rollcall.run("systems", "test", "expenses", **other).code

    result = company.rollcall.run("sync", SYSTEMS__FOLDER="nowhere")
    assert 2 == result.code
    assert "SYSTEMS__FOLDER: there is no folder" in result.err
