"""What a test went through, for the long suite to add up: one JSON line per `count`.

Only where ROLLCALL_COUNTS names a file; several processes may add to it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path


def count(part: str, **numbers: int) -> None:
    """So much of each was done in this part."""
    path = os.environ.get("ROLLCALL_COUNTS")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"part": part} | numbers) + "\n")


def counted(path: Path) -> dict[str, dict[str, int]]:
    """All that was counted, by part."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        numbers = json.loads(line)
        part = numbers.pop("part")
        for name, number in numbers.items():
            found[part][name] += number
    return found
