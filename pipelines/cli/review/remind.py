"""rollcall review remind: say who is late, with a text to send to each of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from pipelines.cli.output import print_result
from pipelines.cli.review.folder import packet_folder
from pipelines.failures import Misconfigured, Unreadable

ADDRESSES_PER_MESSAGE = 40


def add(add_step: Callable[..., argparse.ArgumentParser]) -> None:
    step = add_step("remind", run, "say who is late, with a text for each reviewer", False)
    step.add_argument(
        "campaign",
        nargs="?",
        metavar="CAMPAIGN",
        help="one, whenever it is due; default: all that are due in 7 days or less, or overdue",
    )
    step.add_argument(
        "--send", action="store_true", help="send who is late to NOTIFY__URLS, in counts"
    )
    step.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the folder of the files; default: REVIEW__FILES, or data/reviews",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the reminders, and send them if asked to."""
    from pipelines import settings
    from pipelines.monitoring import notify
    from pipelines.review.reminding import read_reminders
    from pipelines.warehouse.publish import open_published

    addresses = notify.read_addresses() if arguments.send else []
    if arguments.send and not addresses:
        raise Misconfigured(
            "--send", "NOTIFY__URLS names no address", "set NOTIFY__URLS, or leave out --send"
        )
    with open_published(settings.warehouse_path()) as connection:
        found = read_reminders(connection, arguments.campaign, packet_folder(arguments))
    late = [one for campaign in found for one in campaign.reminders]
    lines = [line for campaign in found for line in campaign.describe()]
    document = {"sent": False, "campaigns": [campaign.to_document() for campaign in found]}
    why = ""
    for campaign in found if arguments.send else ():
        texts = [one.chat_text for one in campaign.reminders]
        for first in range(0, len(texts), ADDRESSES_PER_MESSAGE):
            some = texts[first : first + ADDRESSES_PER_MESSAGE]
            why = why or notify.send_message(addresses, campaign.headline, some)
    document["sent"] = bool(arguments.send and late and not why)
    print_result(arguments, document, lines or ["no open campaign is due soon"])
    if why:
        raise Unreadable("notify", why, "check NOTIFY__URLS, or send the texts above yourself")
    return 0
