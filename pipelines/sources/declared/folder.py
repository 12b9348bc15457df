"""Find the company's declared systems: one file `<name>.toml` for each in SYSTEMS__FOLDER."""

from __future__ import annotations

import re
from pathlib import Path

from pipelines.failures import Misconfigured
from pipelines.files.toml_file import find_folder
from pipelines.sources import vendor_names

DEFAULT_FOLDER = Path("systems")  # in the project directory
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Words before the colon of an accepted change, and names that DuckDB or dbt would confuse
RESERVED = ("clock", "declared", "policy", "requests", "rollcall", "systems")


def systems_folder() -> Path:
    """Return the folder of the files: SYSTEMS__FOLDER, else `systems`. Raises Misconfigured."""
    return find_folder("systems.folder", DEFAULT_FOLDER)


def system_names() -> list[str]:
    """Return the sorted names of the declared systems. Raises Misconfigured for a wrong name."""
    paths = sorted(systems_folder().glob("*.toml"))
    names = [path.stem for path in paths if not path.name.startswith(".")]  # an editor's own
    for name in names:
        _check_name(name)
    return names


def system_path(name: str) -> Path:
    """Return the file that declares a system."""
    return systems_folder() / f"{name}.toml"


def _check_name(name: str) -> None:
    why = ""
    if name in vendor_names():
        why = f"{name} is read by Rollcall's own source of that name"
    elif name in RESERVED:
        why = f"{name} is a word of Rollcall's own"
    elif not NAME.fullmatch(name):
        why = "a system is one word of at most 40 small letters, digits and _, such as expenses"
    if why:
        raise Misconfigured(str(system_path(name)), why, "give the file another name")
