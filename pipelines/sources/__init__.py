"""The sources: every folder of this package is one vendor (docs/adding-a-source.md)."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pipelines.failures import Misconfigured


def source_names() -> list[str]:
    """Return the sorted names of all sources."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def find_offer(source: str, name: str, module: str = "__init__") -> Any:
    """Return a function or value that the folder of a source may offer; None if it does not."""
    path = f"{__name__}.{source}" + ("" if module == "__init__" else f".{module}")
    return getattr(import_module(path), name, None) if find_spec(path) else None


def source_title(source: str) -> str:
    """Return the name of a source as its vendor writes it; the folder's name if it is not told."""
    return find_offer(source, "TITLE") or source


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
