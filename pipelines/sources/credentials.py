"""Finds out which of a vendor's authentication methods the settings choose.

A source, or a writer, that can sign in in several ways names the settings of each:

    CREDENTIALS = (("api_token",), ("client_id", "private_key", "key_id"))

One way must be complete, and no other one begun: a credential that is silently not used would look
as if it were in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipelines.failures import Misconfigured

Way = tuple[str, ...]  # the names of the settings that sign in together


def choose_way(
    what: str, ways: Iterable[Way], *, is_set: Callable[[str], bool], spell: Callable[[str], str]
) -> Way:
    """Return the way that is begun; an empty one if none is. Raises Misconfigured for two.

    `spell` returns the variable of a setting.
    """
    begun = [way for way in ways if any(is_set(name) for name in way)]
    if len(begun) > 1:
        both = [" and ".join(spell(name) for name in way if is_set(name)) for way in begun]
        raise Misconfigured(
            what, f"it has two credentials: {'; '.join(both)}", "keep one and unset the other"
        )
    return begun[0] if begun else ()


def list_ways(ways: Iterable[Way], spell: Callable[[str], str]) -> str:
    """Return the settings of each way, as in "A, or B and C"."""
    return ", or ".join(" and ".join(spell(name) for name in way) for way in ways if way)
