"""The same company gives the same tables, wherever and however it is read.

Page sizes are in `test_paging`, single faults in `test_faults`. `test_histories` compares
incremental reads with full ones.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.server import Fault, Request
from tests.support.faults import closed_after, cut, marked, status, then
from tests.support.product import Rollcall
from tests.warehouse.test_publish import too_open

TABLES = ("people", "accounts", "entitlements", "grants", "dangling_grants", "access_review")
TIMES = ("first_seen_at", "last_seen_at", "granted_at", "source_as_of")  # of a run, not the data
ELSEWHERE = {
    "TZ": "Pacific/Auckland",
    "LC_ALL": "tr_TR.UTF-8",
    "PYTHONHASHSEED": "7",
    "SOURCES__CHARTHOP__PAGE_SIZE": "2",
    "SOURCES__HALOITSM__PAGE_SIZE": "3",
    "SOURCES__PINGONE__PAGE_SIZE": "2",
    "SOURCES__PINGONE__MEMBERSHIPS": "by_user",
}


def content(rollcall: Rollcall) -> dict[str, list]:
    exact = f"select columns(c -> c not in {TIMES}) from {{}} order by all"
    return {name: rollcall.rows(exact.format(name)) for name in TABLES}


def turned(body: Any) -> Any:
    """Reverse every list of a page."""
    if isinstance(body, list):
        return body[::-1]
    if isinstance(body, dict):
        return {
            key: turned(value) if key == "_embedded" or isinstance(value, list) else value
            for key, value in body.items()
        }
    return body


@pytest.mark.long
def test_place_order_page_size_and_what_passes_change_nothing(rollcall, published, tmp_path):
    """Place, order, page size and temporary faults change nothing in the tables.

    The second sync runs half a day ahead, in another language and under an open umask. It reads two
    rows a page, reversed, and memberships by user, while answers fail at first.
    """
    expected = content(rollcall.has(published))
    there = rollcall.another(tmp_path / "there")
    faults = {}
    for source in ("charthop", "haloitsm", "okta", "pingone"):

        def is_list(request: Request) -> bool:
            return request.method == "GET"

        passing = [
            Fault(is_list, status(429, retry_after="0"), times=2, after=1),
            Fault(is_list, cut, after=1),
            Fault(is_list, marked, times=2, after=1),
            Fault(is_list, closed_after, after=1),
        ]
        faults[source] = [*passing, Fault(is_list, then(turned), times=10_000)]
        getattr(there.sandbox, source).faults = faults[source]

    process = there.start("sync", "--quiet", umask=0, **ELSEWHERE)
    said = process.communicate()

    assert 0 == process.returncode, said
    assert all(fault.fired for struck in faults.values() for fault in struck)
    assert expected == content(there)
    assert [] == too_open(there.warehouse.parent)
