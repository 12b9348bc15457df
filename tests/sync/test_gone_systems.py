"""The file of a declared system is gone: nothing is lost unnoticed, and nothing stands for ever."""

from __future__ import annotations

import pytest

from tests.sandbox import Sandbox
from tests.support.declaring import published_with_expenses, with_expenses
from tests.support.product import Published, Rollcall

ACCEPT = "expenses.system:declared->gone"
HELD = "select count(*) from grants where source_name = 'expenses'"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return published_with_expenses(tmp_path_factory)


@pytest.fixture
def company(rollcall: Rollcall, small: Published) -> Rollcall:
    """Return a company with one vendor, and with expenses as a declared system."""
    return with_expenses(rollcall, small)


def test_a_system_whose_file_is_gone_is_refused(company):
    """A sync without the file refuses, until it is back or a person accepts that it is gone."""
    file = company.home / "systems" / "expenses.toml"
    declared = file.read_text()
    file.unlink()
    before = company.warehouse.read_bytes()

    refused = company.run("sync")
    assert 5 == refused.code
    assert "system expenses: its file is gone from" in refused.err
    assert f"run `rollcall sync --accept '{ACCEPT}'`" in refused.err
    assert [11] == company.column(HELD)
    status = company.run("status")
    assert "charthop" in status.out and "its file is gone from" in status.out
    assert before != company.warehouse.read_bytes()  # the refused run has its row

    file.write_text(declared)
    company.sync()

    file.unlink()
    accepted = company.sync("--accept", ACCEPT)
    assert f"accepted: {ACCEPT}" in accepted.err
    assert [0] == company.column(HELD)
    ended = "select count(*) from grants_history where source_name = 'expenses' and valid_to = ("
    ended += "select max(started_at) from runs)"
    assert [11] == company.column(ended)
    last = "select status, accepted from runs where source_name = 'expenses' order by started_at"
    assert {"status": "gone", "accepted": ACCEPT} == company.rows(last)[-1]
    company.sync()  # once is enough


def test_a_folder_that_is_not_there_names_every_system(company):
    """Without the folder, one sentence names all systems and the settings to correct."""
    text = (company.home / "systems" / "expenses.toml").read_text()
    (company.home / "systems" / "payroll.toml").write_text(text.replace("Expenses", "Payroll"))
    company.sync()
    (company.home / "systems").rename(company.home / "elsewhere")

    refused = company.run("sync")
    assert 5 == refused.code
    assert "systems expenses and payroll: their files are gone from" in refused.err
    assert "SYSTEMS__FOLDER" in refused.err
    both = "--accept 'expenses.system:declared->gone' --accept 'payroll.system:declared->gone'"
    assert both in refused.err
    half = company.run("sync", "--accept", ACCEPT)
    assert 5 == half.code and "system payroll: its file is gone" in half.err
    company.sync(SYSTEMS__FOLDER=str(company.home / "elsewhere"))


def test_nothing_asks_for_a_system_that_is_gone(company):
    """Status, monitoring, the report and a campaign no longer ask for a system that is gone."""
    (company.home / "systems" / "expenses.toml").unlink()
    company.sync("--accept", ACCEPT)

    status = company.run("status")
    assert "expenses" in status.out and "no longer read since" in status.out
    assert "expenses" not in company.run("status", "--check").out
    assert 0 == company.run("report", "--out", str(company.home / "report.html")).code
    page = (company.home / "report.html").read_text()
    assert "Expenses, no longer read since" in page and "removed grant" not in page
    (company.home / "reviews").mkdir()
    (company.home / "reviews" / "q4.toml").write_text(
        'title = "Q4"\ndue = 2099-12-15\nfallback = "security@lanternfish.example"\n'
    )
    opened = company.run("review", "open", "q4")
    assert 0 == opened.code, opened.err


def test_a_renamed_file_is_another_system(company):
    """A file with another name is a new system, and the old name is gone."""
    systems = company.home / "systems"
    (systems / "expenses.toml").rename(systems / "travel.toml")

    assert 5 == company.run("sync").code
    company.sync("--accept", ACCEPT)
    assert [0, 11] == company.column(HELD) + company.column(HELD.replace("expenses", "travel"))


def test_a_system_that_was_never_read_goes_without_a_question(company):
    """A system without published data loses nothing when its file goes."""
    other = company.home / "systems" / "travel.toml"
    other.write_text((company.home / "systems" / "expenses.toml").read_text().replace(".csv", ".x"))
    assert 4 == company.run("sync").code
    other.unlink()

    company.sync()
    assert "travel" not in company.run("status", "--check").out
