"""Counts of what the tests did, for the long suite to add up: one JSON line per `count`.

Counts are kept only where ROLLCALL_COUNTS names a file. Several processes may append to it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path


def count(part: str, **numbers: int) -> None:
    """Append how many things of each kind this part of the tests has done."""
    path = os.environ.get("ROLLCALL_COUNTS")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"part": part} | numbers) + "\n")


def counted(path: Path) -> dict[str, dict[str, int]]:
    """Return the sums by part."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        numbers = json.loads(line)
        part = numbers.pop("part")
        for name, number in numbers.items():
            found[part][name] += number
    return found
