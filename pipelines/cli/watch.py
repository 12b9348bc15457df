"""rollcall watch: sync and push as soon as something happens in the HR system, until stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipelines.cli.output import print_result
from pipelines.failures import Misconfigured
from pipelines.monitoring import notify
from pipelines.redact import redact_text

if TYPE_CHECKING:
    from pipelines.unattended.watch import Message

MIN_SECONDS = 10


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb and its flag."""
    about = "sync, push and end access as soon as there is a reason, until stopped"
    parser = verb("watch", run, about)
    parser.add_argument(
        "--every",
        type=int,
        default=60,
        metavar="SECONDS",
        help=f"how often to ask for news (default: 60; at least {MIN_SECONDS})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Watch until a signal comes, or until trying again is of no use. Return the exit code."""
    from pipelines.unattended.watch import Watch

    if arguments.every < MIN_SECONDS:
        why = f"{arguments.every} is less than {MIN_SECONDS} seconds"
        raise Misconfigured("--every", why, f"give at least {MIN_SECONDS}")
    quiet = arguments.quiet or arguments.json
    code = Watch(
        report=lambda text: None if quiet else _print(text),
        tell=lambda message: tell(message, quiet),
    ).run(arguments.every)
    print_result(arguments, {"code": code}, [])
    return code


def tell(message: Message, quiet: bool = False) -> None:
    """Print a message on stderr, and send it. Only failures are printed if `quiet` is true.

    NOTIFY__URLS get the counts, and PUSH__NOTIFY_URLS what a push did.
    """
    ended = "" if message.code is None else f": exit code {message.code}"
    if message.failures or not quiet:
        _print(f"{message.words}{ended}")
        for line in message.summary:
            _print(f"  {line}")
    # the summary of a push has its failures
    for failure in () if message.is_push and message.summary else message.failures:
        _print(f"  {failure['what']}: {failure['why']}")
        if failure["next"]:
            _print(f"    next: {failure['next']}")
    if message.is_push:
        notify.send_summary(message.words, message.code, message.summary, "push.notify_urls")
    notify.send_summary(message.words, message.code, message.summary[:1])


def _print(line: str) -> None:
    # whoever reads a log of weeks sees each line when it is written
    print(redact_text(line, 600), file=sys.stderr, flush=True)
