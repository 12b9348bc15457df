"""Bugs that random histories notice: one for each kind of trouble that they draw."""

from __future__ import annotations

from functools import partial

from tests.planted.bug import Bug

drawn = partial(Bug, tests="tests/sync/test_histories.py -k build")

BUGS = [
    drawn(
        "histories: a field may vanish",
        "pipelines/sync/guard.py",
        "        if field.decides_status or field.rows > limits.vanished_rows:\n",
        "        if field.rows > 99:\n",
    ),
    drawn(
        "histories: a narrower read removes what it leaves out",
        "pipelines/sources/pingone/role_assignments.py",
        "        yield unread\n",
        "        yield unread.slice(0, 0)\n",
    ),
    drawn(
        "histories: a vendor's clock is trusted",
        "pipelines/clock.py",
        "    return abs(vendor_time - datetime.now(UTC)) <= MAX_VENDOR_ERROR\n",
        "    return True\n",
    ),
    drawn(
        "histories: a total is not compared",
        "pipelines/sources/listing.py",
        "            len(self.rows) == self.total if total_binds else",
        "            True if total_binds else",
    ),
    drawn(
        "histories: a total that is met ends a list",
        "pipelines/sources/haloitsm/paging.py",
        "        if not rows or (isinstance(body, list)",
        "        if not rows or len(known | page) == total or (isinstance(body, list)",
    ),
    drawn(
        "histories: an id may be an object",
        "pipelines/files/json_text.py",
        "        return str(value).strip() or None\n    return None\n",
        "        return str(value).strip() or None\n    return dump(value).decode()\n",
    ),
]
