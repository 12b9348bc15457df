"""docs/policy.md: its example is read by the product, and leads to the rows that the page shows."""

from __future__ import annotations

import csv
import io
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from pipelines.policy import company_files
from pipelines.policy.company_files import Request, Rules
from pipelines.warehouse import PROJECT_FOLDER

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
SECTIONS = {
    "`[leavers]`": company_files.Leavers,
    "`[expiry]`": company_files.Expiry,
    "`[approval]`": company_files.Approval,
    "`[[separation]]`": company_files.Separation,
    "A condition": company_files.Condition,
    "`[[exceptions]]`": company_files.AcceptedFinding,
    "`[[protected]]`": company_files.Protected,
    "`[[owners]]`": company_files.Owner,
    "`requests.csv`": Request,
}


def block(kind: str) -> str:
    [text] = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return text


def rows_of(table: str) -> list[list[str]]:
    """Return the cells of a table in Markdown, without its header."""
    lines = [line.strip("|").split("|") for line in table.strip().splitlines()]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def as_shown(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_the_example_leads_to_what_the_page_shows(rollcall, published):
    """The files of the page are understood as they stand, and each query has the rows below it."""
    folder = rollcall.has(published).home / "reviews"
    folder.mkdir()
    (folder / "policy.toml").write_text(block("toml"), encoding="utf-8")
    (folder / "requests.csv").write_text(block("csv"), encoding="utf-8")

    for line in block("sh").splitlines():
        command, *arguments = shlex.split(line)
        result = rollcall.run(*arguments)
        assert ("rollcall", 0) == (command, result.code), result.err + result.out
        assert "matches nothing" not in result.out + result.err
    answers = re.findall(r"```sql\n(.*?);\n```\n\n(\|.*?\|\n)\n", PAGE, re.DOTALL)
    assert 3 == len(answers)
    for sql, shown in answers:
        found = [[as_shown(value) for value in row.values()] for row in rollcall.rows(sql)]
        assert rows_of(shown) == found, sql


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_has_every_entry(heading):
    """A section has exactly the entries that the product accepts, and says which are required."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.search(r"^\| entry .*?(?=\n\n|\Z)", section, re.DOTALL | re.MULTILINE)[0]
    said = {row[0].strip("`"): row[-1] == "required" for row in rows_of(table)}
    fields = SECTIONS[heading].model_fields

    assert said == {name: field.is_required() for name, field in fields.items()}


def test_the_page_has_every_section():
    """The page has a section for each table of policy.toml, and for nothing that does not exist."""
    headings = {re.sub(r"\W", "", heading) for heading in SECTIONS if "[" in heading}

    assert headings == {*Rules.model_fields}
    assert [*SECTIONS] == re.findall("^## (.*)$", PAGE, re.MULTILINE)[1:]


def test_the_example_is_whole():
    """The example uses every entry of every section, and every column of requests.csv."""
    example = tomllib.loads(block("toml"))
    used = {name: {*entry} for name, entry in example.items() if isinstance(entry, dict)} | {
        name: {key for one in entry for key in one}
        for name, entry in example.items()
        if isinstance(entry, list)
    }
    models: dict[str, type[BaseModel]] = {
        re.sub(r"\W", "", heading): model for heading, model in SECTIONS.items() if "[" in heading
    }
    assert {name: {*model.model_fields} for name, model in models.items()} == used
    conditions = [one for rule in example["separation"] for one in rule["conditions"]]
    assert {*company_files.Condition.model_fields} == {key for one in conditions for key in one}
    requests = [*csv.DictReader(io.StringIO(block("csv")))]
    assert {*Request.model_fields} == {key for row in requests for key, cell in row.items() if cell}


def test_the_page_has_every_type_of_finding():
    """The page names the types that an exception can be for."""
    macro = (PROJECT_FOLDER / "macros" / "finding_types.sql").read_text(encoding="utf-8")
    section = PAGE.split("\n## `[[exceptions]]`\n")[1].split("\n## ")[0]
    sentence = section.split("The types are")[1]

    assert re.findall("'type': '(.+?)'", macro) == re.findall("`(.+?)`", sentence)
