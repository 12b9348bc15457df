"""rollcall transform: say whether the models can be built where TRANSFORM__ON says."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pipelines.cli.output import print_failures, print_result


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flag."""
    parser = verb("transform", run, "say whether Spark can build the models, without writing")
    parser.add_argument(
        "--check",
        action="store_true",
        required=True,
        help="translate every model and have Spark analyse it, without reading or writing a row",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print how many models Spark can build, and why it cannot build the others. Return the exit
    code."""
    from pipelines import settings
    from pipelines.spark.check import check_models
    from pipelines.spark.engine import read_engine
    from pipelines.warehouse.on_spark.build import compile_published

    engine = read_engine()
    if engine is None:
        why = "the models are built in this process, so there is nothing to check"
        raise settings.missing_setting("TRANSFORM__ON", why, "set TRANSFORM__ON=sc://host:15002")
    with compile_published(settings.warehouse_path()) as compiled:
        count = len(compiled.models)
        failures = check_models(engine, compiled.models, compiled.shapes, compiled.empty)
    document = {"models": count, "failed": len(failures), "effect": "nothing was changed"}
    if failures:
        print_failures(arguments, failures, document)
        return failures[0].code
    print_result(arguments, document, [f"Spark accepts all {count} models"], even_if_quiet=True)
    return 0
