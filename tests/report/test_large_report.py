"""A page of 10,000 people and 100,000 grants: how large, and how soon it can be used."""

from __future__ import annotations

import duckdb
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.report.conftest import needs_browser, write_report
from tests.report.test_report import cells, shown
from tests.support.aged import age
from tests.support.multiplied import multiply
from tests.support.pages import visit

pytestmark = [needs_browser, pytest.mark.xdist_group("browser")]
MEGABYTE = 1_000_000


@pytest.mark.long
def test_a_large_company_fits_in_a_small_file(company, browser, capsys):
    """10,000 people with 100,000 grants take less than 10 MB, and can be searched."""
    company.warehouse.chmod(0o600)
    with duckdb.connect(str(company.warehouse)) as connection:
        age(connection)
        multiply(connection, 300)
        people, grants = connection.execute(
            "select (select count(*) from people), (select count(*) from grants)"
        ).fetchone()
    assert people >= 10_000 and grants >= 100_000
    report = write_report(company)

    visit(browser, report)
    opened = browser.execute_script("return performance.getEntriesByName('ready')[0].startTime")
    size = report.stat().st_size
    assert size < 10 * MEGABYTE
    with capsys.disabled():
        print(
            f"\nreport of {people:,} people and {grants:,} grants: {size / MEGABYTE:.1f} MB,"
            f" ready after {opened / 1000:.1f} s"
        )
    assert f"of {grants:,}" in shown(browser, "#access-grid .pager")

    search = browser.find_element(By.CSS_SELECTOR, "#access-filters input[name=q]")
    search.send_keys("Nora Lind 287")
    WebDriverWait(browser, 20).until(
        lambda _: {row[0] for row in cells(browser, "access-grid")} == {"Nora Lind 287"}
    )
    browser.find_element(By.ID, "find").send_keys("nora lind 287")
    assert "1 found" == shown(browser, "#find-count")
