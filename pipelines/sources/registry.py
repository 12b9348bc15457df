"""The configured sources: which there are, what each needs, and its dlt source or tenant."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
from dataclasses import dataclass
from typing import Any

import dlt
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.typing import ConfigValueSentinel
from dlt.extract.source import DltSource

from pipelines.failures import Misconfigured
from pipelines.http.policy import Counters
from pipelines.settings import read_setting
from pipelines.sources import source_names
from pipelines.sources.earlier_rows import EarlierRows


@dataclass(frozen=True)
class Option:
    """One setting of a source."""

    source: str
    name: str
    required: bool
    secret: bool

    @property
    def variable(self) -> str:
        return f"SOURCES__{self.source}__{self.name}".upper()

    @property
    def is_set(self) -> bool:
        key = f"sources.{self.source}.{self.name}"
        return bool(str(dlt.secrets.get(key) or "").strip())


def source_options(source: str) -> dict[str, Option]:
    """The settings of a source, from the signature of its dlt source function."""
    found = {}
    for name, parameter in inspect.signature(_module(source).source).parameters.items():
        if name in ("tally", "held", "full"):  # ours, not the user's
            continue
        awaited = isinstance(parameter.default, ConfigValueSentinel)
        secret = parameter.default is dlt.secrets.value
        found[name] = Option(source, name, awaited, secret)
    return found


def configured_sources() -> list[str]:
    """The sources whose secrets are there. Raises Misconfigured for half a one, or a wrong name."""
    _refuse_unknown_names()
    found = []
    for source in source_names():
        known = source_options(source).values()
        if not any(option.is_set for option in known if option.secret):
            continue
        missing = [option.variable for option in known if option.required and not option.is_set]
        if missing:
            raise Misconfigured(
                f"source {source}",
                f"it has a secret, and lacks {' and '.join(missing)}",
                f"set {missing[0]}, or {missing[0].split('__')[-1].lower()} under"
                f" [sources.{source}] in .dlt/secrets.toml",
            )
        found.append(source)
    return found


def choose_sources(names: list[str]) -> list[str]:
    """The configured sources, or those of them that were asked for. Raises Misconfigured."""
    for name in names:
        if name not in source_names():
            raise Misconfigured(
                f"source {name}", "there is none of this name", f"use {', '.join(source_names())}"
            )
    found = configured_sources()
    for name in names:
        if name not in found:
            secrets = [
                option.variable for option in source_options(name).values() if option.required
            ]
            raise Misconfigured(f"source {name}", "it is not configured", f"set {secrets[0]} …")
    if not found:
        raise Misconfigured(
            "no source is configured",
            "none of " + ", ".join(_secrets()) + " is set",
            "set them in the environment or in .dlt/secrets.toml (see README), or try `make demo`",
        )
    return [name for name in found if not names or name in names]


def connect_source(
    source: str, tally: Counters, held: EarlierRows | None = None, full: bool = False
) -> DltSource:
    """The dlt source with its settings; one that can read changes only is told what is held.
    Raises Misconfigured where dlt cannot use a setting."""
    given = {"tally": tally, "held": held, "full": full}
    known = inspect.signature(_module(source).source).parameters
    try:
        return _module(source).source(**{name: given[name] for name in known if name in given})
    except ConfigurationException as error:
        raise Misconfigured(f"source {source}", str(error).splitlines()[0], "see README") from None


def source_tenant(source: str) -> str:
    """Which tenant of a source its settings lead to, whatever the credential."""
    make = _module(source).tenant
    names = inspect.signature(make).parameters
    return make(**{name: read_setting(f"sources.{source}.{name}") for name in names})


def _module(source: str) -> Any:
    return importlib.import_module(f"pipelines.sources.{source}")


def _secrets() -> list[str]:
    return [
        next(option.variable for option in source_options(source).values() if option.secret)
        for source in source_names()
    ]


def _refuse_unknown_names() -> None:
    for source, name, spelt in _names_in_use():
        known = source_names()
        if source not in known:
            _refuse(spelt, source, known, "source")
        if name and name not in source_options(source):
            _refuse(spelt, name, list(source_options(source)), f"setting of {source}")


def _names_in_use() -> list[tuple[str, str, str]]:
    """Source, setting and spelling of everything under `sources` in environment and files."""
    found = []
    for variable in sorted(os.environ):
        if variable.startswith("SOURCES__") and variable.count("__") == 2:
            _, source, name = variable.split("__")
            found.append((source.lower(), name.lower(), variable))
    for provider in (dlt.config, dlt.secrets):
        section = provider.get("sources")
        for source, values in section.items() if isinstance(section, dict) else ():
            for name in values if isinstance(values, dict) else [""]:
                found.append((source, name, f"[sources.{source}] {name}".strip()))
    return found


def _refuse(spelt: str, word: str, known: list[str], kind: str) -> None:
    near = difflib.get_close_matches(word, known, 1)
    raise Misconfigured(
        spelt,
        f"there is no {kind} of this name",
        f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}",
    )
