"""One browser and one page with a past for all tests of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from selenium import webdriver

from tests.support.aged import age, open_campaign
from tests.support.browser import CHROMIUM, DRIVER, MISSING
from tests.support.pages import open_browser, visit
from tests.support.product import Published, Rollcall

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with open_browser(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    return rollcall.has(published)


def change(company: Rollcall, *statements: str) -> None:
    """Change the published warehouse with SQL."""
    company.warehouse.chmod(0o600)
    with duckdb.connect(str(company.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def write_report(company: Rollcall) -> Path:
    result = company.run("report", "--out", "report.html")
    assert 0 == result.code, result.err
    return company.home / "report.html"


@pytest.fixture
def page(company: Rollcall, browser: webdriver.Chrome) -> Callable[..., webdriver.Chrome]:
    """Write the report and open it from disk."""
    return lambda place="", **how: visit(browser, write_report(company), place, **how)


@pytest.fixture(scope="session")
def past_warehouse(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse with two months of history and a campaign that is half decided."""
    path = tmp_path_factory.mktemp("past") / "access.duckdb"
    path.write_bytes(published.data)
    with duckdb.connect(str(path)) as connection:
        open_campaign(connection)
        age(connection)
    return path


@pytest.fixture(scope="session")
def past_page(past_warehouse: Path) -> Path:
    """Return its report, which is written once."""
    from pipelines.report.page import render_page

    with duckdb.connect(str(past_warehouse), read_only=True) as connection:
        text, _ = render_page(connection)
    page = past_warehouse.parent / "report.html"
    page.write_text(text, encoding="utf-8")
    return page
