"""Finds the writer of a source, which changes the vendor's system with a credential of its own.

A source that can be changed has a module `writer` with two functions. The parameters of both name
the settings that Rollcall passes to them:

    tenant(...) -> str            the tenant that the settings lead to; a plan is for it only
    connect(...) -> Provisioner   the writer, with PROVISION__<SOURCE>__CLIENT_ID and
                                  …__CLIENT_SECRET; no request is sent yet

A writer that signs in otherwise declares CREDENTIALS (see `credentials`). One that makes changes
which no call undoes has a third function:

    final_changes(...) -> Callable[[Change], bool]   a test for such changes

A setting is read from PROVISION__<SOURCE>__…, or else from SOURCES__<SOURCE>__… (there without a
prefix `sync_`). The credential is only read from PROVISION__…, because a sync must not write.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import dlt

from pipelines.failures import Misconfigured
from pipelines.settings import SWITCHES, find_names_in_use, missing_setting, refuse_name
from pipelines.sources import find_offer, load_function, vendor_names
from pipelines.sources.credentials import Way, choose_way, list_ways
from pipelines.sources.writer import Change, Provisioner

DEFAULT_CREDENTIALS = (("client_id", "client_secret"),)


def writable_sources() -> list[str]:
    """Return the sources that have a writer."""
    return [name for name in vendor_names() if find_spec(f"pipelines.sources.{name}.writer")]


def writable_tenant(source: str) -> str:
    """Return the tenant that a source's write settings lead to. Raises Misconfigured."""
    make = _load(source, "tenant")
    return make(**_read_settings(source, make))


def has_write_credential(source: str) -> bool:
    """Return whether a write credential is set. Raises Misconfigured if only a part of one is."""
    way = _choose_way(source)
    if way:
        _check_complete(source, way)
    return bool(way)


def connect_writer(source: str) -> Provisioner:
    """Return the writer of a source. Raises Misconfigured without a write credential."""
    make = _load(source, "connect")
    way = _choose_way(source)
    if not way:
        needed = list_ways(list_credentials(source), partial(_spell, source))
        raise missing_setting(
            f"apply: {source}",
            "writing needs a credential of its own, and none is set",
            f"set {needed} (docs/write-back.md says with which rights)",
        )
    _check_complete(source, way)
    return make(**_read_settings(source, make))


def load_finality_test(source: str) -> Callable[[Change], bool]:
    """Return the test for changes of a source that no call undoes, with its settings."""
    make = find_offer(source, "final_changes", "writer")
    return make(**_read_settings(source, make)) if make else lambda change: False


def list_credentials(source: str) -> tuple[Way, ...]:
    """Return the ways of signing in that a writer declares, or the usual one."""
    return find_offer(source, "CREDENTIALS", "writer") or DEFAULT_CREDENTIALS


def _choose_way(source: str) -> Way:
    return choose_way(
        f"apply: {source}",
        list_credentials(source),
        is_set=lambda name: _read(f"provision.{source}.{name}") is not None,
        spell=partial(_spell, source),
    )


def _check_complete(source: str, way: Way) -> None:
    missing = [_spell(source, name) for name in way if not _read(f"provision.{source}.{name}")]
    if missing:
        whole = list_ways([way], partial(_spell, source))
        raise missing_setting(
            f"apply: {source}",
            f"{missing[0]} is not set, and a write credential is {whole}",
            f"set {missing[0]} (docs/write-back.md says with which rights)",
        )


def _spell(source: str, name: str) -> str:
    return f"PROVISION__{source}__{name}".upper()


def _load(source: str, name: str) -> Callable[..., Any]:
    if source not in writable_sources():
        raise Misconfigured(f"apply: {source}", "nothing can be changed there", "make a new plan")
    return load_function(source, name, "writer")


def _read_settings(source: str, function: Any) -> dict[str, Any]:
    """Return the configured settings that are parameters of a function."""
    parameters = inspect.signature(function, eval_str=True).parameters
    _refuse_unknown_names(source)
    found = {}
    credentials = {name for way in list_credentials(source) for name in way}
    for name, parameter in parameters.items():
        value = _read(f"provision.{source}.{name}")
        if value is None and name not in credentials:
            value = _read(f"sources.{source}.{name.removeprefix('sync_')}")
        if value is None and parameter.default is inspect.Parameter.empty:
            variable = f"SOURCES__{source}__{name}".upper()
            raise missing_setting(f"source {source}", f"{variable} is not set", f"set {variable}")
        if value is not None:
            found[name] = _convert(parameter.annotation, value, f"{source}.{name}")
    return found


def _read(key: str) -> str | None:
    value = dlt.secrets.get(key)
    return None if value is None else str(value).strip() or None


def _convert(kind: Any, text: str, key: str) -> Any:
    try:
        if kind is bool:
            return SWITCHES[text.lower()]
        return kind(text) if kind in (int, float) else text
    except (ValueError, KeyError):
        what = "true or false" if kind is bool else "a number"
        raise Misconfigured(key, f"it must be {what}", f"set {key} again") from None


def _refuse_unknown_names(source: str) -> None:
    """Raise Misconfigured for a misspelt setting, which must not silently mean its default."""
    known = inspect.signature(_load(source, "connect")).parameters
    for spelling, words in find_names_in_use():
        if words[:2] == ("provision", source) and len(words) == 3 and words[2] not in known:
            refuse_name(spelling, words[2], known, f"write setting of {source}")
