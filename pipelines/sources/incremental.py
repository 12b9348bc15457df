"""What sources share that read only what may have changed since the last complete sync."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import clock
from pipelines.http.policy import Counters
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import Row
from pipelines.sources.reading import Api


def read_stored_time(state: dict[str, Any], name: str, now: datetime) -> datetime | None:
    """Return a time of a source's state; None if there is none, or if a wrong clock dated it."""
    text = state.get(name)
    moment = datetime.fromisoformat(text) if text else None
    return None if moment is None or clock.is_ahead(moment, now) else moment


class Sweeps(ABC):
    """Whether a sync is a sweep, which reads everything, or reads only what may have changed.

    A sync is a sweep if `full` asks for it, `full_every_days` days after the last one, and where
    the vendor does not tell what has changed.
    """

    def __init__(
        self, counters: Counters, earlier: EarlierRows, *, full: bool, full_every_days: float
    ) -> None:
        self.counters, self.earlier, self.full = counters, earlier, full
        self.full_every = timedelta(days=full_every_days)

    @abstractmethod
    def read_clock(self) -> datetime | None:
        """Return the vendor's time from its first answer; None if that does not tell it."""

    @abstractmethod
    def may_miss_changes(self) -> bool:
        """Return whether something may have changed that the vendor does not tell."""

    @cached_property
    def state(self) -> dict[str, Any]:
        """The state that dlt keeps in the warehouse, together with the data."""
        return dlt.current.source_state().setdefault("access", {})

    @cached_property
    def begun_at(self) -> datetime:
        """The time at which this sync began, by the vendor's clock if an answer tells its time."""
        return self.read_clock() or datetime.now(UTC)

    @cached_property
    def is_sweep(self) -> bool:
        """Whether everything is read; decided only once, because deciding changes the state."""
        swept_at = read_stored_time(self.state, "full_at", self.begun_at)
        sweeps = (
            self.may_miss_changes()
            or self.full
            or swept_at is None
            or self.begun_at - swept_at >= self.full_every
        )
        if sweeps:
            self.state["full_at"] = self.begun_at.isoformat()
        else:
            self.counters.mode = "incremental"
        return sweeps

    @cached_property
    def kept(self) -> EarlierRows:
        """The rows that this sync may take over: none in a sweep."""
        return EarlierRows() if self.is_sweep else self.earlier


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
