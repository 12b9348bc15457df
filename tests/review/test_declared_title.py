"""Whom a declared system's title is for: everybody who reads a campaign, as of its opening."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest

from tests.support.declaring import CAMPAIGN, with_expenses
from tests.support.declaring import small as small

ADA = "select item_id from review_items where full_name = 'Ada Park'"


@pytest.mark.long
def test_reviewers_read_the_title_of_the_opening(rollcall, small):
    """Files, page and packet have a system's title, and keep it when the system's file changes."""
    tool = with_expenses(rollcall, small)
    declared = tool.folder / "expenses.toml"
    declared.write_text(declared.read_text().replace('"Expenses"', '"Spesen & Reisen"'))
    rollcall.sync()
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "q4.toml").write_text(CAMPAIGN)
    assert 0 == rollcall.run("review", "open", "q4").code
    packet = rollcall.home / "data/reviews/q4/opened"

    assert {"Spesen & Reisen"} == {row for path in packet.glob("*/*.csv") for row in systems(path)}
    for path in packet.glob("reviewers/*.xlsx"):
        book = openpyxl.load_workbook(path)
        assert "Spesen & Reisen" in {cell.value for cell in book["Access"][2]}
        assert "of these in Spesen & Reisen" in {cell.value for cell in book["Progress"]["A"]}
    assert all('"Spesen & Reisen"' in path.read_text() for path in packet.glob("reviewers/*.html"))
    assert "  Spesen & Reisen (expenses): " in (packet / "attestation.txt").read_text()

    tool.declare()
    rollcall.sync()
    [item] = rollcall.column(ADA)
    moved = rollcall.run(
        *("review", "reassign", item, "--to", "audit@lanternfish.example", "--because", "away"),
        "--json",
    )
    assert 0 == moved.code, moved.err
    [path] = (rollcall.home / moved.document["folder"]).glob("**/*.csv")
    assert ["Spesen & Reisen"] == systems(path)
    assert 0 == rollcall.run("report", "--out", "report.html").code
    assert "<b>Expenses</b>" in (rollcall.home / "report.html").read_text()


@pytest.mark.long
def test_systems_of_one_title_are_told_apart(rollcall, small):
    """Two systems with one title have their own word behind it."""
    tool = with_expenses(rollcall, small)
    text = (tool.folder / "expenses.toml").read_text()
    (tool.folder / "travel.toml").write_text(text)
    rollcall.sync()
    rollcall.run("report", "--out", "report.html")

    page = (rollcall.home / "report.html").read_text()
    assert "<b>Expenses (expenses)</b>" in page and "<b>Expenses (travel)</b>" in page


def systems(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["System"] for row in csv.DictReader(file)]
