"""rollcall push: bring facts of the HR system into a target, by the rules of one file."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines.cli.output import add_step
from pipelines.cli.push import approve, plan, run, status, trial

STEPS = (trial, plan, approve, run, status)  # in the order of --help


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its steps."""
    parser = verb("push", trial.run, "bring facts of the HR system into a target, by rules")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def add_target_step(
        name: str, run: Callable[[argparse.Namespace], int], about: str
    ) -> argparse.ArgumentParser:
        step = add_step(steps, name, run, about)
        step.add_argument(
            "target", metavar="TARGET", help="the source that push/TARGET.toml is about"
        )
        return step

    for module in STEPS:
        module.add(add_target_step)
