"""The file of a declared system is gone: nothing is lost unnoticed, and nothing stands for ever."""

from __future__ import annotations

import pytest

from tests.support.declaring import small as small
from tests.support.declaring import with_expenses
from tests.support.product import Published, Rollcall

ACCEPT = "expenses.system:declared->gone"
HELD = "select count(*) from grants where source_name = 'expenses'"
CAMPAIGN = 'title = "Q4"\ndue = 2099-12-15\nfallback = "security@lanternfish.example"\n'


@pytest.fixture
def company(rollcall: Rollcall, small: Published) -> Rollcall:
    """Return a company with one vendor, and with expenses as a declared system."""
    with_expenses(rollcall, small)
    assert [11] == rollcall.column(HELD)
    return rollcall


def test_a_system_whose_file_is_gone_is_refused(company):
    """A sync without the file refuses and loses nothing, and goes on when the file is back."""
    file = company.home / "systems" / "expenses.toml"
    declared = file.read_text()
    file.unlink()

    refused = company.run("sync")

    assert 5 == refused.code
    assert "system expenses: its file is gone from" in refused.err
    assert f"run `rollcall sync --accept '{ACCEPT}'`" in refused.err
    assert [11] == company.column(HELD)
    assert "its file is gone from" in company.run("status").out
    file.write_text(declared)
    company.sync()


def test_a_system_is_gone_once_that_is_accepted(company):
    """Its grants end with the sync that accepts it, and nothing asks for it any more."""
    (company.home / "systems" / "expenses.toml").unlink()

    accepted = company.sync("--accept", ACCEPT)

    assert f"accepted: {ACCEPT}" in accepted.err
    assert [0] == company.column(HELD)
    ended = "select count(*) from grants_history where source_name = 'expenses' and valid_to = ("
    assert [11] == company.column(f"{ended}select max(started_at) from runs)")
    last = "select status, accepted from runs where source_name = 'expenses' order by started_at"
    assert {"status": "gone", "accepted": ACCEPT} == company.rows(last)[-1]

    assert "no longer read since" in company.run("status").out
    assert "expenses" not in company.run("status", "--check").out
    assert 0 == company.run("report", "--out", str(company.home / "report.html")).code
    page = (company.home / "report.html").read_text()
    assert "expenses is no longer read since" in page
    assert "Not counted: expenses, no longer read." in page
    (company.home / "reviews").mkdir()
    (company.home / "reviews" / "q4.toml").write_text(CAMPAIGN)
    opened = company.run("review", "open", "q4")
    assert 0 == opened.code, opened.err
    company.sync()


@pytest.mark.long
def test_a_folder_that_is_not_there_names_every_system(company):
    """Without the folder, one sentence names all systems and the setting to correct."""
    systems = company.home / "systems"
    text = (systems / "expenses.toml").read_text()
    (systems / "payroll.toml").write_text(text.replace("Expenses", "Payroll"))
    (systems / "travel.toml").write_text(text.replace("expenses.csv", "travel.csv"))
    assert 4 == company.run("sync").code  # nothing of travel was ever read
    systems.rename(company.home / "elsewhere")

    refused = company.run("sync")

    assert 5 == refused.code
    assert "systems expenses and payroll: their files are gone from" in refused.err
    assert "SYSTEMS__FOLDER" in refused.err
    both = f"--accept '{ACCEPT}' --accept '{ACCEPT.replace('expenses', 'payroll')}'"
    assert both in refused.err
    half = company.run("sync", "--accept", ACCEPT)
    assert 5 == half.code and "system payroll: its file is gone" in half.err
    (company.home / "elsewhere").rename(systems)
    (systems / "travel.toml").unlink()
    company.sync()
    assert "travel" not in company.run("status", "--check").out


@pytest.mark.long
def test_a_renamed_file_is_another_system(company):
    """A file with another name is a new system, and the old name is gone."""
    systems = company.home / "systems"
    (systems / "expenses.toml").rename(systems / "travel.toml")

    assert 5 == company.run("sync").code
    company.sync("--accept", ACCEPT)
    assert [0, 11] == company.column(HELD) + company.column(HELD.replace("expenses", "travel"))
