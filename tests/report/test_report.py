"""The report page in a browser: from disk, offline, by keyboard, on a phone, and when large."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import duckdb
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.product import Rollcall

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
    " --allow-file-access-from-files"
)
pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="needs a browser: install Debian's chromium and chromium-driver",
    ),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def company(rollcall, published) -> Rollcall:
    return rollcall.has(published)


def change(company: Rollcall, *statements: str) -> None:
    """Change the published warehouse with SQL."""
    company.warehouse.chmod(0o600)
    with duckdb.connect(str(company.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def page(company: Rollcall, browser: webdriver.Chrome) -> Callable[..., webdriver.Chrome]:
    """Write the report and open it from disk."""

    def opened(place: str = "", width: int = 1300) -> webdriver.Chrome:
        result = company.run("report", "--out", "report.html")
        assert 0 == result.code, result.err
        browser.get("about:blank")
        browser.execute_cdp_cmd(  # a window cannot be as narrow as a phone
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        browser.get_log("browser")
        browser.get(f"file://{company.home}/report.html{place}")
        return browser

    return opened


def cells(browser: webdriver.Chrome, table: str) -> list[list[str]]:
    """Return the rows that a table shows now."""
    return browser.execute_script(
        "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)]"
        ".map(row => [...row.cells].map(cell => cell.innerText))",
        table,
    )


def shown(browser: webdriver.Chrome, css: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, css).text


def test_it_opens_from_disk_and_asks_for_nothing(company, page):
    """The page opens from disk without any request, and shows the right figures."""
    browser = page()

    [(people, leavers, grants)] = [
        tuple(row.values())
        for row in company.rows(
            "select (select count(*) from people),"
            " (select count(*) from people where employment_status = 'leaver'),"
            " (select count(*) from grants)"
        )
    ]
    figures = shown(browser, ".figures")
    assert f"{people}\npeople, {leavers} have left" in figures
    assert f"{grants}\ngrants" in figures
    assert f"of {grants:,} entries" in shown(browser, "#population-table_wrapper .dt-info")
    assert [] == browser.execute_script("return performance.getEntriesByType('resource')")
    assert [] == browser.get_log("browser")
    assert 0o600 == (company.home / "report.html").stat().st_mode & 0o777


def test_every_finding_and_leaver_account_is_on_it(company, page):
    """The page shows every finding and every open account of a leaver."""
    browser = page()

    findings = company.column("select title from findings")
    open_ = company.column("select full_name from exposures where is_still_open")
    assert f"of {len(findings)} entr" in shown(browser, "#findings-table_wrapper .dt-info")
    told = [row for row in cells(browser, "exposure-table") if row[3] == "STILL OPEN"]
    assert sorted(open_) == sorted(row[0] for row in told)
    assert "Nora Lind" in open_


def test_a_person_and_a_resource_lead_to_everything_about_them(company, page):
    """A person and a resource link to all of their access."""
    browser = page()

    browser.find_element(By.LINK_TEXT, "Nora Lind").click()
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "#detail-title") == "Nora Lind")
    held = company.column(
        "select entitlement_name from access_review where full_name = 'Nora Lind'"
    )
    assert sorted(held) == sorted(row[2] for row in cells(browser, "detail-table"))
    assert "leaver" in shown(browser, "#detail-facts")
    assert not browser.find_element(By.ID, "everything").is_displayed()

    [name, resource] = company.rows(
        "select resource_name, resource_id from access_review"
        " join entitlements using (entitlement_id, resource_name)"
        " where full_name = 'Nora Lind' and is_inherited order by all limit 1"
    )[0].values()
    link = f"#resource={resource.replace(':', '%3A')}"
    browser.find_element(By.CSS_SELECTOR, f"#detail-table a[href='{link}']").click()
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "#detail-title") == name)
    ways = company.rows(
        "select coalesce(full_name, 'no person in HR') as who, access_path"
        " from access_review join entitlements using (entitlement_id)"
        f" where entitlements.resource_id = '{resource}'"
    )
    told = [(row[0], row[6]) for row in cells(browser, "detail-table")]
    assert sorted(tuple(way.values()) for way in ways) == sorted(told)

    browser.back()
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "#detail-title") == "Nora Lind")
    browser.back()
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "#overview"))


def test_all_of_it_can_be_reached_by_keyboard(company, page):
    """Every part of the page can be reached by keyboard."""
    browser = page()

    def press(*keys: str) -> None:
        webdriver.ActionChains(browser).send_keys(*keys).perform()

    press(Keys.TAB, Keys.ENTER)  # the first tab stop skips the header
    assert "main" == browser.switch_to.active_element.get_attribute("id")

    first = cells(browser, "population-table")[0][0]
    browser.execute_script(
        "document.querySelector('#population-table th .dt-column-order').focus()"
    )
    press(Keys.ENTER, Keys.ENTER)
    WebDriverWait(browser, 5).until(lambda _: cells(browser, "population-table")[0][0] != first)

    link = browser.find_element(By.CSS_SELECTOR, "#population-table tbody a")
    name = link.text
    browser.execute_script("arguments[0].focus()", link)
    press(Keys.ENTER)
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "#detail-title") == name)
    assert "detail-title" == browser.switch_to.active_element.get_attribute("id")


def test_on_a_phone_each_row_is_a_card(page):
    """On a phone each row is a card with its column names."""
    browser = page(width=375)

    assert 375 == browser.execute_script("return window.innerWidth")
    assert 375 >= browser.execute_script("return document.documentElement.scrollWidth")
    cell = browser.find_element(By.CSS_SELECTOR, "#population-table tbody td")
    name = browser.execute_script("return getComputedStyle(arguments[0], '::before').content", cell)
    assert "Person" in name


def test_ten_thousand_items_can_be_searched(company, page):
    """A page with ten thousand items can be searched."""
    change(
        company,
        "insert into accounts by name select * exclude (number) replace ("
        "concat('many:user:', number) as account_id, concat('Robin ', number) as display_name,"
        " null as person_id)"
        " from (select * from accounts limit 1), range(10_000) as numbers(number)",
        "insert into grants by name select * exclude (number) replace ("
        "concat('many-', number) as grant_id, concat('many:user:', number) as account_id)"
        " from (select * from grants limit 1), range(10_000) as numbers(number)",
    )
    browser = page()

    search = browser.find_element(By.CSS_SELECTOR, "#population-table_wrapper input")
    search.send_keys("Robin 9876")
    WebDriverWait(browser, 20).until(lambda _: len(cells(browser, "population-table")) == 1)
    assert "Robin 9876" == cells(browser, "population-table")[0][4]


def test_a_name_is_never_markup(company, page):
    """A name with markup is shown as text."""
    evil = "</script><img src=x onerror=\"document.title='run'\"><!-- {{ 7 * 7 }}"
    change(
        company,
        f"update people set full_name = '{evil.replace(chr(39), chr(39) * 2)}'"
        " where full_name = 'Nora Lind'",
    )
    browser = page()

    browser.find_element(By.LINK_TEXT, evil).click()
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "#detail-title") == evil)
    assert "Who has access to what" == browser.title
    assert [] == browser.find_elements(By.TAG_NAME, "img")


def test_only_a_report_is_written_over(company):
    """Only an earlier report is overwritten, by an atomic replacement."""
    other = company.home / "minutes.html"
    other.write_text("<!doctype html><p>Minutes")

    refused = company.run("report", "--out", str(other))
    assert 2 == refused.code and "is not written over" in refused.err
    assert "<!doctype html><p>Minutes" == other.read_text()

    place = company.home / "report.html"
    assert 0 == company.run("report", "--out", str(place)).code
    before = place.stat().st_ino
    assert 0 == company.run("report", "--out", str(place)).code
    assert before != place.stat().st_ino
    assert [place] == list(company.home.glob("*report*"))
