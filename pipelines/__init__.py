"""Rollcall: each folder in here is a source, each file a verb or what verbs and sources share."""

from __future__ import annotations

import pkgutil

__version__ = "0.1.0"


def source_names() -> list[str]:
    """Every source there is: the folders of this package, in order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
