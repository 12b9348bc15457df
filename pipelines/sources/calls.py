"""Notes by which calls each raw table was read: the endpoints and their parameters.

An auditor asks for the query behind a list. `run_resources` has it, and so has the packet of a
campaign. A call for one object counts as one endpoint for all objects, with `{id}` for the id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from pipelines.http.policy import Counters
from pipelines.redact import UNPRINTABLE, remove_secrets

A, B = TypeVar("A"), TypeVar("B")

MAX_CALLS = 20  # different calls per raw table; a feed has a new time in each
ID = "{id}"
LIKE_AN_ID = re.compile(r"\d+|(?=.*\d)[\w.~-]{15,}")


class _Reading(NamedTuple):
    resource: str = ""  # the raw table that is being read
    item: str = ""  # the id of the object that is asked for


NOTHING = _Reading()
_now: ContextVar[_Reading] = ContextVar("reading", default=NOTHING)


@contextmanager
def reading(resource: str = "", item: str = "") -> Iterator[None]:
    """Let the calls in this block count for a raw table, and for an object of it.

    An empty name means that of the block around. A generator must not yield inside.
    """
    before = _now.get()
    token = _now.set(_Reading(resource or before.resource, item or before.item))
    try:
        yield
    finally:
        _now.reset(token)


def bind_reading(call: Callable[[A], B], resource: str = "") -> Callable[[A], B]:
    """Return a function whose calls count for a raw table, by default the one that is being read
    now, and for the item if that is an id. The function may run in another thread."""
    name = resource or _now.get().resource

    def bound(item: A) -> B:
        with reading(name, item if isinstance(item, str) else ""):
            return call(item)

    return bound


def note_call(
    counters: Counters, base_url: str, path: str, params: Mapping[str, Any], method: str = "GET"
) -> None:
    """Note a call that was answered, without its credential, which is never in the parameters."""
    resource, item = _now.get()
    if not resource:
        return
    item = item.rpartition("/")[2]  # of `users/1`, the id alone
    full = path if "://" in path else f"{base_url}/{path}"
    place = urlsplit(full).path
    base = urlsplit(base_url).path + "/"
    own = place.removeprefix(base)
    kept = place[: len(place) - len(own)]
    segments = [ID if _is_id(unquote(one), item) else one for one in own.split("/")]
    asked = {name: _hide_id(value, item) for name, value in sorted(params.items())}
    call = (_clean(f"{method} {kept}{'/'.join(segments)}"), _clean(json.dumps(asked, default=str)))
    with counters.lock:
        known = counters.calls.setdefault(resource, [])
        if call not in known and len(known) < MAX_CALLS:
            known.append(call)


def _is_id(segment: str, item: str) -> bool:
    return bool(segment) and (segment == item or bool(LIKE_AN_ID.fullmatch(segment)))


def _hide_id(value: Any, item: str) -> Any:
    if not item or not isinstance(value, str):
        return value
    return ID if value == item else value.replace(f'"{item}"', f'"{ID}"')


def _clean(text: str) -> str:
    return UNPRINTABLE.sub(" ", remove_secrets(text))
