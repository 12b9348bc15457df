"""A reviewer's page in a browser: decide by keyboard, save a file, import the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from pipelines.review.outgoing import files as reviewer_files
from tests.review.test_review import changed, table
from tests.support.browser import CHROMIUM, DRIVER, MISSING, resize, start_browser
from tests.support.filled_in import came
from tests.support.product import Rollcall
from tests.support.programs import restored, run_cells

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
pytestmark = pytest.mark.xdist_group("browser")
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
KEYS = {"keep": "k", "revoke": "r", "modify": "m", "not_mine": "n", "unsure": "u"}

# The ids of the open items among those of the current item's button `Keep these … together`
USUAL = """
const current = document.querySelector('.current');
const button = current.closest('section').querySelector('.together.keep:not([hidden])');
if (!button?.chosen.includes(current.item)) return [];
const isOpen = (item) => !document.querySelector(`#i${item.place}.decided`);
return button.chosen.filter(isOpen).map((item) => item.item_id);
"""
Answers = dict[str, tuple[str, str | None]]  # item -> decision and comment


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    driver = start_browser(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome, tmp_path: Path) -> webdriver.Chrome:
    """Return the browser with one empty window, whose downloads go to `tmp_path`."""
    chromium.switch_to.new_window("tab")
    new = chromium.current_window_handle
    for other in {*chromium.window_handles} - {new}:
        chromium.switch_to.window(other)
        chromium.close()
    chromium.switch_to.window(new)
    allowed = {"behavior": "allow", "downloadPath": str(tmp_path)}
    chromium.execute_cdp_cmd("Browser.setDownloadBehavior", allowed)
    chromium.get(f"file://{tmp_path}")  # all files share one storage
    chromium.execute_script("localStorage.clear()")
    resize(chromium, 1280)
    return chromium


def visit(browser: webdriver.Chrome, page: Path) -> None:
    browser.get("about:blank")
    browser.get(f"file://{page}")
    browser.get_log("browser")


def pages(home: Path) -> list[Path]:
    """Return the pages of the open campaign, the one with the fewest items first."""
    found = (home / "data" / "reviews" / "q4" / "opened" / "reviewers").glob("*.html")
    return sorted(found, key=lambda path: path.stat().st_size)


def read_data(page: Path) -> dict[str, Any]:
    """Return the JSON in a page, with each item as a dictionary."""
    [found] = DATA.findall(page.read_text(encoding="utf-8"))
    data = json.loads(found)
    data["items"] = [
        dict(zip(data["about"]["fields"], item, strict=True)) for item in data["items"]
    ]
    return data


def press(browser: webdriver.Chrome, *keys: str) -> None:
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def shown(browser: webdriver.Chrome, name: str) -> str:
    return browser.execute_script("return document.getElementById(arguments[0]).innerText", name)


def current(browser: webdriver.Chrome) -> str | None:
    """Return the id of the item that the keys decide on; None if there is none."""
    return browser.execute_script("return document.querySelector('.current')?.item.item_id")


def choose(browser: webdriver.Chrome, decision: str, comment: str = "") -> str:
    """Decide on the current item by keys, and return its id."""
    item = current(browser)
    press(browser, KEYS[decision])
    if comment:
        press(browser, *([] if decision in ("revoke", "modify") else [Keys.ARROW_UP, "c"]))
        first, *others = comment.split("\n")
        press(browser, first)
        for line in others:
            keys = webdriver.ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.ENTER)
            keys.key_up(Keys.SHIFT).send_keys(line).perform()
        press(browser, Keys.ENTER)
    return item


def saved(browser: webdriver.Chrome, page: Path, folder: Path) -> Path:
    """Save the decisions by key, and return the file that the browser wrote."""
    place = folder / read_data(page)["about"]["file"]
    place.unlink(missing_ok=True)
    press(browser, Keys.ESCAPE, "s")
    WebDriverWait(browser, 10).until(lambda _: place.exists())
    return place


def decisions(review: Rollcall) -> Answers:
    rows = review.rows("from review_decisions where is_current")
    return {row["item_id"]: (row["decision"], row["comment"]) for row in rows}


# ---- the file itself


def test_a_page_has_the_rows_and_seals_of_the_csv(opened):
    """A page has the items of its reviewer's CSV, with the same ids and seals, in a safe form."""
    for page in pages(opened.home):
        rows = table(page.with_suffix(".csv"))
        items = read_data(page)["items"]
        identity = ("account_id", "entitlement_id", "scope_id", "reviewer", "campaign", "seal")
        assert [(row["item_id"], ",".join(row[name] for name in identity)) for row in rows] == [
            (item["item_id"], item["row_end"]) for item in items
        ]
        assert [restored(row["Access"]) for row in rows] == [
            item["entitlement_name"] for item in items
        ]
    manifest = json.loads((page.parents[1] / "manifest.json").read_text())
    listed = {one["name"]: one.get("rows") for one in manifest["files"]}
    assert len(items) == listed[f"reviewers/{page.name}"]
    [policy] = re.findall(r'Content-Security-Policy" content="(.*?)"', page.read_text())
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy and "require-trusted-types-for 'script'" in policy
    assert 0o600 == page.stat().st_mode & 0o777


def test_whoever_has_too_much_for_a_page_gets_none(review, monkeypatch):
    """A reviewer with more items than a page holds gets the other files, and others their page."""
    [small, *_, large] = pages(review.home)
    monkeypatch.setattr(reviewer_files, "MAX_PAGE_ITEMS", len(read_data(small)["items"]))
    out = review.run("review", "open", "q4", "--json", "--out", "again")
    folder = review.home / out.document["folder"]

    assert [small.name] == [path.name for path in (folder / "reviewers").glob("*.html")]
    assert (folder / "reviewers" / large.name).with_suffix(".csv").exists()
    assert 0 == review.run("review", "verify", str(folder)).code


def test_answers_of_one_opening_are_not_those_of_another(review):
    """The browser keeps answers under a name that each opening and reviewer has for itself."""
    kept = {read_data(page)["about"]["edition"] for page in pages(review.home)}
    changed(review, "update review_campaigns set opening = 'another'")
    out = review.run("review", "open", "q4", "--json", "--out", "again")
    again = [*(review.home / out.document["folder"] / "reviewers").glob("*.html")]
    later = {read_data(page)["about"]["edition"] for page in again}

    assert (len(again), len(again)) == (len(kept), len(later))
    assert set() == kept & later


# ---- in a browser


@needs_browser
def test_decisions_by_keyboard_come_back_as_from_a_csv(review, browser, tmp_path):
    """Decisions made by keyboard alone are imported like the same decisions in the CSV."""
    page = pages(review.home)[0]
    rows = table(page.with_suffix(".csv"))
    visit(browser, page)
    press(browser, Keys.ARROW_DOWN)
    made: Answers = {}
    plan = (("revoke", '=left;\n"they" say, \'–'), ("modify", "read only"), ("unsure", ""))
    for decision, comment in (*plan, ("not_mine", ""), ("keep", "+1")):
        made[choose(browser, decision, comment)] = (decision, comment or None)
    together: list[str] = []
    for _ in rows[len(made) :]:
        if len(made) == len(rows):
            break
        if usual := browser.execute_script(USUAL):
            press(browser, "a")
            together += usual
            made |= dict.fromkeys(usual, ("keep", None))
        else:
            made[choose(browser, "keep")] = ("keep", None)
    file = saved(browser, page, tmp_path)

    assert [] == browser.get_log("browser")
    assert [] == browser.execute_script("return performance.getEntriesByType('resource')")
    result = review.run("review", "import", "q4", str(file))
    assert 0 == result.code, result.err
    assert made == decisions(review)
    kept = review.rows("select item_id, is_bulk from review_decisions where seconds is not null")
    assert {item: item in together for item in made} == {
        row["item_id"]: row["is_bulk"] for row in kept
    }
    assert together
    assert [] == run_cells(file.read_text(encoding="utf-8-sig"))
    filled = [
        row | dict(zip(("decision", "comment"), made[row["item_id"]], strict=True)) for row in rows
    ]
    again = review.run("review", "import", "q4", came(review.home, filled), "--json")
    assert len(rows) == again.document["files"][0]["decided_before"], again.err


@needs_browser
def test_decisions_stay_in_the_browser_and_can_be_undone(asking, browser, tmp_path):
    """Decisions are there after a reload; answers to other items are dropped, and this is said."""
    page = pages(asking.warehouse.parents[1])[0]
    about = read_data(page)["about"]
    visit(browser, page)
    press(browser, Keys.ARROW_DOWN)
    first = choose(browser, "revoke", "left")
    second = choose(browser, "keep")
    prefix = f"rollcall review q4 {about['edition']} "
    browser.execute_script(
        "localStorage[arguments[0] + 'i-gone'] = localStorage[arguments[0] + arguments[1]];"
        "localStorage['rollcall review q4 another ' + arguments[2]] = '?'",
        prefix,
        first,
        second,
    )
    visit(browser, page)
    assert shown(browser, "count").startswith("2 of ")
    assert "1 stored answer had to be dropped" in shown(browser, "notices")
    press(browser, Keys.ARROW_DOWN)
    third = choose(browser, "unsure")
    press(browser, "z")
    assert third == current(browser)
    assert shown(browser, "count").startswith("2 of ")
    press(browser, "r")
    assert "1 without the needed comment" in shown(browser, "count")
    file = saved(browser, page, tmp_path)
    assert {first, second} == {row["item_id"] for row in table(file)}
    press(browser, Keys.ESCAPE, Keys.ESCAPE, "r")
    kept = f"return Object.keys(localStorage).filter(name => name.startsWith('{prefix}'))"
    assert {f"{prefix}{first}", f"{prefix}{second}"} == {*browser.execute_script(kept)}
    press(browser, "?")
    browser.execute_script("document.getElementById('clear').click()")
    assert [] == browser.execute_script(kept)
    press(browser, "z")
    assert shown(browser, "count").startswith("2 of ")


@needs_browser
def test_two_windows_lose_no_decision(review, browser, tmp_path):
    """Decisions of two windows of one page come together, and the file of either has both."""
    page = pages(review.home)[0]
    visit(browser, page)
    press(browser, Keys.ARROW_DOWN)
    made = {choose(browser, "keep"): ("keep", None)}
    window = browser.current_window_handle
    browser.switch_to.new_window("window")
    visit(browser, page)
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    made[choose(browser, "revoke", "left")] = ("revoke", "left")
    browser.switch_to.window(window)
    WebDriverWait(browser, 5).until(lambda _: shown(browser, "count").startswith("2 of "))
    assert "Another window" in shown(browser, "say")
    file = saved(browser, page, tmp_path)

    assert 0 == review.run("review", "import", "q4", str(file)).code
    assert made == decisions(review)


@needs_browser
def test_a_browser_without_storage_or_clock_still_saves(review, browser, tmp_path):
    """The page says that nothing is kept, and gives no time if the clock is before the opening."""
    page = pages(review.home)[0]
    broken = (
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }});"
        "Date.now = () => 0"
    )
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": broken})
    visit(browser, page)
    press(browser, Keys.ARROW_DOWN)
    item = choose(browser, "keep")
    file = saved(browser, page, tmp_path)
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    assert "does not keep your decisions" in shown(browser, "notices")
    assert "clock of this computer" in shown(browser, "notices")
    assert [(item, "")] == [(row["item_id"], row["decided_at"]) for row in table(file)]
    assert 0 == review.run("review", "import", "q4", str(file)).code
    assert {item: ("keep", None)} == decisions(review)


@needs_browser
def test_names_on_a_page_are_never_markup_or_formulas(review, browser, tmp_path):
    """Names with markup, controls, or in another direction are text, and their rows come back."""
    evil = "</script><img src=x onerror=\"document.title='run'\"><!-- {{ 7 * 7 }} \u05d0\u05d1"
    text = evil.replace("'", "''")
    changed(
        review,
        f"update review_items set full_name = '{text}' || chr(27), peer_group = '{text}'",
        f"update review_items set entitlement_name = '=1+' || entitlement_name || '{text}'",
        "update review_items set account_id = account_id || chr(1) || ',=2'",
    )
    out = review.run("review", "open", "q4", "--json", "--out", "evil")
    folder = review.home / out.document["folder"] / "reviewers"
    page = min(folder.glob("*.html"), key=lambda path: path.stat().st_size)
    visit(browser, page)
    press(browser, Keys.ARROW_DOWN)
    item = choose(browser, "keep")
    file = saved(browser, page, tmp_path)

    assert f"{evil}\ufffd" in shown(browser, "list")
    assert "run" != browser.title
    assert [] == browser.execute_script("return [...document.images]")
    assert [] == browser.get_log("browser")
    assert [] == run_cells(file.read_text(encoding="utf-8-sig"))
    result = review.run("review", "import", "q4", str(file))
    assert (0, {item: ("keep", None)}) == (result.code, decisions(review)), result.err
