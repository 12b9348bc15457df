"""rollcall: verbs, flags, exit codes. Results go to stdout, progress and trouble to stderr."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from pipelines import __version__, redact
from pipelines.cli import notify, plan, review
from pipelines.cli.output import flags, tell
from pipelines.export.formats import FORMATS
from pipelines.failures import Failure, explained
from pipelines.files import scratch
from pipelines.report import page
from pipelines.write_back import audit_log

EPILOG = """\
exit codes: 0 done · 1 bug · 2 usage or settings · 3 credentials or rights · 4 a source could not be
read · 5 data refused · 6 storage · 7 apply incomplete · 75 another run holds the lock
"""


def main() -> NoReturn:
    redact.install()
    gc.set_threshold(100_000)  # dbt and dlt come with a million objects that stay as long as we do
    os.umask(0o077)  # libraries write files as well: people's data is for its owner only
    for number in scratch.INTERRUPTS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup asks for
            signal.signal(number, _interrupt)
    arguments = _parser().parse_args()
    try:
        code = arguments.run(arguments)
    except BrokenPipeError:
        os._exit(141)
    except Exception as error:
        failure = explained(error) or Failure(
            "unexpected", f"{type(error).__name__}: {redact.plain(error)}", "report this message"
        )
        tell(arguments, [failure], {})
        code = failure.code
    counts = getattr(arguments, "counts", None)
    if arguments.verb in notify.TOLD and (code or counts):
        notify.summary(arguments.verb, code, counts or [])
    _flush()
    sys.exit(code)


def sync(arguments: argparse.Namespace) -> int:
    from pipelines.sync.run import sync

    quiet = arguments.quiet or arguments.json
    show = sys.stderr.isatty() and not quiet
    outcome = sync(
        arguments.sources,
        say=lambda text: None if quiet else print(redact.plain(text), file=sys.stderr),
        progress="tqdm" if show else None,
        full=arguments.full,
        accepted=arguments.accept,
    )
    arguments.counts = [
        f"{read.source}: {read.status}, {sum(read.rows_loaded.values())} rows,"
        f" {read.tally.requests} requests"
        for read in outcome.reads
    ]
    document = {
        "run_id": outcome.run_id,
        "published": outcome.published,
        "warehouse": str(outcome.warehouse),
        "sources": [
            {
                "source_name": read.source,
                "status": read.status,
                "mode": read.mode,
                "requests": read.tally.requests,
                "retries": read.tally.retries,
                "rows_loaded": read.rows_loaded if outcome.published else {},
                "warnings": [redact.plain(warning) for warning in read.tally.warnings],
            }
            for read in outcome.reads
        ],
    }
    if outcome.kept:
        document["candidate"] = str(outcome.kept)
    if outcome.failures:
        tell(arguments, outcome.failures, document, outcome.code)
    elif arguments.json:
        print(json.dumps(document, indent=2))
    elif not arguments.quiet:
        for read in outcome.reads:
            print(f"{read.source}: {read.status}, {read.tally.requests} requests")
        print(f"published: {outcome.warehouse}")
    return outcome.code


def check(arguments: argparse.Namespace) -> int:
    from pipelines.sources.check import check

    findings = []
    for finding in check(arguments.sources):
        findings.append(finding)
        if not arguments.json and not (arguments.quiet and finding.verdict == "ok"):
            print(
                f"{finding.verdict:5}{finding.source}: {finding.what}: {redact.plain(finding.why)}"
            )
            if finding.next:
                print(f"     next: {finding.next}")
    code = min((finding.code for finding in findings if finding.code), default=0)
    if arguments.json:
        found = [finding.document() for finding in findings]
        print(json.dumps({"code": code, "findings": found}, indent=2))
    return code


def export(arguments: argparse.Namespace) -> int:
    from pipelines.export.folder import export

    manifest = export(arguments.out, arguments.allow_stale, arguments.format)
    if arguments.json:
        print(json.dumps(manifest, indent=2))
    elif not arguments.quiet:
        for name in manifest["stale_accepted"]:
            print(f"{name} is stale, as accepted", file=sys.stderr)
        for file in manifest["files"]:
            rows = file["rows"]
            if isinstance(rows, dict):
                rows = ", ".join(f"{count} {name}" for name, count in rows.items())
            elif manifest["format"] == "review":
                rows = f"{rows} grants to decide"
            else:
                rows = f"{rows} rows"
            print(f"{manifest['folder']}/{file['name']}: {rows}")
        print(f"{manifest['folder']}/manifest.json")
    return 0


def status(arguments: argparse.Namespace) -> int:
    from pipelines import settings
    from pipelines.export.folder import opened
    from pipelines.warehouse import publish
    from pipelines.warehouse.source_states import status, told

    path = settings.warehouse()
    with opened(path) as warehouse:
        document = status(warehouse)
    refused = publish.refused(path)
    document["candidate"] = str(refused) if refused.exists() else None
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        print("\n".join(told(document, document["candidate"])))
    return 0


def _parser() -> argparse.ArgumentParser:
    every = flags()
    parser = argparse.ArgumentParser(
        prog="rollcall",
        description="Who has access to what, since when, through what.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"rollcall {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(
        name: str, run: Callable[[argparse.Namespace], int], about: str
    ) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=about, description=about, parents=[every])
        made.set_defaults(run=run)
        return made

    syncs = verb("sync", sync, "extract, load, transform and publish")
    syncs.add_argument("sources", nargs="*", metavar="SOURCE", help="only these")
    syncs.add_argument("--full", action="store_true", help="read everything again")
    syncs.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="CHANGE",
        help="let one change through that the guard refused, with its numbers: SOURCE.grants:9->4",
    )
    checks = verb("check", check, "what the credentials can read, and which right is missing")
    checks.add_argument("sources", nargs="*", metavar="SOURCE", help="only these")
    exports = verb("export", export, "write the review files from what is published")
    exports.add_argument(
        "--out",
        type=Path,
        default=Path("data/exports"),
        metavar="DIR",
        help="where the new folder goes",
    )
    exports.add_argument(
        "--format",
        choices=FORMATS,
        default="review",
        metavar="FORMAT",
        help="; ".join(f"{name}: {about}" for name, about in FORMATS.items()),
    )
    exports.add_argument(
        "--allow-stale", action="store_true", help="also while a source's last sync failed"
    )
    verb("status", status, "the last run of each source, its age, and what is published")
    for module in (page, review, plan, audit_log):
        module.add(verb)
    return parser


def _interrupt(number: int, _: Any) -> NoReturn:
    """Leave at once, whatever is going on. Nothing was published, or this would be ignored."""
    scratch.clear()
    os.write(2, b"interrupted, nothing was published\n")
    os._exit(128 + number)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


if __name__ == "__main__":
    main()
