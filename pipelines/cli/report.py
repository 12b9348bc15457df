"""rollcall report: write one HTML page of the published warehouse."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from pipelines.cli.output import choose_report, print_result


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("report", run, "write one HTML page of the published warehouse")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("data/report.html"),
        metavar="FILE",
        help="a new file, or an earlier report to replace",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page, and print its path."""
    from pipelines import settings
    from pipelines.report.page import render_page, replace_page
    from pipelines.warehouse.publish import open_published
    from pipelines.warehouse.source_states import find_too_old, read_source_states

    with open_published(settings.warehouse_path()) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        too_old = find_too_old(read_source_states(warehouse))
        page, counts = render_page(warehouse)
    replace_page(arguments.out, page)
    warn = choose_report(arguments)
    for source, why in too_old.items():
        warn(f"warning: {source}: {why}")
    document = {"page": str(arguments.out), "too_old": [*too_old], **counts}
    print_result(arguments, document, [str(arguments.out)])
    return 0
