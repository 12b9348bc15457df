"""The report page in a browser: from disk, offline, by keyboard, on a phone, never as markup."""

from __future__ import annotations

import re

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.report.conftest import change, needs_browser, write_report
from tests.report.pictures import FOLDER, MAX_BYTES, PICTURES
from tests.support.pages import find_violations, visit

pytestmark = [needs_browser, pytest.mark.xdist_group("browser")]


def cells(browser: webdriver.Chrome, grid: str) -> list[list[str]]:
    """Return the rows that a list shows now."""
    return browser.execute_script(
        "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)]"
        ".map(row => [...row.cells].map(cell => cell.innerText))",
        grid,
    )


def shown(browser: webdriver.Chrome, css: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, css).text


def wait_for(browser: webdriver.Chrome, css: str, text: str) -> None:
    WebDriverWait(browser, 5).until(lambda _: shown(browser, css) == text)


def press(browser: webdriver.Chrome, *keys: str) -> None:
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def test_it_opens_from_disk_and_asks_for_nothing(company, page):
    """The page opens from disk without any request, and shows the right counts."""
    browser = page()

    [(people, leavers, grants)] = [
        tuple(row.values())
        for row in company.rows(
            "select (select count(*) from people),"
            " (select count(*) from people where employment_status = 'leaver'),"
            " (select count(*) from grants)"
        )
    ]
    counts = shown(browser, ".counts")
    assert f"{people} people, {leavers} have left" in counts
    assert f"{grants} grants" in counts
    assert f"of {grants:,}" in shown(browser, "#access-grid .pager")
    assert [] == browser.execute_script("return performance.getEntriesByType('resource')")
    assert [] == browser.get_log("browser")
    assert 0o600 == (company.home / "report.html").stat().st_mode & 0o777


def test_a_person_and_a_resource_lead_to_everything_about_them(company, page):
    """A person and a resource link to all of their access, and back."""
    browser = page()

    browser.find_element(By.CSS_SELECTOR, "#leavers-grid").find_element(
        By.LINK_TEXT, "Nora Lind"
    ).click()
    wait_for(browser, "#detail-title", "Nora Lind")
    held = company.column(
        "select entitlement_name from access_review where full_name = 'Nora Lind'"
    )
    assert sorted(held) == sorted(row[2] for row in cells(browser, "detail-grid"))
    assert "leaver" in shown(browser, "#detail-facts")
    assert not browser.find_element(By.ID, "everything").is_displayed()

    [name, resource] = company.rows(
        "select resource_name, resource_id from access_review"
        " join entitlements using (entitlement_id, resource_name)"
        " where full_name = 'Nora Lind' and is_inherited order by all limit 1"
    )[0].values()
    link = f"#resource={resource.replace(':', '%3A')}"
    browser.find_element(By.CSS_SELECTOR, f"#detail-grid a[href='{link}']").click()
    wait_for(browser, "#detail-title", name)
    ways = company.rows(
        "select coalesce(full_name, 'no person in HR') as who, coalesce(access_path, 'direct')"
        " from access_review join entitlements using (entitlement_id)"
        f" where entitlements.resource_id = '{resource}'"
    )
    told = [(row[0], row[6]) for row in cells(browser, "detail-grid")]
    assert sorted(tuple(way.values()) for way in ways) == sorted(told)

    browser.back()
    wait_for(browser, "#detail-title", "Nora Lind")
    browser.back()
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "#overview"))


def test_all_of_it_can_be_reached_by_keyboard(company, page):
    """The page is skipped through, searched, sorted and followed by keyboard."""
    browser = page()

    press(browser, Keys.TAB, Keys.ENTER)  # the first tab stop skips the header
    assert "main" == browser.switch_to.active_element.get_attribute("id")

    browser.find_element(By.ID, "find").send_keys("nora lind", Keys.ARROW_DOWN)
    assert "Nora Lind" == browser.switch_to.active_element.text
    press(browser, Keys.ENTER)
    wait_for(browser, "#detail-title", "Nora Lind")
    assert "detail-title" == browser.switch_to.active_element.get_attribute("id")

    node = browser.find_element(By.CSS_SELECTOR, "#drawing a.person")
    browser.execute_script("arguments[0].focus()", node)
    assert browser.find_elements(By.CSS_SELECTOR, "#drawing path.lit")

    press(browser, Keys.ESCAPE)
    browser.get(f"file://{company.home}/report.html#access")
    first = cells(browser, "access-grid")[0][0]
    browser.execute_script("document.querySelector('#access-grid th button').focus()")
    press(browser, Keys.ENTER, Keys.ENTER)
    assert cells(browser, "access-grid")[0][0] != first
    assert "descending" == browser.find_element(By.CSS_SELECTOR, "#access-grid th").get_attribute(
        "aria-sort"
    )


@pytest.mark.parametrize("width, dark", [(1280, False), (390, True)], ids=str)
def test_axe_finds_nothing(past_page, browser, width, dark):
    """axe finds no fault on the overview and of a person: light, dark, and on a phone."""
    for place in ("", "#person=charthop%3Aperson%3A65f0aaaa0000000000000002"):
        visit(browser, past_page, place, width=width, dark=dark)
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert [] == find_violations(browser)


def test_on_a_phone_each_row_is_a_card(past_page, browser):
    """On a phone each row is a card with its column names, and nothing is wider than the screen."""
    for place in ("", "#person=charthop%3Aperson%3A65f0aaaa0000000000000002"):
        visit(browser, past_page, place, width=390)
        assert 390 == browser.execute_script("return window.innerWidth")
        assert 390 >= browser.execute_script("return document.documentElement.scrollWidth")
    cell = browser.find_element(By.CSS_SELECTOR, "#detail-grid tbody td")
    name = browser.execute_script("return getComputedStyle(arguments[0], '::before').content", cell)
    assert "System" in name
    drawing = browser.find_element(By.ID, "drawing")
    assert drawing.size["width"] >= browser.execute_script(
        "return arguments[0].scrollWidth", drawing
    )


def test_it_prints_in_black_on_white(past_page, browser):
    """Printed, also from dark mode, the page is white, and names what is not printed."""
    visit(browser, past_page, dark=True)
    scheme = {"name": "prefers-color-scheme", "value": "dark"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [scheme]})
    try:
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert "rgb(255, 255, 255)" == ground
        assert "Not printed: " in shown(browser, "#findings-groups")
        assert shown(browser, ".wrong") and not browser.find_element(By.ID, "find").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_a_name_is_never_markup(company, browser):
    """A name with markup is shown as text, by the server's part of the page and by the script."""
    evil = "</script><img src=x onerror=\"document.title='run'\"><!-- {{ 7 * 7 }}"
    quoted = "'" + evil.replace("'", "''") + "'"
    change(
        company,
        f"update people set full_name = {quoted} where full_name = 'Nora Lind'",
        f"update exposures set full_name = {quoted} where full_name = 'Nora Lind'",
        f"update entitlements set display_name = {quoted} where entitlement_id in"
        " (select entitlement_id from grants join accounts using (account_id) join people"
        f" using (person_id) where full_name = {quoted})",
        # The changes since yesterday are written by the server
        "insert into runs by name select * replace ('before' as run_id,"
        " started_at - interval 2 days as started_at) from runs",
        f"update findings_history set title = {quoted}",
    )
    report = write_report(company)
    assert "&lt;img src=x" in report.read_text() and "<img" not in report.read_text()
    visit(browser, report)

    browser.find_element(By.LINK_TEXT, evil).click()
    wait_for(browser, "#detail-title", evil)
    assert evil in shown(browser, "#drawing")
    assert "Who has access to what" == browser.title
    assert [] == browser.find_elements(By.TAG_NAME, "img")
    assert [] == browser.get_log("browser")


def test_a_damaged_page_says_so(company, browser):
    """A page that was cut or changed says that its lists cannot be read, instead of no findings."""
    report = write_report(company)
    text = report.read_text()
    at = text.index('id="data">') + 2000
    report.write_text(text[:at] + text[at + 400 :])
    browser.get(f"file://{report}")

    WebDriverWait(browser, 5).until(lambda _: "damaged" in shown(browser, "#problem"))


def test_a_page_that_lies_about_says_its_age(past_page, browser):
    """A page that is opened days later says how old it is."""
    later = "const now = Date.now; Date.now = () => now() + 5 * 86400000;"
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": later})
    try:
        assert "made 5 days ago" in shown(visit(browser, past_page), "#old")
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    assert not visit(browser, past_page).find_element(By.ID, "old").is_displayed()


def test_the_docs_show_the_pictures_that_are_taken():
    """The pictures of docs/ are those that `make pictures` takes, and each is small."""
    kept = {path.name: path.stat().st_size for path in FOLDER.glob("*.png")}

    page = (FOLDER.parent / "report.md").read_text()
    assert {*PICTURES} == kept.keys() == {*re.findall(r"\(pictures/(.*?)\)", page)}
    assert max(kept.values()) < MAX_BYTES


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
