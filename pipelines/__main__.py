"""rollcall: verbs, flags, exit codes. Results go to stdout, progress and trouble to stderr."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pipelines import __version__, redact
from pipelines.cli import apply, audit, check, export, notify, plan, report, review, status, sync
from pipelines.cli.output import common_flags, print_failures
from pipelines.failures import Failure, explain
from pipelines.files import scratch

VERBS = (sync, check, export, status, report, review, plan, apply, audit)
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
        failure = explain(error) or Failure(
            "unexpected",
            f"{type(error).__name__}: {redact.redact_text(error)}",
            "report this message",
        )
        print_failures(arguments, [failure], {})
        code = failure.code
    counts = getattr(arguments, "counts", None)
    if arguments.verb in notify.NOTIFYING_VERBS and (code or counts):
        notify.send_summary(arguments.verb, code, counts or [])
    _flush()
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    every = common_flags()
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

    for module in VERBS:
        module.add(verb)
    return parser


def _interrupt(number: int, _: Any) -> NoReturn:
    """Leave at once, whatever is going on. Nothing was published, or this would be ignored."""
    scratch.clear_scratch()
    os.write(2, b"interrupted, nothing was published\n")
    os._exit(128 + number)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


if __name__ == "__main__":
    main()
