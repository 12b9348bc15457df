"""rollcall report: write one HTML page of what is published."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from pipelines.cli.output import print_result


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("report", run, "write one HTML page that shows what is published")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("data/report.html"),
        metavar="FILE",
        help="the page: a new file, or an earlier report that it replaces",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page, and print its path."""
    from pipelines import settings
    from pipelines.report.page import render_page, replace_page
    from pipelines.warehouse.publish import open_published

    with open_published(settings.warehouse_path()) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        page, counts = render_page(warehouse)
    replace_page(arguments.out, page)
    print_result(arguments, {"page": str(arguments.out), **counts}, [str(arguments.out)])
    return 0
