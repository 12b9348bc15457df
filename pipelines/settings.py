"""Read Rollcall's own settings. The settings of sources are in `sources/registry.py`.

dlt looks for a value in the environment first, then in `.dlt/secrets.toml` and `.dlt/config.toml`.
In the environment, a value can also be the content of a file (`secret_files.py`).
An unknown name is an error, because a misspelt setting must not silently mean the default.
"""

from __future__ import annotations

import difflib
import getpass
import os
import re
import socket
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import dlt
from dlt.common.configuration.providers.toml import SettingsTomlProvider

from pipelines.failures import Misconfigured
from pipelines.secret_files import SUFFIX, find_file_variables, read_secret_file

Number = TypeVar("Number", int, float)
Numbers = TypeVar("Numbers")

# The sections of Rollcall's settings, with the names in each. For None, the code that reads the
# section checks the names.
SECTIONS = {
    "review": (
        *("owner", "actor", "folder", "files", "seal_key", "signing_key"),
        *("dormant_after_days", "dormant_service_after_days"),
    ),
    "changes": ("folder",),
    "notify": ("urls", "seconds"),
    "healthcheck": ("url", "push_url", "expiry_url"),
    "metrics": ("file",),
    "push": ("folder", "notify_urls"),
    "systems": ("folder",),
    "transform": ("on", "store"),
    **dict.fromkeys(("sources", "sync", "provision", "guard", "plan", "apply")),
}

TOP_LEVEL = ("warehouse", "max_age_hours")  # settings outside of any section

SWITCHES = {"true": True, "1": True, "false": False, "0": False}  # spellings of a yes or no

RESERVED_CATALOGS = {
    *("main", "policy", "staging", "intermediate"),  # schemas of the warehouse
    *("information_schema", "pg_catalog", "memory", "temp", "system"),  # DuckDB's own
}

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # Rollcall itself prints each failure once
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")


def warehouse_path() -> Path:
    """Return the path of the published DuckDB file, which may not exist yet.

    Raises Misconfigured for a name that DuckDB would misread. DuckDB names the catalog after the
    file, so `policy.duckdb` would make `policy.leavers` ambiguous. A `?` would end the path.
    """
    path = Path(dlt.config.get("warehouse") or "data/access.duckdb").expanduser().absolute()
    catalog = path.name.split(".")[0].casefold()
    why = ""
    if catalog in RESERVED_CATALOGS or catalog.startswith("raw_"):
        why = f"DuckDB would confuse `{catalog}` with a schema of the same name"
    elif not re.fullmatch(r"\w[\w .-]*", path.name) or not re.fullmatch(
        r"[^?\x00-\x1f]+", str(path)
    ):
        why = "the name of the file has characters that DuckDB would misread"
    if why:
        raise Misconfigured("WAREHOUSE", why, "set WAREHOUSE to a path such as data/access.duckdb")
    return path


def read_setting(name: str, default: str = "") -> str:
    """Return a setting, such as `review.owner` (REVIEW__OWNER). `false` and 0 are settings, too."""
    value = dlt.config.get(name)
    return ("" if value is None else str(value).strip()) or default


def read_numbers(kind: type[Numbers], section: str, **defaults: float) -> Numbers:
    """Return a dataclass of numbers, filled from the settings of one section.

    The field `added_rows` in section `guard` is the setting GUARD__ADDED_ROWS. A field that is not
    configured has its value in `defaults`, or else its own default. Raises Misconfigured.
    """
    types, values = {field.name: type(field.default) for field in fields(kind)}, {**defaults}
    for spelling, words in find_names_in_use():
        if words[0] == section and len(words) > 1 and words[1] not in types:
            refuse_name(spelling, words[1], types, "setting")
    for name, to_number in types.items():
        number = read_number(f"{section}.{name}", to_number)
        if number is not None:
            values[name] = number
    return kind(**values)


def read_number(name: str, to_number: Callable[[str], Number] = float) -> Number | None:
    """Return a setting that is a number and not negative; None if it is not configured. Raises
    Misconfigured."""
    text = read_setting(name)
    if not text:
        return None
    try:
        number = to_number(text)
        if not 0 <= number < float("inf"):
            raise ValueError
    except ValueError:
        variable = name.replace(".", "__").upper()
        raise Misconfigured(variable, f"{text} is not a number", f"set {variable}") from None
    return number


def check_names() -> None:
    """Raise Misconfigured for a file of settings or secrets that cannot be read, and for a misspelt
    name in one or in the environment. The names of sources are checked in `sources/registry.py`."""
    sections = [*SECTIONS, *TOP_LEVEL]
    for spelling, (section, *names) in find_names_in_use():
        if section in sections:
            known = SECTIONS.get(section)
            if known and names and names[0] not in known:
                refuse_name(spelling, names[0], known, f"setting of {section}")
            continue
        near = difflib.get_close_matches(section, sections, 1, 0.8)
        if not near:
            continue
        # The environment holds settings of other programs, too: there the next word must be known.
        fits = names and names[0] in (SECTIONS.get(near[0]) or names[:1] * (len(names) == 2))
        if spelling.startswith("[") or fits:
            refuse_name(spelling, section, near, "section")
    for variable in find_file_variables(SECTIONS):
        read_secret_file(variable)


def find_near_names() -> list[str]:
    """Return a warning for each variable whose name is nearly that of a setting.

    Such a variable may belong to another program, so it is not refused.
    """
    names = [*TOP_LEVEL, *(f"{one}__{name}" for one in SECTIONS for name in SECTIONS[one] or ())]
    known = {name.upper().replace("_", ""): name.upper() for name in names}
    used = {variable.removesuffix(SUFFIX) for variable in os.environ} | {*os.environ}
    warnings = []
    for variable in sorted({*os.environ} - {*known.values()}):
        for name in {variable: "", variable.removesuffix(SUFFIX): ""}:
            spelt = name.removeprefix("ROLLCALL_").replace("_", "")
            near = difflib.get_close_matches(spelt, known, 1, 0.9)
            if near and known[near[0]] not in used:
                meant = known[near[0]] + variable[len(name) :]
                warnings.append(f"{variable} is ignored: no setting has this name; is it {meant}?")
                break
    return warnings


def refuse_name(spelling: str, word: str, known: Iterable[str], kind: str) -> NoReturn:
    """Raise Misconfigured for an unknown word, with the most similar known word as the remedy."""
    near = difflib.get_close_matches(word, [*known], 1)
    remedy = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
    raise Misconfigured(spelling, f"unknown {kind}", remedy)


def find_names_in_use() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each setting in the environment and in settings files: its spelling and its words."""
    for variable in sorted(os.environ):
        if "__" in variable:
            *sections, name = variable.lower().split("__")
            yield variable, (*sections, name.removesuffix(SUFFIX.lower()))
    for path in _find_settings_files():
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None
        for words in _flatten(document):
            *sections, name = words
            yield f"[{'.'.join(sections)}] {name}" if sections else f"[{name}]", words


def _flatten(values: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from ((name, *words) for words in _flatten(value))
        else:
            yield (name,)


def missing_setting(what: str, why: str, next: str) -> Misconfigured:
    """Return the failure of a setting that is not set, with the places where it could be."""
    places = [Path(place).absolute() for reader in _find_readers() for place in reader.locations]
    folders = " and ".join(dict.fromkeys(str(place.parent) for place in places))
    looked = f"looked in the environment, and for secrets.toml and config.toml in {folders}"
    return Misconfigured(what, f"{why}; {looked}", next)


def _find_settings_files() -> list[Path]:
    """Return the settings files that dlt has read."""
    places = [Path(place) for reader in _find_readers() for place in reader.present_locations]
    return [place for place in places if place.exists()]


def _find_readers() -> list[SettingsTomlProvider]:
    """Return dlt's readers of settings files. Raises Misconfigured for a file that is no TOML."""
    try:
        providers = dlt.config.config_providers
    except Exception as error:  # the first access reads the files; dlt wraps every kind of error
        raise _unreadable(Path(".dlt"), error) from None
    return [one for one in providers if isinstance(one, SettingsTomlProvider)]


def _unreadable(path: Path, error: Exception) -> Misconfigured:
    file = path / str(getattr(error, "file_name", ""))
    why = str(error).strip().splitlines()[-1]
    return Misconfigured(str(file), f"the file cannot be read: {why}", "correct the file")


def read_actor() -> str:
    """Return the user and the host that run the command, for the records of what was done.

    REVIEW__ACTOR is only a claim, so it is added to the user and the host but never replaces them.
    """
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        user = f"user {os.getuid()}"
    machine, claim = f"{user}@{socket.gethostname()}", read_setting("review.actor")
    return f"{claim} ({machine})" if claim else machine
