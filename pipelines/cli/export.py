"""rollcall export: write the review files, or another format, from the published warehouse."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from pipelines.cli.output import print_result
from pipelines.export.formats import FORMATS


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flags."""
    parser = verb("export", run, "write the review files from the published warehouse")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("data/exports"),
        metavar="DIR",
        help="the parent of the new folder",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="review",
        metavar="FORMAT",
        help="; ".join(f"{name}: {about}" for name, about in FORMATS.items()),
    )
    parser.add_argument(
        "--source",
        default="",
        metavar="SOURCE",
        help="only this source, in a format with one file per source",
    )
    parser.add_argument(
        "--allow-stale",
        action="store_true",
        help="export even if the last sync of a source failed, or its data is too old",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write one new folder, and print the paths of its files."""
    from pipelines.export.folder import export

    manifest = export(arguments.out, arguments.allow_stale, arguments.format, arguments.source)
    if not (arguments.json or arguments.quiet):
        for name in manifest["stale_accepted"]:
            print(f"{name} is stale, as accepted", file=sys.stderr)
    folder = manifest["folder"]
    lines = [
        f"{folder}/{file['name']}: {_describe_rows(file['rows'], manifest['format'])}"
        for file in manifest["files"]
    ]
    print_result(arguments, manifest, [*lines, f"{folder}/manifest.json"])
    return 0


def _describe_rows(rows: int | dict[str, int], format: str) -> str:
    if isinstance(rows, dict):
        return ", ".join(f"{count} {name}" for name, count in rows.items())
    rows_of = {"review": "grants to decide", "users": "accounts"}
    return f"{rows} {rows_of.get(format, 'rows')}"
