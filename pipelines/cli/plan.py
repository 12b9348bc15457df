"""The verbs that carry decisions back into other systems: plan, and apply.

What they need takes long to load, and is loaded by who runs them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    plans = verb("plan", _plan, "what is to be changed in other systems, as a file to approve")
    plans.add_argument("--out", type=Path, metavar="FILE", help="write the plan here")
    plans.add_argument("--undo", type=Path, metavar="PLAN",
                       help="take back what was done of this plan")  # fmt: skip
    plans.add_argument("--because", default="", metavar="TEXT", help="why it is taken back")
    applies = verb("apply", _apply, "carry out a plan; without its digest, say what would be done")
    applies.add_argument("plan", type=Path, metavar="PLAN", help="the file that `plan` wrote")
    applies.add_argument("--digest", metavar="HASH", help="approve the plan that has it")
    for one in (plans, applies):
        one.add_argument("--max-changes", type=int, metavar="N",
                         help="exceed the limits, for exactly so many changes")  # fmt: skip


def _plan(arguments: argparse.Namespace) -> int:
    from pipelines.write_back import planning

    return planning.run(arguments)


def _apply(arguments: argparse.Namespace) -> int:
    from pipelines.cli import apply

    return apply.run(arguments)
