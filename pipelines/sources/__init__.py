"""The sources: each folder in here is one."""

from __future__ import annotations

import pkgutil


def source_names() -> list[str]:
    """Return the name of every source: the folders of this package, in order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
