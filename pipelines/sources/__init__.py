"""The sources: the folders of this package, one per vendor, and the systems that files declare.

docs/adding-a-source.md says how to make a vendor's folder, docs/systems.md how to declare a system.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.failures import Misconfigured
from pipelines.sql import has_table

if TYPE_CHECKING:
    import duckdb

DECLARED = "declared"  # the folder that reads every declared system
SYSTEMS = "stg_declared__systems"  # the model that has their titles
READ_SQL = """
select source_name from main.runs group by source_name
having max_by(status, (started_at, run_id)) <> 'gone' order by source_name
"""


def source_names() -> list[str]:
    """Return the sorted names of all sources. Raises Misconfigured for a wrong name of a system."""
    return sorted([*vendor_names(), *system_names()])


def vendor_names() -> list[str]:
    """Return the sorted names of the sources that have a folder."""
    found = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    return sorted({*found} - {DECLARED})


def system_names() -> list[str]:
    """Return the sorted names of the declared systems. Raises Misconfigured for a wrong name."""
    return import_module(f"{__name__}.{DECLARED}.folder").system_names()


def systems_folder() -> Path:
    """Return the folder of the files that declare systems. Raises Misconfigured."""
    return import_module(f"{__name__}.{DECLARED}.folder").systems_folder()


def find_offer(source: str, name: str, module: str = "__init__") -> Any:
    """Return a function or value that a source may offer; None if it does not.

    The functions of declared systems get the name of the system first, which is bound here.
    """
    is_vendor = source in vendor_names()
    path = f"{__name__}.{source if is_vendor else DECLARED}"
    path += "" if module == "__init__" else f".{module}"
    offer = getattr(import_module(path), name, None) if find_spec(path) else None
    return offer if is_vendor or not callable(offer) else partial(offer, source)


def source_title(source: str) -> str:
    """Return the name of a source that people read; its own name if none is told."""
    title = find_offer(source, "TITLE") or find_offer(source, "title") or source
    return title() if callable(title) else title


def read_titles(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the name that people read of every source that is read.

    A declared system has the title of its last sync, whatever its file says since. Where two
    sources would have the same name, both have their own word, too.
    """
    declared, vendors = {}, vendor_names()
    if has_table(warehouse, SYSTEMS, "staging"):
        query = f"select source_name, title from staging.{SYSTEMS}"
        declared = dict(warehouse.execute(query).fetchall())
    titles = {
        name: source_title(name) if name in vendors else declared.get(name) or name
        for (name,) in warehouse.execute(READ_SQL).fetchall()
    }
    often = Counter(title.casefold() for title in titles.values())
    return {
        name: title if often[title.casefold()] == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }


def load_function(source: str, name: str, module: str = "__init__") -> Callable[..., Any]:
    """Return a function that the folder of a source must offer. Raises Misconfigured."""
    function = find_offer(source, name, module)
    if function is None:
        raise Misconfigured(
            f"source {source}",
            f"pipelines/sources/{source}/{module}.py must offer a function `{name}`",
            "see docs/adding-a-source.md",
        )
    return function
