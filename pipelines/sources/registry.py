"""The configured sources: their names, their settings, and how to connect to one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
from dlt.common.configuration import get_fun_spec, with_config
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.typing import ConfigValueSentinel
from dlt.extract.source import DltSource

from pipelines.failures import Misconfigured
from pipelines.http.policy import Counters
from pipelines.settings import find_names_in_use, missing_setting, read_setting, refuse_name
from pipelines.sources import find_offer, load_function, source_names, system_names
from pipelines.sources.asked import Asked
from pipelines.sources.credentials import Way, choose_way, list_ways
from pipelines.sources.earlier_rows import EarlierRows

WHOLE = "all"  # the scope of a read that no setting narrows
# Parameters of `source` that are no user's setting
NOT_SETTINGS = ("counters", "earlier", "full", "asked", "accepted", "folder")


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
    """Return the settings of a source, from the parameters of its dlt source function. Those of a
    way of signing in are secrets, too. A declared system has the secrets that its kind needs."""
    if is_declared(source):
        names = load_function(source, "secrets")()
        return {name: Option(source, name, required=True, secret=True) for name in names}
    found = {}
    ways = find_offer(source, "CREDENTIALS") or ()
    for name, parameter in inspect.signature(load_function(source, "source")).parameters.items():
        if name not in NOT_SETTINGS:
            required = isinstance(parameter.default, ConfigValueSentinel)
            secret = parameter.default is dlt.secrets.value or any(name in way for way in ways)
            found[name] = Option(source, name, required, secret)
    return found


def list_credentials(source: str) -> list[Way]:
    """Return the ways of signing in to a source: those that it declares, or all its secrets."""
    secrets = tuple(name for name, option in source_options(source).items() if option.secret)
    return list(find_offer(source, "CREDENTIALS") or filter(None, [secrets]))


def configured_sources() -> list[str]:
    """Return the sources whose secrets are set.

    Raises Misconfigured if one lacks another setting or has two credentials, or if a setting has an
    unknown name.
    """
    refuse_unknown_names()
    return [source for source in source_names() if is_configured(source)]


def is_configured(source: str) -> bool:
    """Return whether a secret of the source is set. Raises Misconfigured if only a part of its
    settings is, or if it has two credentials. A declared system is configured by its file."""
    if is_declared(source):
        return True
    options = source_options(source)
    way = choose_way(
        f"source {source}",
        list_credentials(source),
        is_set=lambda name: options[name].is_set,
        spell=lambda name: options[name].variable,
    )
    needed = [option for option in options.values() if option.required or option.name in way]
    missing = [option.variable for option in needed if not option.is_set]
    if way and missing:
        raise missing_setting(
            f"source {source}",
            f"it has a secret, but {' and '.join(missing)} must be set, too",
            f"set {missing[0]}, or {missing[0].split('__')[-1].lower()} under"
            f" [sources.{source}] in .dlt/secrets.toml",
        )
    return bool(way)


def choose_sources(names: list[str]) -> list[str]:
    """Return the configured sources, or those of them that `names` asks for.

    Raises Misconfigured for a name that is unknown or not configured, or if nothing is configured.
    """
    check_source_names(names)
    found = configured_sources()
    for name in names:
        if name not in found:
            next = f"run `rollcall init {name}`, or {list_needs(name)}"
            raise missing_setting(f"source {name}", "it is not configured", next)
    if not found:
        raise missing_setting(
            "no source is configured",
            f"no source has a credential: {'; '.join(map(_list_ways, source_names()))}",
            "run `rollcall init` and fill in .dlt/secrets.toml, or set them in the environment, or"
            " name another directory with --project-dir; `make demo` needs none",
        )
    return [name for name in found if not names or name in names]


def check_source_names(names: list[str]) -> None:
    """Raise Misconfigured for a name that is no source."""
    for name in names:
        if name not in source_names():
            refuse_name(f"source {name}", name, source_names(), "source")


def is_declared(source: str) -> bool:
    """Return whether the source is a system that a file declares."""
    return source in system_names()


def list_needs(source: str) -> str:
    """Return the variables to set so that a source is configured, as in "set A and B"."""
    options = source_options(source).values()
    others = [one.variable for one in options if one.required and not one.secret]
    return f"set {' and '.join([*others, _list_ways(source)])}"


def _list_ways(source: str) -> str:
    options = source_options(source)
    return list_ways(list_credentials(source), lambda name: options[name].variable)


def connect_source(
    source: str,
    counters: Counters,
    earlier: EarlierRows | None = None,
    full: bool = False,
    asked: Asked | None = None,
    accepted: tuple[str, ...] = (),
    folder: Path | None = None,
) -> DltSource:
    """Return the dlt source with its settings. Raises Misconfigured for a setting of a wrong type.

    `earlier` and `full` are passed to a source that can read changes only, `asked` to one that can
    answer push rules, `accepted` and `folder` (for its own files) to declared systems.
    """
    make = load_function(source, "source")
    offered = {
        **{"counters": counters, "earlier": earlier, "full": full, "asked": asked},
        **{"accepted": accepted, "folder": folder},
    }
    known = inspect.signature(make).parameters
    return _resolve(source, make, {name: offered[name] for name in offered if name in known})


def connect_client(source: str, counters: Counters, asked: Asked | None = None) -> Any:
    """Return the vendor's client with the settings of its source. Raises Misconfigured.

    `asked` is passed to a client that has to know what push rules want.
    """
    if is_declared(source):
        return load_function(source, "connect")(counters=counters)
    spec = get_fun_spec(load_function(source, "source"))
    sections = ("sources", source, source)  # where dlt looks for the settings of `source`, too
    make = with_config(load_function(source, "connect"), spec=spec, sections=sections)
    known = inspect.signature(make).parameters
    offered = {"counters": counters, "asked": asked}
    return _resolve(source, make, {name: offered[name] for name in offered if name in known})


def find_people(query: str) -> list[str]:
    """Return the ids of the people whom the HR systems find by a query at this moment.

    Raises Misconfigured if none of the configured sources answers queries, or if one refuses it.
    """
    asking = [
        (source, find)
        for source in choose_sources([])
        if (find := find_offer(source, "find_people", "queries"))
    ]
    if not asking:
        why = "none of the configured sources answers queries"
        raise Misconfigured("the query", why, "configure the HR system that answers it")
    return [key for name, find in asking for key in find(connect_client(name, Counters()), query)]


def source_tenant(source: str) -> str:
    """Return the tenant that a source's settings lead to, whatever its credential is."""
    return _call_with_settings(source, load_function(source, "tenant"))


def source_scope(source: str) -> str:
    """Return which part of the tenant the settings of a source ask for: WHOLE for all of it."""
    make = find_offer(source, "scope")
    return (_call_with_settings(source, make) if make else "") or WHOLE


def _call_with_settings(source: str, make: Callable[..., str]) -> str:
    names = inspect.signature(make).parameters
    return make(**{name: read_setting(f"sources.{source}.{name}") for name in names})


def _resolve(source: str, make: Callable[..., Any], offered: dict[str, Any]) -> Any:
    """Call `make` with the arguments `offered`, and let dlt add the settings."""
    try:
        return make(**offered)
    except ConfigurationException as error:
        raise Misconfigured(f"source {source}", str(error).splitlines()[0], "see README") from None


def refuse_unknown_names() -> None:
    """Raise Misconfigured for a misspelt source, or a misspelt setting of one."""
    for spelling, words in find_names_in_use():
        if words[0] != "sources" or not 2 <= len(words) <= 3:
            continue
        source, name = words[1], "".join(words[2:])
        if source not in source_names():
            refuse_name(spelling, source, source_names(), "source")
        if name and name not in source_options(source):
            refuse_name(spelling, name, source_options(source), f"setting of {source}")
