"""What the dashboard says: figures with trends, bounds, changes, the matrix and drawn paths."""

from __future__ import annotations

import re
from collections import Counter

import duckdb
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from pipelines.report.changes import read_spans
from pipelines.report.figures import WRONG, find_late_sources, read_figures
from pipelines.report.page import render_page
from pipelines.sources import source_title
from tests.report.conftest import change, needs_browser, write_report
from tests.report.test_report import cells, shown
from tests.support.aged import DAYS
from tests.support.pages import visit

pytestmark = [needs_browser, pytest.mark.xdist_group("browser")]
STAFF = "#resource=pingone%3Agroup%3Acccccccc-0000-4000-8000-000000000001"
NORA = "#person=charthop%3Aperson%3A65f0aaaa0000000000000002"


@pytest.fixture
def past(past_warehouse, tmp_path):
    """Open a copy of the warehouse with a past, to change and to read."""
    path = tmp_path / "access.duckdb"
    path.write_bytes(past_warehouse.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def count_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return connection.execute(sql).fetchone()[0]


def find_figure(connection: duckdb.DuckDBPyConnection, type_: str):
    return next(figure for figure in read_figures(connection) if figure.type == type_)


def test_the_figures_are_the_findings_and_lead_to_them(past_page, past_warehouse, browser):
    """Each figure is the number of its findings, and leads to these findings only."""
    visit(browser, past_page)
    sql = "select finding_type from findings where not is_excepted"
    with duckdb.connect(str(past_warehouse), read_only=True) as connection:
        found, of_nobody = (
            Counter(type_ for (type_,) in connection.execute(query).fetchall())
            for query in (sql, f"{sql} and person_id is null")
        )

    for type_ in [name for name in WRONG if found[name]]:
        tile = browser.find_element(By.CSS_SELECTOR, f".figure[data-type={type_}]")
        number = tile.find_element(By.CLASS_NAME, "number").text.split()[-1]
        assert str(found[type_]) == number
        if nobody := of_nobody[type_]:
            assert f"{nobody} of nobody in HR" in tile.text or nobody == found[type_]
        browser.execute_script("arguments[0].click()", tile.find_element(By.TAG_NAME, "a"))
        assert f"{number} finding" in shown(browser, "#findings-count")
    assert found["dormant_account"] == len(
        browser.find_elements(By.CSS_SELECTOR, "#findings-groups li:not(.all)")
    )


def test_a_trend_has_each_day_as_it_was(past):
    """A trend says for each day how many findings were open at its end."""
    for figure in read_figures(past):
        assert DAYS == len(figure.trend)
        for day, number in figure.trend[:-1]:
            end = f"timestamptz '{day} 23:59:59+00'"
            assert number == count_rows(
                past,
                "select count(distinct finding_id) from findings_history where finding_type ="
                f" '{figure.type}' and valid_from <= {end} and (valid_to is null"
                f" or valid_to > {end})",
            )
    figure = find_figure(past, "account_without_person")
    week_ago, today = figure.trend[-8], figure.trend[-1]
    assert (week_ago[0], f"{today[1] - week_ago[1]:+d}") == (figure.compared_with, figure.compare())


def test_too_little_is_said_instead_of_drawn(company, page):
    """After one sync there is neither a trend nor a change, and the page says why."""
    browser = page()

    told = shown(browser, ".wrong")
    assert 4 == told.count("Too little history for a trend: 1 day.")
    assert "not checked\nThe policy has no rule for this." in told
    assert [] == browser.find_elements(By.CSS_SELECTOR, ".trend")
    assert "No review has been opened yet" in shown(browser, "#everything")
    assert 2 == shown(browser, ".spans-of-time").count("Too early: no sync was published after")
    change(
        company,
        "insert into runs by name select * replace ('later' as run_id,"
        " started_at + interval 3 hours as started_at) from runs",
    )
    visit(browser, write_report(company))
    told = shown(browser, ".spans-of-time")
    assert 2 == told.count("only 3 hours: nobody has looked before the first read")
    assert 2 == told.count("0 added grants") and "Not counted" not in told


def test_a_rule_of_separation_is_counted(past):
    """With a rule of the policy the figure is a number, also where nobody breaks the rule."""
    assert find_figure(past, "separation_of_duties").not_checked
    past.execute("insert into policy.separation_rules by name select 'SOD-1' as rule_id")

    figure = find_figure(past, "separation_of_duties")
    assert ("", 0) == (figure.not_checked, figure.number)


def test_bounds_are_called_bounds(past_page, past, browser):
    """Open accounts count so far; what nobody saw, or no system says, is at most so much."""
    visit(browser, past_page)

    days = {(row[0], row[4]): row[5] for row in cells(browser, "leavers-grid")}
    assert days["Nora Lind", "still open"].endswith(" days so far")
    assert days["Olu Marsh", "closed"].startswith("at most ")
    assert "at most 7" == shown(browser, ".figure[data-type=privileged_without_mfa] .number")
    assert "at the latest" in shown(browser, "#access-grid tbody td[data-name=Since]")

    past.execute("update accounts set mfa_enabled = false")
    figure = find_figure(past, "privileged_without_mfa")
    assert not figure.is_upper_bound and figure.number == 7


def test_an_exception_leaves_the_figure_and_is_named(past):
    """A finding with an exception is no part of the figure, and the figure names it."""
    past.execute(
        "update findings set is_excepted = true where finding_id ="
        " (select min(finding_id) from findings where finding_type = 'dormant_account')"
    )

    figure = find_figure(past, "dormant_account")
    assert (5, 1) == (figure.number, figure.excepted)
    assert 6 == figure.trend[-1][1]  # exceptions have no history
    assert "1 more with an exception" in figure.notes


def test_the_leavers_are_counted_by_days(past):
    """Every open account of a leaver is in one span of days, or its last day is unknown."""
    past.execute("update exposures set exposure_hours = 24 * 7 where account_id like 'okta:%'")
    past.execute("delete from exposures where account_id like 'haloitsm:%'")

    spans = dict(find_figure(past, "leaver_with_access").spans)
    assert (1, 1, 1) == (spans["2 to 7 days"], spans["over 90 days"], spans["last day unknown"])
    assert 3 == sum(spans.values())


def test_a_late_source_is_no_change(past):
    """What a source has when it is first read is neither a change nor hidden in a trend."""
    source, day = past.execute(
        "select max(source_name), max(started_at)::date - 3 from runs"
    ).fetchone()
    before = {span.title: span for span in read_spans(past)}["Since last week"]
    past.execute(f"delete from runs where source_name = '{source}' and started_at::date < '{day}'")

    span = {span.title: span for span in read_spans(past)}["Since last week"]
    assert [] == before.new_sources and [source] == span.new_sources
    told = [row["source_name"] for event in span.events.values() for row in event["rows"]]
    assert told and source not in told
    assert [(source, day)] == find_late_sources(past, read_figures(past))
    page, _ = render_page(past)
    assert f"Not counted: {source_title(source)}, first read" in page and 'class="late"' in page


def test_the_changes_are_those_of_the_histories(past):
    """The changes since a week ago are those that the macro and the findings' history have."""
    week = "(select max(started_at) from runs) - interval 7 days"
    wanted = dict(
        past.execute(
            f"select event, count(*) from grants_between({week}, now()) group by event"
        ).fetchall()
    )
    wanted["found"] = count_rows(
        past,
        "select count(*) from (select min(valid_from) as begun from findings_history"
        f" group by finding_id) where begun > {week}",
    )
    wanted["resolved"] = count_rows(
        past, f"select count(distinct finding_id) from findings_history where valid_to > {week}"
    )

    span = {span.title: span for span in read_spans(past)}["Since last week"]
    assert wanted == {name: event["total"] for name, event in span.events.items()}


def test_the_matrix_adds_up_and_leads_to_its_rows(past_page, past_warehouse, browser):
    """The cells of the matrix are all grants, and a cell leads to exactly its rows."""
    visit(browser, past_page)
    with duckdb.connect(str(past_warehouse), read_only=True) as connection:
        grants = count_rows(connection, "select count(*) from grants")
        engineers = count_rows(
            connection,
            "select count(*) from grants join accounts using (account_id) join people"
            " using (person_id) where department = 'Engineering' and"
            " accounts.source_name = (select max(source_name) from accounts)",
        )

    read = (
        "return [...document.querySelectorAll('.matrix tbody tr')].map(row => [...row.cells]"
        ".slice(1).map(cell => Number(cell.innerText.replaceAll(',', ''))))"
    )
    rows = browser.execute_script(read)
    assert grants == sum(row[-1] for row in rows) == sum(sum(row[:-1]) for row in rows)
    cell = browser.find_element(By.CSS_SELECTOR, ".matrix tbody td:nth-last-child(2) a")
    assert str(engineers) == cell.text
    browser.execute_script("arguments[0].click()", cell)
    assert f"of {engineers}" in shown(browser, "#access-grid .pager")
    assert {"Engineering"} == {row[1] for row in cells(browser, "access-grid")}

    mode = browser.find_element(By.CSS_SELECTOR, "#matrix-modes input[value=findings]")
    browser.execute_script("arguments[0].click()", mode)
    in_cells = sum(row[-1] for row in browser.execute_script(read))
    [apart] = re.findall(r"Left out: (\d+) finding", shown(browser, "#matrix-note")) or [0]
    with duckdb.connect(str(past_warehouse), read_only=True) as connection:
        found = "select count(*) from findings where not is_excepted"
        assert count_rows(connection, found) == in_cells + int(apart)


def test_the_progress_is_that_of_each_reviewer(past_page, past, browser):
    """A review shows how much of it is decided, and each reviewer with what is left first."""
    visit(browser, past_page)

    rows = past.execute(
        "select reviewer, count(*), count(decision) from review_items"
        " left join review_decisions using (campaign, item_id) group by reviewer"
        " order by count(*) - count(decision) desc, reviewer"
    ).fetchall()
    items, decided = (sum(row[place] for row in rows) for place in (1, 2))
    told = shown(browser, ".campaign")
    assert f"{100 * decided // items} %\ndecided" in told
    assert f"{decided} of {items} decisions by {len(rows)} reviewers; open" in told
    assert [f"{row[2]} of {row[1]}" for row in rows[:8]] == [
        line.text.split(",")[0]
        for line in browser.find_elements(By.CSS_SELECTOR, ".campaign > ul li span:last-child")
    ]


def drawn_lines(browser: webdriver.Chrome) -> list[str]:
    nodes = browser.find_elements(By.CSS_SELECTOR, "#drawing .node")
    return [node.text for node in sorted(nodes, key=lambda node: node.location["y"])]


def drawn_edges(browser: webdriver.Chrome) -> set[str]:
    """Return what each node of the drawing says: its name, and through what it is reached."""
    return set(
        browser.execute_script(
            "return [...document.querySelectorAll('#drawing .node')].map(node => {"
            " const [name, about, through] = [...node.children].map(part => part.textContent);"
            " return `${name} (${about})${through ?? ''}`; })"
        )
    )


def test_the_way_to_a_resource_is_drawn_both_ways(past_page, browser):
    """The same steps lead from a person to a resource, and from the resource to the person."""
    visit(browser, past_page, NORA)
    forward = drawn_edges(browser)
    staff = browser.find_element(By.PARTIAL_LINK_TEXT, "Staff\ngroup")
    browser.execute_script("arguments[0].click()", staff)
    backward = drawn_edges(browser)

    for step in (
        "Nora Lind (PingOne, enabled), through Nora Lind",
        "Finance - payments (group, PingOne), through Nora Lind",
        "Finance - all (group, PingOne), through Finance - payments",
    ):
        assert step in forward
        assert any(label.startswith(step.split(", through")[0]) for label in backward)
    assert "Staff (group, PingOne), through Finance - all" in forward

    # On a phone the resource is on top, so that each holder is below what it is reached through
    visit(browser, past_page, STAFF, width=390)
    names = [line.split("\n")[0] for line in drawn_lines(browser)]
    assert "Staff" == names[0]
    assert (
        names.index("Finance - all") < names.index("Finance - payments") < names.index("Nora Lind")
    )


def test_circles_and_unknown_origins_are_drawn(company, browser):
    """Groups in a circle end the drawing, and access of unknown origin has a dashed line."""
    nora = "(select account_id from accounts where source_name = 'pingone' and display_name ="
    change(
        company,
        "insert into intermediate.int_entitlement_implications by name"
        " select source_name, implied_entitlement_id as entitlement_id,"
        " entitlement_id as implied_entitlement_id"
        " from intermediate.int_entitlement_implications where scope_id is null",
        "update grants set is_direct = false, is_inherited = true, inherited_from = [],"
        f" access_path = null where account_id = {nora} 'Nora Lind')"
        " and entitlement_id in (select entitlement_id from entitlements"
        " where display_name = 'VPN')",
    )
    visit(browser, write_report(company), NORA)

    assert "Staff" in shown(browser, "#drawing")
    assert "dashed" in shown(browser, "#drawing-note")
    assert 1 == len(browser.find_elements(By.CSS_SELECTOR, "#drawing path[stroke-dasharray]"))


def test_a_stale_source_stands_out(company, page):
    """A source that is stale says so in words, with the time of its last complete state."""
    change(
        company,
        "insert into runs by name select * replace ('later' as run_id, 'failed' as status,"
        " started_at + interval 1 hour as started_at) from runs"
        " where source_name = (select max(source_name) from runs)",
    )
    told = shown(page(), ".as-of li.warning")

    assert "STALE" in told and "as of 20" in told and "last complete state" in told
