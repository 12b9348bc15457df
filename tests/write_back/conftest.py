"""The invented company with changes to apply."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.applying import with_wanted_changes
from tests.support.product import Published, Rollcall


@pytest.fixture
def company(rollcall: Rollcall, published: Published) -> Iterator[Rollcall]:
    """Yield the company with six wanted changes, a write credential, and a sync at work."""
    with with_wanted_changes(rollcall.has(published)) as company:
        yield company
