"""Every bug of `make planted`: each removes one guard, and names the tests that must notice."""

from __future__ import annotations

from tests.planted import files, models, people, review, sources, sync, write_back
from tests.planted.bug import Bug

BUGS: list[Bug] = [
    *sources.BUGS,
    *sync.BUGS,
    *models.BUGS,
    *people.BUGS,
    *review.BUGS,
    *files.BUGS,
    *write_back.BUGS,
]
