"""Render `.dlt/secrets.toml` from the settings that the sources declare."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator

from pipelines.sources import find_offer, load_function, vendor_names
from pipelines.sources.registry import list_credentials, source_options

HEAD = """\
# The settings of Rollcall. Only you can read this file; keep it out of every repository.
# A source is read once its settings are filled in. `rollcall check` says which are missing.
# An environment variable replaces a setting: SOURCES__<SOURCE>__<NAME>.
"""
REVIEW = """\
[review]
# owner = ""  # the mail address of who reviews access without a manager
"""


def render_secrets(sources: list[str]) -> str:
    """Return the text of the file with the sections of these sources; without any, of all sources
    as comments. No setting has a value, so nothing is configured yet."""
    sections = render_sections(sources) or "\n".join(
        "".join(line if line.startswith("#") else f"# {line}" for line in _list_lines(source))
        for source in vendor_names()
    )
    return "\n".join([HEAD, sections, REVIEW])


def render_sections(sources: list[str]) -> str:
    """Return the sections of these sources, with their settings to fill in."""
    return "\n".join("".join(_list_lines(name)) for name in vendor_names() if name in sources)


def _list_lines(source: str) -> Iterator[str]:
    """Yield the lines of one section: what the source needs, then what its SETTINGS describes."""
    about = find_offer(source, "SETTINGS") or {}
    parameters = inspect.signature(load_function(source, "source")).parameters
    first, *_ = list_credentials(source)
    needed = [name for name, option in source_options(source).items() if option.required]
    needed = [*dict.fromkeys([*needed, *first])]
    yield f"[sources.{source}]\n"
    for name in [*needed, *(name for name in about if name not in needed)]:
        value = "" if name in needed else parameters[name].default or ""
        comment = f"  # {about[name]}" if name in about else ""
        yield f"{'' if name in needed else '# '}{name} = {json.dumps(value)}{comment}\n"
