"""Changing a vendor's system: the one interface, and how the part of a source is found.

A source that can be written to has a module `provision` with two functions, called with the
settings that their parameters name:

    tenant(...) -> str            which tenant the settings lead to; a plan is for this one only
    connect(...) -> Provisioner   with the write credential, PROVISION__<SOURCE>__CLIENT_ID and
                                  …__CLIENT_SECRET; no call is made yet

A setting that is not under PROVISION__ is the source's own, SOURCES__<SOURCE>__…, except the
credential: a sync never has the right to write, and what writes never has it from the sync.
"""

from __future__ import annotations

import importlib
import inspect
import os
from importlib.util import find_spec
from typing import Any

import dlt

from pipelines.failures import Misconfigured
from pipelines.sources import source_names
from pipelines.sources.writer import Provisioner

CREDENTIAL = ("client_id", "client_secret")


def writable_sources() -> list[str]:
    """The sources that can be written to."""
    return [name for name in source_names() if find_spec(f"pipelines.sources.{name}.writer")]


def writable_tenant(source: str) -> str:
    """Which tenant of a source the settings lead to. Raises Misconfigured."""
    make = _module(source).tenant
    return make(**_settings(source, make))


def has_write_credential(source: str) -> bool:
    """Whether there is a write credential."""
    return all(_given(f"provision.{source}.{name}") for name in CREDENTIAL)


def connect_writer(source: str) -> Provisioner:
    """What writes to a source. Raises Misconfigured without a write credential of its own."""
    make = _module(source).connect
    for name in CREDENTIAL:
        if not _given(f"provision.{source}.{name}"):
            variable = f"PROVISION__{source}__{name}".upper()
            raise Misconfigured(
                f"apply: {source}",
                f"{variable} is not set: writing takes a credential of its own",
                f"set {variable} (docs/write-back.md says with which rights)",
            )
    return make(**_settings(source, make))


def _module(source: str) -> Any:
    if source not in writable_sources():
        raise Misconfigured(f"apply: {source}", "nothing can be changed there", "make a new plan")
    return importlib.import_module(f"pipelines.sources.{source}.writer")


def _settings(source: str, function: Any) -> dict[str, Any]:
    """What is configured of a function's parameters."""
    parameters = inspect.signature(function, eval_str=True).parameters
    _refuse_unknown(source)
    found = {}
    for name, parameter in parameters.items():
        value = _given(f"provision.{source}.{name}")
        if value is None and name not in CREDENTIAL:
            value = _given(f"sources.{source}.{name.removeprefix('sync_')}")
        if value is None and parameter.default is inspect.Parameter.empty:
            variable = f"SOURCES__{source}__{name}".upper()
            raise Misconfigured(f"source {source}", f"it lacks {variable}", f"set {variable}")
        if value is not None:
            found[name] = _as(parameter.annotation, value, f"{source}.{name}")
    return found


def _given(key: str) -> str | None:
    return str(dlt.secrets.get(key) or "").strip() or None


def _as(kind: Any, text: str, key: str) -> Any:
    try:
        if kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        return kind(text) if kind in (int, float) else text
    except (ValueError, KeyError):
        what = "true or false" if kind is bool else "a number"
        raise Misconfigured(key, f"it must be {what}", f"set {key} again") from None


def _refuse_unknown(source: str) -> None:
    """A misspelt setting must not quietly mean its default."""
    known = {*inspect.signature(_module(source).connect).parameters}
    prefix = f"PROVISION__{source}__".upper()
    for variable in sorted(os.environ):
        if variable.startswith(prefix) and variable[len(prefix) :].lower() not in known:
            raise Misconfigured(
                variable, "there is no setting of this name", f"use one of {', '.join(known)}"
            )
