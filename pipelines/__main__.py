"""The command `rollcall`: results go to stdout, progress and failures to stderr."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pipelines import __version__, redact
from pipelines.cli import (
    apply,
    audit,
    check,
    expiry,
    export,
    init,
    plan,
    push,
    report,
    review,
    status,
    sync,
    systems,
    transform,
    watch,
)
from pipelines.cli.output import common_flags, explain_failure, print_failures
from pipelines.cli.parser import Parser, add_completion
from pipelines.failures import Misconfigured
from pipelines.files import scratch
from pipelines.monitoring import notify
from pipelines.project import add_project_dir, enter_project

# In the order in which a newcomer needs them
VERBS = (
    *(init, check, sync, status, report, export, systems),
    *(review, plan, apply, audit, push, expiry, watch, transform),
)
EPILOG = """\
first steps: rollcall init, rollcall check, rollcall sync, rollcall report

exit codes: 0 done · 1 bug · 2 usage or settings · 3 credentials or rights · 4 a source could not be
read · 5 data refused · 6 storage · 7 apply incomplete · 75 another run holds the lock
"""


def main() -> NoReturn:
    gc.set_threshold(100_000)  # dbt and dlt create a million objects that live to the end
    os.umask(0o077)  # also for files that libraries write: personal data is for its owner only
    for number in scratch.INTERRUPTS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, _interrupt)
    arguments = _parser().parse_args(sys.argv[1:] or ["--help"])
    redact.redact_logs()
    try:
        enter_project(arguments.project_dir)
    except Misconfigured as failure:  # no other directory's settings may say what follows
        print_failures(arguments, [failure], {"effect": "nothing was read or changed"})
        sys.exit(failure.code)
    try:
        if not getattr(arguments, "needs_no_settings", False):
            from pipelines.settings import check_names, find_near_names

            check_names()
            for text in find_near_names():
                print(f"warning: {text}", file=sys.stderr)
        code = arguments.run(arguments)
    except BrokenPipeError:
        os._exit(141)
    except Exception as error:
        failure = explain_failure(error)
        print_failures(arguments, [failure], {})
        code = failure.code
    counts = getattr(arguments, "counts", None)
    words = " ".join(filter(None, [arguments.verb, getattr(arguments, "step", None)]))
    # `watch` tells what it runs itself, and a dry run is told to nobody
    is_silent = getattr(arguments, "for_watch", False) or getattr(arguments, "dry_run", False)
    if words in notify.NOTIFYING_VERBS and (code or counts) and not is_silent:
        notify.send_summary(words, code, counts or [])
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    shared = common_flags()
    parser = Parser(
        prog="rollcall",
        description="Who has access to what, since when, through what.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"rollcall {__version__}")
    add_project_dir(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", title="commands")

    def verb(
        name: str, run: Callable[[argparse.Namespace], int], about: str
    ) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about, description=about, parents=[shared])
        added.set_defaults(run=run)
        return added

    for module in VERBS:
        module.add(verb)
    add_completion(verb, parser)
    return parser


def _interrupt(number: int, _: Any) -> NoReturn:
    """Handle a signal: remove the scratch folders and exit.

    The message "nothing was published" is true: `publish` ignores signals before its rename.
    """
    scratch.clear_scratch()
    os.write(2, b"interrupted, nothing was published\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
