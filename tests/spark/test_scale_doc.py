"""docs/scale.md: its commands and its settings are the product's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pipelines.__main__ import _parser
from pipelines.settings import SECTIONS
from pipelines.warehouse.on_spark.views import STORED

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def test_the_commands_of_the_page_are_those_of_the_product():
    """Every command of Rollcall on the page is one that the command line takes."""
    lines = [line for block in BLOCKS for line in block.splitlines() if "/rollcall " in line]

    assert ["transform", "sync", "status"] == [
        _parser().parse_args(shlex.split(line)[1:]).verb for line in lines
    ]


def test_the_settings_of_the_page_are_all_there_are():
    """The page names each setting of the section, and no other."""
    names = {f"TRANSFORM__{name}".upper() for name in SECTIONS["transform"]}

    assert names == {*re.findall(r"TRANSFORM__[A-Z]+", PAGE)}


def test_the_query_of_the_page_reads_what_is_there():
    """The query for a backup reads the table in which the build writes the generations."""
    [query] = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert f"from {STORED.schema}.{STORED.name}" in query
    assert "generation" in STORED.columns
