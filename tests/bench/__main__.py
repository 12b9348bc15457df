"""`make bench`: every promised figure, as counts and as ratios within one run.

Each `tests/bench/<what>.py` is one part, with a `run()` that prints lines. Names as arguments
select parts. Seconds differ from machine to machine, so each duration is compared with a baseline
of the same run.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main() -> None:
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        if path.stem != "measured" and (not sys.argv[1:] or path.stem in sys.argv[1:]):
            module = importlib.import_module(f"tests.bench.{path.stem}")
            print(f"\n{module.__doc__.splitlines()[0]}", flush=True)
            module.run()


if __name__ == "__main__":
    main()
