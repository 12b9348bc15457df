"""What the tests of a push begin with."""

from __future__ import annotations

import pytest

from tests.sandbox.company.okta import FINANCE
from tests.support.product import Published, Rollcall
from tests.support.push_rules import Push

ADA, OTHER = 4, 13


@pytest.fixture
def push(rollcall: Rollcall, published: Published) -> Push:
    """Return the rules of a company in which Ada's title is old, and Finance is a rule's group."""
    made = Push(rollcall.has(published))
    made.profile(ADA)["title"] = "Engineer"
    made.profile(OTHER)["title"] = "Engineer"
    made.group(FINANCE).update(name="Finance - all", description="By HR [rollcall:finance]")
    return made
