"""What sources share that read only what may have changed since the last complete sync."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import clock
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import Row
from pipelines.sources.reading import Api


def read_stored_time(state: dict[str, Any], name: str, now: datetime) -> datetime | None:
    """Return a time of a source's state; None if there is none, or if a wrong clock dated it."""
    text = state.get(name)
    moment = datetime.fromisoformat(text) if text else None
    return None if moment is None or clock.is_ahead(moment, now) else moment


def keep_or_read(
    api: Api,
    resource: str,
    keys: Iterable[str],
    read: Callable[[str], Row | None],
    listed: Callable[[], Iterable[str]],
    *,
    earlier: EarlierRows,
    doubted: set[str],
) -> Iterator[pa.Table]:
    """Yield one row for each key: read if doubted or new, else as an earlier sync read it.

    `read` returns None for a key that answers 404. It is gone only if `listed`, which reads the
    list of keys anew, lacks it.
    """
    keys = sorted(keys)
    before = earlier.read_table(resource)
    wanted = pa.array(sorted(set(keys) - doubted), pa.string())
    kept = before.filter(pc.is_in(before["id"], value_set=wanted))
    api.counters.rows_kept[resource] += kept.num_rows
    yield kept
    known = set(kept["id"].to_pylist())
    yield from api.read_per_parent(
        resource, [key for key in keys if key not in known], read, listed
    )
