"""A whole campaign on the reviewers' pages: by keyboard, by touch, accessible, and large."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.review.test_page import (
    Answers,
    browser,
    chromium,
    decisions,
    needs_browser,
    pages,
    press,
    read_data,
    saved,
    visit,
)
from tests.review.test_review import changed, table
from tests.support.browser import resize
from tests.support.filled_in import came, workbook
from tests.support.pages import find_violations
from tests.support.product import Rollcall

__all__ = ("browser", "chromium")
pytestmark = [needs_browser, pytest.mark.long, pytest.mark.xdist_group("browser")]

# The next thing to do on the page: a button for several items, or an item; null if all is done.
# `how` is `together` with the button's items, or `alone`.
NEXT = """
for (const section of document.querySelectorAll('section')) {
  const button = section.querySelector('.together:not([hidden])');
  if (button) {
    const open = button.chosen.filter((item) => !document.querySelector(`#i${item.place}.decided`));
    return {how: 'together', button, decision: button.decision, comment: button.comment || null,
            items: open.map((item) => item.item_id)};
  }
  const made = section.querySelector('.item:not(.decided)');
  if (made) {
    const {item_id, recommendation} = made.item;
    return {how: 'alone', made, items: [item_id], recommended: recommendation};
  }
  const block = [...section.querySelectorAll('.block')].find((one) => !one.childElementCount);
  if (block) { block.scrollIntoView(); return {how: 'wait'}; }
}
return null;
"""
SECONDS = {"look": 6, "usual": 2, "together": 10, "comment": 4}  # of a reviewer who reads


def tap(browser: webdriver.Chrome, element: Any) -> None:
    """Touch an element where it is on the screen."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    actions = ActionBuilder(browser, mouse=PointerInput("touch", "finger"))
    actions.pointer_action.move_to(element).pointer_down().pointer_up()
    actions.perform()


def find(browser: webdriver.Chrome, made: Any, css: str) -> Any:
    return browser.execute_script("return arguments[0].querySelector(arguments[1])", made, css)


def decide_by_touch(browser: webdriver.Chrome, page: Path) -> Answers:
    """Decide on all items of a page by touch: revoke as recommended, keep the rest."""
    resize(browser, 390, is_touched=True)
    visit(browser, page)
    made: Answers = {}
    while step := browser.execute_script(NEXT):
        if step["how"] == "wait":
            continue
        if step["how"] == "together":
            tap(browser, step["button"])
            made |= dict.fromkeys(step["items"], (step["decision"], step["comment"]))
            continue
        decision = "revoke" if step["recommended"] == "revoke" else "keep"
        tap(browser, find(browser, step["made"], f".choice.{decision}"))
        comment = None
        if decision == "revoke":
            reason = find(browser, step["made"], ".reason")
            comment = reason.text
            tap(browser, reason)
        made[step["items"][0]] = (decision, comment)
        assert {*made} == {*browser.execute_script(DECIDED)}, step["items"]
    return made


DECIDED = "return [...document.querySelectorAll('.item.decided')].map((one) => one.item.item_id)"


def decide_by_keyboard(browser: webdriver.Chrome, page: Path) -> Answers:
    """Decide on all items of a page by keys alone, in less than five minutes for 60 items."""
    visit(browser, page)
    rows = {item["item_id"]: item for item in read_data(page)["items"]}
    made: Answers = {}
    spent = 0
    press(browser, Keys.ARROW_DOWN)
    for _ in rows:
        if made.keys() == rows.keys():
            break
        step = browser.execute_script(TOGETHER)
        if step:
            press(browser, "a")
            made |= dict.fromkeys(step["items"], (step["decision"], step["comment"]))
            spent += SECONDS["together"]
            continue
        item = browser.execute_script("return document.querySelector('.current').item.item_id")
        if rows[item]["recommendation"] == "revoke":
            press(browser, "r", "not needed", Keys.ENTER)
            made[item] = ("revoke", "not needed")
            spent += SECONDS["look"] + SECONDS["comment"]
        else:
            press(browser, "k")
            made[item] = ("keep", None)
            spent += SECONDS["look" if rows[item]["recommendation"] != "keep" else "usual"]
    assert spent <= 300 * max(len(rows), 60) / 60, (spent, len(rows))
    return made


# The button for several items that the key A presses on the current item
TOGETHER = """
const current = document.querySelector('.current');
const buttons = [...current.closest('section').querySelectorAll('.together:not([hidden])')];
const button = buttons.find((one) => one.chosen.includes(current.item));
if (!button) return null;
const isOpen = (item) => !document.querySelector(`#i${item.place}.decided`);
return {decision: button.decision, comment: button.comment || null,
        items: button.chosen.filter(isOpen).map((item) => item.item_id)};
"""


@pytest.mark.parametrize("decide", [decide_by_keyboard, decide_by_touch])
def test_a_campaign_by_page_is_like_one_by_workbook_or_csv(review, browser, tmp_path, decide):
    """The same decisions by page, by workbook and by CSV give the same campaign."""
    others = {kind: another(review, tmp_path / kind) for kind in ("csv", "xlsx")}
    made: Answers = {}
    files = []
    for page in pages(review.home):
        mine = decide(browser, page)
        assert {row["item_id"] for row in table(page.with_suffix(".csv"))} == {*mine}
        files.append(str(saved_file(browser, page, tmp_path)))
        made |= mine
    result = review.run("review", "import", "q4", *files)
    assert 0 == result.code, result.err
    for kind, other in others.items():
        came_back = []
        for page in pages(other.home):
            rows = [
                row | dict(zip(("decision", "comment"), made[row["item_id"]], strict=True))
                for row in table(page.with_suffix(".csv"))
            ]
            name = page.with_suffix(f".{kind}").name
            came_back.append(came(other.home, rows if kind == "csv" else workbook(rows), name))
        assert 0 == other.run("review", "import", "q4", *came_back).code

    assert made == decisions(review) == decisions(others["csv"]) == decisions(others["xlsx"])
    assert 0 == review.run("review", "close", "q4").code
    folder = review.home / "data" / "reviews" / "q4" / "closed"
    assert 0 == review.run("review", "verify", str(folder)).code


def another(review: Rollcall, home: Path) -> Rollcall:
    """Return Rollcall with a copy of the campaign."""
    shutil.copytree(review.home, home)
    warehouse = home / review.warehouse.relative_to(review.home)
    environment = review.environment | {"WAREHOUSE": str(warehouse)}
    return replace(review, home=home, warehouse=warehouse, environment=environment)


def saved_file(browser: webdriver.Chrome, page: Path, folder: Path) -> Path:
    """Save by the button if the page is touched, else by key."""
    if not browser.execute_script("return navigator.maxTouchPoints > 0"):
        return saved(browser, page, folder)
    place = folder / read_data(page)["about"]["file"]
    tap(browser, browser.execute_script("return document.getElementById('save')"))
    WebDriverWait(browser, 10).until(lambda _: place.exists())
    return place


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_page(review, browser, width, scheme):
    """axe-core finds nothing on the page, undecided or decided, nor in its dialogs."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    resize(browser, width)
    visit(browser, pages(review.home)[-1])
    found = [find_violations(browser)]
    press(browser, Keys.ARROW_DOWN, "k", "u", "n", "r")
    found.append(find_violations(browser))
    press(browser, Keys.ESCAPE, "?")
    found.append(find_violations(browser))
    press(browser, Keys.ESCAPE, "s")
    found.append(find_violations(browser))

    assert [[], [], [], []] == found
    assert width >= browser.execute_script("return document.documentElement.scrollWidth")


def test_five_thousand_items_are_decided_on_one_page(review, browser, tmp_path):
    """A page of 5,000 items draws only what is near the window, and its file is imported whole."""
    changed(
        review,
        "create or replace table review_items as select items.* replace ("
        " concat(item_id, '-', number) as item_id, 'all@lanternfish.example' as reviewer,"
        " concat(grant_id, number) as grant_id, concat(full_name, ' ', number) as full_name,"
        " concat(coalesce(person_id, account_id), number) as person_id, null as work_email)"
        " from review_items as items, range(20) as numbers(number) limit 5000",
    )
    out = review.run("review", "open", "q4", "--json", "--out", "many")
    assert 0 == out.code, out.err
    [page] = (review.home / out.document["folder"] / "reviewers").glob("*.html")
    visit(browser, page)
    drawn = "return document.querySelectorAll('.item').length"
    assert 0 < browser.execute_script(drawn) < 200
    press(browser, *[Keys.ARROW_DOWN] * 3, "k", "k", "/", "ada park 7")
    WebDriverWait(browser, 10).until(
        lambda _: browser.execute_script("return document.querySelectorAll('section').length == 1")
    )
    press(browser, Keys.ESCAPE)
    browser.execute_script("document.getElementById('search').value = ''")
    browser.execute_script("document.getElementById('search').dispatchEvent(new Event('input'))")
    items = read_data(page)["items"]
    answer = {"decision": "keep", "comment": "", "at": "", "seconds": 1, "how": "alone"}
    browser.execute_script(
        "for (const id of arguments[0]) localStorage.setItem(arguments[1] + id, arguments[2])",
        [item["item_id"] for item in items],
        f"rollcall review q4 {read_data(page)['about']['edition']} ",
        json.dumps(answer, separators=(",", ":")),
    )
    browser.execute_script("dispatchEvent(new Event('focus')); document.activeElement.blur()")
    file = saved(browser, page, tmp_path)
    result = review.run("review", "import", "q4", str(file), "--json")

    assert 0 == result.code, result.err
    assert [5000] == [one["decided"] for one in result.document["files"]]
